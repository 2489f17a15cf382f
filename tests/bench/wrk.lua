-- SPDX-License-Identifier: GPL-2.0-only
-- Prints, as wrk's last line: requests answered, µs it took, failures, p50 and p99 latency in µs.
function done(summary, latency)
	local e = summary.errors
	print(string.format("result %d %d %d %.0f %.0f", summary.requests, summary.duration,
		e.connect + e.read + e.write + e.status + e.timeout,
		latency:percentile(50), latency:percentile(99)))
end

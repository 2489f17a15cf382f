# SPDX-License-Identifier: GPL-2.0-only
"""The figures that matter most, each beside what it is meant to be. Nothing is judged by them."""
import table


def over(out, item, work, *path):
    """Of what is added in quiet."""
    entry = out[item][work]
    for name in path:
        entry = entry[name]
    return f"{entry:.2f}" if entry else "lost in the noise"


def ratio(entry, variant="agent"):
    noise = entry.get("noise", {}).get("ratio")
    beside = f" (noise {noise['q1']:.3f} to {noise['q3']:.3f})" if noise else ""
    return f"{entry[variant]['ratio']['median']:.3f}{beside}"


def most(entries):
    known = [(value, name) for name, value in entries if value is not None]
    return f"{max(known)[0]:.2f} ({max(known)[1]})" if known else "lost in the noise"


def payloads(out):
    return most((w, e["added_a_request"]["over_minimal"]) for w, e in out["loops"].items()
                if isinstance(e, dict) and "added_a_request" in e)


def configurations(out):
    return most((name, entry["over_minimal"]) for work in out["configured"].values()
                if isinstance(work, dict) for name, entry in work.items()
                if "over_minimal" in entry)


def cpu(out):
    return " ".join(f"{100 * r['core_ratio']:.3f}" for r in out["scale"]["rows"])


def tls_added(out, work, variant):
    return f"{out['tls'][work]['cpu_ns'][variant]['quiet_added']:.0f}"


def http2_over(out, work):
    """Of what is added in quiet, both ends: of an HTTP/1.1 request of the same client and server."""
    added = {w: out["http2"][w]["cpu_ns"]["agent"]["quiet_added"] for w in (work, "h1")}
    return f"{added[work] / added['h1']:.2f}" if added["h1"] > 0 else "lost in the noise"


def http2_added(out, work):
    return f"{out['http2'][work]['cpu_ns']['agent']['quiet_added'] / 1e3:.2f}"


# what, meant to be, how it is read from the results
FIGURES = [
    ("minimal exchange: added / floor's", "at most 3",
     lambda o: over(o, "loops", "http", "quiet_agent_over_floor")),
    ("likewise, / the bpftrace script's", "under 0.33",
     lambda o: over(o, "loops", "http", "in_all", "quiet_agent_over_bpftrace")),
    ("likewise, / an event a request's", "under 0.17",
     lambda o: over(o, "loops", "http", "in_all", "quiet_agent_over_ring")),
    ("nginx, requests a second: ratio to bare", "within 2 %",
     lambda o: ratio(o["nginx"]["requests_per_second"])),
    ("likewise, of empty programs", "",
     lambda o: ratio(o["nginx"]["requests_per_second"], "floor")
     if "floor" in o["nginx"]["requests_per_second"] else "not measured"),
    ("nginx, p99: ratio to bare", "within noise", lambda o: ratio(o["nginx"]["p99_us"])),
    ("nginx over TLS, a request: added, ns", "", lambda o: tls_added(o, "keep-alive", "agent")),
    ("likewise, / usual probes'", "at most 0.25",
     lambda o: over(o, "tls", "keep-alive", "quiet_agent_over_usual")),
    ("likewise, hits of probes", "at most 8",
     lambda o: f"{o['tls']['keep-alive']['hits']['agent']:.2f}"),
    ("nginx over TLS, with a handshake: added, ns", "", lambda o: tls_added(o, "close", "agent")),
    ("HTTP/2, one stream: added / HTTP/1.1's", "at most 1.2", lambda o: http2_over(o, "one")),
    ("HTTP/2, 100 streams: added, us", "at most 0.8", lambda o: http2_added(o, "many")),
    ("gRPC, unary: added, us", "at most 2", lambda o: http2_added(o, "grpc")),
    ("agent's CPU at each load, % of a core", "under 0.1", cpu),
    ("agent's RSS at its peak, MiB", "under 32",
     lambda o: table.mib(o["scale"]["peak_rss_bytes"])),
    ("bytes of an idle connection, both ends", "at most 256 a connection",
     lambda o: f"{o['idle']['agent']['added']['median']:.0f}"),
    ("getppid: ratio to bare", "1.00 within noise",
     lambda o: ratio(o["loops"]["getppid"])),
    ("file read: ratio to bare", "1.00 within noise", lambda o: ratio(o["loops"]["read"])),
    ("Redis ping-pong: added / floor's", "under 1.5",
     lambda o: over(o, "loops", "redis", "quiet_agent_over_floor")),
    ("bulk stream: added / floor's", "under 1.5",
     lambda o: over(o, "loops", "bulk", "quiet_agent_over_floor")),
    ("dearest payload / the minimal one", "at most 2", payloads),
    ("dearest configuration / the plain one", "at most 2", configurations),
    ("start-up to the first count, ms", "under 1000",
     lambda o: f"{o['startup']['seconds']['median'] * 1e3:.0f}"),
    ("slictl status, 10000 series, ms", "under 50",
     lambda o: f"{o['status']['table']['seconds']['median'] * 1e3:.0f}"),
    ("a step with 256 SLOs, all of it, CPU ms", "under 10",
     lambda o: f"{o['step']['agent_cpu_seconds']['256'] * 1e3:.1f}"),
]


def show(out):
    rows = []
    for what, meant, read in FIGURES:
        try:
            rows.append([what, read(out), meant])
        except KeyError:
            pass  # was not measured, or left out here
    out["summary"] = [{"figure": what, "value": value, "meant": meant}
                      for what, value, meant in rows]
    table.heading("in short")
    for what, value, meant in rows:
        print(f"  {what:42} {value:34} {meant}")

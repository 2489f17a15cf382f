/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The facts of one moment: plain data, made by the agent for each read of the socket, rendered as
 * JSON (report/json) and metrics (report/metrics). Renderers do no I/O and need no kernel.
 */
#ifndef SLIPROBE_REPORT_SNAPSHOT_H
#define SLIPROBE_REPORT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/confined.h"
#include "base/maybe.h"
#include "base/term_names.h"
#include "config/config.h"
#include "hist.h"
#include "report/quiet.h"
#include "report/snapshot_period.h"
#include "report/snapshot_tls.h"
#include "slo/alerts.h"
#include "slo/slo.h"
#include "status.h"
#include "terms.h"

/* Requests below a latency threshold, exactly: count of this series with total <= threshold_ns. */
struct snapshot_threshold {
	uint64_t threshold_ns;
	uint64_t count;
};

/* HIST_PER_OCTAVE neighbouring buckets, from the bucket octave * HIST_PER_OCTAVE on. */
struct snapshot_octave {
	uint64_t n[HIST_PER_OCTAVE];
	uint32_t octave;
};

/* Few of a histogram's octaves are ever used: of 10,000 series all would take 35 MB. */
struct snapshot_hist {
	const struct snapshot_octave *octaves; /* part of the snapshot's; in any order */
	size_t n_octaves;
};

/*
 * One counted combination of service, role, route, method, outcome and status.
 *
 * A series has one struct for each of its stages. struct series_value (abi/series.h) is the
 * kernel's counter, under a struct series_key of numbers. For a snapshot it becomes a struct
 * collected (agent/collect): this struct, with names and histograms, beside its key. At a step it
 * becomes a struct store_series (store/store), with names, which is written to disk.
 */
struct snapshot_series {
	const char *route; /* template or "_other" */
	enum http_method method;
	enum outcome outcome;
	uint16_t status; /* include/status.h; 0 unless outcome is complete */
	uint64_t requests;
	uint64_t total_sum_ns;
	uint64_t queue_sum_ns;
	struct snapshot_hist total; /* outcome_is_timed() */
	struct snapshot_hist queue;
	struct snapshot_threshold *thresholds; /* sorted by threshold_ns */
	size_t n_thresholds;
};

/*
 * How much of a service could be measured, since counting began. The requests of blind connections cannot
 * be seen; lost requests were seen, but have no outcome; some that were counted cannot be judged.
 */
struct snapshot_cover {
	uint64_t connections; /* of which at least one request was seen */
	uint64_t tls_connections; /* of these, those over TLS */
	uint64_t blind; /* connections; the sum of blind_by_reason */
	uint64_t blind_by_reason[BLIND_REASON_COUNT];
	uint64_t counted; /* requests */
	uint64_t lost; /* requests; the sum of lost_by_reason */
	uint64_t lost_by_reason[LOST_REASON_COUNT];
	uint64_t status_unknown; /* of `counted`: they are in no SLO */
	bool quic; /* it may speak HTTP/3, too: how many connections is not known */
};

/*
 * The share of the service that was counted and can be judged: of its connections those that are not blind, times of
 * the requests seen those that are not lost and whose status is known. Unknown without a connection.
 */
struct maybe snapshot_counted_ratio(const struct snapshot_cover *cover);

enum snapshot_listening {
	SNAPSHOT_LISTENING_UNKNOWN, /* it matches no port, or was seen serving */
	SNAPSHOT_LISTENING,
	SNAPSHOT_NOT_LISTENING, /* nobody in the agent's network namespace */
};

enum snapshot_namespace {
	SNAPSHOT_NS_UNKNOWN,
	SNAPSHOT_NS_HOST,
	SNAPSHOT_NS_PRIVATE, /* mounts: made for the process by the host's root */
	SNAPSHOT_NS_OTHER,
};

/* What was counted of one version of a service, or of several, since counting began. */
struct snapshot_version {
	char *version; /* "_older": all that are not told apart */
	const char *kind; /* "env", "build_id", ...; NULL of "_older", as are the texts below */
	char *build_id, *exe, *script; /* or NULL: not known */
	double first_unix, last_unix; /* NAN of "_older" */
	size_t instances;
	uint64_t requests; /* of a service */
	uint64_t good, bad; /* of an SLO */
};

struct snapshot_service {
	char *name;
	enum role role;
	/* of the endpoints found: of the first one if the service has several */
	uint16_t port; /* 0: none seen yet */
	char process[16]; /* "" if none seen yet */
	char *exe; /* NULL if unknown */
	uint32_t pid; /* a process that served it; 0 if unknown */
	uint32_t netns; /* inode number of its network namespace; 0 if unknown */
	char *container; /* container id, or NULL */
	char *user; /* that it runs as, or NULL if the host has no name for it */
	uint32_t uid; /* of the user, where pid is known */
	enum snapshot_namespace network, mounts; /* whose they are */
	/* of a found one: the configured service that it would be in the host's namespaces; NULL: none */
	const char *near;
	bool near_lacks_netns, near_lacks_mounts;
	bool configured; /* by a services: entry, else found */
	const struct config_about *about; /* NULL if none */
	const struct config_match *match; /* NULL for a found one */
	enum snapshot_listening listening; /* on the port it matches, while it had no request */
	struct maybe requests_per_second; /* over the last minute of history */
	struct snapshot_cover cover;
	uint64_t
		folded; /* requests counted by class of status and outcome alone: too many series */
	struct snapshot_series **series; /* sorted by route, method, outcome, status */
	size_t n_series;
	struct snapshot_version *versions; /* served last first */
	size_t n_versions;
};

struct snapshot_alert {
	const char *name;
	enum alert_severity severity;
	enum alert_status status;
	double since_unix;
	double started_unix;
	bool silenced;
	struct alert_reading reading;
};

#define X(name, seconds) +1
enum { SNAPSHOT_BURN_WINDOWS = 0 SLO_BURN_WINDOWS(X) };
#undef X

struct snapshot_burn_window {
	const char *name;
	uint64_t seconds;
};

/* SLO_BURN_WINDOWS in its order. */
extern const struct snapshot_burn_window snapshot_burn_windows[SNAPSHOT_BURN_WINDOWS];

/*
 * Why bad requests were bad, the first reason of each; client_aborts that were not eligible; and requests that are neither
 * good nor bad, as their status is not known.
 */
struct snapshot_reasons {
	uint64_t bad[BAD_REASON_COUNT];
	uint64_t unknown; /* bad before reasons were kept */
	uint64_t left_out;
	uint64_t status_unknown;
};

struct snapshot_slo {
	const char *name;
	const char *service;
	const struct config_slo *config;
	double objective;
	uint64_t window_seconds;
	double now_seconds;
	struct slo_window window; /* on the axis of now_seconds */
	double wall_offset_seconds; /* Unix time - that axis */
	double since_seconds; /* first counted, on that axis */
	struct slo_slicing slicing;
	double covered_seconds; /* of the window since then */
	double elapsed_seconds;
	/* requests of the window: the history's, and those since the last step */
	struct slo_events events;
	struct snapshot_reasons reasons; /* of the bad ones */
	/* what the budget is counted in: `events`, or good and bad slices of the window */
	struct slo_events budgeted;
	/* as budgeted, over each of snapshot_burn_windows */
	struct slo_events burn_events[SNAPSHOT_BURN_WINDOWS];
	/* all that the kernel has counted for this SLO since it was loaded */
	struct slo_events total;
	struct snapshot_reasons total_reasons;
	uint64_t excluded; /* events left out by maintenance and silences */
	uint64_t excluded_by_silences;
	const struct snapshot_cover
		*cover; /* of its service, in the same snapshot; NULL: not known */
	/* why none of its alerts is heard, though it does worse than its objective; else "" */
	char no_alert[QUIET_BYTES];
	uint64_t incident; /* the number of the one that is open; 0: none */
	struct snapshot_alert *alerts; /* those that are active */
	size_t n_alerts;
	struct snapshot_version
		*versions; /* whose good and bad add up to `total`; served last first */
	size_t n_versions;
};

enum snapshot_store_state {
	SNAPSHOT_STORE_OK,
	SNAPSHOT_STORE_FAILING,
	SNAPSHOT_STORE_NOT_KEPT,
};

/* Notifications of the receivers of one kind. */
struct snapshot_notifications {
	size_t receivers;
	uint64_t sent, given_up; /* messages */
	uint64_t failed; /* attempts */
	size_t waiting; /* messages */
	size_t missed; /* open notices whose alarm was given up */
};

struct snapshot_store {
	enum snapshot_store_state state;
	const char *reason; /* "" if it is ok */
	const char *path;
	uint64_t bytes;
};

enum snapshot_samples_state {
	SNAPSHOT_SAMPLES_OFF, /* by the configuration */
	SNAPSHOT_SAMPLES_STARTING,
	SNAPSHOT_SAMPLES_OK,
	SNAPSHOT_SAMPLES_FAILING, /* none can be written */
	SNAPSHOT_SAMPLES_STOPPED, /* the process that keeps them has died */
};

/* The samples of requests that are kept, and the process that keeps them. */
struct snapshot_samples {
	enum snapshot_samples_state state;
	char reason[128]; /* "" if it is ok */
	uint64_t restarts; /* of the process */
	uint64_t taken; /* since the agent's start */
	uint64_t lost_kernel, lost_process,
		lost_disk; /* likewise: each counts in coverage.samples_lost */
	uint64_t kept, bytes; /* on disk */
	double oldest; /* Unix seconds; NAN: there is none */
};

/* A listener's blind connections, of one reason. */
struct snapshot_blind {
	char *service; /* that is judged; NULL: none */
	uint16_t port;
	char process[16];
	enum blind_reason reason;
	uint64_t connections;
	double last_unix; /* when the last of them was met */
	bool measured; /* requests of other connections to it were seen: not an unmeasured listener */
	bool uncounted; /* how many connections there are is not known */
	char *words; /* more than the reason's own; NULL: no more is known */
};

/* An owner of endpoints that has met its quota: what comes beyond is not listed. */
struct snapshot_quota {
	enum owner_kind kind;
	uint64_t
		id; /* a user, an inode number of a namespace, a cgroup's id; 0: all found services */
	char *name; /* a cgroup's path, a service's name; NULL: not known */
	uint32_t limit;
	uint32_t has; /* endpoints */
	uint64_t folded_endpoints; /* beyond: so many, or more */
	uint64_t folded_connections; /* to these */
	double since_unix;
	double last_unix;
	uint32_t pid; /* of the last of them */
	char process[16]; /* likewise; "": not known */
};

struct snapshot {
	struct {
		const char *version;
		char kernel[65];
		const char *hook; /* "tracepoint" or "fexit" */
		const char *hook_reason; /* one sentence: why this one */
		char started_at[32]; /* RFC 3339, UTC */
		const char *config; /* file name or "(built-in)" */
		uint64_t steps; /* since the start */
		double late_seconds, late_max_seconds; /* of the last one; of the latest one */
		uint64_t reloads, reloads_refused;
		double refused_at; /* Unix seconds of the last reload, if it was refused; else NAN */
		const char *refusal; /* why it was */
		char **capabilities; /* names held now; normally none */
		size_t n_capabilities;
		uint32_t uid; /* that it runs as */
		struct confined confined;
		char **warnings; /* one sentence each */
		size_t n_warnings;
		bool pinned; /* the kernel goes on counting without the agent */
		bool taken_over; /* it did so before this agent started */
	} agent;
	struct snapshot_store store;
	struct snapshot_samples samples;
	struct snapshot_tls tls;
	struct snapshot_notifications notifications[RECEIVER_KINDS];
	struct {
		uint64_t seen; /* requests whose head was read */
		uint64_t counted; /* sum of outcomes */
		uint64_t in_flight;
		uint64_t lost;
		uint64_t lost_by_reason[LOST_REASON_COUNT];
		uint64_t kernel_errors[KERR_COUNT];
		uint64_t hook_misses; /* times the kernel skipped a program (recursion) */
		uint64_t samples_lost;
		uint64_t gaps; /* times without counting that are remembered */
		bool consistent; /* the agent's own check: seen = counted + in_flight + lost */
	} coverage;
	struct snapshot_quota *quotas; /* that are met */
	size_t n_quotas;
	uint64_t folded_connections
		[OWNER_KIND_COUNT]; /* to endpoints that are not listed for that */
	struct snapshot_blind *blind; /* without those of listeners that are gone */
	size_t n_blind;
	struct snapshot_service *services; /* sorted by name */
	size_t n_services;
	struct snapshot_octave *octaves; /* of all series' histograms */
	bool has_periods; /* asked for: */
	struct snapshot_period window; /* what services were asked of late, */
	struct snapshot_period before; /* and in the time before it */
	struct snapshot_slo *slos; /* configured order, then found ones by name */
	size_t n_slos;
};

/*
 * Frees what the snapshot owns and zeroes it: the arrays, and every pointer to non-const char in
 * them. The `const` ones (routes, SLO names, about, reasons) belong to the configuration.
 */
void snapshot_clear(struct snapshot *snapshot);

enum { SNAPSHOT_STATUSES = 1000 };

/* Several series added up. */
struct snapshot_merged {
	uint64_t requests;
	uint64_t errors; /* status_failed(), server_abort or unanswered */
	uint64_t timed; /* those of outcome_is_timed(), in total and queue */
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t status[SNAPSHOT_STATUSES]; /* complete requests by status of HTTP */
	uint64_t grpc_status[GRPC_STATUS_COUNT]; /* of these, those of gRPC */
	uint64_t total[HIST_BUCKETS];
	uint64_t queue[HIST_BUCKETS];
	uint64_t queue_sum_ns;
};

/* True for a configured service that no request has come for since the agent counts. */
bool snapshot_without_traffic(const struct snapshot_service *service);

/* The number of those in `blind` to whose listener no other connection is measured. */
size_t snapshot_unmeasured(const struct snapshot *snapshot);

/* Whether a request counts in `errors`. */
static inline bool snapshot_failed(enum outcome outcome, unsigned int status)
{
	return outcome == OUTCOME_SERVER_ABORT || outcome == OUTCOME_UNANSWERED ||
	       (outcome == OUTCOME_COMPLETE && status_failed(status));
}

/* The name of the status of gRPC; NULL of any other request. */
static inline const char *snapshot_grpc_status(unsigned int status)
{
	return status_is_grpc(status) ? grpc_status_name(status_grpc(status)) : NULL;
}

enum { SNAPSHOT_STATUS_BYTES = 16 };

/* Of HTTP: "503"; "5xx" for a class; "_unknown". Returns `ret`. */
const char *snapshot_status_text(unsigned int status, char ret[static SNAPSHOT_STATUS_BYTES]);

/* Adds the histogram's counts to those of `buckets`. */
void snapshot_hist_add(const struct snapshot_hist *hist, uint64_t buckets[HIST_BUCKETS]);

/* The sum of the buckets before `bucket`. */
uint64_t snapshot_hist_below(const struct snapshot_hist *hist, size_t bucket);

/* The index after the last series with the route and method of series `first`. */
size_t snapshot_route_end(const struct snapshot_service *service, size_t first);

/* Adds requests, but not to the histograms. */
void snapshot_merge_add(struct snapshot_merged *merged, enum outcome outcome, unsigned int status,
			uint64_t n);

/* Adds up the service's series [first, end), but leaves the histograms empty. */
void snapshot_merge_counts(const struct snapshot_service *service, size_t first, size_t end,
			   struct snapshot_merged *ret);

/* Adds up the service's series [first, end), histograms included. */
void snapshot_merge(const struct snapshot_service *service, size_t first, size_t end,
		    struct snapshot_merged *ret);

/* The budget of the SLO's window, exhaustion projected by the burn rate of the last hour. */
struct slo_budget snapshot_slo_budget(const struct snapshot_slo *slo);

/* Frees the list, and what it owns. */
void snapshot_versions_free(struct snapshot_version *versions, size_t n);

/* NULL if there is none of that name. */
const struct snapshot_service *snapshot_service_find(const struct snapshot *snapshot,
						     const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Of what kind it is: from the exact reasons that requests were bad for and, where they were too slow, from where the
 * time beyond the good ones' went.
 */
#ifndef SLIPROBE_EXPLAIN_KIND_H
#define SLIPROBE_EXPLAIN_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terms.h"

/* identifier, name in JSON, the bad requests in a sentence */
#define EXPLAIN_KINDS(X)                                                                           \
	X(NONE, "none", "bad requests")                                                            \
	X(ERRORS, "errors", "failures")                                                            \
	X(SLOW_QUEUE, "slow_queue", "requests slow in queue")                                      \
	X(SLOW_SERVICE, "slow_service", "requests slow in service")                                \
	X(SLOW_NETWORK, "slow_network", "requests slow on the network")                            \
	X(STARVED, "starved", "requests slow for want of a CPU")                                   \
	X(ABORTED, "aborted", "requests aborted by clients")                                       \
	X(UNANSWERED, "unanswered", "unanswered requests")                                         \
	X(MIXED, "mixed", "bad requests")

enum explain_kind {
#define X(id, name, words) EXPLAIN_##id,
	EXPLAIN_KINDS(X)
#undef X
		EXPLAIN_KIND_COUNT,
};

/* Of one sampled request, in seconds; NAN: not known. */
struct explain_times {
	bool bad; /* for its latency */
	double weight;
	double queue; /* from its arrival to the server's read */
	double service; /* from there to the end of the answer */
	double run_delay; /* of both: the serving thread was ready, and waited for a CPU */
	double window_full; /* of service: the client did not take what was sent */
	double rtt;
	uint64_t retransmits; /* UINT64_MAX: not known */
};

/*
 * A reason has its kind (server_abort, status and body: errors) if two thirds of the bad requests have it, else they
 * are `mixed`; without any, `none`. For latency: of each bad sample what is beyond the median of the good is shared out
 * to queue, CPU (run_delay), network (window_full; a retransmit is taken as the least timeout of RFC 6298's
 * implementation in Linux, 200 ms, or the rtt if that is longer) and the rest of the service. The wait for a CPU is
 * taken off the service first, and what is left of it off the queue. The kind is the part with half of it. Without half in
 * one part, or without samples: slow_service.
 */
enum explain_kind explain_kind_of(const uint64_t reasons[BAD_REASON_COUNT],
				  const struct explain_times *times, size_t n_times);

const char *explain_kind_name(enum explain_kind kind); /* "slow_queue" */
const char *explain_kind_words(enum explain_kind kind); /* "requests slow in queue" */

#endif

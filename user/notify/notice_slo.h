/* SPDX-License-Identifier: GPL-2.0-only */
/* One SLO of a notice, and its part of the message. Part of notify/notice_message. */
#ifndef SLIPROBE_NOTIFY_NOTICE_SLO_H
#define SLIPROBE_NOTIFY_NOTICE_SLO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "notify/notices.h"
#include "report/snapshot.h"
#include "terms.h"

enum { NOTICE_WORST_MAX = 5 };

/* Requests of a route, method, outcome and status that were bad. The texts live as long. */
struct notice_worst {
	char *route;
	char *method;
	char *outcome;
	uint16_t status; /* include/status.h; 0: none */
	uint64_t bad;
};

/* What is known of an SLO at the moment of the message. */
struct notice_slo {
	struct snapshot_slo now;
	/* the time before now that the alert with the highest burn rate judges, 0 if none does */
	double failing_seconds;
	struct slo_events failing; /* in that time, requests */
	struct maybe silent_from_seconds; /* of an alert about no data: the last request */
	struct maybe failing_from_seconds; /* when the burn began, on the notice's axis */
	/* those with the most bad requests in that time */
	struct notice_worst worst[NOTICE_WORST_MAX];
	size_t n_worst;
	bool worst_known;
	bool worst_exact; /* else some of them may have been excluded */
	const char *sentence; /* what explain says of it; NULL: nothing, yet. Comes from requests */
	bool reasons_known;
	uint64_t reasons[BAD_REASON_COUNT]; /* why those in `failing` were bad */
};

/* Frees the texts of `worst`, and the alerts of `now`. */
void notice_slo_clear(struct notice_slo *slo);

/* Notes such requests, if they are among the worst so far. Returns 0 or -ENOMEM. */
int notice_slo_add_worst(struct notice_slo *slo, const struct notice_worst *added);

/* Whether the SLO of alert i fires no more. */
bool notice_has_ended(const struct notice *notice, size_t i);

/* The member of `slos` (notify/message) for the SLO of alert i. slo: NULL if it is only named. */
json_t *notice_slo_json(const struct notice *notice, size_t i, const struct notice_slo *slo,
			double wall_offset_seconds, const char *socket);

/* What the SLO of alert `first`, its first one, has to tell, in one line. */
json_t *notice_slo_summary(const struct notice *notice, size_t first, const struct notice_slo *slo);

/*
 * "slictl slo NAME", quoted for a shell, as the name of a process may have any character; with the
 * socket if it is not where slictl looks for it. name: NULL for "slictl status".
 */
json_t *notice_command(const char *name, const char *socket);

#endif

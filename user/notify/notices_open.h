/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An open notice: fired and not resolved, with copies of the alerts behind it. Part of
 * notify/notices.
 */
#ifndef SLIPROBE_NOTIFY_NOTICES_OPEN_H
#define SLIPROBE_NOTIFY_NOTICES_OPEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "notify/notices.h"

/* Alerts, and the strings they point to. */
struct behind {
	struct notice_alert *alerts;
	size_t n;
	char *strings;
};

struct open_notice {
	char id[sizeof(((struct notice *)0)->id)];
	double started_seconds;
	double last_seconds; /* of the last message but resolve */
	bool held; /* a page took over: fires again once that no longer holds it back */
	struct behind told; /* at the last message */
	struct behind now; /* at the last step at which any was not silenced */
};

/* Returns 0 or -ENOMEM. */
int behind_copy(const struct notice_alert *alerts, size_t n, struct behind *ret);
void behind_swap(struct behind *a, struct behind *b);
/* Whether all alerts of one (of the same service and severity) are among the other's. */
bool behind_within(const struct behind *behind, const struct behind *all);
void behind_clear(struct behind *behind);

void open_notice_free(struct open_notice *open);
void open_notice_free_at(struct open_notice **open);

/* NULL when out of memory. */
json_t *open_notice_save(const struct open_notice *open, const char *service,
			 enum alert_severity severity);
/* *ret_service is the JSON's. Returns 0, -ENOMEM or -EINVAL. */
int open_notice_load(const json_t *saved, const char **ret_service,
		     enum alert_severity *ret_severity, struct open_notice **ret);

#endif

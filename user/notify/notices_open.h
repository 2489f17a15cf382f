/* SPDX-License-Identifier: GPL-2.0-only */
/* An open notice: fired and not resolved. Part of notify/notices. */
#ifndef SLIPROBE_NOTIFY_NOTICES_OPEN_H
#define SLIPROBE_NOTIFY_NOTICES_OPEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "notify/notices.h"

/* Copies of the alerts that stand behind a notice, and of the strings they point to. */
struct alert_list {
	struct notice_alert *alerts;
	size_t n;
	char *strings;
};

struct open_notice {
	char id[sizeof(((struct notice *)0)->id)];
	double started_seconds;
	double last_seconds; /* of the last message */
	/* of each SLO that was told of and has not ended: */
	struct alert_list told; /* its alerts as the last message named them */
	struct alert_list now; /* its alerts of the last step in which it was told of freely */
};

/* Returns 0 or -ENOMEM. */
int alert_list_copy(const struct notice_alert *alerts, size_t n, struct alert_list *ret);
void alert_list_swap(struct alert_list *a, struct alert_list *b);
/* Whether all alerts of the list are among `all`. Both are of one service and severity. */
bool alert_list_within(const struct alert_list *list, const struct alert_list *all);
void alert_list_clear(struct alert_list *list);

void open_notice_free(struct open_notice *open);
void open_notice_free_at(struct open_notice **open);

/* service: "" for the host. NULL when out of memory. */
json_t *open_notice_save(const struct open_notice *open, const char *service,
			 enum alert_severity severity);
/* *ret_service points into `saved`. Returns 0, -ENOMEM or -EINVAL. */
int open_notice_load(const json_t *saved, const char **ret_service,
		     enum alert_severity *ret_severity, struct open_notice **ret);

#endif

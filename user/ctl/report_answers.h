/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a report shows: the agent's answers, each under the key that the page knows it by (user/page/data.js):
 *
 *   {"made_at", "host", "days", "slo": name or null, "left_out": SLOs that are not in it,
 *    "answers": {"status": {...}, "slo:checkout": {...}, "history:checkout": {...}, ...}}
 *
 * An answer that the agent refuses is {"error": "its words"}: the page says them in its place.
 */
#ifndef SLIPROBE_CTL_REPORT_ANSWERS_H
#define SLIPROBE_CTL_REPORT_ANSWERS_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"

enum {
	REPORT_DAYS_MAX = 366,
	REPORT_SLOS_MAX = 100, /* the first ones of the status; a report of one SLO has that */
	REPORT_INCIDENTS_MAX = 100, /* in full, the newest */
	REPORT_EVENTS_MAX = 500,
};

struct report_options {
	const char *slo; /* NULL: all */
	unsigned int days;
	bool samples; /* with requests in context */
};

/*
 * Asks the agent. Returns an enum ctl_exit: without CTL_DONE, ctl->err says why. *ret_refused: how many answers it
 * refused, of those that not every agent gives.
 */
int report_answers(const struct ctl *ctl, const struct report_options *options, json_t **ret,
		   size_t *ret_refused);

#endif

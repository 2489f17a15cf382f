/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /v1/history/NAME as text.
 */
#ifndef SLIPROBE_CTL_VIEW_HISTORY_H
#define SLIPROBE_CTL_VIEW_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum {
	CTL_HISTORY_HOUR = 3600,
	CTL_HISTORY_DAY = 86400,
	CTL_HISTORY_STEP_MAX = 60, /* the longest interval of an agent, see agent.interval */
	CTL_HISTORY_GAPS_SHOWN = 10, /* the last ones */
};

/* As in ctl/views. By the hour for a history of up to 2 d, else by the day (of UTC). */
int ctl_view_history(const json_t *history, bool colour, FILE *out);
int ctl_view_history_by_hour(const json_t *history, bool colour, FILE *out);
int ctl_view_history_by_day(const json_t *history, bool colour, FILE *out);

/*
 * Writes "t_seconds,good,bad,step_seconds" and a row for each step, oldest first, as slictl
 * backtest reads them. t is the step's end in Unix seconds. `colour` is not used.
 */
int ctl_view_history_csv(const json_t *history, bool colour, FILE *out);

#endif

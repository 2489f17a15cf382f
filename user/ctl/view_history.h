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
	CTL_HISTORY_MINUTE = 60,
	CTL_HISTORY_HOUR = 3600,
	CTL_HISTORY_DAY = 86400,
	CTL_HISTORY_STEP_MAX = 60, /* the longest interval of an agent, see agent.interval */
	CTL_HISTORY_GAPS_SHOWN = 10, /* the last ones */
};

/*
 * As in ctl/views. By what the rows are by, from and to as they are; without rows by the hour for a
 * history of up to 2 d, else by the day (of UTC).
 */
int ctl_view_history(const json_t *history, bool colour, FILE *out);

/*
 * Rows (/v1/history/NAME?by=...): of an SLO its history as above, of a service a table; then what
 * failed, and when. As CSV (RFC 4180): a record for each row and kind of request.
 */
int ctl_view_rows(const json_t *history, bool colour, FILE *out);
int ctl_view_rows_csv(const json_t *history, bool colour, FILE *out);

/*
 * Writes "t_seconds,good,bad,step_seconds" and a row for each step, oldest first, as slictl
 * backtest reads them. t is the step's end in Unix seconds. `colour` is not used.
 */
int ctl_view_history_csv(const json_t *history, bool colour, FILE *out);

#endif

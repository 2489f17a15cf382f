/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When an SLO's service, or a service, was asked what: a row for each minute, hour or day, in Unix
 * time. Plain data, rendered by json_rows().
 */
#ifndef SLIPROBE_REPORT_SNAPSHOT_ROWS_H
#define SLIPROBE_REPORT_SNAPSHOT_ROWS_H

#include "report/snapshot_history.h"
#include "report/snapshot_period.h"

enum { SNAPSHOT_ROWS_MAX = 1500 };

enum rows_by {
	ROWS_BY_AUTO, /* hours for up to 2 days, else days */
	ROWS_BY_MINUTE,
	ROWS_BY_HOUR,
	ROWS_BY_DAY,
};

struct rows_query {
	const char *name; /* of an SLO, or else of a service */
	bool service; /* the name is a service's, even if there is an SLO of this name */
	enum rows_by by;
	double utc_offset_seconds; /* of days */
	double since_unix; /* NaN: by the minute the last hour, else from the beginning */
	double until_unix; /* NaN: now */
	const char *route; /* NULL: all */
	const char *status; /* "503", "5xx", a status of gRPC by name, or an outcome; NULL: all */
};

struct snapshot_row {
	struct snapshot_period period;
	struct slo_events events; /* of an SLO */
};

struct snapshot_rows {
	bool slo;
	bool also_service; /* there is a service of the SLO's name, too */
	struct snapshot_history history; /* of an SLO */
	const char *service;
	enum rows_by by;
	double from_unix;
	double to_unix;
	struct snapshot_row *rows; /* oldest first */
	size_t n_rows;
	size_t left_out; /* older rows, of those asked for */
	bool by_status; /* only some statuses: latencies are not known */
	bool histograms; /* are shown */
};

void snapshot_rows_clear(struct snapshot_rows *rows);

/* Whether a cell's code is of that status, class ("5xx"), status of gRPC or outcome. */
bool snapshot_has_status(uint16_t code, const char *status);
/* Whether there can be such a status. */
bool snapshot_status_valid(const char *status);

#endif

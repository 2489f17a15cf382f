/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The incidents of this host (report/incident): each burn of an SLO that a page or a ticket fired for. Several alerts of
 * an SLO that overlap are one. They are in the record (record/record), and so survive restarts; while the disk cannot
 * be written, they are in memory.
 *
 * At most INCIDENTS_MAX, for a year: half of them of found services, half of configured ones. Where there are more of a
 * half, the oldest goes of the service that has most, one that is open last.
 */
#ifndef SLIPROBE_AGENT_INCIDENTS_H
#define SLIPROBE_AGENT_INCIDENTS_H

#include "record/record.h"
#include "report/incident.h"

enum {
	INCIDENTS_MAX = 512,
	INCIDENTS_HALF = INCIDENTS_MAX / 2,
	INCIDENTS_KEPT_SECONDS = 366 * 86400,
};

struct incidents {
	struct record *record; /* NULL: they are kept in memory alone */
	struct incident_record *list[INCIDENTS_MAX]; /* by number */
	size_t n;
	size_t n_open;
	uint64_t last; /* the highest number that was given */
};

/* Takes up those of the record. Returns 0 or -ENOMEM. */
int incidents_open(struct incidents *incidents, struct record *record);
void incidents_close(struct incidents *incidents);

/* A new one, detected at that time, with the next number. NULL when out of memory. */
struct incident_record *incidents_add(struct incidents *incidents, const char *slo,
				      const char *service, bool found, double detected);

/* It is over: at that time. */
void incidents_end(struct incidents *incidents, struct incident_record *incident,
		   enum incident_end how, double at);

/* The next step writes it as it is now. */
void incidents_keep(struct incidents *incidents, const struct incident_record *incident);

/* The open one of the SLO, or NULL; the one of that number, or NULL. */
struct incident_record *incidents_open_of(const struct incidents *incidents, const char *slo);
struct incident_record *incidents_numbered(const struct incidents *incidents, uint64_t number);

#endif

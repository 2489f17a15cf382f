/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What keeps alerts quiet: silences set by hand, and the maintenance windows of the configuration.
 * Pure: time is an argument, the wall clock's (Unix) seconds.
 */
#ifndef SLIPROBE_NOTIFY_SILENCES_H
#define SLIPROBE_NOTIFY_SILENCES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "slo/alerts.h"

enum {
	SILENCES_MAX = 256,
	SILENCE_MIN_SECONDS = 60,
	SILENCE_MAX_SECONDS = 31 * 86400,
	SILENCE_ID_BYTES = 40,
	SILENCE_TEXT_MAX = 1024, /* bytes of each text */
};

/* Applies to what all of its selectors match; NULL matches all. */
struct silence {
	char id[SILENCE_ID_BYTES];
	char *slo; /* also as written in the configuration, with "{service}" */
	char *service;
	char *severity; /* notice, ticket or page */
	char *comment; /* or NULL */
	char *by; /* who set it, or NULL */
	/* [from, until), in whole seconds: fractions are cut */
	double from_unix;
	double until_unix;
	/* events are left out of the SLO, too: then it cannot be for one severity */
	bool exclude_eligible;
};

struct silences {
	struct silence *list; /* in the order they were added */
	size_t n;
};

void silences_clear(struct silences *silences);

/*
 * Adds a copy. Returns 0; -EINVAL for an empty or a known id, a duration out of bounds, an unknown
 * severity, a severity together with exclude_eligible, a text that is empty, too long or not UTF-8;
 * -ENOSPC if there are SILENCES_MAX; -ENOMEM.
 */
int silences_add(struct silences *silences, const struct silence *silence);

/* Returns 0 or -ENOENT. */
int silences_remove(struct silences *silences, const char *id);

/* Removes one that has ended and says which: to be called until it returns false. */
bool silences_expire(struct silences *silences, double unix_seconds,
		     char ret_id[static SILENCE_ID_BYTES]);

/*
 * {"id", "slo", "service", "severity", "from", "until", "comment", "exclude": "alerts|eligible",
 *  "by"}, times in RFC 3339: as the socket shows it, and as it is kept. NULL when out of memory.
 */
json_t *silence_json(const struct silence *silence);
/* Adds what silence_json() gave. Returns as silences_add(); unreadable: -EINVAL. */
int silences_restore(struct silences *silences, const json_t *saved);

/*
 * Whether alerts of this severity are kept quiet now, and whether the SLO's events are left out now
 * (whatever the severity). config_slo: the SLO's name in the configuration; it differs from `slo`
 * if that was made for a service that was found. Maintenance for named services and SLOs applies to
 * any of them. silences and config may be NULL.
 */
void silences_match(const struct silences *silences, const struct config *config, const char *slo,
		    const char *config_slo, const char *service, enum alert_severity severity,
		    double unix_seconds, bool *ret_silenced, bool *ret_excluded);

/*
 * The configured windows, [{"name", "active", "from", "until"}]: the present one or else the next;
 * from and until are null if it is over for good. NULL when out of memory.
 */
json_t *maintenance_report(const struct config *config, double unix_seconds);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Silences, which an operator sets, and the maintenance windows of the configuration: both keep
 * alerts quiet. Pure: time is an argument, Unix seconds of the wall clock.
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

/* Applies to the alerts that slo, service and severity all match. NULL matches any. */
struct silence {
	char id[SILENCE_ID_BYTES];
	char *slo; /* its name, or its name in the configuration, with "{service}" */
	char *service;
	char *severity; /* notice, ticket or page */
	char *comment; /* or NULL */
	char *by; /* who set it, or NULL */
	/* [from, until), in whole seconds: fractions are cut */
	double from_unix;
	double until_unix;
	/* also leaves events out of the SLO: then `severity` must be NULL */
	bool exclude_eligible;
};

struct silences {
	struct silence *list; /* in the order they were added */
	size_t n;
};

/* What became of one that was asked for. */
struct silence_made {
	char id[SILENCE_ID_BYTES];
	double until_unix;
	bool extended; /* the same was there already, and lasts as long as the longer one of both */
};

/* {"id", "until", "extended"}, malloc()ed; NULL when out of memory. */
char *silence_made_text(const struct silence_made *made);

void silences_clear(struct silences *silences);

/*
 * If the same user has set the same before (a comment makes no difference) and the two times touch, that one
 * becomes one of both times, with the new comment, if there is one. Returns it; NULL: there is none, or it
 * would be longer than a silence may be; the silence is then to be added.
 */
const struct silence *silences_extend(struct silences *silences, const struct silence *silence);

/*
 * Adds a copy. Returns 0; -EINVAL for an empty or a known id, a duration out of bounds, an unknown
 * severity, a severity with exclude_eligible, or a text that is empty, too long or not UTF-8;
 * -ENOSPC if there are SILENCES_MAX; -ENOMEM.
 */
int silences_add(struct silences *silences, const struct silence *silence);

/* The one of that id, or NULL. */
const struct silence *silence_find(const struct silences *silences, const char *id);

/* Returns 0 or -ENOENT. */
int silences_remove(struct silences *silences, const char *id);

/* Removes one silence that has ended, and returns its id. Call it until it returns false. */
bool silences_expire(struct silences *silences, double unix_seconds,
		     char ret_id[static SILENCE_ID_BYTES]);

/*
 * {"id", "slo", "service", "severity", "from", "until", "comment", "exclude": "alerts|eligible",
 *  "by"}, times in RFC 3339: for the socket, and as text for the next agent. NULL when out of
 *  memory.
 */
json_t *silence_json(const struct silence *silence);
/* silence_json() and {"state": "pending|active"}. NULL when out of memory. */
json_t *silence_report(const struct silence *silence, double unix_seconds);
/*
 * Adds a silence from its silence_json(). Returns as silences_add(), -EINVAL if it is unreadable.
 */
int silences_restore(struct silences *silences, const json_t *saved);

/*
 * Whether alerts of this severity are quiet now, and whether the SLO's events are left out now,
 * which does not depend on the severity. config_slo: the SLO's name in the configuration, which
 * differs from `slo` for the SLO of a found service. Maintenance with names applies to each service
 * and each SLO that it names. silences and config may be NULL.
 */
void silences_match(const struct silences *silences, const struct config *config, const char *slo,
		    const char *config_slo, const char *service, enum alert_severity severity,
		    double unix_seconds, bool *ret_silenced, bool *ret_excluded);

/*
 * The maintenance of the configuration, [{"name", "active", "from", "until"}], each with the window
 * of now or else the next. from and until are null if there is no next. NULL when out of memory.
 */
json_t *maintenance_report(const struct config *config, double unix_seconds);

#endif

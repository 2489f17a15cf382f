/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A question about events, and its answer: those that a filter is true of, or groups of them; as JSON or CSV.
 *
 * Memory: QUERY_BYTES_MAX of events that are to be shown, or what samples/group takes.
 */
#ifndef SLIPROBE_SAMPLES_QUERY_H
#define SLIPROBE_SAMPLES_QUERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "samples/event.h"
#include "samples/filter.h"
#include "samples/group.h"

enum {
	QUERY_LIMIT_DEFAULT = 100,
	QUERY_EVENTS_MAX = 10000,
	QUERY_GROUPS_MAX = 1000,
	QUERY_BYTES_MAX = 16 << 20,
	QUERY_FIELDS_MAX = 48,
	QUERY_SINCE_DEFAULT_SECONDS = 3600,
};

struct query {
	struct filter *filter; /* NULL: all */
	struct group_by by; /* without fields: the events themselves */
	double since; /* Unix seconds; 0: no begin */
	double until; /* NAN: no end */
	double now;
	size_t limit;
	int64_t after; /* ids above it; 0: all */
	bool oldest_first; /* of more than `limit` the first are shown, not the last */
	bool csv;
	struct field_ref fields[QUERY_FIELDS_MAX];
	size_t n_fields; /* 0: all */
};

/*
 * Reads the arguments of an address, an object whose members are texts as they came, or numbers:
 *   filter (samples/filter), by ("FIELD,FIELD"), since, until (so long ago: "2h"; RFC 3339; Unix seconds; by default the
 *   last hour, or with `after` all), limit, after (an id), order ("newest", "oldest"), format ("json", "csv"),
 *   fields ("FIELD,FIELD")
 * null is not given. *ret is to be freed. Returns 0, -ENOMEM, or -EINVAL; both with a sentence.
 */
int query_parse(const json_t *arguments, double now_unix, struct query **ret,
		struct error *ret_error);
void query_free(struct query *query);

static inline void query_freep(struct query **query)
{
	query_free(*query);
}

/* Which events are to be looked at. What no event needs to be shown for may be left out, but need not. */
struct query_span {
	double since; /* Unix seconds, included; 0: no begin */
	double until; /* included; NAN: no end */
	int64_t after; /* ids above it; 0: all */
	bool newest_first; /* by time; else the oldest first */
	const char *service; /* those of this service alone; NULL: all */
	const char *bad_for; /* those that are bad for this SLO alone; NULL: all */
	const char *eligible_for; /* those that this SLO counts alone; NULL: all */
	bool bad_only;
};

/* Looks at an event, whose texts must last until it returns. 0: go on; else the walk ends and returns that. */
typedef int query_visit(void *visit_context, const struct event *event);

struct query_source {
	/*
	 * Visits each event of the span. Returns 0, what the visitor has returned, -ETIME if it took too long, or another
	 * -errno if not all could be read: what was visited is shown.
	 */
	int (*walk)(void *context, const struct query_span *span, query_visit *visit,
		    void *visit_context);
	void *context;
	json_t *(*event_json)(const struct event *event); /* NULL: samples/fields' names alone */
	const json_t *about; /* members of it become members of the answer; or NULL */
};

/*
 * Writes the answer. As JSON, an object:
 *   "from", "to"   of the span, RFC 3339; from is null without a begin
 *   "matched"      {"samples", "bad_samples", "requests", "bad"}: all that the filter is true of; requests and bad are
 *                  sums of weights
 *   "looked_at"    events of the span, whatever the filter
 *   "last_id"      the greatest id among them, or `after`
 *   "more"         whether there are more than what is shown
 *   "cut_at"       null; or it took too long: events that ended before (of the oldest first: after) were not looked at
 *   "unread"       null; or why not all could be read
 * and "events", the oldest first, or with `by` what groups_json() has.
 *
 * As CSV: a row of names, then one for each event or group.
 * Returns 0 or -ENOMEM. Whether all was written only ferror(out) tells.
 */
int query_write(const struct query *query, const struct query_source *source, FILE *out);

#endif

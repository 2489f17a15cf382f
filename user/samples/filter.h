/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filters over events, as people write them:
 *
 *   status>=500 and route=/checkout and total>200ms and user_agent~"curl*"
 *
 *   filter     = and { "or" and }
 *   and        = term { "and" term }
 *   term       = "not" term | "(" filter ")" | comparison
 *   comparison = FIELD                          it is known; of FIELD_BOOL: it is true
 *              | FIELD operator VALUE           = != < <= > >= ~ !~
 *              | FIELD [ "not" ] "in" "(" VALUE { "," VALUE } ")"
 *   VALUE      = a word without white space, quotes, parentheses, commas and operators; or "..." with \" and \\;
 *                or '...' as it is
 *
 * "and", "or", "not" and "in" are the same in capitals. FIELD is a name of samples/fields.
 *
 * `~` takes a glob for the whole text (`*`: any bytes, `?`: one byte, `\*` and `\?`: themselves); without `*` and `?`:
 * a part of the text. Case matters. Numbers: 503; 5xx of a status; 200ms, 1.5s of a duration (without a unit only where
 * the field is named in seconds: total_seconds>0.2); 10KiB, 1MB, 512 of bytes; RFC 3339 or Unix seconds of a time.
 * `client=10.0.0.0/8` is true of each address in it.
 *
 * A value that is not known is equal to nothing, and neither less nor more: `=`, `~`, `in`, `<` and so on are false,
 * `!=`, `!~` and `not in` are true of it, as they say the opposite of `=`, `~` and `in`.
 *
 * Pure. The memory of a filter is bounded by what is below, some 40 KiB; a filter is compiled once, and is
 * then evaluated in well under a microsecond an event.
 */
#ifndef SLIPROBE_SAMPLES_FILTER_H
#define SLIPROBE_SAMPLES_FILTER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "samples/event.h"

enum {
	FILTER_TEXT_MAX = 4096, /* bytes */
	FILTER_DEPTH_MAX = 32, /* of parentheses and "not" */
	FILTER_NODES_MAX = 128, /* comparisons, and what joins them */
	FILTER_VALUES_MAX = 256,
};

struct filter;

/*
 * Compiles a filter; an empty one is true of all events. *ret is to be freed. Returns 0, -ENOMEM, or -EINVAL with a
 * sentence: "filter, column 8: ..." (columns count characters, from 1 on), what was expected and what came.
 */
int filter_new(const char *text, struct filter **ret, struct error *ret_error);
void filter_free(struct filter *filter);

static inline void filter_freep(struct filter **filter)
{
	filter_free(*filter);
}

/* Whether the filter is true of the event. NULL is true of all. */
bool filter_is_true(const struct filter *filter, const struct event *event);

/*
 * What is true of each event that the filter is true of, so that the others need not be looked at: the one text that
 * the field of this name has (`service=shop`), or NULL; whether it is bad.
 */
const char *filter_needs_text(const struct filter *filter, const char *field);
bool filter_needs_bad(const struct filter *filter);

/* Writes a VALUE that means this text after `=`: in quotes where it must be. */
void filter_write_value(const char *text, FILE *out);

/* `*`, `?`, `\*`, `\?` as above. */
bool filter_glob(const char *pattern, const char *text);

#endif

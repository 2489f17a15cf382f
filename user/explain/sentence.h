/* SPDX-License-Identifier: GPL-2.0-only */
/* What was found, in one sentence that an engineer on call can act on. */
#ifndef SLIPROBE_EXPLAIN_SENTENCE_H
#define SLIPROBE_EXPLAIN_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/explain.h"
#include "explain/kind.h"

enum {
	EXPLAIN_CHANGE_BEFORE_S =
		600, /* a change is named that was so long before the onset at most */
	EXPLAIN_CHANGE_AFTER_S =
		20, /* or so long after it: steps have an end, and notice comes late */
	EXPLAIN_VALUE_BYTES = 60, /* of a value that is shown; what is longer is cut */
};

/* A change, as the timeline has it. */
struct explain_change {
	double at; /* Unix seconds */
	const char *service; /* NULL: of none */
	const char *
		what; /* "version", "started", "ended", "crashed", "oom", "instances", "reload", "configuration" */
	const char *from, *to; /* or NULL */
};

struct explain_story {
	enum explain_kind kind;
	double since, until; /* Unix seconds: what was asked for */
	double onset; /* NAN: there is none; then `since` counts */
	uint64_t bad; /* exact, since then; UINT64_MAX: not known */
	unsigned int
		status; /* include/status.h: that most of the bad ones have; 0: none in particular */
	const struct explain_findings *findings;
	const struct explain_change *changes; /* by time */
	size_t n_changes;
};

/*
 * "87 % of the failures since 14:02:20 UTC are version 3fa2c1 (11 s after it started), 1 % of the good are", or that
 * nothing stands out, or how many bad samples are needed. Values from requests are quoted, cut, and safe to show.
 * malloc()ed; NULL when out of memory.
 */
char *explain_sentence(const struct explain_story *story);

/* The change that the sentence names: the last one before the onset, or soon after it; a crash or the like first. NULL: none. */
const struct explain_change *explain_change_near(const struct explain_story *story);

/* `version 3fa2c1`, `user_agent "curl/8"`, `bytes_in of 1200 or more`. malloc()ed; NULL when out of memory. */
char *explain_value_words(const struct explain_value *value);

#endif

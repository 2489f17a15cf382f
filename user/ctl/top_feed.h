/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What slictl top shows is asked for by a thread of its own, so that keys work while the agent takes its time.
 */
#ifndef SLIPROBE_CTL_TOP_FEED_H
#define SLIPROBE_CTL_TOP_FEED_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"

/* One question each is asked again and again. */
enum top_slot {
	TOP_STATUS,
	TOP_SERVICE,
	TOP_HEAT,
	TOP_EVENTS,
	TOP_EXPLAIN,
	TOP_HISTORY, /* of one SLO after another */
	TOP_SLOTS,
};

struct top_feed;

/* The thread ends with the process: it may wait for an agent that does not answer. Returns 0 or -errno. */
int top_feed_new(const struct ctl *ctl, struct top_feed **ret);

/* Readable when there is an answer. */
int top_feed_fd(const struct top_feed *feed);

/*
 * What the slot asks from now on, each `every` seconds; NULL: nothing. Another address than before is asked for at
 * once.
 */
void top_feed_want(struct top_feed *feed, enum top_slot which, const char *path, double every);

struct top_answer {
	char *path; /* that it is an answer to */
	json_t *json; /* NULL: there is none */
	bool unreachable;
	char *why; /* there is none: the agent's words, or slictl's */
};

/* The slot's next answer, which the caller clears. False: there is none yet. */
bool top_feed_take(struct top_feed *feed, enum top_slot slot, struct top_answer *ret);
void top_answer_clear(struct top_answer *answer);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* From a question for events to its answer: samples/query asks, samples/events is asked. */
#ifndef SLIPROBE_SAMPLES_ANSWERS_H
#define SLIPROBE_SAMPLES_ANSWERS_H

#include "samples/events.h"
#include "samples/question.h"

/* Answers a question of "what": "events". Returns 0; -EINVAL with the answer refused; or another -errno. */
int answers_events(struct events *events, const struct names *names, struct question *question,
		   struct answer *answer);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* From events to columns, for explain/; and its answer as JSON. */
#ifndef SLIPROBE_SAMPLES_EXPLAIN_EVENTS_H
#define SLIPROBE_SAMPLES_EXPLAIN_EVENTS_H

#include "samples/events.h"
#include "samples/question.h"

/* Answers a question of "what": "explain". Returns 0; -EINVAL with the answer refused; or another -errno. */
int explain_answer(struct events *events, const struct names *names, struct question *question,
		   struct answer *answer);

#endif

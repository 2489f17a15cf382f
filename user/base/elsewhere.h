/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer to a question that another process was asked, as who waits for it gets it. */
#ifndef SLIPROBE_BASE_ELSEWHERE_H
#define SLIPROBE_BASE_ELSEWHERE_H

#include <stddef.h>

struct elsewhere_answer {
	unsigned int code; /* HTTP status: 200, or why there is none */
	const char *content_type; /* of a 200 */
	int fd; /* of a 200: a sealed file in memory, from its beginning; the receiver's to close */
	size_t bytes; /* in it */
	const char *text; /* unless 200: a sentence. It comes from the other process: hostile */
};

/* Called once for each question that was taken, from within the loop. */
typedef void elsewhere_done_fn(void *context, const struct elsewhere_answer *answer);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer to a request, on its way to libmicrohttpd. */
#ifndef SLIPROBE_SERVER_REPLY_H
#define SLIPROBE_SERVER_REPLY_H

#include <microhttpd.h>
#include <stddef.h>

#include "report/metrics.h"

struct reply {
	unsigned int code;
	const char *content_type;
	const char *allow; /* of a 405: the methods that are allowed */
	char *body; /* malloc()ed; NULL: out of memory, if there are no metrics either */
	struct metrics *metrics; /* instead of a body: made while they are sent */
	size_t len;
};

/* These take `body`, which may be NULL: out of memory. */
void reply_with(struct reply *reply, unsigned int code, const char *content_type, char *body);
void reply_json(struct reply *reply, unsigned int code, char *body);

/* {"error": text} */
void reply_error(struct reply *reply, unsigned int code, const char *text);

/* Takes `metrics`. */
void reply_metrics(struct reply *reply, enum metrics_format format, struct metrics *metrics);

/* Takes the reply's body or metrics. Returns NULL when out of memory. */
struct MHD_Response *reply_response(const struct reply *reply);

#endif

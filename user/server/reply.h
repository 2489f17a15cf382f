/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer to a request, on its way to libmicrohttpd. */
#ifndef SLIPROBE_SERVER_REPLY_H
#define SLIPROBE_SERVER_REPLY_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "page/page.h"

struct reply {
	unsigned int code;
	const char *content_type;
	const char *allow; /* of a 405: the methods that are allowed */
	char policy[PAGE_POLICY_BYTES]; /* of a page: its Content-Security-Policy; else "" */
	char *body; /* malloc()ed; NULL: out of memory */
	size_t len;
	bool from_file; /* the body is in `fd`, from its beginning, which the response takes */
	int fd;
	json_t *question; /* there is no answer yet: this is to be asked elsewhere */
};

/* These take `body`, which may be NULL: out of memory. */
void reply_with(struct reply *reply, unsigned int code, const char *content_type, char *body);
void reply_json(struct reply *reply, unsigned int code, char *body);

/* Takes `fd`, of `bytes` that do not change. */
void reply_file(struct reply *reply, const char *content_type, int fd, size_t bytes);

/* {"error": text} */
void reply_error(struct reply *reply, unsigned int code, const char *text);

/* Takes the reply's body. Returns NULL when out of memory. */
struct MHD_Response *reply_response(const struct reply *reply);

/*
 * Refuses what libmicrohttpd cannot answer: a connection that it never gets, a request in the middle of its
 * body. Written straight to the socket, if that takes it at once; to be closed after it.
 */
void reply_refuse(int fd, unsigned int code, const char *text);

#endif

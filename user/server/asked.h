/* SPDX-License-Identifier: GPL-2.0-only */
/* What a client has asked, as far as it has come. */
#ifndef SLIPROBE_SERVER_ASKED_H
#define SLIPROBE_SERVER_ASKED_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ASKED_BODY_MAX_BYTES = 64 << 10,
	ASKED_HEAD_MAX_BYTES = 16 << 10,
	ASKED_FIELDS_MAX = 100,
	ASKED_ARGUMENTS_MAX = 100,
	/*
	 * What libmicrohttpd may use for a connection: a head of the greatest size, its fields and
	 * arguments parsed, and the answer's head. It answers with 431 itself where that is not enough.
	 */
	ASKED_MEMORY_BYTES = 40 << 10,
	/* of a body that is too big: so much is read and thrown away, for the answer to be seen */
	ASKED_DRAIN_MAX_BYTES = 1 << 20,
};

struct asked {
	struct MHD_Connection *connection;
	char *target; /* as it came: path and arguments */
	bool too_many_arguments;
	bool begun; /* its head is whole */
	bool refused; /* it was answered before its end */
	char *body;
	size_t len;
	size_t room;
	size_t drained;
	/* once it is whole; libmicrohttpd's */
	const char *url;
	const char *method;
	bool elsewhere; /* it is answered elsewhere */
	bool shared; /* one answer is right for all who ask for the same */
};

/*
 * For MHD_OPTION_URI_LOG_CALLBACK, which hands out the target before it is parsed: makes a struct asked, the
 * request's context; NULL when out of memory. More arguments than ASKED_ARGUMENTS_MAX are cut off:
 * libmicrohttpd has no answer where they outgrow its memory.
 */
void *asked_begin(void *cls, const char *target, struct MHD_Connection *connection);
void asked_free(struct asked *asked);

/* Why the head is refused, and with which status; or NULL. */
const char *asked_refusal(const struct asked *asked, unsigned int *ret_code);

/* Adds a piece of the body. Returns 0; -E2BIG: it is above its limit; or -ENOMEM. */
int asked_add(struct asked *asked, const char *piece, size_t bytes);

/* Whether one answer is right for both: to the same question, in the same format. */
bool asked_same(const struct asked *a, const struct asked *b);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/asked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t count_arguments(const char *arguments)
{
	size_t n = 1;

	for (; (arguments = strchr(arguments, '&')); arguments++)
		n++;
	return n;
}

void *asked_begin(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	const char *arguments;

	(void)cls;
	if (!asked)
		return NULL;
	asked->connection = connection;
	asked->target = strdup(target ? target : "");
	if (!asked->target) {
		free(asked);
		return NULL;
	}
	arguments = target ? strchr(target, '?') : NULL;
	if (arguments && count_arguments(arguments + 1) > ASKED_ARGUMENTS_MAX) {
		asked->too_many_arguments = true;
		/* it is the connection's own buffer, to be parsed next */
		((char *)arguments)[1] = 0;
	}
	return asked;
}

void asked_free(struct asked *asked)
{
	if (!asked)
		return;
	free(asked->target);
	free(asked->body);
	free(asked);
}

const char *asked_refusal(const struct asked *asked, unsigned int *ret_code)
{
	const union MHD_ConnectionInfo *head =
		MHD_get_connection_info(asked->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	const char *length = MHD_lookup_connection_value(asked->connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	*ret_code = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	if (asked->too_many_arguments)
		return "more than 100 query arguments";
	if (head && head->header_size > ASKED_HEAD_MAX_BYTES)
		return "request head larger than 16 KiB";
	if (MHD_get_connection_values(asked->connection, MHD_HEADER_KIND, NULL, NULL) >
	    ASKED_FIELDS_MAX)
		return "more than 100 header fields";
	*ret_code = MHD_HTTP_CONTENT_TOO_LARGE;
	if (length && strtoull(length, NULL, 10) > ASKED_BODY_MAX_BYTES)
		return "request body larger than 64 KiB";
	return NULL;
}

int asked_add(struct asked *asked, const char *piece, size_t bytes)
{
	size_t room = asked->room ?: 512;
	char *grown;

	if (bytes > ASKED_BODY_MAX_BYTES - asked->len)
		return -E2BIG;
	while (room < asked->len + bytes)
		room *= 2;
	if (room > asked->room) {
		grown = realloc(asked->body, room);
		if (!grown)
			return -ENOMEM;
		asked->body = grown;
		asked->room = room;
	}
	memcpy(asked->body + asked->len, piece, bytes);
	asked->len += bytes;
	return 0;
}

static const char *accept_of(const struct asked *asked)
{
	const char *accept = MHD_lookup_connection_value(asked->connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);

	return accept ? accept : "";
}

static bool changes(const struct asked *asked)
{
	return strcmp(asked->method, MHD_HTTP_METHOD_GET) != 0 &&
	       strcmp(asked->method, MHD_HTTP_METHOD_HEAD) != 0;
}

bool asked_same(const struct asked *a, const struct asked *b)
{
	return a->shared && b->shared && changes(a) == changes(b) &&
	       !strcmp(a->target, b->target) && !strcmp(accept_of(a), accept_of(b));
}

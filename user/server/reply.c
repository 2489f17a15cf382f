/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "report/json.h"

void reply_with(struct reply *reply, unsigned int code, const char *content_type, char *body)
{
	reply->code = code;
	reply->content_type = content_type;
	reply->body = body;
	reply->len = body ? strlen(body) : 0;
}

void reply_json(struct reply *reply, unsigned int code, char *body)
{
	reply_with(reply, code, "application/json", body);
}

void reply_file(struct reply *reply, const char *content_type, int fd, size_t bytes)
{
	*reply = (struct reply){
		.code = MHD_HTTP_OK,
		.content_type = content_type,
		.len = bytes,
		.from_file = true,
		.fd = fd,
	};
}

void reply_error(struct reply *reply, unsigned int code, const char *text)
{
	reply_json(reply, code, json_error(text));
}

/* For browsers: what is no page is taken for none, no other page gets at it, and none is kept. */
static enum MHD_Result add_headers(struct MHD_Response *response, const struct reply *reply)
{
	const struct {
		const char *name, *value;
	} headers[] = {
		{MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type},
		{MHD_HTTP_HEADER_ALLOW, reply->allow},
		{"X-Content-Type-Options", "nosniff"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
		{"Content-Security-Policy", reply->policy[0] ? reply->policy : NULL},
		{"Cross-Origin-Opener-Policy", reply->policy[0] ? "same-origin" : NULL},
		{"Referrer-Policy", reply->policy[0] ? "no-referrer" : NULL},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (headers[i].value &&
		    MHD_add_response_header(response, headers[i].name, headers[i].value) != MHD_YES)
			return MHD_NO;
	}
	return MHD_YES;
}

struct MHD_Response *reply_response(const struct reply *reply)
{
	struct MHD_Response *response = NULL;

	if (reply->from_file)
		response = MHD_create_response_from_fd64(reply->len, reply->fd);
	else if (reply->body)
		response = MHD_create_response_from_buffer(reply->len, reply->body,
							   MHD_RESPMEM_MUST_FREE);
	if (!response) {
		if (reply->from_file)
			close(reply->fd);
		free(reply->body);
		return NULL;
	}
	if (add_headers(response, reply) == MHD_YES)
		return response;
	MHD_destroy_response(response);
	return NULL;
}

void reply_refuse(int fd, unsigned int code, const char *text)
{
	_cleanup_free_ char *body = json_error(text);
	char answer[512];
	int len;

	if (!body)
		return;
	len = snprintf(answer, sizeof(answer),
		       "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		       "Connection: close\r\n\r\n%s",
		       code, MHD_get_reason_phrase_for(code), strlen(body), body);
	if (len > 0 && (size_t)len < sizeof(answer))
		send(fd, answer, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

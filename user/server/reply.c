/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/json.h"

enum { METRICS_BLOCK_BYTES = 64 << 10 };

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

void reply_error(struct reply *reply, unsigned int code, const char *text)
{
	reply_json(reply, code, json_error(text));
}

void reply_metrics(struct reply *reply, enum metrics_format format, struct metrics *metrics)
{
	static const char *const types[] = {
		[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};

	reply->code = MHD_HTTP_OK;
	reply->content_type = types[format];
	reply->metrics = metrics;
	reply->len = metrics_len(metrics);
}

static ssize_t read_metrics(void *cls, uint64_t at, char *ret, size_t room)
{
	ssize_t n = metrics_read(cls, ret, room);

	(void)at;
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return n ? n : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_metrics(void *cls)
{
	metrics_free(cls);
}

/* Takes the reply's body or metrics. */
static struct MHD_Response *bare_response(const struct reply *reply)
{
	struct MHD_Response *response;

	if (reply->metrics) {
		response = MHD_create_response_from_callback(reply->len, METRICS_BLOCK_BYTES,
							     read_metrics, reply->metrics,
							     free_metrics);
		if (!response)
			metrics_free(reply->metrics);
		return response;
	}
	if (!reply->body)
		return NULL;
	response = MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(reply->body);
	return response;
}

struct MHD_Response *reply_response(const struct reply *reply)
{
	struct MHD_Response *response = bare_response(reply);
	enum MHD_Result result;

	if (!response)
		return NULL;
	result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
					 reply->content_type);
	if (result == MHD_YES && reply->allow)
		result = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	if (result == MHD_YES)
		return response;
	MHD_destroy_response(response);
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The status of a request as it is shown, of the members "status" and "grpc_status" of its JSON. */
#ifndef SLIPROBE_BASE_JSON_STATUS_H
#define SLIPROBE_BASE_JSON_STATUS_H

#include <jansson.h>
#include <stdio.h>

#include "status.h"

enum { JSON_STATUS_BYTES = 24 };

/*
 * "503"; of a gRPC request that has succeeded as one of HTTP, as nearly all have, "UNAVAILABLE". Returns `ret`, or a
 * text of the object's; NULL: it has neither.
 */
static inline const char *json_status_text(const json_t *object, char ret[static JSON_STATUS_BYTES])
{
	const json_t *http = json_object_get(object, "status");
	const char *grpc = json_string_value(json_object_get(object, "grpc_status"));
	const json_int_t number = json_integer_value(http);

	if (grpc && (!json_is_integer(http) || number == STATUS_CLASS_SUCCESS ||
		     number / 100 == STATUS_CLASS_SUCCESS))
		return grpc;
	if (!json_is_integer(http))
		return NULL;
	snprintf(ret, JSON_STATUS_BYTES, "%" JSON_INTEGER_FORMAT, number);
	return ret;
}

#endif

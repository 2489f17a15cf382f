/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The excerpt of a request's head, which may be cut at any byte, as its parts: a PROXY header (versions 1 and 2 of
 * https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt), request line and fields (RFC 9112, sections 2.2 to 5),
 * `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header). Where a server may read it in more than one
 * way, it is read as include/http1 does. Pure: one pass, no memory of its own; parts point into the excerpt.
 *
 * A part that the end of the excerpt cuts is not there, but the path and the query, which say that they are cut.
 */
#ifndef SLIPROBE_SAMPLES_HEAD_H
#define SLIPROBE_SAMPLES_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/sample.h"
#include "samples/event.h"
#include "samples/proxies.h"

/* Hostile bytes, not terminated. */
struct head_part {
	const char *at; /* NULL: it is not there */
	size_t len;
	bool cut;
};

enum {
	HEAD_TRACEPARENT_BYTES = 55, /* of version 00; of later ones the same fields are kept */
};

struct head {
	bool has_proxy;
	uint8_t proxy[ADDRESS_BYTES]; /* the client's address in the PROXY header */
	struct head_part method;
	struct head_part path; /* of any form of the target; "*" of OPTIONS; none of CONNECT */
	struct head_part query; /* behind the '?' */
	struct head_part
		host; /* of the target, if it names one, else of Host; without user and password */
	bool old; /* HTTP/1.0 */
	struct head_part user_agent;
	struct head_part request_id; /* x-request-id */
	struct head_part traceparent; /* valid */
	struct head_part headers[EVENT_HEADERS_MAX]; /* those that are asked for */
	/* all fields of the name, joined by commas; "": none, or the head's end is not seen: more could follow */
	char x_forwarded_for[SAMPLE_HEAD_MAX + 1];
	char forwarded[SAMPLE_HEAD_MAX + 1];
};

/*
 * `names`: n of them, in lower case, at most EVENT_HEADERS_MAX. Of a field that comes twice the first counts; of
 * traceparent none. What is no HTTP/1 has no parts. Of more than SAMPLE_HEAD_MAX bytes the rest is not looked at.
 */
void head_parse(const char *bytes, size_t len, const char *const *names, size_t n,
		struct head *ret);

#endif

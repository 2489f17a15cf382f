/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is left out of texts before they are kept, and how they are made fit to keep: valid UTF-8 without anything that
 * deceives (base/utf8), and bounded. Pure.
 */
#ifndef SLIPROBE_SAMPLES_REDACT_H
#define SLIPROBE_SAMPLES_REDACT_H

#include <stdbool.h>
#include <stddef.h>

enum redact_path {
	REDACT_PATH_KEEP, /* but for the values of parameters: "/a;jsessionid=1" is "/a;jsessionid=*" */
	REDACT_PATH_MASK, /* what the route's template does not spell out is "*" */
	REDACT_PATH_TEMPLATE, /* the template alone, "*" where there is none */
};

enum {
	REDACT_PATH_BYTES = 512,
	REDACT_QUERY_BYTES = 256,
	REDACT_NAME_BYTES = 64, /* of a parameter of the query */
	REDACT_AGENT_BYTES = 256,
	REDACT_HOST_BYTES = 255,
	REDACT_ID_BYTES = 128,
	REDACT_HEADER_BYTES = 256,
	REDACT_METHOD_BYTES = 32,
};

/* A text that ends early, where it did not fit or was not seen to its end, has this behind it. */
#define REDACT_MORE "\u2026"

/*
 * Writes the text to `ret`, which has room for `max` bytes and a NUL: bytes that are not UTF-8 become \xHH, characters
 * that deceive \uHHHH. One that does not fit, or that is `cut` before, ends in REDACT_MORE, which fits within `max`
 * (of 8 at least).
 */
void redact_text(const char *bytes, size_t len, bool cut, size_t max, char *ret);

/*
 * The names of a query's parameters, joined by '&': "a=1&b=&secret" is "a&b&*". What has no '=' could be either, and is
 * "*". `ret` has room for REDACT_QUERY_BYTES and a NUL. The last one of a query that is cut is left out, if its '=' was
 * not seen.
 */
void redact_query(const char *query, size_t len, bool cut, char *ret);

/*
 * `route`: the template, or NULL (as for "_other" and "_unknown"): nothing is spelled out. `ret` has room for
 * REDACT_PATH_BYTES and a NUL.
 */
void redact_path(const char *path, size_t len, bool cut, enum redact_path how, const char *route,
		 char *ret);

#endif

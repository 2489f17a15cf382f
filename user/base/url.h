/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a URL may be shown: whoever knows the rest can often send in its owner's name, as with Slack's
 * webhooks.
 */
#ifndef SLIPROBE_BASE_URL_H
#define SLIPROBE_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text that begins at `at`. */
struct url_span {
	const char *at;
	size_t len;
};

/* "https://example.org:8443/a?b" has scheme "https://", host "example.org:8443", rest "/a?b". */
struct url_parts {
	struct url_span scheme; /* with "://"; empty if there is none */
	struct url_span user; /* user and password, without the '@' */
	struct url_span host;
	const char *rest; /* path, query, fragment */
};

struct url_parts url_split(const char *url);

/* Scheme, host and port, malloc()ed; NULL when out of memory. */
char *url_shown(const char *url);

/* True if what url_shown() leaves out may be a secret: there is more than a '/'. */
bool url_has_secret(const char *url);

#endif

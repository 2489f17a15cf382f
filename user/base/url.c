/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/url.h"

#include <stdio.h>
#include <string.h>

struct url_parts url_split(const char *url)
{
	const char *host = strstr(url, "://");
	struct url_parts parts = {.scheme = {.at = url}};
	const char *at;

	/* a "://" behind the host is part of something else */
	if (host && strcspn(url, "/?#\\") == (size_t)(host + 1 - url))
		parts.scheme.len = (size_t)(host + 3 - url);
	host = url + parts.scheme.len;
	parts.rest = host + strcspn(host, "/?#\\");
	parts.user.at = host;
	at = memrchr(host, '@', (size_t)(parts.rest - host));
	if (at) {
		parts.user.len = (size_t)(at - host);
		host = at + 1;
	}
	parts.host = (struct url_span){host, (size_t)(parts.rest - host)};
	return parts;
}

char *url_shown(const char *url)
{
	const struct url_parts parts = url_split(url);
	char *shown;

	if (asprintf(&shown, "%.*s%.*s", (int)parts.scheme.len, parts.scheme.at,
		     (int)parts.host.len, parts.host.at) < 0)
		return NULL;
	return shown;
}

bool url_has_secret(const char *url)
{
	const struct url_parts parts = url_split(url);

	return parts.user.len || (*parts.rest && strcmp(parts.rest, "/") != 0);
}

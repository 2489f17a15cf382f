/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a receiver was given and nobody else may read. Receivers repeat it: many a server answers 404 with the
 * path that it does not have. Pure.
 */
#ifndef SLIPROBE_DELIVER_SECRETS_H
#define SLIPROBE_DELIVER_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SECRET_PART_MIN = 8, /* bytes: a shorter part of a path, a query or a header is a word */
	SECRET_WHOLE_MIN = 5, /* of a path with its query */
};

/*
 * Where secrets are. Of a URL: user and password, path and query, as a whole and in parts. Of headers: values, by
 * words. Of a command: its arguments, by words. All may be NULL.
 */
struct secrets {
	const char *url;
	bool plain_path; /* only user and password of the URL are secret */
	char *const *headers;
	size_t n_headers;
	char *const *argv; /* NULL-terminated; the first is no secret */
};

/*
 * Puts "***" for each secret in the text, in whatever case, as it stands and without percent signs, and for the
 * first bytes of one that the text ends in. What else is in the text stays; it grows no longer.
 */
void secrets_mask(const struct secrets *secrets, char *text);

#endif

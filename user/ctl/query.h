/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses with a query. */
#ifndef SLIPROBE_CTL_QUERY_H
#define SLIPROBE_CTL_QUERY_H

#include <stddef.h>

struct ctl_argument {
	const char *name;
	const char *value; /* NULL: it is left out */
};

/*
 * "PATH?NAME=VALUE&NAME=VALUE", with all but letters, digits and "-._~" percent-encoded in `segment`
 * (the last one of the path; or NULL) and in values. malloc()ed; NULL when out of memory.
 */
char *ctl_query(const char *path, const char *segment, const struct ctl_argument *arguments,
		size_t n_arguments);

#endif

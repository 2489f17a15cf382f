/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks the agent over its status socket.
 */
#ifndef SLIPROBE_USER_CTL_CLIENT_H
#define SLIPROBE_USER_CTL_CLIENT_H

#include <stddef.h>
#include "ctl.h"

enum {
	CTL_CONNECT_TIMEOUT_MS = 2000,
	CTL_TIMEOUT_MS = 10000,
	CTL_MAX_BODY = 64 << 20,
};

/*
 * Does GET `path` + `name` (the last segment, taken literally; NULL: none) and returns CTL_DONE with
 * the body in *ret_body (malloc()ed, NUL-terminated, *ret_len bytes; may hold NULs).
 * Returns, having said why on ctl->err and with the outputs untouched: CTL_UNREACHABLE when nothing
 * answers; CTL_CANNOT_TELL when the agent refuses (its own words are repeated) or what answers
 * makes no sense.
 */
int ctl_get(const struct ctl *ctl, const char *path, const char *name, char **ret_body,
	    size_t *ret_len);

#endif

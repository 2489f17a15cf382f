/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks the agent over its status socket.
 */
#ifndef SLIPROBE_CTL_CLIENT_H
#define SLIPROBE_CTL_CLIENT_H

#include <stddef.h>

#include "ctl/ctl.h"

enum {
	CTL_CONNECT_TIMEOUT_MS = 2000,
	CTL_TIMEOUT_MS = 10000,
	CTL_MAX_BODY = 64 << 20,
};

struct ctl_request {
	const char *method; /* GET, POST or DELETE */
	const char *path;
	const char *name; /* the last segment of the path, which gets percent-encoded; or NULL */
	const char *body; /* JSON; or NULL */
};

/* Statuses of HTTP. */
enum {
	CTL_STATUS_OK = 200,
	CTL_STATUS_NOT_FOUND = 404,
	CTL_STATUS_TOO_MANY = 429,
};

struct ctl_answer {
	long status;
	char *body; /* malloc()ed, NUL-terminated, but may hold NULs */
	size_t len;
};

/*
 * Returns CTL_DONE and the answer, of any status, in *ret: clear it after use. Else says why on
 * ctl->err, leaves *ret untouched, and returns CTL_UNREACHABLE when nothing answers, or
 * CTL_CANNOT_TELL when the answer is none that an agent gives.
 */
int ctl_ask(const struct ctl *ctl, const struct ctl_request *request, struct ctl_answer *ret);
void ctl_answer_clear(struct ctl_answer *answer);

#endif

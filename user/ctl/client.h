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
	const char *name; /* a last segment for the path, taken literally; or NULL */
	const char *body; /* JSON; or NULL */
};

struct ctl_answer {
	long status; /* of HTTP */
	char *body; /* malloc()ed, NUL-terminated, but may hold NULs */
	size_t len;
};

/*
 * Returns CTL_DONE with the answer, whatever its status is, in *ret, to be cleared. Returns, having
 * said why on ctl->err and with *ret untouched: CTL_UNREACHABLE when nothing answers;
 * CTL_CANNOT_TELL when what answers makes no sense.
 */
int ctl_ask(const struct ctl *ctl, const struct ctl_request *request, struct ctl_answer *ret);
void ctl_answer_clear(struct ctl_answer *answer);

/* Repeats the agent's own words for a refusal, {"error": "..."}, on ctl->err. CTL_CANNOT_TELL. */
int ctl_say_refused(const struct ctl *ctl, const struct ctl_answer *answer);

/*
 * The same as ctl_ask(), for those who want nothing but an object in an answer of 200: whatever
 * else comes is CTL_CANNOT_TELL, and said. ret_json is the caller's to json_decref().
 */
int ctl_ask_json(const struct ctl *ctl, const struct ctl_request *request, json_t **ret_json);

/* GET, and shown: as it came with --json, else through `view`, see ctl_views.h. */
typedef int ctl_view(const json_t *json, bool colour, FILE *out);
int ctl_show(const struct ctl *ctl, const char *path, const char *name, ctl_view *view);

/* Writes `json` (which it takes; NULL: out of memory) as a line. CTL_DONE or CTL_CANNOT_TELL. */
int ctl_print_json(const struct ctl *ctl, json_t *json);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The plan of a take-over, made before anything of the kernel side changes. */
#ifndef SLIPROBE_AGENT_TAKEOVER_PLAN_H
#define SLIPROBE_AGENT_TAKEOVER_PLAN_H

#include <jansson.h>

#include "kernel/probe.h"

enum takeover_plan {
	TAKEOVER_TAKE_OVER,
	TAKEOVER_HAND_OVER,
	TAKEOVER_DISCARD,
};

/* A former agent's kernel side, as it is found. */
struct takeover_found {
	const char *unopened; /* why its pins cannot be opened; NULL: they are */
	const json_t *note; /* on the live generation; NULL: none that can be read */
	enum probe_hook hook; /* its programs are attached by */
	bool tls; /* programs on TLS libraries are loaded */
	bool tls_refused; /* they were to be, and the kernel refused them */
	bool ktls; /* they see what TLS in the kernel carries, or the kernel refused that */
};

/* Whether programs on TLS libraries are to be loaded. */
enum takeover_tls {
	TAKEOVER_TLS_EITHER, /* nobody can attach them anew: what is attached may count on */
	TAKEOVER_TLS_LOADED,
	TAKEOVER_TLS_NONE,
};

struct takeover_wanted {
	const char *build; /* of this agent's programs */
	enum probe_hook hook; /* PROBE_HOOK_AUTO: any */
	enum takeover_tls tls;
	bool ktls; /* programs could see what TLS in the kernel carries */
};

/* Decides what to do with it. *ret_why: one sentence, NULL for `take over`. */
enum takeover_plan takeover_plan(const struct takeover_found *found,
				 const struct takeover_wanted *wanted, const char **ret_why);

#endif

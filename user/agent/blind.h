/* SPDX-License-Identifier: GPL-2.0-only */
/* Blind connections, those whose requests cannot be seen: of which listener and service, and why. */
#ifndef SLIPROBE_AGENT_BLIND_H
#define SLIPROBE_AGENT_BLIND_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "kernel/probe.h"

enum {
	BLIND_GONE_S = 60, /* without a connection, once nothing listens any more */
};

/* A listener's blind connections, of one reason. */
struct blind_listener {
	struct unmeasured_key key;
	struct blind blind;
	__u16 service; /* that is judged; SERVICE_NONE: none */
	bool measured; /* requests of other connections to it were seen */
	bool gone; /* nothing listens there, and nobody has come for BLIND_GONE_S */
};

struct blind_listeners {
	struct blind_listener *list;
	size_t n;
};

/* The caller releases *ret with blind_clear(). Returns 0 or -errno. */
int blind_read(struct probe *probe, struct blind_listeners *ret);
void blind_clear(struct blind_listeners *listeners);

#endif

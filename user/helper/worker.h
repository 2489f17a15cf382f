/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that works: it takes the agent's packets, looks at processes one after the other, no faster than
 * WORKER_LOOKS_A_SECOND, and takes probes off files that nobody uses any more.
 */
#ifndef SLIPROBE_HELPER_WORKER_H
#define SLIPROBE_HELPER_WORKER_H

#include <stdbool.h>

#include "helper/watch.h"

enum {
	WORKER_LOOKS_A_SECOND = 20,
	WORKER_LOOKS_AT_ONCE = 100,
	WORKER_QUEUE_MAX =
		256, /* processes that wait to be looked at: further ones are told TLS_NOT_BUSY */
};

/* Serves at HELPER_SOCKET. confined: its system calls are filtered. Returns an exit status. */
int worker_run(struct watch *watch, bool confined);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Who asks for a change, by what the kernel says of the process: never by what it says of itself. */
#ifndef SLIPROBE_BASE_ASKER_H
#define SLIPROBE_BASE_ASKER_H

#include <stdbool.h>
#include <sys/types.h>

enum { ASKER_BYTES = 96 };

struct asker {
	bool known;
	uid_t uid;
	pid_t pid; /* 0: of a process that this PID namespace does not see */
};

/*
 * "uid 1000 (anna), process 4711". The name is that of /etc/passwd, if it can be read and has one; no network
 * is asked. A process's own name is left out: it may take any.
 */
void asker_text(const struct asker *asker, char ret_text[static ASKER_BYTES]);

#endif

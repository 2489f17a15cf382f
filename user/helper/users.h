/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who uses the files that are probed. Each library has a witness, a process that had it mapped when it was last looked
 * at; as long as that is so, nobody else is looked at. Without one all processes are walked, some at a time, and what two
 * walks have not met is in nobody's memory.
 *
 * A process of an executable that is probed is followed into its forks: they would be seen no sooner than they have
 * received TLS. One that executes the same file anew may look at its own code first, and is left alone for so long.
 */
#ifndef SLIPROBE_HELPER_USERS_H
#define SLIPROBE_HELPER_USERS_H

#include <dirent.h>
#include <stdbool.h>

#include "helper/births.h"
#include "helper/packets.h"
#include "helper/probed.h"

enum {
	USERS_CHECK_MS = 2000, /* whether witnesses and processes of executables live */
	USERS_BIRTHS_MS = 200, /* whether processes of executables have forked */
	USERS_EXECUTED_MS = 2000, /* until one that has executed the file anew has begun */
	USERS_EXECUTED_MAX =
		32, /* of them at a time; others are looked at when they have received TLS */
	USERS_VERIFY =
		15, /* each so many checks a witness's maps are read again: it may have executed another program */
	USERS_WALK_MS = 20, /* between two parts of a walk */
	USERS_WALK_PROCESSES = 16, /* of a part */
	USERS_WALK_PAUSE_MS = 10000, /* between two walks */
};

/* A process that has executed its parent's file anew, perhaps. */
struct users_executed {
	__u32 tgid;
	struct file_id file;
	double due; /* when it is looked at */
};

struct users {
	struct probed *probed;
	bool all; /* processes that have a TLS library are met in walks, and looked at */
	DIR *walk; /* NULL: none is under way */
	double walked_at, checked_at, births_at; /* CLOCK_MONOTONIC, seconds */
	struct births births;
	struct users_executed executed[USERS_EXECUTED_MAX]; /* the first one is due first */
	size_t n_executed;
	unsigned int checks;
	/* Is told of a profile of which nothing is probed any more. */
	void (*gone)(void *context, __u32 profile);
	/* Is told of a process to look at. */
	void (*meet)(void *context, const struct tls_packet_look *look);
	/* Likewise, of one that was forked: there may be any number. */
	void (*born)(void *context, const struct tls_packet_look *look);
	void *context;
};

/* Before anything is probed. */
void users_begin(struct users *users);

/* Does what is due now. Returns in how many ms there is more to do. */
int users_run(struct users *users, double now);

void users_close(struct users *users);

#endif

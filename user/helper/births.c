/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/births.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "helper/family.h"

enum {
	PLACE_FLAGS = 9, /* in proc_pid_stat(5) */
	FORKED_NO_EXEC = 0x40, /* PF_FORKNOEXEC of linux/sched.h */
};

__u32 births_last_in(const char *loadavg)
{
	const char *at = strrchr(loadavg, ' ');

	return at ? (__u32)strtoul(at + 1, NULL, 10) : 0;
}

bool births_read(const char *stat, struct birth *ret)
{
	unsigned long long flags;

	if (!process_stat_number(stat, PLACE_FLAGS, &flags))
		return false;
	ret->executed = !(flags & FORKED_NO_EXEC);
	ret->parent = family_parent_in(stat);
	return ret->parent;
}

bool births_is_new(__u32 id, __u32 before, __u32 now)
{
	return before <= now ? id > before && id <= now : id > before || id <= now;
}

static __u32 last_given(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/loadavg", "re");
	char text[128];

	return file && fgets(text, sizeof(text), file) ? births_last_in(text) : 0;
}

static void tell(__u32 tgid, births_fn *fn, void *context)
{
	_cleanup_fclose_ FILE *file = process_open(tgid, "stat");
	char text[1024];
	const size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	struct birth birth = {.tgid = tgid};

	text[len] = 0;
	if (births_read(text, &birth))
		fn(context, &birth);
}

void births_each(struct births *births, births_fn *fn, void *context)
{
	const __u32 before = births->last, now = last_given();
	const struct dirent *entry;
	DIR *processes;

	if (now)
		births->last = now;
	processes = before && now && before != now ? opendir("/proc") : NULL;
	while (processes && (entry = readdir(processes))) {
		char *rest;
		const unsigned long id = strtoul(entry->d_name, &rest, 10);

		if (id && !*rest && births_is_new((__u32)id, before, now))
			tell((__u32)id, fn, context);
	}
	if (processes)
		closedir(processes);
}

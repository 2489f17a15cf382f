/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/family.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"

enum { PLACE_PARENT = 4 }; /* in proc_pid_stat(5) */

struct member {
	__u32 tgid, parent;
	char executable[PATH_MAX];
};

__u32 family_parent_in(const char *stat)
{
	unsigned long long parent;

	return process_stat_number(stat, PLACE_PARENT, &parent) ? (__u32)parent : 0;
}

static bool read_member(__u32 tgid, struct member *ret)
{
	_cleanup_fclose_ FILE *file = process_open(tgid, "stat");
	char text[1024], path[32];
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	ssize_t n;

	text[len] = 0;
	ret->tgid = tgid;
	ret->parent = family_parent_in(text);
	snprintf(path, sizeof(path), "/proc/%u/exe", tgid);
	n = readlink(path, ret->executable, sizeof(ret->executable) - 1);
	if (n < 0)
		return false;
	ret->executable[n] = 0;
	return true;
}

static bool are_related(const struct member *a, const struct member *b)
{
	return (a->parent == b->tgid || b->parent == a->tgid ||
		(a->parent > 1 && a->parent == b->parent)) &&
	       !strcmp(a->executable, b->executable);
}

void family_each(__u32 tgid, family_fn *fn, void *context)
{
	struct member one, other;
	const struct dirent *entry;
	DIR *processes = read_member(tgid, &one) ? opendir("/proc") : NULL;

	while (processes && (entry = readdir(processes))) {
		char *rest;
		const unsigned long number = strtoul(entry->d_name, &rest, 10);

		if (number && !*rest && number != tgid && read_member((__u32)number, &other) &&
		    are_related(&one, &other))
			fn(context, (__u32)number);
	}
	if (processes)
		closedir(processes);
}

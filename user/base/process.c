/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/process.h"

#include <string.h>

#include "base/text.h"

FILE *process_open(unsigned int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return fopen(path, "re");
}

/* The name, in parentheses, may hold anything: places are counted behind its end. */
bool process_stat_number(const char *stat, int place, unsigned long long *ret)
{
	const char *at = strrchr(stat, ')');

	for (int behind = 2; at && behind < place; behind++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at && text_take_number(&at, 10, ret);
}

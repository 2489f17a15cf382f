/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of a reload: what has changed at once, and what takes a restart. */
#ifndef SLIPROBE_REPORT_RELOAD_H
#define SLIPROBE_REPORT_RELOAD_H

#include <stddef.h>

enum {
	RELOAD_LINES_MAX = 8,
};

/* Sentences, malloc()ed. */
struct reload_lines {
	char *text[RELOAD_LINES_MAX];
	size_t n;
};

struct reload {
	const char *config; /* the file; belongs to the agent, as do the warnings */
	size_t services, slos; /* in it */
	struct reload_lines applied; /* keys of `agent`, with the values before and now */
	struct reload_lines takes_restart; /* keys of `agent` that stay as they were at the start */
	char *const *warnings;
	size_t n_warnings;
};

/* Adds a sentence. Returns 0 or -ENOMEM. */
int reload_line(struct reload_lines *lines, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void reload_clear(struct reload *reload);

/*
 * {"reloaded": true, "config", "services", "slos", "applied": [], "takes_restart": [], "warnings": []}.
 * malloc()ed, NULL when out of memory.
 */
char *reload_json(const struct reload *reload);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files whose code a process has in its memory, as /proc/PID/maps tells (proc(5)). Pure: lines in, files out. Whoever
 * runs the process chooses the names, and how many there are.
 */
#ifndef SLIPROBE_HELPER_MAPS_H
#define SLIPROBE_HELPER_MAPS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	MAPS_FILES_MAX = 512, /* of a process; further ones are left out */
	MAPS_LINE_BYTES = 4096 * 4 + 128, /* a path's line end is written as four bytes */
	MAPS_LINES_MAX = 1 << 17,
};

/* A file as the kernel names it in maps: of overlayfs and btrfs that is not what stat(2) says. */
struct maps_id {
	__u64 ino;
	__u32 dev; /* major << 20 | minor, as the kernel has it */
};

struct maps_file {
	struct maps_id id;
	__u64 start, end; /* one of its mappings that are executable */
	char *path; /* as the reader sees it */
	bool deleted; /* so the kernel says, or a file has that end of its name */
};

struct maps {
	size_t n;
	struct maps_file list[MAPS_FILES_MAX];
	bool cut; /* there were more */
};

/* A line, without its end. Returns whether it is an executable mapping of a file; ret->path points into it. */
bool maps_parse(char *line, struct maps_file *ret);

/* Of any mapping of a file, without its path. Returns whether it is one. */
bool maps_mapping(char *line, struct maps_file *ret);

/* Cuts off what the kernel writes behind the path of a file that has been removed. Returns whether it was there. */
bool maps_cut_deleted(char *path);

/* Adds the file of a line, if it is new. Returns 0 or -ENOMEM. */
int maps_add(struct maps *maps, char *line);

/* Adds all that `fd`, of /proc/PID/maps, tells. Returns 0 or -errno. */
int maps_read(struct maps *maps, int fd);

void maps_clear(struct maps *maps);

bool maps_same(const struct maps_id *a, const struct maps_id *b);

/* NULL: it is not among them. */
const struct maps_file *maps_find(const struct maps *maps, const struct maps_id *id);

/* The name of a path's file, without its directories. */
const char *maps_name(const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options and arguments of slictl's commands.
 */
#ifndef SLIPROBE_CTL_OPTIONS_H
#define SLIPROBE_CTL_OPTIONS_H

#include <stddef.h>

#include "ctl/ctl.h"

/* "--NAME VALUE" or "--NAME=VALUE" sets *value (to a piece of argv); "--NAME" sets *flag. */
struct ctl_option {
	const char *name;
	const char **value; /* one of both is NULL */
	bool *flag;
};

enum {
	CTL_OPTIONS_MAX = 16,
};

/*
 * Reads a command's argv (argv[0] is its name; reordered). Options may stand before or after the
 * argument, and end at "--". `argument` is the name of its one argument, which goes to
 * *ret_argument, or NULL. Returns CTL_DONE, or CTL_CANNOT_TELL having said why on ctl->err.
 */
int ctl_options(const struct ctl *ctl, int argc, char **argv, const struct ctl_option *options,
		size_t n_options, const char *argument, const char **ret_argument);

/* "slictl: WHAT: WHICH; see slictl COMMAND --help" (both of them may be NULL). CTL_CANNOT_TELL. */
int ctl_usage_error(const struct ctl *ctl, const char *command, const char *what,
		    const char *which);

#endif

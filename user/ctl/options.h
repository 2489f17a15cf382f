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
	const char **value; /* NULL if it is a flag */
	bool *flag; /* NULL if it has a value */
};

enum {
	CTL_OPTIONS_MAX = 16,
};

/*
 * Reads a command's argv, and reorders it. argv[0] is the command's name. Options may stand before
 * or after the argument, and end at "--". `argument` is the name of the command's one argument,
 * which goes to *ret_argument; NULL if it takes none; "[NAME]" if it may be left out, and
 * *ret_argument untouched then. Returns CTL_DONE, or CTL_CANNOT_TELL, and
 * ctl->err says why.
 */
int ctl_options(const struct ctl *ctl, int argc, char **argv, const struct ctl_option *options,
		size_t n_options, const char *argument, const char **ret_argument);

/* As ctl_options(), for a command with one argument or more: *ret_arguments ends with NULL. */
int ctl_options_many(const struct ctl *ctl, int argc, char **argv, const struct ctl_option *options,
		     size_t n_options, const char *argument, char ***ret_arguments);

/* Likewise for one with any number of arguments, none included. */
int ctl_options_any(const struct ctl *ctl, int argc, char **argv, const struct ctl_option *options,
		    size_t n_options, char ***ret_arguments);

/*
 * Says "slictl: WHAT: WHICH; see slictl COMMAND --help"; `which` and `command` may be NULL. Returns
 * CTL_CANNOT_TELL.
 */
int ctl_usage_error(const struct ctl *ctl, const char *command, const char *what,
		    const char *which);

#endif

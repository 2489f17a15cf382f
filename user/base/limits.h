/* SPDX-License-Identifier: GPL-2.0-only */
/* What whoever starts the process has given it: descriptors and limits. */
#ifndef SLIPROBE_BASE_LIMITS_H
#define SLIPROBE_BASE_LIMITS_H

#include "base/error.h"
#include "base/say.h"

/*
 * Descriptors at once: 120 for programs, maps, the database and the loop; clients of the socket and of metrics;
 * receivers of alerts; and one for each of what is opened for a moment.
 */
enum { LIMITS_FILES = 1024 };

/* Opens /dev/null as each of the descriptors 0 to 2 that is closed, so that no other file becomes one. */
int limits_open_stdio(void);

/*
 * Raises the soft limit of descriptors to the hard one. Returns 0; -EMFILE, with a sentence, if it is below
 * LIMITS_FILES; or another -errno. `tell` is called with what can be lived with: a limit of the size of files.
 */
int limits_check(say_fn *tell, struct error *ret_error);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration file's bytes. */
#ifndef SLIPROBE_CONFIG_FILE_H
#define SLIPROBE_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum config_file_kind {
	CONFIG_FILE_REGULAR, /* nothing that could have to be waited for */
	CONFIG_FILE_ANY, /* a pipe, too, if its writer does not pause for longer than some seconds */
	CONFIG_FILE_PATIENT, /* and somebody may type it in */
};

/* What is in a file, and who may read it. */
struct config_text {
	char *text; /* ends with a NUL byte behind the `len` */
	size_t len;
	bool exposed; /* others may read it than its owner, root, and the groups root and sliprobe */
};

void config_text_clear(struct config_text *text);

/*
 * Returns 0, and config_text_clear() after use; or -errno with *ret_error written (-EINVAL: more than
 * CONFIG_MAX_BYTES, or no file of that kind).
 */
int config_read_file(const char *path, enum config_file_kind kind, struct config_text *ret,
		     struct error *ret_error);

/* Says that the file `name` has more than CONFIG_MAX_BYTES. Returns -EINVAL. */
int config_refuse_size(const char *name, struct error *ret_error);

#endif

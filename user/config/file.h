/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration file's bytes. */
#ifndef SLIPROBE_CONFIG_FILE_H
#define SLIPROBE_CONFIG_FILE_H

#include <stddef.h>

#include "base/error.h"

/*
 * The text, to be freed. Returns 0, or -errno with *ret_error written (-EINVAL: more than
 * CONFIG_MAX_BYTES).
 */
int config_read_file(const char *path, char **ret_text, size_t *ret_len, struct error *ret_error);

/* Says that the file `name` has more than CONFIG_MAX_BYTES. Returns -EINVAL. */
int config_refuse_size(const char *name, struct error *ret_error);

#endif

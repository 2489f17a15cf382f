/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that a command writes. */
#ifndef SLIPROBE_CTL_FILE_H
#define SLIPROBE_CTL_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "ctl/ctl.h"

enum {
	CTL_FILE_PUBLIC = 0644,
	CTL_FILE_PRIVATE = 0600,
};

/*
 * Replaces the file at `path` in one step: whoever reads it meanwhile sees the old one or the new one, and none that
 * is cut. Returns CTL_DONE; or CTL_CANNOT_TELL, with the reason on ctl->err, and the old one left.
 */
int ctl_replace_file(const struct ctl *ctl, const char *path, const char *data, size_t len,
		     mode_t mode);

#endif

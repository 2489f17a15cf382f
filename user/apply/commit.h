/* SPDX-License-Identifier: GPL-2.0-only */
/* Commits a change that has been planned, and written to the kernel. */
#ifndef SLIPROBE_APPLY_COMMIT_H
#define SLIPROBE_APPLY_COMMIT_H

#include "apply/change.h"

/* Puts the change in force and takes its configuration over. Cannot fail: all room is reserved. */
void change_commit(struct change *change);

#endif

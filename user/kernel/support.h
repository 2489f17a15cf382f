/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the features of this kernel by trying each of them, not by reading version numbers. */
#ifndef SLIPROBE_KERNEL_SUPPORT_H
#define SLIPROBE_KERNEL_SUPPORT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Tries the running kernel and writes one line a feature, with the hook family that the agent would
 * choose, and the reason. With `json` it writes one JSON object and a newline instead. Needs the
 * privilege to load BPF programs, and no running agent. Returns 0 if the agent can run here; 1 if
 * it cannot, with the reason in the output; -errno if that is not known, e.g. -EPERM: the output
 * may be missing or in part.
 */
int support_print(FILE *out, bool json);

#endif

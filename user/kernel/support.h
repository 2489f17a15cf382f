/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this kernel offers, found by trying each feature rather than by reading version numbers.
 */
#ifndef SLIPROBE_KERNEL_SUPPORT_H
#define SLIPROBE_KERNEL_SUPPORT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Probes the running kernel and writes one line per feature, with the hook family the agent would
 * choose and why; with `json`, one JSON object ending in a newline instead. Needs the privilege to
 * load BPF programs, not a running agent.
 * Returns 0 if the agent can run here; 1 if it cannot (the output says why); -errno if that could
 * not be found out, e.g. -EPERM, with nothing or only part of the output written.
 */
int support_print(FILE *out, bool json);

#endif

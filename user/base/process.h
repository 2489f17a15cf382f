/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells of another process. */
#ifndef SLIPROBE_BASE_PROCESS_H
#define SLIPROBE_BASE_PROCESS_H

#include <stdio.h>

/* Opens /proc/PID/name. NULL: the process has ended, or may not be looked at. */
FILE *process_open(unsigned int pid, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells of another process. */
#ifndef SLIPROBE_BASE_PROCESS_H
#define SLIPROBE_BASE_PROCESS_H

#include <stdbool.h>
#include <stdio.h>

/* Opens /proc/PID/name. NULL: the process has ended, or may not be looked at. */
FILE *process_open(unsigned int pid, const char *name);

/* A number of its stat file's text, by its place as proc_pid_stat(5) counts, from 3 on. False: it has none there. */
bool process_stat_number(const char *stat, int place, unsigned long long *ret);

#endif

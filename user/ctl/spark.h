/* SPDX-License-Identifier: GPL-2.0-only */
/* A row of counts as a small picture: one character for each, or for several where there are many. */
#ifndef SLIPROBE_CTL_SPARK_H
#define SLIPROBE_CTL_SPARK_H

#include <stddef.h>
#include <stdio.h>

enum {
	CTL_SPARK_MAX = 72
}; /* characters on a terminal: more counts share them, the largest shows */

/*
 * Writes the picture and a newline: blocks of eighths on a terminal that takes UTF-8 (LC_ALL, LC_CTYPE,
 * LANG), else "_" for 0, "." to "#" for more, and " " for NaN: not counted. The highest is that of the
 * largest count; none above 0 is shown as 0. Returns 0 or -ENOMEM.
 */
int ctl_spark(const double *counts, size_t n, FILE *out);

#endif

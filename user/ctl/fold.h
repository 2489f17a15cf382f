/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of text that are too long for the terminal. */
#ifndef SLIPROBE_CTL_FOLD_H
#define SLIPROBE_CTL_FOLD_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes the text with each line of more than `width` columns broken at spaces, what follows indented.
 * Escape sequences for colours take no column. A word that is longer than a line stays whole.
 */
void ctl_fold(const char *text, size_t width, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Why something failed: one sentence for people, beside the -errno that the function returns. */
#ifndef SLIPROBE_BASE_ERROR_H
#define SLIPROBE_BASE_ERROR_H

/* Ready to print, without a line's end. Of a refused file: file, line, key and expectation. */
struct error {
	char text[512];
};

/* Writes the sentence, cut to what fits, and returns `r`. */
int error_set(struct error *error, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif

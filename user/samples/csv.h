/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells of CSV (RFC 4180, section 2; lines end with a line feed). Pure, but for writing. */
#ifndef SLIPROBE_SAMPLES_CSV_H
#define SLIPROBE_SAMPLES_CSV_H

#include <stdio.h>

/*
 * Writes a text from outside, in quotes where it must be; NULL: nothing. What a terminal or a reader could be
 * deceived by is shown as \uHHHH (base/utf8), so a cell is one line. A text that begins with = + - @, which
 * a spreadsheet would take for a formula, gets a ' before it (OWASP, CSV injection).
 * Returns 0 or -ENOMEM.
 */
int csv_write_text(const char *text, FILE *out);

#endif

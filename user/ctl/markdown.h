/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Texts of others in Markdown (CommonMark 0.31, GitHub's extensions): shown as they are, whatever they hold. They
 * make no markup, HTML, table cell, link, mention or line, and reverse nothing.
 */
#ifndef SLIPROBE_CTL_MARKDOWN_H
#define SLIPROBE_CTL_MARKDOWN_H

#include <stdio.h>

/* NULL is "-". */
void markdown_write(const char *text, FILE *out);

/* As a link, if it is an http or https URL of plain characters; else as markdown_write(). */
void markdown_write_url(const char *text, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The sources of the page, as they are in this directory. */
#ifndef SLIPROBE_PAGE_PARTS_H
#define SLIPROBE_PAGE_PARTS_H

#include <stddef.h>

struct page_part {
	const char *begin;
	const char *end;
};

/* page.html; @policy@, @style@, @data@ and @script@ stand in it, each on a line of its own. */
extern const struct page_part page_frame;
extern const struct page_part page_style;
/* In their order; the last one has no text. */
extern const struct page_part page_scripts[];

#endif

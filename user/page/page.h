/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page that a browser gets: one text, with its style and its script in it, and nothing that is loaded from
 * elsewhere. It asks the addresses of the status socket, or shows answers that are written into it (a report).
 */
#ifndef SLIPROBE_PAGE_PAGE_H
#define SLIPROBE_PAGE_PAGE_H

#include <stddef.h>

enum { PAGE_POLICY_BYTES = 512 };

/*
 * The Content-Security-Policy (W3C, CSP level 3) to serve the page with: the one style and the one script that are
 * in it, by their digests, and answers of where it came from.
 */
void page_policy(char ret[static PAGE_POLICY_BYTES]);

/* malloc()ed; NULL when out of memory. */
char *page_text(size_t *ret_len);

/*
 * The same as a file: `json` is what it shows, UTF-8 in which anything may be written, and its policy stands in it:
 * it asks nobody. malloc()ed; NULL when out of memory.
 */
char *page_report(const char *json, size_t json_len, size_t *ret_len);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* UTF-8 (RFC 3629: shortest form, no surrogates) in bytes from outside. */
#ifndef SLIPROBE_BASE_UTF8_H
#define SLIPROBE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The number of bytes of the character at `text`, 0 if there is none. *ret_code may be printed
 * unless utf8_is_control().
 */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret_code);
bool utf8_is_control(uint32_t code);

/*
 * Text that JSON and OpenMetrics can carry: process names and paths are bytes to the kernel. Each
 * byte that is not part of valid UTF-8 becomes the four characters \xHH, so that different names
 * stay different. malloc()ed, or NULL when out of memory.
 */
char *utf8_clean(const char *bytes);

/*
 * True of what a terminal, a log or a reader could be deceived by: control characters (C0, C1, DEL), what
 * sets or isolates a direction, what takes no room, and what is no character at all.
 */
bool utf8_is_unsafe(uint32_t code);

/*
 * Text that may be shown: as utf8_clean(), and an unsafe character becomes the six characters \uHHHH, or
 * \UHHHHHHHH beyond U+FFFF. Those in `keep` (ASCII) stay. The same bytes always become the same text.
 * malloc()ed, or NULL when out of memory.
 */
char *utf8_show(const char *bytes, const char *keep);

/*
 * Writes JSON, or a text for people, that may have been made by others: each unsafe character but tabs and
 * line ends as \uHHHH (two of them beyond U+FFFF), and each byte that is not UTF-8 as \ufffd. JSON means
 * the same afterwards.
 */
void utf8_write_json(const char *text, size_t len, FILE *out);

#endif

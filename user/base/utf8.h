/* SPDX-License-Identifier: GPL-2.0-only */
/* UTF-8 (RFC 3629: shortest form, no surrogates) in bytes from outside. */
#ifndef SLIPROBE_BASE_UTF8_H
#define SLIPROBE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif

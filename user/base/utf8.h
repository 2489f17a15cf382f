/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLIPROBE_BASE_UTF8_H
#define SLIPROBE_BASE_UTF8_H

/*
 * Text that JSON and OpenMetrics can carry: process names and paths are bytes to the kernel. Each
 * byte that is not part of valid UTF-8 (RFC 3629) becomes the four characters \xHH, so that
 * different names stay different. malloc()ed, or NULL when out of memory.
 */
char *utf8_clean(const char *bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts of strangers in messages to people. */
#ifndef SLIPROBE_NOTIFY_HARMLESS_H
#define SLIPROBE_NOTIFY_HARMLESS_H

enum { HARMLESS_BYTES = 600 };

/*
 * The text so that a chat, a mail or a page that gets it makes no link, mention or markup of it: "<" and ">" become
 * U+2039 and U+203A, "@" U+FF20, "`" an apostrophe, "://" is written "[:]//", and what deceives a reader is as in utf8_show(). At most
 * HARMLESS_BYTES, cut between two characters. malloc()ed, NULL when out of memory.
 */
char *harmless_text(const char *text);

#endif

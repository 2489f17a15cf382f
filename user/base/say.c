/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"

/* One write(2) a line: the commands that the agent runs write there, too. */
void say(const char *format, ...)
{
	_cleanup_free_ char *sentence = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	va_end(args);
	fprintf(stderr, "sliprobed: %s\n", sentence ?: "out of memory");
}

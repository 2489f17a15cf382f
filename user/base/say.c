/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Standard error is the stream that systemd has opened to its journal. */
static bool goes_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char *inode;

	if (!stream || fstat(STDERR_FILENO, &status))
		return false;
	return strtoul(stream, &inode, 10) == status.st_dev && *inode == ':' &&
	       strtoul(inode + 1, NULL, 10) == status.st_ino;
}

/* One write(2) a line: the commands that the agent runs write there, too. */
__attribute__((format(printf, 2, 0))) static void write_line(enum say_level level,
							     const char *format, va_list args)
{
	_cleanup_free_ char *sentence = NULL;
	char prefix[8] = "";

	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	if (goes_to_journal())
		snprintf(prefix, sizeof(prefix), "<%d>", level);
	fprintf(stderr, "%ssliprobed: %s\n", prefix, sentence ?: "out of memory");
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(SAY_NOTICE, format, args);
	va_end(args);
}

void say_as(enum say_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(level, format, args);
	va_end(args);
}

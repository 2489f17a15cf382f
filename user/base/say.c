/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/say.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"

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

/* Room for so much is there when a pipe or a terminal can be written to at all. */
enum { PIECE_BYTES = 4096 };

static unsigned long left_out; /* lines since the last one that was taken */

/* Whether `n` bytes were written. It does not wait, and leaves standard error as blocking as it is. */
static bool write_piece(const char *text, size_t n)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t written = send(STDERR_FILENO, text, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (written < 0 && errno == ENOTSOCK) {
		if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
			return false;
		written = write(STDERR_FILENO, text, n);
	}
	return written == (ssize_t)n;
}

/* One write(2) a line that is not very long: the commands that the agent runs write there, too. */
static bool write_line(enum say_level level, const char *sentence)
{
	_cleanup_free_ char *shown = utf8_show(sentence, "\t");
	_cleanup_free_ char *line = NULL;
	char prefix[8] = "";
	size_t len, n;

	if (goes_to_journal())
		snprintf(prefix, sizeof(prefix), "<%d>", level);
	if (asprintf(&line, "%ssliprobed: %s\n", prefix, shown ?: "out of memory") < 0) {
		line = NULL;
		return false;
	}
	len = strlen(line);
	for (size_t at = 0; at < len; at += n) {
		n = len - at < PIECE_BYTES ? len - at : PIECE_BYTES;
		if (!write_piece(line + at, n))
			return false;
	}
	return true;
}

static void catch_up(void)
{
	char text[96];

	if (!left_out)
		return;
	snprintf(text, sizeof(text), "%lu line%s left out here, as nobody read standard error",
		 left_out, left_out == 1 ? " was" : "s were");
	if (write_line(SAY_WARNING, text))
		left_out = 0;
}

__attribute__((format(printf, 2, 0))) static void say_line(enum say_level level, const char *format,
							   va_list args)
{
	_cleanup_free_ char *sentence = NULL;

	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	catch_up();
	if (left_out || !write_line(level, sentence ?: "out of memory"))
		left_out++;
}

bool say_was_taken(void)
{
	return !left_out;
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(SAY_NOTICE, format, args);
	va_end(args);
}

void say_as(enum say_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(level, format, args);
	va_end(args);
}

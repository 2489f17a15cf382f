/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/changes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"

void changes_done(struct journal *journal, double now_seconds, const struct asker *by,
		  const char *format, ...)
{
	_cleanup_free_ char *what = NULL;
	char who[ASKER_BYTES];
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		what = NULL;
	va_end(args);
	if (!journal_may(journal, JOURNAL_CHANGE, now_seconds))
		return;
	asker_text(by, who);
	say_as(SAY_NOTICE, "asked for by %s: %s", who, what ?: "a change");
}

void changes_refused(struct journal *journal, double now_seconds, const struct asker *by,
		     const char *what, const char *why)
{
	char who[ASKER_BYTES];

	if (!journal_may(journal, JOURNAL_REFUSED, now_seconds))
		return;
	asker_text(by, who);
	say_as(SAY_WARNING, "asked for by %s, and refused: %s: %s", who, what, why);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/term_names.h"

static bool take(struct journal *journal, enum journal_kind kind, double now_seconds)
{
	const bool change = kind == JOURNAL_CHANGE;
	const double refill_seconds =
		change ? JOURNAL_CHANGE_REFILL_SECONDS : JOURNAL_REFILL_SECONDS;
	const int burst = change ? JOURNAL_CHANGE_BURST : JOURNAL_BURST;
	struct journal_rate *rate = &journal->rates[kind];
	const double refilled = (now_seconds - rate->at_seconds) / refill_seconds;

	rate->used = rate->used > refilled ? rate->used - refilled : 0;
	rate->at_seconds = now_seconds;
	if (rate->used + 1 > burst)
		return false;
	rate->used++;
	return true;
}

bool journal_may(struct journal *journal, enum journal_kind kind, double now_seconds)
{
	struct journal_rate *rate = &journal->rates[kind];

	/* in order: what was left out comes first */
	if (!rate->left_out && take(journal, kind, now_seconds))
		return true;
	rate->left_out++;
	return false;
}

void journal_say(struct journal *journal, enum journal_kind kind, enum say_level level,
		 double now_seconds, const char *format, ...)
{
	_cleanup_free_ char *sentence = NULL;
	va_list args;

	if (!journal_may(journal, kind, now_seconds))
		return;
	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	va_end(args);
	say_as(level, "%s", sentence ?: "out of memory");
}

void journal_catch_up(struct journal *journal, double now_seconds)
{
	static const struct {
		const char *what, *where;
	} kinds[JOURNAL_KINDS] = {
		[JOURNAL_ALERT] = {"change of an alert", "alerts"},
		[JOURNAL_RECEIVER] = {"change of a receiver", "alerts"},
		[JOURNAL_SERVICE] = {"service found", "services"},
		[JOURNAL_LOSS] = {"line on losses", "status"},
		[JOURNAL_QUOTA] = {"line on quotas", "status"},
		[JOURNAL_CHANGE] = {"change that was asked for", "silence list"},
		[JOURNAL_REFUSED] = {"refused change", NULL},
	};

	for (size_t i = 0; i < JOURNAL_KINDS; i++) {
		struct journal_rate *rate = &journal->rates[i];

		if (!rate->left_out || !take(journal, i, now_seconds))
			continue;
		say_as(SAY_NOTICE, "and %" PRIu64 " more of the kind \"%s\"%s%s", rate->left_out,
		       kinds[i].what, kinds[i].where ? ": slictl " : "", kinds[i].where ?: "");
		rate->left_out = 0;
	}
}

/* "pending_table_full 3, response_unparsable 1", of what has grown. Returns how much there is. */
static uint64_t print_growth(const struct journal *journal, const uint64_t *lost, FILE *out)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < LOST_REASON_COUNT; i++) {
		const uint64_t grown = lost[i] > journal->lost[i] ? lost[i] - journal->lost[i] : 0;

		if (grown)
			fprintf(out, "%s%s %" PRIu64, sum ? ", " : "", lost_reason_name(i), grown);
		sum += grown;
	}
	return sum;
}

void journal_losses(struct journal *journal, const uint64_t lost[static LOST_REASON_COUNT],
		    double now_seconds)
{
	_cleanup_free_ char *reasons = NULL;
	uint64_t sum = 0;
	size_t len;
	FILE *out;

	if (journal->knows_lost) {
		out = open_memstream(&reasons, &len);
		if (!out)
			return;
		sum = print_growth(journal, lost, out);
		if (fclose(out))
			return;
		/* else it is part of the next line */
		if (!sum || !take(journal, JOURNAL_LOSS, now_seconds))
			return;
		say_as(SAY_WARNING,
		       "%" PRIu64
		       " request%s had no outcome that could be known (%s): slictl status",
		       sum, format_plural(sum), reasons);
	}
	memcpy(journal->lost, lost, sizeof(journal->lost));
	journal->knows_lost = true;
}

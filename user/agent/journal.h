/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens, one line each, for who reads the agent's log: alerts, receivers that fail, services that are
 * found, requests that are lost, quotas that are met. Each kind has a rate of its own, so that a storm of one hides no
 * other and fills no disk: JOURNAL_BURST lines at once, then one in JOURNAL_REFILL_SECONDS (of changes, more). What is left out is counted,
 * and said when there is room again.
 */
#ifndef SLIPROBE_AGENT_JOURNAL_H
#define SLIPROBE_AGENT_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "base/say.h"

enum {
	JOURNAL_BURST = 20,
	JOURNAL_REFILL_SECONDS = 10,
	JOURNAL_CHANGE_BURST = 100,
	JOURNAL_CHANGE_REFILL_SECONDS = 1,
};

enum journal_kind {
	JOURNAL_ALERT,
	JOURNAL_RECEIVER,
	JOURNAL_SERVICE,
	JOURNAL_LOSS,
	JOURNAL_QUOTA,
	JOURNAL_CHANGE, /* that somebody asked for: more of them at once, and more often */
	JOURNAL_REFUSED, /* a change that was not done */
	JOURNAL_KINDS,
};

struct journal {
	struct journal_rate {
		double used; /* lines of the burst */
		double at_seconds;
		uint64_t left_out;
	} rates[JOURNAL_KINDS];
	uint64_t lost[LOST_REASON_COUNT]; /* as last said */
	bool knows_lost; /* the first count is that of the time before this agent */
};

/* True if a line of the kind may be said now; else it is counted as left out. */
bool journal_may(struct journal *journal, enum journal_kind kind, double now_seconds);

/* Says a line, if it may. */
void journal_say(struct journal *journal, enum journal_kind kind, enum say_level level,
		 double now_seconds, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* At each step: says what was left out, as far as there is room again. */
void journal_catch_up(struct journal *journal, double now_seconds);

/*
 * At each step: says what was lost since the last line about it, by reason. lost: the kernel's counts, by
 * enum lost_reason.
 */
void journal_losses(struct journal *journal, const uint64_t lost[static LOST_REASON_COUNT],
		    double now_seconds);

#endif

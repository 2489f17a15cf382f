/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has changed what, in the journal: what was done, and what was refused. */
#ifndef SLIPROBE_AGENT_CHANGES_H
#define SLIPROBE_AGENT_CHANGES_H

#include "agent/journal.h"
#include "base/asker.h"

/* The sentence says what was done, without who. */
void changes_done(struct journal *journal, double now_seconds, const struct asker *by,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* `what` was asked for, and not done: `why`, in words of the agent's own. */
void changes_refused(struct journal *journal, double now_seconds, const struct asker *by,
		     const char *what, const char *why);

#endif

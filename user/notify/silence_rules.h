/* SPDX-License-Identifier: GPL-2.0-only */
/* What a silence that is asked for must keep to, beyond being one. Pure. */
#ifndef SLIPROBE_NOTIFY_SILENCE_RULES_H
#define SLIPROBE_NOTIFY_SILENCE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "notify/silences.h"

enum {
	/* how long one may last that is not forced: a shift's first hours; from Friday to Monday */
	SILENCE_ALL_MAX_SECONDS = 4 * 3600,
	SILENCE_SOME_MAX_SECONDS = 72 * 3600,
	/*
	 * How many of SILENCES_MAX are for whom, so that whoever is on call can always add one: the last 16 for
	 * root, the 48 before for users who have fewer than 4. No user but root has more than 64.
	 */
	SILENCES_OF_ONE_MAX = 64,
	SILENCES_FOR_ROOT = 16,
	SILENCES_FOR_FIRST = 48,
	SILENCES_FIRST = 4,
};

/* What a silence was asked for with, besides what it is. */
struct silence_consent {
	bool all; /* yes, of everything */
	bool force; /* yes, for so long */
};

/*
 * True if it keeps nearly everything quiet: of no SLO and no service, be it of one severity, or of an SLO for
 * every service found.
 */
bool silence_is_of_all(const struct silence *silence, const struct config *config);

/*
 * Whether it may be: one of everything is asked for as such, and a long one is forced. Returns 0, or -EINVAL
 * and what is missing.
 */
int silence_judge(const struct silence *silence, bool of_all, const struct silence_consent *consent,
		  struct error *ret_error);

/*
 * Whether `by` may have one more; `root`: that is root. Returns 0, or -ENOSPC and who holds how many. Those
 * that have ended must be gone.
 */
int silences_admit(const struct silences *silences, const char *by, bool root,
		   struct error *ret_error);

/* "everything", "every page", "SLO a", "service b", "SLO a of service b, every ticket" */
void silence_selection(const struct silence *silence, char *ret, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timeslices, as in OpenSLO: the budget is a share of all slices of the window. Slices end at
 * multiples of their length on the agent's axis. A slice that had eligible events is good if
 * good / eligible >= target, else bad. One without any is good, too, if all of it was counted in: a
 * quiet service has failed nobody. Else it is none, as nothing is known of the rest. Slices are kept
 * as the events of a history of their own. Pure.
 */
#ifndef SLIPROBE_SLO_SLICES_H
#define SLIPROBE_SLO_SLICES_H

#include <stdint.h>

#include "slo/coverage.h"
#include "slo/history.h"

struct slices {
	uint64_t seconds; /* length of a slice */
	double target; /* ratio */
	int64_t closed_seconds; /* the end of the last slice that is settled */
};

/*
 * Slices that end at or before `from_seconds` count as settled. It is the first step's beginning,
 * or after a restart the last step that was seen. slice_seconds: above 0.
 */
void slices_init(struct slices *slices, uint64_t slice_seconds, double target, double from_seconds);

static inline struct slo_slicing slices_slicing(const struct slices *slices)
{
	return (struct slo_slicing){slices->seconds, (double)slices->closed_seconds};
}

/*
 * Settles the slices that have ended by `now_seconds`: each is added to `ret_slices` at its end.
 * `events` has all steps up to now. `coverage`, too; NULL: slices without events are none. Of a gap longer than any history is kept, only the last part is
 * looked at. Returns 0; -EINVAL for a time that is not valid; what slo_history_add() failed with:
 * the next call goes on where this one stopped.
 */
int slices_close(struct slices *slices, const struct slo_history *events,
		 const struct coverage *coverage, double now_seconds,
		 struct slo_history *ret_slices);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Histories that an SLO had under former definitions, as they are kept on disk. */
#ifndef SLIPROBE_RECORD_FORMER_H
#define SLIPROBE_RECORD_FORMER_H

#include <stddef.h>

#include "apply/track.h"
#include "record/record.h"

struct record_former {
	size_t n; /* how many there are */
	double since_seconds;
	double until_seconds; /* the last step that was counted by it */
	struct slo_history *history; /* the caller's */
};

/*
 * The history under the `which`th former definition, the last one first: 1. Returns 0; -ENOENT if
 * there are not so many, or nothing is kept; -ENOMEM, or another error of the store.
 */
int record_former(struct record *record, const struct track *track, size_t which,
		  struct record_former *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracks and wildcards that a configuration ends. They are counted on until no open request is judged
 * for them and their last counts are history: a request goes into the history of the SLO that it
 * began under.
 */
#ifndef SLIPROBE_APPLY_ENDING_H
#define SLIPROBE_APPLY_ENDING_H

#include "apply/change.h"

/* Makes room for change_end(). Returns 0 or -ENOMEM. */
int change_reserve_ending(struct change *change);

/*
 * Ends the tracks and wildcards that the change no longer has; those that were ending and are the
 * change's again go on.
 */
void change_end(struct change *change);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Since when a track's SLO burns: the one notion of it (slo/burning), by what is kept of its steps. */
#ifndef SLIPROBE_AGENT_BURN_H
#define SLIPROBE_AGENT_BURN_H

#include "apply/track.h"

/*
 * The beginning of the first bad step of the burn that goes on now, on the axis; NAN: none does. Exact to 10 s, or to
 * a minute if what is judged is longer than 6 h. judged_seconds: what the alert looks back.
 */
double burn_began(const struct track *track, double now_seconds, double judged_seconds);

#endif

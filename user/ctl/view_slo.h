/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the list of SLOs and the view of one have in common.
 */
#ifndef SLIPROBE_CTL_VIEW_SLO_H
#define SLIPROBE_CTL_VIEW_SLO_H

#include "base/format.h"
#include "ctl/table.h"

/* Of what is left of a budget: red when nothing is, yellow below a quarter. */
enum ctl_colour ctl_budget_colour(double remaining_ratio);

/* A span; "exhausted" for 0. */
struct format_text ctl_exhaustion(double seconds);

#endif

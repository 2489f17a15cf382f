/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the budget of an SLO is shown, in the list of SLOs and in the view of one.
 */
#ifndef SLIPROBE_CTL_VIEW_SLO_H
#define SLIPROBE_CTL_VIEW_SLO_H

#include "base/format.h"
#include "ctl/table.h"

/* Red when nothing of the budget is left, yellow below a quarter, else green. */
enum ctl_colour ctl_budget_colour(double remaining_ratio);

/* A span; "exhausted" for 0. */
struct format_text ctl_exhaustion(double seconds);

#endif

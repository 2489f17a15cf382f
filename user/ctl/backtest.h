/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl backtest --config F --slo NAME --events CSV: what an SLO's alerts would have done on the
 * steps in a file. Needs neither agent nor privilege.
 */
#ifndef SLIPROBE_CTL_BACKTEST_H
#define SLIPROBE_CTL_BACKTEST_H

#include "ctl/ctl.h"

/* argv[0] is "backtest". Returns an enum ctl_exit. */
int ctl_backtest(const struct ctl *ctl, int argc, char **argv);

/* Shows the JSON of it to a human. Returns 0, -EINVAL or -ENOMEM. */
int ctl_view_backtest(const json_t *json, bool colour, FILE *out);

#endif

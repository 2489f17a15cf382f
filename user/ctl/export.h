/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLIPROBE_CTL_EXPORT_H
#define SLIPROBE_CTL_EXPORT_H

#include "ctl/ctl.h"

/*
 * slictl export prometheus-rules|openslo [--config FILE] [--strict]: the SLOs of a configuration in
 * others' formats, to ctl->out. argv[0] is "export". What the format cannot hold is named on
 * ctl->err; with --strict that is a failure, and nothing is written. Returns an enum ctl_exit.
 */
extern const char ctl_export_details[];
int ctl_export(const struct ctl *ctl, int argc, char **argv);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What an SLO has counted: eligible, good, bad and why, and what was left out. */
#ifndef SLIPROBE_CTL_VIEW_COUNTED_H
#define SLIPROBE_CTL_VIEW_COUNTED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/rows.h"

/*
 * A cell for `eligible` of an SLO. Beside it stand the requests that were left out because their
 * clients gave up, where these are more than 1 % of it: "1000, 120 left out".
 */
extern const struct ctl_as ctl_as_eligible;

/* True if so many are left out that it is to be told. */
bool ctl_leaves_out(double eligible, double left_out);

/* Writes text in lines of up to 80 columns, each behind `indent` columns; the first has them already. */
void ctl_write_wrapped(const char *text, int indent, FILE *out);

/* The lines of an SLO's own view. `label` writes a label, of `indent` columns. */
void ctl_print_counted(const json_t *slo, void (*label)(const char *text, FILE *out), int indent,
		       bool colour, FILE *out);

#endif

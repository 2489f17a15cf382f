/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLIPROBE_CTL_VIEW_EXPLAIN_H
#define SLIPROBE_CTL_VIEW_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * /v1/explain/SLO: the sentence, then the findings, what has changed, and the commands that show the requests. As in
 * ctl/views.
 */
int ctl_view_explain(const json_t *explain, bool colour, FILE *out);

#endif

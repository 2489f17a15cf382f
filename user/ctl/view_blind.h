/* SPDX-License-Identifier: GPL-2.0-only */
/* What was not counted, in words: blind connections and lost requests. */
#ifndef SLIPROBE_CTL_VIEW_BLIND_H
#define SLIPROBE_CTL_VIEW_BLIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints "reason 3, other 1": those members of an object of counts that are not 0. */
void ctl_print_counts(const json_t *counts, FILE *out);

/* `cover`: a service, or the `coverage` of an SLO. */
bool ctl_is_partly_counted(const json_t *cover);

/* "12 of 40 connections blind (tls 12), 5 requests lost (response_unparsable 5)" */
void ctl_print_cover(const json_t *cover, bool colour, FILE *out);

/* A line for each service that has SLOs and was counted in part. */
void ctl_print_partly_counted(const json_t *slos, bool colour, FILE *out);

/* `coverage.blind`, without the listeners that `coverage.unmeasured` has; nothing if it is empty. */
int ctl_print_blind(const json_t *blind, bool colour, FILE *out);

#endif

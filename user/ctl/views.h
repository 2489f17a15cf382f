/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket's JSON as tables. Each function takes the whole answer of one address; keys that are
 * missing or null show as "-". Text in it is made safe for the terminal.
 *
 * Each returns 0; -EINVAL if the JSON is not of that address, with nothing written; -ENOMEM.
 */
#ifndef SLIPROBE_CTL_VIEWS_H
#define SLIPROBE_CTL_VIEWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* /v1/status: SLOs, then coverage and blind spots */
int ctl_view_status(const json_t *status, bool colour, FILE *out);

/* /v1/services: what was found, with routes */
int ctl_view_services(const json_t *services, bool colour, FILE *out);

/* /v1/slos/NAME: everything about one SLO */
int ctl_view_slo(const json_t *slo, bool colour, FILE *out);

/* /v1/alerts: the last 20 changes, or all that the agent tells */
int ctl_view_alerts(const json_t *alerts, bool colour, FILE *out);
int ctl_view_alerts_all(const json_t *alerts, bool colour, FILE *out);

/* Its "silences", as a table. Returns 0 or -ENOMEM. */
int ctl_print_silences(const json_t *silences, bool colour, FILE *out);

/* "store", as one line; nothing if all is well with it or nothing is known of it. */
void ctl_print_store(const json_t *store, bool colour, FILE *out);

#endif

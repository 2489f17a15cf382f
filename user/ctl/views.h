/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket's JSON as text. Each view takes the whole answer of one address. Members that are
 * absent or null show as "-". Text in the JSON is made safe for the terminal.
 *
 * Each view returns 0; -ENOMEM; -EINVAL, with nothing written, if the JSON is not of that address.
 */
#ifndef SLIPROBE_CTL_VIEWS_H
#define SLIPROBE_CTL_VIEWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* /v1/status: SLOs, then coverage and blind spots */
int ctl_view_status(const json_t *status, bool colour, FILE *out);

/* /v1/services: the services that were found, with their routes */
int ctl_view_services(const json_t *services, bool colour, FILE *out);
/* /v1/services?service=NAME: all of one */
int ctl_view_service(const json_t *services, bool colour, FILE *out);

/* /v1/slos/NAME: everything about one SLO */
int ctl_view_slo(const json_t *slo, bool colour, FILE *out);

/* /v1/alerts: with the last 20 changes, or with all that the agent sends */
int ctl_view_alerts(const json_t *alerts, bool colour, FILE *out);
int ctl_view_alerts_all(const json_t *alerts, bool colour, FILE *out);

/* The outcome of a backtest, see ctl/backtest_json */
int ctl_view_backtest(const json_t *json, bool colour, FILE *out);

/* The "silences" of /v1/alerts, as a table. Returns 0 or -ENOMEM. */
int ctl_print_silences(const json_t *silences, bool colour, FILE *out);

/* "store", as a line. Nothing is written if the store is well, or nothing is known of it. */
void ctl_print_store(const json_t *store, bool colour, FILE *out);

#endif

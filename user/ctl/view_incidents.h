/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents as text: views as in ctl/views. */
#ifndef SLIPROBE_CTL_VIEW_INCIDENTS_H
#define SLIPROBE_CTL_VIEW_INCIDENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* /v1/incidents */
int ctl_view_incidents(const json_t *incidents, bool colour, FILE *out);

/* /v1/incidents/N: for the terminal; as a draft in Markdown */
int ctl_view_incident(const json_t *incident, bool colour, FILE *out);
int ctl_view_incident_markdown(const json_t *incident, bool colour, FILE *out);

#endif

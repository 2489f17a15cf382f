/* SPDX-License-Identifier: GPL-2.0-only */
/* Versions beside each other: what was counted of each. */
#ifndef SLIPROBE_CTL_VIEW_VERSIONS_H
#define SLIPROBE_CTL_VIEW_VERSIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Each writes a table, behind an empty line; nothing of an agent that knows none, or of one version that nothing is
 * known of. Returns 0 or -ENOMEM.
 */
int ctl_print_service_versions(const json_t *service, bool colour, FILE *out);
int ctl_print_slo_versions(const json_t *slo, bool colour, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The alerts of an SLO as OpenSLO. */
#ifndef SLIPROBE_EXPORT_OPENSLO_ALERTS_H
#define SLIPROBE_EXPORT_OPENSLO_ALERTS_H

#include "base/yaml_out.h"
#include "config/config.h"
#include "export/promql.h"

/* A decimal without an exponent, from which strtod() gets the number back. */
void openslo_decimal(double number, char ret_text[static PROMQL_NUMBER_BYTES]);

/* Receivers have no names: this is that of receiver number i in the file. */
void openslo_target_name(size_t i, char *ret_name, size_t size);

/* spec.alertPolicies: the burn rules. */
void openslo_write_policies(struct yaml_out *out, const struct config *config,
			    const struct config_slo *slo);

/* The annotation sliprobe/alerts: all other rules, as in slos[].alerts. */
void openslo_write_other_alerts(struct yaml_out *out, const struct config_slo *slo);

#endif

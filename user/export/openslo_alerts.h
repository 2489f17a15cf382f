/* SPDX-License-Identifier: GPL-2.0-only */
/* The alerting half of export/openslo. */
#ifndef SLIPROBE_EXPORT_OPENSLO_ALERTS_H
#define SLIPROBE_EXPORT_OPENSLO_ALERTS_H

#include "base/yaml_out.h"
#include "config/config.h"
#include "export/promql.h"

/* A number that strtod() gives back the same, without an exponent. */
void openslo_decimal(double number, char ret_text[static PROMQL_NUMBER_BYTES]);

/* Receivers have no names: this is that of receiver number i in the file. */
void openslo_target_name(size_t i, char *ret_name, size_t size);

/* spec.alertPolicies: the burn rules. */
void openslo_write_policies(struct yaml_out *out, const struct config *config,
			    const struct config_slo *slo);

/* The annotation sliprobe/alerts: the other ones, as the configuration has them. */
void openslo_write_other_alerts(struct yaml_out *out, const struct config_slo *slo);

#endif

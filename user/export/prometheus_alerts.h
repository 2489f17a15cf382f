/* SPDX-License-Identifier: GPL-2.0-only */
/* The alerting rules of an SLO; export/prometheus_rules says how they relate to the agent's. */
#ifndef SLIPROBE_EXPORT_PROMETHEUS_ALERTS_H
#define SLIPROBE_EXPORT_PROMETHEUS_ALERTS_H

#include "base/yaml_out.h"
#include "config/config.h"

/* Recorded: the part of a window, whose length follows, that the SLO has been counted for. */
#define PROMETHEUS_LIVED "slo:burn_lived:ratio"

/* The reason why PromQL cannot express the SLO, or one of its alerts; NULL if it can. */
const char *prometheus_slo_left_out(const struct config_slo *slo);
const char *prometheus_alert_left_out(const struct config_slo *slo, const struct alert_rule *rule);

/* True if the SLO's calendar month is in UTC, as are the months of PromQL. */
bool prometheus_is_utc(const struct config_slo *slo);

/*
 * ratio * (1 - objective) * scale / per, of the decimal numbers that objective and ratio were
 * written as. PromQL then compares with the number that a person would: 0.0144, where doubles give
 * 0.014400000000000013.
 */
double prometheus_limit(const struct config_slo *slo, double ratio, double scale, double per);

/* 1 - objective, computed from decimals, too. */
double prometheus_budget(const struct config_slo *slo);

/* Writes the SLO's alerts as rules of the open group. */
void prometheus_alerts_write(struct yaml_out *out, const struct config *config,
			     const struct config_slo *slo);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config_read() checks keys one by one, config_check() checks them against each other. The tables
 * of keys are in config/slos, alerts, notify and maintenance; config/schema has the other ones.
 */
#ifndef SLIPROBE_CONFIG_SCHEMA_H
#define SLIPROBE_CONFIG_SCHEMA_H

#include "config/config.h"
#include "config/read.h"

/*
 * Fills *config (zeroed by the caller, who clears it after failure, too) from an opened document.
 * Returns 0, -ENOMEM, or -EINVAL with doc->refusals added to; so does config_check().
 */
int config_read(struct document *doc, struct config *config);

/* Checks keys against each other, and adds warnings if there was no refusal. */
int config_check(struct document *doc, struct config *config);

/* As config_check(), for SLOs of OpenSLO files without the services that they are for. */
int config_check_alone(struct document *doc, struct config *config);

/*
 * Appends the SLOs and receivers in the files of config->slo_files to the configuration, between
 * config_read() and config_check(). Returns 0, -ENOMEM, or another error with the refusals added to.
 */
int config_load_slo_files(struct config *config, struct refusals *refusals);

/* Read the values of top level keys into the struct config. */
value_reader config_read_slos, config_read_notify, config_read_alerting, config_read_maintenance,
	config_read_samples, config_read_tls;

/* The samples of a configuration that says nothing of them. */
void config_samples_init(struct config_samples *samples);
/* Adds what is kept without being named. Returns 0 or -ENOMEM. */
int config_samples_defaults(struct config_samples *samples);

/* What these readers read, for the reference of keys. */
extern const struct schema_items config_slo_items, config_receiver_items, config_maintenance_items;
extern const struct schema config_alerting_schema, config_alerts_schema, config_samples_schema,
	config_tls_schema;

/* The whole file. */
extern const struct schema config_schema;

/* The keys of an SLO, to struct config_slo, and of a receiver, to struct config_receiver. */
extern const struct schema config_slo_schema, config_receiver_schema;

/*
 * Reads the alerts of an SLO into the struct config_slo, whose window is known.
 * config_default_alerts() gives it those of an SLO without the key; returns 0 or -ENOMEM.
 */
value_reader config_read_alerts;
int config_default_alerts(struct config_slo *slo);

/*
 * Read labels into the struct config_slo. A name is valid as Prometheus has them, and taken if alerts
 * or metrics of an SLO have it already. config_take_labels() leaves out what does not fit: other tools
 * have other rules.
 */
value_reader config_read_labels, config_take_labels;
bool config_label_name_valid(const char *name);
bool config_label_name_taken(const char *name);

/* of struct schema_field: a list of strings */
#define TEXTS(type, item_field, count_member)                                                      \
	(&(const struct schema_items){                                                             \
		.item = &(item_field),                                                             \
		.item_bytes = sizeof(char *),                                                      \
		.count_offset = offsetof(type, count_member),                                      \
		.max = CONFIG_MAX_ROUTES,                                                          \
	})

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two halves of a check: what each key may hold, and what fits together. The tables of keys are
 * spread over files by the top level key they are about.
 */
#ifndef SLIPROBE_CONFIG_SCHEMA_H
#define SLIPROBE_CONFIG_SCHEMA_H

#include "base/error.h"
#include "config/config.h"
#include "config/yaml.h"

/*
 * Fills *config (zeroed by the caller, who clears it after failure, too) from an opened document.
 * Returns 0, -ENOMEM, or -EINVAL with walk->error written; so does config_check().
 */
int config_read(struct walk *walk, struct config *config);

/* Checks what concerns several keys, and adds warnings. */
int config_check(struct walk *walk, struct config *config);

/* Parts of it: whom maintenance names; alerts that cannot fire, which is worth a warning. */
int config_check_alerts(struct config *config);
int config_check_maintenance(struct walk *walk, const struct config *config);

/*
 * Appends what the files of config->slo_files hold to the configuration, between config_read() and
 * config_check(). Returns 0, -ENOMEM, or another error with *ret_error written.
 */
int config_load_slo_files(struct config *config, struct error *ret_error);

/* Values of top level keys, to the struct config. */
walk_read config_read_slos, config_read_notify, config_read_alerting, config_read_maintenance;

/* What an SLO and a receiver hold, of struct config_slo and struct config_receiver. */
extern const struct walk_schema config_slo_schema, config_receiver_schema;

/*
 * alerts of an SLO, to the struct config_slo, whose window is known. config_default_alerts(): what
 * it has when nothing is said; returns 0 or -ENOMEM.
 */
walk_read config_read_alerts;
int config_default_alerts(struct config_slo *slo);

/* of struct walk_schema */
#define FIELDS(array) .fields = (array), .n_fields = sizeof(array) / sizeof((array)[0])

/* of struct walk_field: a list of strings */
#define TEXTS(type, item_field, count_member)                                                      \
	(&(const struct walk_items){                                                               \
		.item = &(item_field),                                                             \
		.item_bytes = sizeof(char *),                                                      \
		.count_offset = offsetof(type, count_member),                                      \
		.max = CONFIG_MAX_ROUTES,                                                          \
	})

/* A path in the file: a macro, because it lives on the caller's stack, in `path`. */
#define PATH(...)                                                                                  \
	({                                                                                         \
		snprintf(path, sizeof(path), __VA_ARGS__);                                         \
		path;                                                                              \
	})

#endif

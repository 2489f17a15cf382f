/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two halves of a check: what each key may hold, and what fits together. The tables of keys are
 * spread over files by the top level key they are about.
 */
#ifndef SLIPROBE_CONFIG_SCHEMA_H
#define SLIPROBE_CONFIG_SCHEMA_H

#include "base/error.h"
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

/*
 * A file's text, to be freed. Returns 0, or -errno and a sentence (-EINVAL: more than
 * CONFIG_MAX_BYTES).
 */
int config_read_file(const char *path, char **ret_text, size_t *ret_len, struct error *ret_error);

/* Adds to config->warnings. Returns 0 or -ENOMEM. */
int config_warn(struct config *config, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Frees n strings and the array. */
void free_texts(char **texts, size_t n);

/* Values of top level keys, to the struct config. */
walk_read config_read_slos, config_read_notify, config_read_alerting, config_read_maintenance;

/* What an SLO and a receiver hold, of struct config_slo and struct config_receiver. */
extern const struct walk_schema config_slo_schema, config_receiver_schema;

/* Items of lists: a path template. */
extern const struct walk_field config_template_item;

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

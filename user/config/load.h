/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a configuration and checks it whole: its YAML by the tables of keys, then the OpenSLO files
 * that it names, then keys against each other.
 */
#ifndef SLIPROBE_CONFIG_LOAD_H
#define SLIPROBE_CONFIG_LOAD_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "config/refusals.h"

/*
 * `path`: the main file; NULL: the built-in configuration. Returns 0, or -errno of the failed open
 * or read, -EINVAL for a refused file, -ENOMEM; ret_error->text says why in every case. *ret_config
 * is untouched on failure.
 */
int config_load(const char *path, struct config *ret_config, struct error *ret_error);

/*
 * As config_load(), for who only looks at it: files with secrets that cannot be opened here are warned of, and
 * what they hold is NULL.
 */
int config_load_elsewhere(const char *path, struct config *ret_config, struct error *ret_error);

/* Takes the main file's text from memory; `name` stands for the file in messages. */
int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct error *ret_error);

/*
 * Checks a file for people: a configuration, or OpenSLO documents by themselves, whose services are then
 * not looked for. Files with secrets are looked at as by config_load_elsewhere(). `name` stands for it in messages. All refusals are added to *ret_refusals, whose `first` the caller has set, and who clears
 * it. Returns as config_load() does.
 */
int config_check_file(const char *path, const char *name, struct config *ret_config,
		      struct refusals *ret_refusals);

/* The built-in configuration, as YAML text. */
extern const char config_default_yaml[];

#endif

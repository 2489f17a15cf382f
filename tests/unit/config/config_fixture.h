/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts as configuration files of the name "t.yaml". Included after cmocka.h. */
#ifndef SLIPROBE_CONFIG_FIXTURE_H
#define SLIPROBE_CONFIG_FIXTURE_H

#include <errno.h>
#include <string.h>

#include "config/load.h"

static int parse(const char *text, struct config *ret_config, struct error *ret_error)
{
	return config_parse(text, strlen(text), "t.yaml", ret_config, ret_error);
}

__attribute__((unused)) static struct config parse_good(const char *text)
{
	struct config config = {};
	struct error error = {};
	int r = parse(text, &config, &error);

	if (r)
		fail_msg("%d: %s", r, error.text);
	return config;
}

__attribute__((unused)) static void assert_refused(const char *text, size_t len,
						   const char *message)
{
	struct config untouched = {.n_services = 4711}, config = untouched;
	struct error error = {};

	assert_int_equal(config_parse(text, len, "t.yaml", &config, &error), -EINVAL);
	assert_memory_equal(&config, &untouched, sizeof(config));
	assert_string_equal(error.text, message);
}

#endif

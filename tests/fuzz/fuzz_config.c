/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration reader on any text: it takes it or refuses it as user/config.h says, and what
 * it takes keeps its limits.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/config.h"

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_config: %s\n", what);
	abort();
}

static void check_name(const char *name)
{
	require(name && name[0], "a name is missing");
	require(strlen(name) <= CONFIG_MAX_NAME, "a name is too long");
}

static void check_service(const struct config_service *service)
{
	check_name(service->name);
	require(service->n_routes <= CONFIG_MAX_ROUTES, "too many routes");
	for (size_t i = 0; i < service->n_routes; i++)
		require(service->routes[i][0] == '/', "a route without a slash");
}

static void check_slo(const struct config *config, const struct config_slo *slo)
{
	bool known = !strcmp(slo->service, "*");

	check_name(slo->name);
	for (size_t i = 0; i < config->n_services; i++)
		known |= !strcmp(slo->service, config->services[i].name);
	require(known, "an SLO of no service");
	require(slo->objective > 0 && slo->objective < 1, "an impossible objective");
	require(slo->window_seconds > 0, "no window");
	require(!slo->slice_seconds || (slo->slice_target > 0 && slo->slice_target <= 1),
		"an impossible slice target");
	require(slo->eligible.methods, "no method is eligible");
}

static void check_config(const struct config *config)
{
	require(config->n_services <= CONFIG_MAX_SERVICES, "too many services");
	require(config->n_slos <= CONFIG_MAX_SLOS, "too many SLOs");
	require(config->agent.socket && config->agent.state_dir, "no socket or directory");
	require(config->agent.interval_ns && config->agent.unanswered_after_ns, "a time of zero");
	for (size_t i = 0; i < config->n_services; i++)
		check_service(&config->services[i]);
	for (size_t i = 0; i < config->n_slos; i++)
		check_slo(config, &config->slos[i]);
	for (size_t i = 0; i < config->n_warnings; i++)
		require(config->warnings[i] && config->warnings[i][0], "an empty warning");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config, untouched;
	struct config_error error;
	char *text = malloc(size ? size : 1);
	int result;

	require(text != NULL, "no memory");
	if (size)
		memcpy(text, data, size);
	memset(&config, 0x5a, sizeof(config));
	memset(&untouched, 0x5a, sizeof(untouched));
	memset(&error, 0x5a, sizeof(error));
	result = config_parse(text, size, "fuzz.yaml", &config, &error);
	free(text);
	if (result) {
		require(result == -EINVAL, "refused with another error than EINVAL");
		require(memchr(error.text, '\0', sizeof(error.text)), "the reason does not end");
		require(strncmp(error.text, "fuzz.yaml", 9) == 0, "the reason names no file");
		require(!memcmp(&config, &untouched, sizeof(config)), "refused, but written to");
		return 0;
	}
	check_config(&config);
	config_clear(&config);
	return 0;
}

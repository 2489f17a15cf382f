/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration reader on any text: it takes it or refuses it as config/config says, and what
 * it takes keeps its limits.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"

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

static void check_rule(const struct config_slo *slo, size_t i)
{
	const struct alert_rule *rule = &slo->alerts[i];

	require(memchr(rule->name, '\0', sizeof(rule->name)) && rule->name[0], "a rule's name");
	require(rule->severity < SEVERITY_COUNT && rule->kind < ALERT_KIND_COUNT, "a rule's kind");
	require(rule->min_bad >= 1 && rule->min_bad <= 1000000000, "a rule's min_bad");
	require(rule->min_events <= 1000000000000, "a rule's min_events");
	require(rule->seconds <= slo->window_seconds || rule->kind >= ALERT_NO_DATA,
		"a rule beyond the window");
	require(rule->kind != ALERT_BURN ||
			(rule->short_seconds >= 10 && rule->short_seconds < rule->seconds),
		"a rule's short window");
	require(rule->ratio >= 0 && rule->ratio <= 10, "a rule's ratio");
	for (size_t j = 0; j < i; j++)
		require(strcmp(rule->name, slo->alerts[j].name) != 0, "two rules of one name");
}

static void check_receiver(const struct config_receiver *receiver)
{
	bool has_url =
		receiver->kind == RECEIVER_ALERTMANAGER || receiver->kind == RECEIVER_WEBHOOK;

	require((receiver->url != NULL) == has_url, "a receiver's URL");
	require((receiver->n_argv > 0) == (receiver->kind == RECEIVER_COMMAND), "a command");
	require(!receiver->n_argv || receiver->argv[0][0] == '/', "a relative command");
	require(receiver->timeout_ns && receiver->severities, "a receiver of nothing");
}

static void check_maintenance(const struct config_maintenance *maintenance)
{
	check_name(maintenance->name);
	if (maintenance->weekly) {
		require(maintenance->weekday >= 0 && maintenance->weekday < 7, "a weekday");
		require(maintenance->minute_of_day >= 0 && maintenance->minute_of_day < 1440,
			"a minute of the day");
		require(maintenance->duration_seconds >= 60 &&
				maintenance->duration_seconds <= 6 * 86400,
			"a weekly duration");
		require(maintenance->time_zone != NULL, "no time zone");
	} else {
		require(maintenance->end_unix_seconds > maintenance->start_unix_seconds,
			"maintenance that ends before it starts");
	}
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
	require(slo->slice_seconds % 10 == 0 && slo->slice_seconds * 10 <= slo->window_seconds,
		"too few slices");
	require(slo->calendar_month == (slo->time_zone != NULL), "a time zone");
	require(slo->eligible.methods, "no method is eligible");
	require(slo->n_alerts <= ALERT_RULES_MAX, "too many rules");
	for (size_t i = 0; i < slo->n_alerts; i++)
		check_rule(slo, i);
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
	for (size_t i = 0; i < config->n_receivers; i++)
		check_receiver(&config->receivers[i]);
	for (size_t i = 0; i < config->n_maintenance; i++)
		check_maintenance(&config->maintenance[i]);
	for (size_t i = 0; i < config->n_warnings; i++)
		require(config->warnings[i] && config->warnings[i][0], "an empty warning");
}

/* The files that slo_files matches are this machine's, and would be opened. */
static bool names_files(const uint8_t *data, size_t size)
{
	return memmem(data, size, "slo_files", strlen("slo_files")) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config, untouched;
	struct error error;
	char *text = malloc(size ? size : 1);
	int r;

	if (names_files(data, size)) {
		free(text);
		return 0;
	}
	require(text != NULL, "no memory");
	if (size)
		memcpy(text, data, size);
	memset(&config, 0x5a, sizeof(config));
	memset(&untouched, 0x5a, sizeof(untouched));
	memset(&error, 0x5a, sizeof(error));
	r = config_parse(text, size, "fuzz.yaml", &config, &error);
	free(text);
	if (r) {
		require(r == -EINVAL, "refused with another error than EINVAL");
		require(memchr(error.text, '\0', sizeof(error.text)), "the reason does not end");
		require(!strncmp(error.text, "fuzz.yaml", 9), "the reason names no file");
		require(!memcmp(&config, &untouched, sizeof(config)), "refused, but written to");
		return 0;
	}
	check_config(&config);
	config_clear(&config);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference of keys: each default it names is that of a key, and is what applies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "config_fixture.h"
#include "base/duration.h"
#include "base/term_names.h"
#include "config/reference.h"

TEST(every_default_is_of_a_key)
{
	char *text = NULL, row[160];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	config_write_reference(out);
	fclose(out);
	for (size_t i = 0; i < config_n_defaults; i++) {
		snprintf(row, sizeof(row), "\n| `%s` | ", config_defaults[i].key);
		if (!strstr(text, row))
			fail_msg("no key %s", config_defaults[i].key);
	}
	free(text);
}

TEST(what_a_service_is_matched_by_is_listed)
{
	static const char *const rows[] = {
		"services[].match` | a mapping with port, process, exe, user, unit, cgroup or "
		"container | must be given |",
		"services[].match.user` | a user's name or number | any |",
		"services[].match.netns` | host, any, or the path of a network namespace, such as "
		"/run/netns/blue | host; any beside unit, cgroup or container |",
		"services[].match.unit` | a glob on a systemd unit, such as nginx.service |  |",
		"services[].match.cgroup` | a glob on the path of a cgroup, such as "
		"/kubepods.slice/\\* |  |",
		"services[].match.container` | a container's id, its first 12 digits or more, or a "
		"glob on it |  |",
	};
	char *text = NULL, row[256];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	config_write_reference(out);
	fclose(out);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(row, sizeof(row), "\n| `%s\n", rows[i]);
		if (!strstr(text, row))
			fail_msg("no row %s", row);
	}
	assert_null(strstr(text, "match.pod")); /* of another version */
	free(text);
}

static const char *default_of(const char *key)
{
	for (size_t i = 0; i < config_n_defaults; i++) {
		if (!strcmp(config_defaults[i].key, key))
			return config_defaults[i].text;
	}
	fail_msg("no default of %s", key);
	return NULL;
}

static void assert_duration(const char *key, uint64_t ns)
{
	uint64_t written;

	assert_int_equal(duration_parse(default_of(key), &written), 0);
	assert_int_equal(written, ns);
}

TEST(defaults_are_what_applies)
{
	struct config config = parse_good("services: [{name: a, match: {port: 1}}]\n"
					  "slos: [{name: n, service: a, objective: 99}]\n"
					  "notify: [{webhook: {url: 'http://x'}}]\n");
	const struct config_slo *slo = &config.slos[0];

	assert_string_equal(default_of("agent.socket"), config.agent.socket);
	assert_string_equal(default_of("agent.state_dir"), config.agent.state_dir);
	assert_duration("agent.interval", config.agent.interval_ns);
	assert_duration("agent.unanswered_after", config.agent.unanswered_after_ns);
	assert_duration("slos[].window", slo->window_seconds * DURATION_S_NS);
	assert_duration("alerting.remind", config.remind_seconds * DURATION_S_NS);
	assert_duration("notify[].webhook.timeout", config.receivers[0].timeout_ns);
	assert_int_equal(config.receivers[0].severities,
			 1U << SEVERITY_PAGE | 1U << SEVERITY_TICKET);
	assert_int_equal(slo->alerts[0].min_bad,
			 strtoul(default_of("slos[].alerts.min_bad"), NULL, 10));
	for (unsigned int s = 0; s < CONFIG_STATUS_WORDS * 64; s++)
		assert_int_equal(slo->good.status[s / 64] >> (s % 64) & 1, s >= 100 && s < 500);
	for (enum grpc_status i = 0; i <= GRPC_UNAUTHENTICATED; i++) {
		bool bad = strstr(default_of("slos[].good.grpc_status"), grpc_status_name(i));

		/* UNKNOWN is the end of no other name */
		assert_int_equal(slo->good.grpc_status >> i & 1, !bad);
	}
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_default_is_of_a_key),
		cmocka_unit_test(what_a_service_is_matched_by_is_listed),
		cmocka_unit_test(defaults_are_what_applies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* SLOs and receivers, written as OpenSLO and read back. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "export/openslo.h"
#include "tests/unit/config/config_fixture.h"
#include "tests/unit/config/openslo_fixture.h"

/* Everything the configuration can say of SLOs and receivers. */
#define SERVICES                                                                                   \
	"services:\n"                                                                              \
	"  - {name: shop, match: {port: 80}, routes: [\"/a\", \"/b/*\", \"/**\"]}\n"               \
	"  - {name: \"back yard: 1\", match: {port: 81}}\n"

static const char *const configurations[] = {
	config_default_yaml,
	SERVICES "slos: []\n",
	SERVICES
	"slos:\n"
	"  - {name: a, service: shop, objective: 99.9}\n"
	"  - {name: \"no\", service: shop, objective: 0.1, window: 1h, alerts: []}\n"
	"  - {name: told, service: shop, objective: 99, description: \"One: two\\nthree\", labels: "
	"{team: shop, tier: \"1\", _z: \"y: #\"}}\n"
	"  - {name: \"1e3\", service: \"back yard: 1\", objective: 99.9999999, window: 92d}\n"
	"  - {name: \"Ünï {x} 'y'\\\\: #\", service: shop, objective: 33.3333333333333, "
	"window: 3661s}\n"
	"  - {name: \"x-{service} (y)\", service: \"*\", objective: 99, window: 28d}\n",
	SERVICES "slos:\n"
		 "  - {name: A, service: shop, objective: 99}\n"
		 "  - {name: a-1, service: shop, objective: 99}\n"
		 "  - {name: \"!!\", service: shop, objective: 99}\n"
		 "  - {name: slo-3, service: shop, objective: 99}\n"
		 "  - {name: \"012345678901234567890123456789012345678901234567890123456789_12\", "
		 "service: shop, objective: 99}\n",
	SERVICES "slos:\n"
		 "  - name: a\n"
		 "    service: shop\n"
		 "    objective: 99.95\n"
		 "    window: {calendar: month, time_zone: Europe/Berlin}\n"
		 "    eligible:\n"
		 "      routes: [\"/a\", \"_other\"]\n"
		 "      methods: [GET, QUERY, _OTHER]\n"
		 "      exclude: {paths: [\"/c\"], methods: [GET], user_agents: [\"wrk*\", "
		 "\"a, b: #c\", \"true\"]}\n"
		 "    good: {status: [200, 204, 3xx, \"500-599\"], latency: 1.000001ms, min_body: "
		 "10k, grpc_status: [OK, 5, _other], latency_of: first_byte}\n"
		 "    client_abort: bad\n"
		 "  - {name: b, service: shop, objective: 99, calendar: month}\n"
		 "  - {name: c, service: shop, objective: 99, window: 7d, budgeting: {timeslices: "
		 "{slice: 10s, target: 99.5}}}\n"
		 "  - {name: d, service: shop, objective: 99, budgeting: {timeslices: {slice: 1h, "
		 "target: 5}}, good: {latency: 5s}}\n",
	SERVICES
	"slos:\n"
	"  - name: a\n"
	"    service: shop\n"
	"    objective: 99.9\n"
	"    window: 13d\n"
	"    alerts:\n"
	"      min_bad: 7\n"
	"      min_events: 100\n"
	"      rules:\n"
	"        - burn: {budget: 3.3%, window: 7m, short: 11s, name: x-1}\n"
	"        - exhaust: {within: 13h, severity: notice}\n"
	"        - burn: {budget: 0.0123456789%, window: 5h, severity: ticket, min_bad: 1}\n"
	"        - budget: {spent: 123.4%, name: over, min_events: 3}\n"
	"        - burn: {budget: 1.23456789012345%, window: 90m, name: long-1}\n"
	"        - burn: {budget: 100%, window: 13d}\n"
	"        - no-data: {after: 90s, severity: page}\n"
	"        - coverage: {below: 99.5%, window: 3h}\n"
	"  - {name: b, service: shop, objective: 99.9, alerts: [{no-data: {after: 1h}}]}\n"
	"notify:\n"
	"  - journal\n"
	"  - alertmanager: {url: \"http://127.0.0.1:9093/x/\", timeout: 1.0005s}\n"
	"  - webhook: {name: ops, url: \"https://h:8443/\", severities: [notice]}\n"
	"  - command: {argv: [/bin/x, \"-a\", \"b c\", \"no\"], severities: [page, ticket, "
	"notice]}\n",
};

enum { N_CONFIGURATIONS = sizeof(configurations) / sizeof(configurations[0]) };

static char *export(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	assert_int_equal(openslo_write(config, file), 0);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void assert_same_texts(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
	assert_int_equal(n_a, n_b);
	for (size_t i = 0; i < n_a; i++)
		assert_string_equal(a[i], b[i]);
}

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void assert_same_rule(const struct alert_rule *a, const struct alert_rule *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->severity, b->severity);
	assert_true(a->ratio == b->ratio);
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->short_seconds, b->short_seconds);
	if (a->kind == ALERT_NO_DATA || a->kind == ALERT_COVERAGE)
		return; /* no minimum matters to them */
	assert_int_equal(a->min_bad, b->min_bad);
	assert_int_equal(a->min_events, b->min_events);
}

/* Their order means nothing. */
static void assert_same_alerts(const struct config_slo *a, const struct config_slo *b)
{
	assert_int_equal(a->n_alerts, b->n_alerts);
	for (size_t i = 0; i < a->n_alerts; i++) {
		size_t k = 0;

		while (k < b->n_alerts && strcmp(a->alerts[i].name, b->alerts[k].name) != 0)
			k++;
		assert_true(k < b->n_alerts);
		assert_same_rule(&a->alerts[i], &b->alerts[k]);
	}
}

static void assert_same_slo(const struct config_slo *a, const struct config_slo *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->service, b->service);
	assert_true(a->objective == b->objective);
	assert_int_equal(a->window_seconds, b->window_seconds);
	assert_int_equal(a->calendar_month, b->calendar_month);
	assert_same_text(a->time_zone, b->time_zone);
	assert_same_text(a->description, b->description);
	assert_int_equal(a->n_labels, b->n_labels);
	for (size_t i = 0; i < a->n_labels; i++) {
		assert_string_equal(a->labels[i].name, b->labels[i].name);
		assert_string_equal(a->labels[i].value, b->labels[i].value);
	}
	assert_int_equal(a->slice_seconds, b->slice_seconds);
	assert_true(a->slice_target == b->slice_target);
	assert_same_texts(a->eligible.routes, a->eligible.n_routes, b->eligible.routes,
			  b->eligible.n_routes);
	assert_int_equal(a->eligible.methods, b->eligible.methods);
	assert_same_texts(a->eligible.exclude_paths, a->eligible.n_exclude_paths,
			  b->eligible.exclude_paths, b->eligible.n_exclude_paths);
	assert_same_texts(a->eligible.exclude_user_agents, a->eligible.n_exclude_user_agents,
			  b->eligible.exclude_user_agents, b->eligible.n_exclude_user_agents);
	assert_int_equal(a->eligible.exclude_methods, b->eligible.exclude_methods);
	assert_int_equal(a->eligible.client_abort, b->eligible.client_abort);
	assert_memory_equal(a->good.status, b->good.status, sizeof(a->good.status));
	assert_int_equal(a->good.grpc_status, b->good.grpc_status);
	assert_int_equal(a->good.latency_of, b->good.latency_of);
	assert_int_equal(a->good.latency_ns, b->good.latency_ns);
	assert_int_equal(a->good.min_body_bytes, b->good.min_body_bytes);
	assert_same_alerts(a, b);
}

static void assert_same_receiver(const struct config_receiver *a, const struct config_receiver *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_same_text(a->name, b->name);
	assert_same_text(a->url, b->url);
	assert_same_texts(a->argv, a->n_argv, b->argv, b->n_argv);
	assert_int_equal(a->timeout_ns, b->timeout_ns);
	assert_int_equal(a->severities, b->severities);
}

TEST(what_is_exported_is_read_back_the_same)
{
	for (size_t i = 0; i < N_CONFIGURATIONS; i++) {
		struct config config = parse_good(configurations[i]);
		char *text = export(&config), *again;
		struct config back = load_good(text);

		assert_int_equal(config.n_slos, back.n_slos);
		for (size_t k = 0; k < config.n_slos; k++)
			assert_same_slo(&config.slos[k], &back.slos[k]);
		assert_int_equal(config.n_receivers, back.n_receivers);
		for (size_t k = 0; k < config.n_receivers; k++)
			assert_same_receiver(&config.receivers[k], &back.receivers[k]);
		again = export(&back);
		if (i == 0)
			assert_string_equal(text, again);
		free(again);
		free(text);
		config_clear(&config);
		config_clear(&back);
	}
}

TEST(a_secret_url_is_left_out_and_its_file_is_not)
{
	char path[] = "/tmp/test_openslo.XXXXXX", yaml[256];
	FILE *file = fdopen(mkstemp(path), "w");
	struct config config, back = {};
	struct error error;
	char *text;

	fputs("https://h/services/topsecret\n", file);
	fclose(file);
	snprintf(yaml, sizeof(yaml), "notify: [{webhook: {url_file: %s}}]\n", path);
	config = parse_good(yaml);
	text = export(&config);
	assert_null(strstr(text, "topsecret"));
	config_clear(&config);
	config = load_good(text);
	assert_string_equal(config.receivers[0].url_file, path);
	assert_string_equal(config.receivers[0].url, "https://h/services/topsecret");
	unlink(path);
	free(text);
	config_clear(&config);

	config = parse_good("notify: [{webhook: {url: \"https://h/services/topsecret\"}}]\n");
	text = export(&config);
	assert_null(strstr(text, "topsecret"));
	/* rather than be taken for a URL without a path, it is refused */
	assert_int_equal(load(text, &back, &error), -EINVAL);
	assert_non_null(strstr(error.text, "expected a URL that starts with http"));
	free(text);
	config_clear(&config);
}

TEST(all_that_a_configuration_takes_fits_in_one_file)
{
	char *text = NULL, *exported;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	struct config config, back;

	fprintf(file, "notify: [journal, {webhook: {url: \"http://a/\"}}, "
		      "{alertmanager: {url: \"http://b\"}}]\nservices:\n");
	for (int i = 0; i < CONFIG_MAX_SLOS / CONFIG_MAX_SLOS_PER_SERVICE; i++)
		fprintf(file, "  - {name: s%d, match: {port: %d}, routes: [/a]}\n", i, i + 1);
	fprintf(file, "slos:\n");
	for (int i = 0; i < CONFIG_MAX_SLOS; i++)
		fprintf(file,
			"  - {name: \"slo %d\", service: s%d, objective: 99.9, "
			"eligible: {routes: [/a], methods: [GET]}, good: {latency: 1s}}\n",
			i, i / CONFIG_MAX_SLOS_PER_SERVICE);
	fclose(file);
	config = parse_good(text);
	exported = export(&config);
	assert_in_range(strlen(exported), 1, CONFIG_MAX_BYTES);
	back = load_good(exported);
	assert_int_equal(back.n_slos, CONFIG_MAX_SLOS);
	assert_same_slo(&config.slos[CONFIG_MAX_SLOS - 1], &back.slos[CONFIG_MAX_SLOS - 1]);
	free(exported);
	free(text);
	config_clear(&config);
	config_clear(&back);
}

TEST(an_export_that_cannot_be_written_fails)
{
	struct config config = parse_good(configurations[N_CONFIGURATIONS - 1]);
	FILE *file = fopen("/dev/full", "w");

	assert_non_null(file);
	assert_int_equal(openslo_write(&config, file), -EIO);
	fclose(file);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_exported_is_read_back_the_same),
		cmocka_unit_test(a_secret_url_is_left_out_and_its_file_is_not),
		cmocka_unit_test(all_that_a_configuration_takes_fits_in_one_file),
		cmocka_unit_test(an_export_that_cannot_be_written_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "report/json.h"
#include "base/utf8.h"
#include "snapshot_fixture.h"

static json_t *parsed(char *text)
{
	json_error_t error;
	json_t *json;

	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("%s: %s", error.text, text);
	free(text);
	return json;
}

/* Walks "a.0.b" from `json`. */
static json_t *at(json_t *json, const char *path)
{
	char copy[128], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((word = strsep(&rest, "."))) {
		json = json_is_array(json) ? json_array_get(json, strtoul(word, NULL, 10)) :
					     json_object_get(json, word);
		if (!json)
			fail_msg("nothing at %s of %s", word, path);
	}
	return json;
}

static void assert_at(json_t *json, const char *path, json_int_t value)
{
	assert_true(json_is_integer(at(json, path)));
	assert_int_equal(json_integer_value(at(json, path)), value);
}

static void assert_real_at(json_t *json, const char *path, double value)
{
	assert_true(json_is_real(at(json, path)));
	if (json_real_value(at(json, path)) != value)
		fail_msg("%s is %.17g", path, json_real_value(at(json, path)));
}

static void assert_text_at(json_t *json, const char *path, const char *value)
{
	assert_true(json_is_string(at(json, path)));
	assert_string_equal(json_string_value(at(json, path)), value);
}

static void assert_null_at(json_t *json, const char *path)
{
	assert_true(json_is_null(at(json, path)));
}

static void assert_near_at(json_t *json, const char *path, double value)
{
	assert_true(fabs(json_real_value(at(json, path)) / value - 1) < 0.046);
}

TEST(status_has_the_documented_shape)
{
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	json = parsed(json_status(&snapshot));
	assert_text_at(json, "agent.version", "0.1.0");
	assert_text_at(json, "agent.kernel", "6.18.44");
	assert_text_at(json, "agent.hook", "tracepoint");
	assert_text_at(json, "agent.hook_reason", "the kernel accepts it");
	assert_text_at(json, "agent.started_at", "2024-01-02T03:04:05Z");
	assert_text_at(json, "agent.config", "(built-in)");
	assert_at(json, "agent.reloads", 3);
	assert_at(json, "agent.reloads_refused", 0);
	assert_at(json, "agent.steps.count", 0);
	assert_null_at(json, "agent.reload_refused");
	assert_int_equal(json_array_size(at(json, "agent.capabilities")), 0);
	assert_at(json, "agent.confinement.uid", 0);
	assert_true(json_is_false(at(json, "agent.confinement.seccomp")));
	assert_at(json, "agent.confinement.landlock", 0);
	assert_at(json, "agent.confinement.refused_system_calls", 0);
	assert_text_at(json, "agent.warnings.0", "something, ignoring");

	assert_at(json, "coverage.seen", 1009);
	assert_at(json, "coverage.counted", 1000);
	assert_at(json, "coverage.lost", 7);
	assert_at(json, "coverage.lost_unattributed", 2);
	assert_at(json, "coverage.in_flight", 2);
	assert_at(json, "coverage.samples_lost", 0);
	assert_at(json, "coverage.hook_misses", 0);
	assert_true(json_is_true(at(json, "coverage.consistent")));
	assert_int_equal(json_object_size(at(json, "coverage.lost_by_reason")), LOST_REASON_COUNT);
	assert_at(json, "coverage.lost_by_reason.response_unparsable", 5);
	assert_at(json, "coverage.lost_by_reason.bytes_passed_unseen", 2);
	assert_int_equal(json_object_size(at(json, "coverage.kernel_errors")), 1);
	assert_at(json, "coverage.kernel_errors.sequence_went_back", 4);
	assert_at(json, "coverage.unmeasured.0.port", 8443);
	assert_text_at(json, "coverage.unmeasured.0.process", "x");
	assert_text_at(json, "coverage.unmeasured.0.reason",
		       "tls: encrypted, plaintext not observed");
	assert_at(json, "coverage.unmeasured.0.connections", 7);
	assert_int_equal(json_array_size(at(json, "coverage.unmeasured")), 1);
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(blind_connections_stand_beside_those_measured)
{
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	json = parsed(json_status(&snapshot));
	assert_int_equal(json_array_size(at(json, "coverage.blind")), 2);
	assert_true(json_is_null(at(json, "coverage.blind.0.service")));
	assert_text_at(json, "coverage.blind.0.reason", "tls");
	assert_true(json_is_false(at(json, "coverage.blind.0.measured")));
	assert_text_at(json, "coverage.blind.1.service", "shop");
	assert_at(json, "coverage.blind.1.port", 8080);
	assert_text_at(json, "coverage.blind.1.process", "n\\xffginx");
	assert_text_at(json, "coverage.blind.1.reason", "http/2");
	assert_at(json, "coverage.blind.1.connections", 12);
	assert_text_at(json, "coverage.blind.1.last_at", "2024-01-02T03:04:05Z");
	assert_true(json_is_true(at(json, "coverage.blind.1.measured")));

	assert_at(json, "slos.0.coverage.blind_connections", 12);
	assert_at(json, "slos.0.coverage.blind_by_reason.http/2", 12);
	assert_at(json, "slos.0.coverage.measured_connections", 28);
	assert_at(json, "slos.0.coverage.tls_connections", 21);
	assert_at(json, "slos.0.coverage.lost", 5);
	assert_at(json, "slos.0.coverage.lost_by_reason.response_unparsable", 5);
	assert_real_at(json, "slos.0.coverage.counted_ratio", 28.0 / 40 * (995 - 40) / 1000);
	assert_at(json, "slos.0.coverage.status_unknown", 40);
	assert_at(json, "services.1.status_unknown", 40);
	assert_true(json_is_true(at(json, "slos.0.coverage.quic")));
	assert_true(json_is_false(at(json, "services.0.quic")));
	assert_true(json_is_null(at(json, "slos.1.coverage.quic")));
	assert_at(json, "services.1.lost", 5);
	assert_at(json, "services.1.blind_connections", 12);
	/* nothing is known of a service without a connection, nor of one that there is not */
	assert_at(json, "services.0.lost", 0);
	assert_true(json_is_null(at(json, "services.0.counted_ratio")));
	assert_true(json_is_null(at(json, "slos.1.coverage.lost")));
	assert_true(json_is_null(at(json, "slos.1.coverage.counted_ratio")));
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(a_refused_reload_shows_until_one_succeeds)
{
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	snapshot.agent.reloads_refused = 2;
	snapshot.agent.refused_at = 1704164645;
	snapshot.agent.refusal = "f.yaml:3: slos: expected a list, got \"\xff\"";
	json = parsed(json_status(&snapshot));
	assert_at(json, "agent.reloads_refused", 2);
	assert_text_at(json, "agent.reload_refused.at", "2024-01-02T03:04:05Z");
	assert_text_at(json, "agent.reload_refused.reason",
		       "f.yaml:3: slos: expected a list, got \"\\xff\"");
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(services_add_up_their_series)
{
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	json = parsed(json_status(&snapshot));
	assert_text_at(json, "services.1.name", "shop");
	assert_text_at(json, "services.1.role", "server");
	assert_at(json, "services.1.port", 8080);
	assert_text_at(json, "services.1.process", "n\\xffginx");
	assert_text_at(json, "services.1.exe", "/usr/sbin/\\xe2\\x82nginx");
	assert_at(json, "services.1.pid", 42);
	assert_at(json, "services.1.netns", 4026531840);
	assert_null_at(json, "services.1.container");
	assert_real_at(json, "services.1.requests_per_second", 12.5);
	assert_text_at(json, "services.1.about.owner", "team-shop");
	assert_text_at(json, "services.1.about.mitigation", "say \"sorry\"\n");
	assert_null_at(json, "services.1.about.runbook");
	assert_at(json, "services.1.requests", 1000);
	assert_at(json, "services.1.errors", 8);
	assert_real_at(json, "services.1.error_ratio", 0.008);
	assert_at(json, "services.1.outcomes.complete", 997);
	assert_at(json, "services.1.outcomes.server_abort", 2);
	assert_at(json, "services.1.outcomes.client_abort", 0);
	assert_at(json, "services.1.outcomes.unanswered", 1);
	assert_at(json, "services.1.outcomes.not_accepted", 0);
	assert_int_equal(json_object_size(at(json, "services.1.status")), 3);
	assert_at(json, "services.1.status.200", 982);
	assert_at(json, "services.1.status.503", 5);
	assert_at(json, "services.1.status.404", 10);

	assert_int_equal(json_array_size(at(json, "services.1.routes")), 2);
	assert_text_at(json, "services.1.routes.0.route", "/cart/*");
	assert_text_at(json, "services.1.routes.0.method", "GET");
	assert_at(json, "services.1.routes.0.requests", 990);
	assert_at(json, "services.1.routes.0.outcomes.unanswered", 1);
	assert_at(json, "services.1.routes.0.status.200", 982);
	assert_at(json, "services.1.routes.0.status.503", 5);
	assert_near_at(json, "services.1.routes.0.latency_seconds.p50", 0.05);
	assert_near_at(json, "services.1.routes.0.latency_seconds.p90", 0.05);
	assert_near_at(json, "services.1.routes.0.latency_seconds.p99", 0.1);
	assert_near_at(json, "services.1.routes.0.queue_seconds.p50", 0.001);
	assert_text_at(json, "services.1.routes.1.route", "_other");
	assert_text_at(json, "services.1.routes.1.method", "_OTHER");
	assert_at(json, "services.1.routes.1.requests", 10);

	assert_text_at(json, "services.0.name", "idle");
	assert_null_at(json, "services.0.port");
	assert_null_at(json, "services.0.process");
	assert_null_at(json, "services.0.requests_per_second");
	assert_null_at(json, "services.0.about");
	assert_null_at(json, "services.0.error_ratio");
	assert_at(json, "services.0.requests", 0);
	json_decref(json);

	json = parsed(json_services(&snapshot));
	assert_int_equal(json_object_size(json), 1);
	assert_at(json, "services.1.requests", 1000);
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(description_and_labels_of_an_slo)
{
	struct config_label own[] = {{"team", "shop"}, {"tier", "1"}};
	struct config_slo config = {.description = "Pays.", .labels = own, .n_labels = 2};
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	snapshot.slos[0].config = &config;
	json = parsed(json_status(&snapshot));
	assert_text_at(json, "slos.0.description", "Pays.");
	assert_text_at(json, "slos.0.labels.team", "shop");
	assert_text_at(json, "slos.0.labels.tier", "1");
	assert_null_at(json, "slos.1.description");
	assert_int_equal(json_object_size(at(json, "slos.1.labels")), 0);
	json_decref(json);
	snapshot_clear(&snapshot);
}

/* They are neither errors, nor requests that others are a share of, nor have they a time. */
TEST(requests_not_accepted_are_apart)
{
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	snapshot.services[1].series[4]->outcome = OUTCOME_NOT_ACCEPTED;
	snapshot.services[1].series[4]->status = 0;
	json = parsed(json_status(&snapshot));
	assert_at(json, "services.1.requests", 1000);
	assert_at(json, "services.1.errors", 8);
	assert_real_at(json, "services.1.error_ratio", 0.00808080808081);
	assert_at(json, "services.1.outcomes.complete", 987);
	assert_at(json, "services.1.outcomes.not_accepted", 10);
	assert_at(json, "services.1.routes.1.requests", 10);
	assert_null_at(json, "services.1.routes.1.error_ratio");
	assert_null_at(json, "services.1.routes.1.latency_seconds.p50");
	assert_null_at(json, "services.1.routes.1.queue_seconds.p99");
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(slos_show_their_terms_and_alerts)
{
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	json = parsed(json_status(&snapshot));
	assert_at(json, "slos.0.bad_by_reason.status", 6);
	assert_at(json, "slos.0.bad_by_reason.latency", 3);
	assert_at(json, "slos.0.bad_by_reason.server_abort", 0);
	assert_at(json, "slos.0.bad_by_reason.unknown", 1);
	assert_at(json, "slos.0.client_aborts_left_out", 12);
	assert_at(json, "slos.0.status_unknown", 40);
	assert_null_at(json, "slos.0.definition");
	assert_int_equal(json_array_size(at(json, "slos.0.alerts")), 1);
	assert_text_at(json, "slos.0.alerts.0.name", "burn-1h");
	assert_text_at(json, "slos.0.alerts.0.severity", "page");
	assert_text_at(json, "slos.0.alerts.0.state", "firing");
	assert_text_at(json, "slos.0.alerts.0.since", "2023-11-14T22:13:10Z");
	assert_text_at(json, "slos.0.alerts.0.started_at", "2023-11-14T22:13:00Z");
	assert_real_at(json, "slos.0.alerts.0.burn_long", 20);
	assert_null_at(json, "slos.0.alerts.0.burn_short");
	assert_text_at(json, "slos.0.since", "2023-07-22T04:26:40Z");
	assert_text_at(json, "slos.0.budgeting", "occurrences");
	assert_null_at(json, "slos.0.slice");
	assert_text_at(json, "slos.0.window.kind", "rolling");
	assert_text_at(json, "slos.0.window.from", "2023-10-15T22:13:20Z");
	assert_null_at(json, "slos.0.window.to");
	assert_real_at(json, "slos.0.coverage.ratio", 0.5);
	assert_at(json, "slos.0.excluded", 3);
	assert_at(json, "slos.0.minimum.bad", 5);
	assert_null_at(json, "slos.1.since");
	assert_null_at(json, "slos.1.coverage.ratio");
	assert_text_at(json, "store.state", "failing");
	assert_text_at(json, "store.reason", "disk full");
	assert_at(json, "store.bytes", 4096);
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(slos_show_budget_and_burn)
{
	static const char *const windows[] = {"5m", "30m", "1h", "2h", "6h", "1d", "3d"};
	struct snapshot snapshot;
	json_t *json;

	fixture_snapshot(&snapshot);
	json = parsed(json_status(&snapshot));
	assert_text_at(json, "slos.0.name", "checkout");
	assert_text_at(json, "slos.0.service", "shop");
	assert_real_at(json, "slos.0.objective", 0.999);
	assert_at(json, "slos.0.window_seconds", 2592000);
	assert_at(json, "slos.0.eligible", 1000);
	assert_at(json, "slos.0.good", 990);
	assert_at(json, "slos.0.bad", 10);
	assert_real_at(json, "slos.0.availability", 0.99);
	assert_real_at(json, "slos.0.budget.allowed", 1);
	assert_real_at(json, "slos.0.budget.spent_ratio", 10);
	assert_real_at(json, "slos.0.budget.remaining_ratio", -9);
	assert_real_at(json, "slos.0.budget.exhausted_in_seconds", 0);
	assert_int_equal(json_object_size(at(json, "slos.0.burn_rate")), 7);
	assert_null_at(json, "slos.0.burn_rate.5m");
	assert_real_at(json, "slos.0.burn_rate.30m", 10);
	assert_real_at(json, "slos.0.burn_rate.3d", 10);
	assert_real_at(json, "slos.0.budget.allowed_minutes", 43.2);
	assert_real_at(json, "slos.0.budget.remaining_minutes", -388.8);
	assert_int_equal(json_array_size(at(json, "slos.1.alerts")), 0);
	assert_null_at(json, "slos.1.budget.remaining_minutes");

	/* no traffic: everything that is a ratio is unknown */
	assert_at(json, "slos.1.eligible", 0);
	assert_null_at(json, "slos.1.availability");
	assert_real_at(json, "slos.1.budget.allowed", 0);
	assert_null_at(json, "slos.1.budget.spent_ratio");
	assert_null_at(json, "slos.1.budget.remaining_ratio");
	assert_null_at(json, "slos.1.budget.exhausted_in_seconds");
	for (size_t i = 0; i < 7; i++) {
		char path[32];

		snprintf(path, sizeof(path), "slos.1.burn_rate.%s", windows[i]);
		assert_null_at(json, path);
	}
	json_decref(json);

	json = parsed(json_slo(&snapshot, 0));
	assert_text_at(json, "name", "checkout");
	assert_text_at(json, "about.owner", "team-shop");
	json_decref(json);
	json = parsed(json_slo(&snapshot, 1));
	assert_text_at(json, "name", "unused \"\\\n\\xff");
	assert_null_at(json, "about");
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(reals_are_printed_as_people_write_them)
{
	struct snapshot snapshot;
	char *text;

	fixture_snapshot(&snapshot);
	text = json_status(&snapshot);
	assert_non_null(strstr(text, "\"objective\": 0.999,"));
	assert_non_null(strstr(text, "\"allowed\": 1.0,"));
	assert_non_null(strstr(text, "\"availability\": 0.99,"));
	free(text);
	snapshot_clear(&snapshot);
}

TEST(empty_snapshot)
{
	struct snapshot snapshot = {0};
	json_t *json;

	json = parsed(json_status(&snapshot));
	assert_null_at(json, "agent.version");
	assert_null_at(json, "agent.hook");
	assert_int_equal(json_array_size(at(json, "services")), 0);
	assert_int_equal(json_array_size(at(json, "slos")), 0);
	json_decref(json);
	snapshot_clear(&snapshot);
}

TEST(errors_carry_any_bytes)
{
	json_t *json;

	json = parsed(json_error("bad\x80\x01 \"name\""));
	assert_text_at(json, "error", "bad\\x80\x01 \"name\"");
	json_decref(json);
}

TEST(invalid_utf8_becomes_escapes)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{"", ""},
		{"plain \t\n\x7f", "plain \t\n\x7f"},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
		 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"},
		{"\xc0\xaf", "\\xc0\\xaf"}, /* overlong */
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
		{"\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
		{"\xe2\x82", "\\xe2\\x82"}, /* cut off */
		{"\xe2\x82x", "\\xe2\\x82x"},
		{"\x80\xff\xfe", "\\x80\\xff\\xfe"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = utf8_clean(rows[i].bytes);

		assert_string_equal(text, rows[i].text);
		free(text);
	}
	/* every byte there is, alone and in pairs, must be taken by the JSON library */
	for (unsigned int i = 1; i < 0x10000; i++) {
		char bytes[] = {(char)(i & 0xff), (char)(i >> 8), 0};
		char *text = utf8_clean(bytes);
		json_t *json = json_string(text);

		assert_non_null(json);
		json_decref(json);
		free(text);
	}
}

static size_t allocations_left;

static void *failing_malloc(size_t size)
{
	if (!allocations_left)
		return NULL;
	allocations_left--;
	return malloc(size);
}

/* Fails each allocation of the JSON library in turn: NULL, and the sanitizer sees no leak. */
TEST(every_allocation_may_fail)
{
	struct snapshot snapshot;
	char *text = NULL;
	size_t n;

	fixture_snapshot(&snapshot);
	json_set_alloc_funcs(failing_malloc, free);
	for (n = 0; n < 100000 && !text; n++) {
		allocations_left = n;
		text = json_status(&snapshot);
	}
	json_set_alloc_funcs(malloc, free);
	assert_true(n > 100);
	json_decref(parsed(text));
	snapshot_clear(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_has_the_documented_shape),
		cmocka_unit_test(a_refused_reload_shows_until_one_succeeds),
		cmocka_unit_test(blind_connections_stand_beside_those_measured),
		cmocka_unit_test(services_add_up_their_series),
		cmocka_unit_test(description_and_labels_of_an_slo),
		cmocka_unit_test(requests_not_accepted_are_apart),
		cmocka_unit_test(slos_show_budget_and_burn),
		cmocka_unit_test(slos_show_their_terms_and_alerts),
		cmocka_unit_test(reals_are_printed_as_people_write_them),
		cmocka_unit_test(empty_snapshot),
		cmocka_unit_test(errors_carry_any_bytes),
		cmocka_unit_test(invalid_utf8_becomes_escapes),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Definitions: SLOs that count the same events have equal ones, all others have not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "apply/definition.h"
#include "config/load.h"

/* A configuration of one service and one SLO, with the texts given in their places. */
struct written {
	const char *match, *routes, *about; /* of the service */
	const char *name, *service, *objective, *window; /* of the SLO */
	const char *eligible, *good, *more;
};

#define BASE_MATCH "port: 80, process: nginx, exe: \"/usr/*\""

static const struct written base = {
	.match = BASE_MATCH,
	.routes = "\"/\", \"/a\", \"/b/*\"",
	.about = "owner: me",
	.name = "x",
	.service = "shop",
	.objective = "99.9",
	.window = "30d",
	.eligible = "routes: [\"/a\", _other], methods: [GET, POST], exclude: {methods: [POST],"
		    " paths: [\"/p\", \"/q\"], user_agents: [\"bot*\"]}",
	.good = "status: [2xx], latency: 100ms, min_body: 10",
	.more = "client_abort: late",
};

/* To be freed. `found`: the definition for found services. */
static char *definition_of(const struct written *written, bool found)
{
	struct error error = {};
	char *yaml = NULL, *definition;
	struct config config;
	int len;

	len = asprintf(&yaml,
		       "services:\n"
		       "  - {name: shop, match: {%s}, routes: [%s], about: {%s}}\n"
		       "slos:\n"
		       "  - {name: \"%s\", service: \"%s\", objective: %s, window: %s,\n"
		       "     eligible: {%s}, good: {%s}, %s}\n",
		       written->match, written->routes, written->about, written->name,
		       written->service, written->objective, written->window, written->eligible,
		       written->good, written->more);
	assert_true(len > 0);
	if (config_parse(yaml, (size_t)len, "t.yaml", &config, &error))
		fail_msg("%s\n%s", error.text, yaml);
	definition = slo_definition(&config.slos[0], found ? NULL : &config.services[0]);
	assert_non_null(definition);
	config_clear(&config);
	free(yaml);
	return definition;
}

static bool is_same_definition(const struct written *a, const struct written *b)
{
	char *definition_a = definition_of(a, false), *definition_b = definition_of(b, false);
	bool is_same = !strcmp(definition_a, definition_b);

	free(definition_a);
	free(definition_b);
	return is_same;
}

#define ELIGIBLE(routes, methods, paths, agents)                                                   \
	"routes: [" routes "], methods: [" methods "], exclude: {methods: [POST], paths: [" paths  \
	"], user_agents: [" agents "]}"

/* `base` with one thing changed. */
#define CHANGED(member, text)                                                                      \
	({                                                                                         \
		struct written written = base;                                                     \
		written.member = (text);                                                           \
		written;                                                                           \
	})

TEST(same_definition)
{
	const struct written rows[] = {
		base,
		CHANGED(objective, "95"),
		CHANGED(window, "7d"),
		CHANGED(window, "{calendar: month}"),
		CHANGED(name, "y"),
		CHANGED(about, "owner: you, purpose: other"),
		CHANGED(more, "alerts: default"), /* client_abort is late */
		/* the same in other words */
		CHANGED(match, BASE_MATCH ", netns: host"),
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "GET", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(eligible,
			ELIGIBLE("\"/a\", _other", "POST, GET", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(good, "status: [\"200-299\"], latency: 100000us, min_body: 10"),
		CHANGED(good, "status: [2xx], latency: 100ms, min_body: 10, latency_of: total"),
		CHANGED(good, "status: [2xx], latency: 100ms, min_body: 10, grpc_status: [0, 1, 3, "
			      "5, 6, 7, 8, 9, 10, 11, 12, UNAUTHENTICATED]"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!is_same_definition(&base, &rows[i]))
			fail_msg("row %zu: expected the same definition", i);
	}
}

TEST(different_definition)
{
	const struct written rows[] = {
		base,
		/* which requests are the service's */
		CHANGED(match, "port: 81, process: nginx, exe: \"/usr/*\""),
		CHANGED(match, "process: nginx, exe: \"/usr/*\""),
		CHANGED(match, "port: 80, process: nginxx, exe: \"/usr/*\""),
		CHANGED(match, "port: 80, exe: \"/usr/*\""),
		CHANGED(match, "port: 80, process: nginx, exe: \"/usr/?\""),
		CHANGED(match, "port: 80, process: nginx"),
		CHANGED(match, "process: \"a\", exe: \"/b /c\""),
		CHANGED(match, BASE_MATCH ", netns: any"),
		CHANGED(match, BASE_MATCH ", netns: /run/netns/blue"),
		CHANGED(match, BASE_MATCH ", netns: /run/netns/red"),
		CHANGED(match, BASE_MATCH ", user: 0"),
		CHANGED(match, BASE_MATCH ", user: 1"),
		CHANGED(match, BASE_MATCH ", unit: \"*a\""),
		CHANGED(match, BASE_MATCH ", container: \"*a\""),
		CHANGED(match, BASE_MATCH ", container: \"*b\""),
		CHANGED(match, BASE_MATCH ", cgroup: \"*a\""),
		CHANGED(match, BASE_MATCH ", cgroup: \"*a\", netns: host"),
		CHANGED(match, "process: \"a /b\", exe: \"/c\""),
		/* which of them are eligible */
		CHANGED(routes, "\"/\", \"/a\", \"/b/*\", \"/c\""),
		CHANGED(eligible, ELIGIBLE("\"/a\"", "GET", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(eligible, ELIGIBLE("\"/a\", \"/\"", "GET", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(eligible, ELIGIBLE("", "GET", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(eligible,
			ELIGIBLE("\"/a\", _other", "GET, PUT", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "PUT", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "GET", "\"/p\"", "\"bot*\"")),
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "GET", "\"/p/q\"", "\"bot*\"")),
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "GET", "", "\"bot*\"")),
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "GET", "\"/p\", \"/q\"", "\"bot\"")),
		CHANGED(eligible,
			ELIGIBLE("\"/a\", _other", "GET", "\"/p\", \"/q\"", "\"bot*\", \"curl*\"")),
		CHANGED(eligible,
			ELIGIBLE("\"/a\", _other", "GET", "\"/p\", \"/q\"", "\"bot* curl*\"")),
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "GET", "\"/p\", \"/q\"", "")),
		CHANGED(more, "client_abort: bad"),
		CHANGED(more, "client_abort: ignore"),
		CHANGED(good, "status: [2xx], latency: 100ms, min_body: 10, grpc_status: [OK]"),
		CHANGED(good, "status: [2xx], latency: 100ms, min_body: 10, grpc_status: [OK, 5]"),
		CHANGED(good,
			"status: [2xx], latency: 100ms, min_body: 10, latency_of: first_byte"),
		/* what a good slice is */
		CHANGED(more, "budgeting: {timeslices: {slice: 1m, target: 95}}"),
		CHANGED(more, "budgeting: {timeslices: {slice: 1m, target: 96}}"),
		CHANGED(more, "budgeting: {timeslices: {slice: 2m, target: 95}}"),
		/* which of these are good */
		CHANGED(good, "status: [2xx, 304], latency: 100ms, min_body: 10"),
		CHANGED(good, "status: [2xx, 599], latency: 100ms, min_body: 10"),
		CHANGED(good, "latency: 100ms, min_body: 10"),
		CHANGED(good, "status: [2xx], latency: 100001us, min_body: 10"),
		CHANGED(good, "status: [2xx], min_body: 10"),
		CHANGED(good, "status: [2xx], latency: 100ms, min_body: 11"),
		CHANGED(good, "status: [2xx], latency: 100ms"),
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			if (is_same_definition(&rows[i], &rows[k]))
				fail_msg("rows %zu and %zu: expected different definitions", i, k);
		}
	}
}

/* What late means for an SLO without a latency; with one, that alone. */
TEST(unanswered_after_matters_without_a_latency)
{
	struct config_slo slo = {.eligible = {.client_abort = CLIENT_ABORT_LATE}};

	for (uint64_t latency_ns = 0; latency_ns < 2; latency_ns++) {
		char *before, *after;

		slo.good.latency_ns = latency_ns;
		slo.eligible.late_after_ns = 60;
		before = slo_definition(&slo, NULL);
		slo.eligible.late_after_ns = 61;
		after = slo_definition(&slo, NULL);
		assert_int_equal(!strcmp(before, after), latency_ns > 0);
		free(before);
		free(after);
	}
}

/* Templates that no SLO asks for do not change which requests it counts. */
TEST(templates_matter_to_slos_by_route)
{
	struct written by_route = base, all = CHANGED(eligible, "methods: [GET]");
	struct written by_route_more = base, all_more = all;

	by_route_more.routes = all_more.routes = "\"/\", \"/a\", \"/b/*\", \"/b/c\"";
	assert_false(is_same_definition(&by_route, &by_route_more));
	assert_true(is_same_definition(&all, &all_more));
}

TEST(found_services_have_no_match)
{
	struct written all = base, moved, stricter;
	char *definition, *of_moved, *of_stricter, *of_service;

	all.name = "{service}";
	all.service = "*";
	all.eligible = "methods: [GET]";
	moved = all;
	moved.match = "port: 9090";
	moved.routes = "\"/else\"";
	stricter = all;
	stricter.good = "status: [200]";
	definition = definition_of(&all, true);
	of_moved = definition_of(&moved, true);
	of_stricter = definition_of(&stricter, true);
	of_service = definition_of(&all, false);
	assert_string_equal(definition, of_moved);
	assert_string_not_equal(definition, of_stricter);
	assert_string_not_equal(definition, of_service);
	free(definition);
	free(of_moved);
	free(of_stricter);
	free(of_service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_definition),
		cmocka_unit_test(different_definition),
		cmocka_unit_test(unanswered_after_matters_without_a_latency),
		cmocka_unit_test(templates_matter_to_slos_by_route),
		cmocka_unit_test(found_services_have_no_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "apply/track.h"
#include "config/load.h"

enum { DAY = 86400, HOUR = 3600 };

/* ---- definitions ---- */

/* A configuration of one service and one SLO, with the texts given in their places. */
struct written {
	const char *match, *routes, *about; /* of the service */
	const char *name, *service, *objective, *window; /* of the SLO */
	const char *eligible, *good, *more;
};

static const struct written base = {
	.match = "port: 80, process: nginx, exe: \"/usr/*\"",
	.routes = "\"/\", \"/a\", \"/b/*\"",
	.about = "owner: me",
	.name = "x",
	.service = "shop",
	.objective = "99.9",
	.window = "30d",
	.eligible = "routes: [\"/a\", _other], methods: [GET, POST], exclude: {methods: [POST],"
		    " paths: [\"/p\", \"/q\"], user_agents: [\"bot*\"]}",
	.good = "status: [2xx], latency: 100ms, min_body: 10",
	.more = "client_abort: ignore",
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
	bool is_same = strcmp(definition_a, definition_b) == 0;

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
		CHANGED(more, "alerts: default"),
		/* the same in other words */
		CHANGED(eligible, ELIGIBLE("\"/a\", _other", "GET", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(eligible,
			ELIGIBLE("\"/a\", _other", "POST, GET", "\"/p\", \"/q\"", "\"bot*\"")),
		CHANGED(good, "status: [\"200-299\"], latency: 100000us, min_body: 10"),
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

/* ---- tracks ---- */

static const struct track_birth birth = {.serial = 9, .boottime_seconds = 123};

static char any_name[] = "x-{service}", any_service[] = "*";

static struct track *track_for(const struct config_slo *slo)
{
	struct track *track = NULL;

	assert_int_equal(track_new("x", "shop", "d", slo, 7, birth, &track), 0);
	assert_non_null(track);
	return track;
}

static struct track *track_of(uint64_t window_seconds)
{
	static struct config_slo slo;

	slo = (struct config_slo){.name = any_name,
				  .service = any_service,
				  .objective = 0.999,
				  .window_seconds = window_seconds};
	return track_for(&slo);
}

static void step(struct track *track, double now, __u64 good, __u64 bad)
{
	assert_int_equal(track_step(track, now, &(struct slo_counts){good, bad}, false), 0);
}

static void assert_events(const struct track *track, double now, double span, __u64 good_now,
			  __u64 bad_now, uint64_t good, uint64_t bad)
{
	struct slo_counts counts = {good_now, bad_now};
	struct slo_events events = track_events(track, now, span, &counts);

	assert_int_equal(events.good, good);
	assert_int_equal(events.bad, bad);
}

TEST(track_takes_copies)
{
	char name[] = "name", service[] = "service", definition[] = "definition";
	const struct config_slo slo = {
		.name = name, .service = service, .objective = 0.95, .window_seconds = 7 * DAY};
	struct track *track = NULL;

	assert_int_equal(track_new(name, service, definition, &slo, 42, birth, &track), 0);
	memset(name, 'x', 4);
	memset(service, 'x', 7);
	memset(definition, 'x', 10);
	assert_string_equal(track->name, "name");
	assert_string_equal(track->service, "service");
	assert_string_equal(track->definition, "definition");
	assert_ptr_equal(track->slo, &slo);
	assert_int_equal(track->birth.serial, 9);
	assert_int_equal(track->counts, 42);
	assert_int_equal(track->stepped.good, 0);
	assert_int_equal(track->stepped.bad, 0);
	track_free(track);
	track_free(NULL);
}

/* It is counted on, in slices too, when its configuration has gone. */
TEST(an_ended_one_goes_on_counting)
{
	struct alert_rule rules[] = {{.name = "a"}};
	struct config_slo slo = {.name = any_name,
				 .service = any_service,
				 .slice_seconds = 60,
				 .slice_target = 0.5,
				 .alerts = rules,
				 .n_alerts = 1};
	struct track *track = track_for(&slo);

	track->alerts.states[0].status = ALERT_FIRING;
	step(track, 60, 5, 0);
	track_end(track);
	memset(&slo, 0xff, sizeof(slo));
	assert_null(track->slo);
	assert_int_equal(track_n_alerts(track), 0);
	assert_false(track_alerting(track));
	assert_string_equal(track->slo_name, "x-{service}");
	assert_true(track->wildcard);
	step(track, 120, 6, 9);
	step(track, 180, 6, 9);
	assert_events(track, 180, HOUR, 6, 9, 6, 9);
	assert_int_equal(slo_history_sum(track_budgeted(track), 180, HOUR).bad, 1);
	assert_int_equal(track->slices.seconds, 60);

	/* as it was before, but with other alerts */
	slo = (struct config_slo){.alerts = rules, .n_alerts = 1};
	track_configure(track, &slo);
	assert_int_equal(track->alerts.states[0].status, ALERT_INACTIVE);
	track_free(track);
}

/* A changed list of alerts: state goes by the alert's name. */
TEST(alerts_of_the_same_name_go_on)
{
	struct alert_rule before[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
	struct alert_rule after[] = {{.name = "c"}, {.name = "new"}, {.name = "a"}};
	const struct config_slo old = {
		.name = any_name, .service = any_service, .alerts = before, .n_alerts = 3};
	const struct config_slo new = {
		.name = any_name, .service = any_service, .alerts = after, .n_alerts = 3};
	struct track *track = track_for(&old);

	track->alerts.states[0] = (struct alert_state){
		.status = ALERT_FIRING, .since_seconds = 10, .started_seconds = 11};
	track->alerts.states[1] = (struct alert_state){.status = ALERT_FIRING, .since_seconds = 20};
	track->alerts.states[2] = (struct alert_state){
		.status = ALERT_EXHAUSTED, .since_seconds = 30, .started_seconds = 31};
	track_configure(track, &new);
	assert_ptr_equal(track->slo, &new);
	assert_int_equal(track->alerts.states[0].status, ALERT_EXHAUSTED);
	assert_true(track->alerts.states[0].since_seconds == 30 &&
		    track->alerts.states[0].started_seconds == 31);
	assert_int_equal(track->alerts.states[1].status, ALERT_INACTIVE);
	assert_int_equal(track->alerts.states[2].status, ALERT_FIRING);
	assert_true(track->alerts.states[2].since_seconds == 10);
	track_free(track);
}

/* Events of maintenance are in no window, and counted as left out. */
TEST(excluded_events)
{
	struct track *track = track_of(DAY);
	struct slo_counts counts = {10, 4};

	step(track, 10, 3, 1);
	assert_int_equal(track_step(track, 20, &counts, true), 0);
	assert_int_equal(track->excluded, 10);
	assert_events(track, 20, 100, 10, 4, 3, 1);
	/* as long as it lasts, nor is what came since */
	assert_events(track, 25, 100, 12, 4, 3, 1);
	step(track, 30, 15, 4);
	assert_events(track, 30, 100, 15, 4, 8, 1);
	assert_int_equal(track->excluded, 10);
	track_free(track);
}

/* A step longer than 20 s is spread over its time; the kernel counted while no agent read. */
TEST(long_step_is_spread)
{
	struct track *track = track_of(DAY);

	step(track, 1000, 0, 0);
	step(track, 1100, 100, 10);
	assert_events(track, 1100, 50, 100, 10, 50, 5);
	assert_events(track, 1100, 100, 100, 10, 100, 10);
	track_free(track);
}

/* Of timeslices the budget is in slices: one bad minute of three. */
TEST(slices_are_judged)
{
	const struct config_slo slo = {
		.name = any_name,
		.service = any_service,
		.objective = 0.99,
		.window_seconds = DAY,
		.slice_seconds = 60,
		.slice_target = 0.9,
	};
	struct track *track = track_for(&slo);
	struct slo_events slices;

	assert_ptr_equal(track_budgeted(track), track->sliced);
	for (int i = 0; i <= 24; i++)
		step(track, 6000 + 10.0 * i, 10ULL * i, i > 6 && i <= 12 ? i - 6 : i > 12 ? 20 : 0);
	slices = slo_history_sum(track->sliced, 6240, DAY);
	assert_int_equal(slices.good, 3);
	assert_int_equal(slices.bad, 1);
	track_free(track);
}

TEST(events_by_hand)
{
	struct track *track = track_of(30 * DAY);

	assert_events(track, 1000, 300, 0, 0, 0, 0);
	/* before the first step: all there is, in any span */
	assert_events(track, 1000, 300, 5, 1, 5, 1);
	step(track, 1000, 5, 1);
	assert_events(track, 1000, 300, 5, 1, 5, 1);
	assert_events(track, 1005, 300, 8, 1, 8, 1);
	step(track, 1010, 10, 1);
	step(track, 1020, 10, 1);
	step(track, 1030, 10, 4);
	assert_int_equal(track->stepped.good, 10);
	assert_int_equal(track->stepped.bad, 4);
	/* in (now - span, now]: the steps that ended at 1010, 1020, 1030, and since */
	assert_events(track, 1030, 10, 10, 4, 0, 3);
	assert_events(track, 1030, 20, 10, 4, 0, 3);
	assert_events(track, 1030, 30, 10, 4, 5, 3);
	assert_events(track, 1030, 40, 10, 4, 10, 4);
	assert_events(track, 1035, 15, 12, 5, 2, 4);
	/* what came since the last step is in however short a span */
	assert_events(track, 1035, 1, 12, 5, 2, 1);
	/* an hour of silence later */
	assert_events(track, 1030 + HOUR, HOUR, 10, 4, 0, 0);
	assert_events(track, 1030 + HOUR, 2 * HOUR, 10, 4, 10, 4);
	track_free(track);
}

/* A step that could not be added is not lost: the next one brings its events, too. */
TEST(failed_step_loses_nothing)
{
	struct track *track = track_of(DAY);

	step(track, 10, 3, 1);
	assert_int_equal(track_step(track, NAN, &(struct slo_counts){9, 2}, false), -EINVAL);
	assert_int_equal(track_step(track, INFINITY, &(struct slo_counts){9, 2}, false), -EINVAL);
	assert_int_equal(track->stepped.good, 3);
	assert_int_equal(track->stepped.bad, 1);
	assert_events(track, 20, 100, 9, 2, 9, 2);
	step(track, 30, 10, 4);
	assert_events(track, 30, 20, 10, 4, 7, 3);
	assert_events(track, 30, 100, 10, 4, 10, 4);
	track_free(track);
}

/* Counters near the end of 64 bits, as differences are what counts. */
TEST(large_counters)
{
	const __u64 large = ~0ULL - 1000;
	struct track *track = track_of(DAY);

	step(track, 10, large, large - 7);
	step(track, 20, large + 3, large);
	assert_events(track, 20, 10, large + 5, large, 5, 7);
	assert_events(track, 20, 100, large + 5, large, large + 5, large);
	track_free(track);
}

/* Seeded traffic at 10 s steps for a day: every total is exact, at every moment and over any span. */
TEST(totals_are_exact)
{
	enum { STEPS = DAY / 10 };
	struct slo_counts *counts = calloc(STEPS + 1, sizeof(*counts));
	struct track *track = track_of(30 * DAY);

	assert_non_null(counts);
	for (size_t i = 1; i <= STEPS; i++) {
		struct slo_counts between = counts[i - 1];

		counts[i] = between;
		counts[i].good += random_below(5) ? random_below(1009) : 0;
		counts[i].bad += random_below(7) ? 0 : random_below(13);
		/* between two steps */
		between.good += (counts[i].good - between.good) / 2;
		assert_events(track, 10.0 * i - 5, 30.0 * DAY, between.good, between.bad,
			      between.good, between.bad);
		step(track, 10.0 * i, counts[i].good, counts[i].bad);
		assert_events(track, 10.0 * i, 30.0 * DAY, counts[i].good, counts[i].bad,
			      counts[i].good, counts[i].bad);
		/* windows within the 6 h that are kept at full resolution */
		for (size_t span = 1; span <= 360 && span < i; span = span * 5 / 3 + 1) {
			const struct slo_counts *then = &counts[i - span];

			assert_events(track, 10.0 * i, 10.0 * span, counts[i].good, counts[i].bad,
				      counts[i].good - then->good, counts[i].bad - then->bad);
		}
	}
	assert_true(counts[STEPS].good > 1000000 && counts[STEPS].bad > 1000);
	track_free(track);
	free(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_definition),
		cmocka_unit_test(different_definition),
		cmocka_unit_test(templates_matter_to_slos_by_route),
		cmocka_unit_test(found_services_have_no_match),
		cmocka_unit_test(track_takes_copies),
		cmocka_unit_test(an_ended_one_goes_on_counting),
		cmocka_unit_test(alerts_of_the_same_name_go_on),
		cmocka_unit_test(excluded_events),
		cmocka_unit_test(long_step_is_spread),
		cmocka_unit_test(slices_are_judged),
		cmocka_unit_test(events_by_hand),
		cmocka_unit_test(failed_step_loses_nothing),
		cmocka_unit_test(large_counters),
		cmocka_unit_test(totals_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents by the states of alerts: when they begin and end, what they know, and their bounds. */
#include <math.h>
#include <string.h>

#include "tests/unit/store/store_fixture.h"
#include "agent/incidents_step.h"
#include "base/calendar.h"
#include "base/format.h"
#include "config/load.h"

enum { BEGUN = 1772280000, STEP_S = 10, AGE_S = 31 * 86400 };

static const char text[] =
	"services: [{name: shop, match: {port: 1}, about: {owner: team-shop, purpose: sells}}]\n"
	"slos:\n"
	"  - name: first\n"
	"    service: shop\n"
	"    objective: 99\n"
	"    alerts:\n"
	"      - burn: {name: fast, severity: page, budget: 1%, window: 1h, short: 5m}\n"
	"      - burn: {name: slow, severity: ticket, budget: 10%, window: 6h, short: 30m}\n"
	"      - budget: {name: half, severity: notice, spent: 50%}\n";

struct scene {
	struct applied applied;
	struct track *track;
	struct slo_counts counts;
	struct axis axis;
	struct record *record;
	struct alerting alerting;
	struct timeline_changes timeline;
	struct incidents incidents;
	double now_seconds;
};

static struct incidents_scene of(struct scene *scene)
{
	return (struct incidents_scene){&scene->incidents, &scene->alerting, &scene->timeline};
}

static void begin(struct scene *scene)
{
	assert_int_equal(record_new(state_dir, say, &scene->record, &(struct error){}), 0);
	assert_int_equal(incidents_open(&scene->incidents, scene->record), 0);
	assert_int_equal(timeline_open(&scene->timeline, scene->record), 0);
}

static void end(struct scene *scene)
{
	record_flush(scene->record);
	incidents_close(&scene->incidents);
	timeline_close(&scene->timeline);
	record_free(scene->record);
}

static void load(struct scene *scene, const char *with)
{
	struct config *config = &scene->applied.in_force.config;
	struct error error;
	int r = config_parse(with, strlen(with), "t.yaml", config, &error);

	if (r)
		fail_msg("%s", error.text);
}

static int setup(void **state)
{
	static struct scene scene;
	struct config *config = &scene.applied.in_force.config;

	if (make_base_dir(state))
		return -1;
	scene = (struct scene){.now_seconds = BEGUN};
	load(&scene, text);
	timeline_start(&scene.axis.timeline, NULL, "", 100, BEGUN);
	scene.axis.stepped_seconds = BEGUN;
	assert_int_equal(coverage_add(&scene.axis.coverage, BEGUN - AGE_S, BEGUN), 0);
	assert_int_equal(track_new("first", "shop", "all", &config->slos[0], 0,
				   (struct track_birth){.serial = 1}, &scene.track),
			 0);
	scene.track->since_seconds = BEGUN - AGE_S;
	scene.track->stepped_seconds = BEGUN;
	scene.applied.tracks.configured = &scene.track;
	scene.applied.tracks.n_configured = 1;
	scene.alerting = (struct alerting){.applied = &scene.applied, .axis = &scene.axis};
	begin(&scene);
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	end(scene);
	silences_clear(&scene->alerting.silences);
	track_free(scene->track);
	config_clear(&scene->applied.in_force.config);
	axis_clear(&scene->axis);
	return remove_base_dir(state);
}

static void judge(struct scene *scene)
{
	const struct incidents_scene incidents = of(scene);

	incidents_judge(&incidents, scene->now_seconds);
}

/* Ten seconds with so many requests. */
static void step(struct scene *scene, unsigned int good, unsigned int bad)
{
	scene->counts.good += good;
	scene->counts.bad[BAD_STATUS] += bad;
	scene->now_seconds += STEP_S;
	assert_int_equal(axis_step(&scene->axis, scene->now_seconds), 0);
	assert_int_equal(track_step(scene->track, scene->now_seconds, &scene->counts,
				    &scene->axis.coverage, false),
			 0);
	judge(scene);
}

static size_t rule(const struct scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->track->slo->n_alerts; i++) {
		if (!strcmp(scene->track->slo->alerts[i].name, name))
			return i;
	}
	fail_msg("no rule %s", name);
	return 0;
}

static void set(struct scene *scene, const char *name, bool fires)
{
	struct alert_state *alert = &scene->track->alerts.states[rule(scene, name)];

	alert->status = fires ? ALERT_FIRING : ALERT_INACTIVE;
	alert->started_seconds = scene->now_seconds;
}

static const struct incident_record *only(const struct scene *scene)
{
	assert_int_equal(scene->incidents.n, 1);
	return scene->incidents.list[0];
}

TEST(an_incident_begins_with_its_first_bad_step_and_not_with_its_page)
{
	struct scene *scene = *state;
	const struct incident_record *incident;

	step(scene, 100, 0);
	step(scene, 100, 0);
	step(scene, 90, 10); /* the first bad step: from BEGUN + 20 */
	step(scene, 50, 50);
	assert_int_equal(scene->incidents.n, 0);
	set(scene, "fast", true);
	step(scene, 0, 100);
	incident = only(scene);
	assert_int_equal(incident->number, 1);
	assert_int_equal(incident->end, INCIDENT_OPEN);
	assert_int_equal(incident->severity, SEVERITY_PAGE);
	assert_true(incident->started == BEGUN + 20);
	assert_true(incident->detected == BEGUN + 40);
	assert_int_equal(incident->bad, 160);
	assert_int_equal(incident->eligible, 300);
	/* of 500 in the window 5 are allowed */
	assert_true(fabs(incident->spent_ratio - 32) < 1e-9);
	assert_int_equal(json_integer_value(json_object_get(incident->reasons, "status")), 160);
	assert_string_equal(json_string_value(json_object_get(incident->about, "owner")),
			    "team-shop");
}

TEST(alerts_that_overlap_are_one_incident_and_its_end_is_that_of_the_last)
{
	struct scene *scene = *state;
	const struct incident_record *incident;

	step(scene, 100, 0);
	set(scene, "slow", true);
	step(scene, 50, 50);
	incident = only(scene);
	assert_int_equal(incident->severity, SEVERITY_TICKET);
	set(scene, "fast", true);
	step(scene, 50, 50);
	assert_int_equal(incident->severity, SEVERITY_PAGE);
	set(scene, "slow", false);
	step(scene, 100, 0);
	assert_int_equal(incident->end, INCIDENT_OPEN);
	set(scene, "fast", false);
	step(scene, 100, 0);
	assert_int_equal(incident->end, INCIDENT_RECOVERED);
	assert_true(incident->resolved == BEGUN + 50);
	assert_int_equal(json_array_size(incident->alerts), 2);
	assert_int_equal(incident->bad, 100);
	/* what comes after it is none of it */
	step(scene, 0, 100);
	assert_int_equal(incident->bad, 100);
	set(scene, "fast", true);
	step(scene, 0, 100);
	assert_int_equal(scene->incidents.n, 2);
	assert_int_equal(scene->incidents.list[1]->number, 2);
}

TEST(a_notice_is_no_incident)
{
	struct scene *scene = *state;

	set(scene, "half", true);
	step(scene, 50, 50);
	assert_int_equal(scene->incidents.n, 0);
}

TEST(an_open_incident_goes_on_over_a_restart)
{
	struct scene *scene = *state;

	step(scene, 100, 0);
	set(scene, "fast", true);
	step(scene, 50, 50);
	end(scene);
	begin(scene);
	assert_int_equal(scene->incidents.n_open, 1);
	step(scene, 50, 50);
	assert_int_equal(only(scene)->end, INCIDENT_OPEN);
	assert_true(only(scene)->started == BEGUN + 10);
	end(scene);
	begin(scene);
	set(scene, "fast", false);
	step(scene, 100, 0);
	assert_int_equal(only(scene)->end, INCIDENT_RECOVERED);
	assert_int_equal(only(scene)->bad, 100);
	assert_int_equal(scene->incidents.n_open, 0);
}

TEST(an_incident_of_an_slo_that_is_gone_is_over_and_kept)
{
	struct scene *scene = *state;

	set(scene, "fast", true);
	step(scene, 50, 50);
	scene->applied.tracks.n_configured = 0;
	judge(scene);
	assert_int_equal(only(scene)->end, INCIDENT_DROPPED);
	scene->applied.tracks.n_configured = 1;
}

TEST(an_incident_of_another_definition_is_over)
{
	struct scene *scene = *state;

	set(scene, "fast", true);
	step(scene, 50, 50);
	set(scene, "fast", false);
	scene->track->since_seconds = scene->now_seconds + 5;
	step(scene, 50, 50);
	assert_int_equal(only(scene)->end, INCIDENT_DROPPED);
}

TEST(changes_around_the_start_are_kept)
{
	struct scene *scene = *state;
	const struct timeline_change change = {
		.service = "shop", .what = TIMELINE_VERSION, .from = "1", .to = "2"};
	struct timeline_change early = change, other = change, near = change;

	early.at = BEGUN - 3600;
	other.at = BEGUN;
	other.service = "cart";
	near.at = BEGUN + 5;
	timeline_add(&scene->timeline, &early);
	timeline_add(&scene->timeline, &other);
	timeline_add(&scene->timeline, &near);
	step(scene, 100, 0);
	set(scene, "fast", true);
	step(scene, 50, 50);
	assert_int_equal(json_array_size(only(scene)->changes), 1);
}

TEST(a_silence_that_kept_it_quiet_is_kept_once)
{
	struct scene *scene = *state;
	struct silence silence = {.id = "a",
				  .service = "shop",
				  .comment = "we know",
				  .by = "anna",
				  .from_unix = BEGUN,
				  .until_unix = BEGUN + 3600};

	assert_int_equal(silences_add(&scene->alerting.silences, &silence), 0);
	set(scene, "fast", true);
	step(scene, 50, 50);
	step(scene, 50, 50);
	assert_int_equal(json_array_size(only(scene)->silences), 1);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(only(scene)->silences, 0), "comment")),
			    "we know");
}

TEST(numbers_are_never_given_twice)
{
	struct incidents incidents = {};
	struct record *record;
	char key[24];

	for (int i = 0; i < 3; i++) {
		struct incident_record *incident;

		assert_int_equal(record_new(state_dir, say, &record, &(struct error){}), 0);
		assert_int_equal(incidents_open(&incidents, record), 0);
		/* that before it is forgotten */
		assert_int_equal(incidents.n, 0);
		incident = incidents_add(&incidents, "first", "shop", false, 1e9);
		assert_int_equal(incident->number, i + 1);
		incidents_keep(&incidents, incident);
		snprintf(key, sizeof(key), "%020d", i + 1);
		record_drop(record, RECORD_INCIDENT, key);
		record_flush(record);
		incidents_close(&incidents);
		record_free(record);
	}
}

TEST(what_is_over_for_more_than_a_year_is_forgotten)
{
	struct incidents incidents = {};

	incidents_end(&incidents, incidents_add(&incidents, "first", "shop", false, 1e9),
		      INCIDENT_RECOVERED, 1e9);
	incidents_add(&incidents, "first", "shop", false, 1e9 + INCIDENTS_KEPT_SECONDS + 1.0);
	assert_int_equal(incidents.n, 1);
	assert_int_equal(incidents.list[0]->number, 2);
	incidents_close(&incidents);
}

TEST(found_services_push_out_no_incident_of_a_configured_one)
{
	struct incidents incidents = {};
	char name[32];

	for (int i = 0; i < 5; i++)
		incidents_add(&incidents, "first", "shop", false, 1e9);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "found:%d", i);
		incidents_add(&incidents, name, name, true, 1e9);
	}
	assert_int_equal(incidents.n, 5 + INCIDENTS_HALF);
	assert_string_equal(incidents.list[4]->slo, "first");
	/* one service that fails again and again pushes out its own */
	for (int i = 0; i < 1000; i++)
		incidents_end(&incidents, incidents_add(&incidents, "loop", "loop", false, 1e9),
			      INCIDENT_RECOVERED, 1e9);
	assert_string_equal(incidents.list[4]->slo, "first");
	assert_int_equal(incidents.n, 2 * INCIDENTS_HALF);
	incidents_close(&incidents);
}

TEST(what_explain_found_is_kept_without_what_could_deceive)
{
	json_t *answer =
		json_pack("{s:s, s:s, s:b, s:[{s:[{s:s, s:s}], s:f, s:b}], s:s}", "sentence",
			  "87 % are \x1b[31mred\xe2\x80\xae", "kind", "errors", "enough", 1,
			  "findings", "where", "dimension", "user_agent", "value", "curl\x07",
			  "bad_share", 0.87, "exact", 0, "other", "x");
	json_t *kept = incident_explained(answer, BEGUN);

	assert_string_equal(json_string_value(json_object_get(kept, "sentence")),
			    "87 % are \\u001b[31mred\\u202e");
	assert_null(json_object_get(kept, "other"));
	assert_int_equal(json_array_size(json_object_get(kept, "findings")), 1);
	json_decref(kept);
	json_decref(answer);
	assert_null(incident_explained(json_null(), BEGUN));
}

TEST(who_was_told_is_kept_with_the_last_result)
{
	struct incident_record record;
	json_t *message =
		json_pack("{s:s, s:s, s:s}", "id", "n-1", "kind", "fire", "severity", "page");
	json_t *first;

	assert_int_equal(incident_record_init(&record, "first", "shop"), 0);
	incident_told(&record, "webhook http://a", message, "waiting", 1, "HTTP 500", BEGUN);
	incident_told(&record, "webhook http://b", message, "sent", 1, NULL, BEGUN);
	incident_told(&record, "webhook http://a", message, "sent", 2, NULL, BEGUN + 3);
	assert_int_equal(json_array_size(record.notified), 2);
	first = json_array_get(record.notified, 1);
	assert_string_equal(json_string_value(json_object_get(first, "result")), "sent");
	assert_int_equal(json_integer_value(json_object_get(first, "attempts")), 2);
	json_decref(message);
	incident_record_clear(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(an_incident_begins_with_its_first_bad_step_and_not_with_its_page),
		WITH_SETUP(alerts_that_overlap_are_one_incident_and_its_end_is_that_of_the_last),
		WITH_SETUP(a_notice_is_no_incident),
		WITH_SETUP(an_open_incident_goes_on_over_a_restart),
		WITH_SETUP(an_incident_of_an_slo_that_is_gone_is_over_and_kept),
		WITH_SETUP(an_incident_of_another_definition_is_over),
		WITH_SETUP(changes_around_the_start_are_kept),
		WITH_SETUP(a_silence_that_kept_it_quiet_is_kept_once),
		STORE_TEST(numbers_are_never_given_twice),
		cmocka_unit_test(what_is_over_for_more_than_a_year_is_forgotten),
		cmocka_unit_test(found_services_push_out_no_incident_of_a_configured_one),
		cmocka_unit_test(what_explain_found_is_kept_without_what_could_deceive),
		cmocka_unit_test(who_was_told_is_kept_with_the_last_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts from a step to the receiver's queue and to disk. No kernel: the tracks are given. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/store/store_fixture.h"
#include "agent/alerting.h"
#include "agent/alerting_message.h"
#include "base/calendar.h"
#include "config/load.h"

/* AGE_S: of the SLOs when the tests begin, no less than their window */
enum { BEGUN = 1772280000, STEP_S = 10, AGE_S = 31 * 86400 };

static const char text[] =
	"services: [{name: shop, match: {port: 1}}, {name: cart, match: {port: 2}}]\n"
	"slos:\n"
	"  - {name: first, service: shop, objective: 99, window: 30d}\n"
	"  - {name: second, service: shop, objective: 99, window: 30d}\n"
	"notify:\n"
	"  - webhook: {url: \"http://127.0.0.1:9/\", severities: [page]}\n";

enum { TRACKS = 2 };

struct alerted {
	struct applied applied;
	struct track *tracks[TRACKS];
	struct slo_counts counts[TRACKS];
	struct axis axis;
	struct record *record;
	struct journal journal;
	struct alerting alerting;
	double now_seconds;
	/* of facts_of() */
	size_t n_asked[TRACKS];
	int facts_error;
};

static int facts_of(void *context, const struct track *track, struct snapshot_slo *ret)
{
	struct alerted *alerted = context;

	for (size_t i = 0; i < TRACKS; i++)
		alerted->n_asked[i] += track == alerted->tracks[i];
	if (alerted->facts_error)
		return alerted->facts_error;
	*ret = (struct snapshot_slo){
		.name = track->name,
		.service = track->service,
		.config = track->slo,
		.objective = track->slo->objective,
		.now_seconds = alerted->now_seconds,
		.since_seconds = track->since_seconds,
	};
	return 0;
}

/* The same agent or the next one, on the test's directory. */
static void begin(struct alerted *alerted)
{
	assert_int_equal(record_new(state_dir, say, &alerted->record, &(struct error){}), 0);
	alerted->alerting = (struct alerting){
		.applied = &alerted->applied,
		.axis = &alerted->axis,
		.record = alerted->record,
		.journal = &alerted->journal,
		.facts_of = facts_of,
		.context = alerted,
	};
	assert_int_equal(alerting_start(&alerted->alerting), 0);
}

static void end(struct alerted *alerted)
{
	alerting_clear(&alerted->alerting);
	record_flush(alerted->record);
	record_free(alerted->record);
}

static int setup(void **state)
{
	static struct alerted alerted;
	struct config *config = &alerted.applied.in_force.config;
	struct error error;

	if (make_base_dir(state))
		return -1;
	alerted = (struct alerted){.now_seconds = BEGUN};
	assert_int_equal(config_parse(text, strlen(text), "t.yaml", config, &error), 0);
	timeline_start(&alerted.axis.timeline, NULL, "", 100, BEGUN);
	alerted.axis.stepped_seconds = BEGUN;
	assert_int_equal(coverage_add(&alerted.axis.coverage, BEGUN - AGE_S, BEGUN), 0);
	for (size_t i = 0; i < TRACKS; i++) {
		assert_int_equal(track_new(config->slos[i].name, "shop", "all", &config->slos[i], 0,
					   (struct track_birth){.serial = i + 1},
					   &alerted.tracks[i]),
				 0);
		alerted.tracks[i]->since_seconds = BEGUN - AGE_S;
		alerted.tracks[i]->stepped_seconds = BEGUN;
	}
	alerted.applied.tracks.configured = alerted.tracks;
	alerted.applied.tracks.n_configured = TRACKS;
	begin(&alerted);
	*state = &alerted;
	return 0;
}

static int teardown(void **state)
{
	struct alerted *alerted = *state;

	end(alerted);
	for (size_t i = 0; i < TRACKS; i++)
		track_free(alerted->tracks[i]);
	config_clear(&alerted->applied.in_force.config);
	axis_clear(&alerted->axis);
	return remove_base_dir(state);
}

/* Ten seconds with so many events of the first SLO. */
static int step(struct alerted *alerted, unsigned int good, unsigned int bad)
{
	alerted->counts[0].good += good;
	alerted->counts[0].bad[BAD_STATUS] += bad;
	alerted->now_seconds += STEP_S;
	assert_int_equal(axis_step(&alerted->axis, alerted->now_seconds), 0);
	for (size_t i = 0; i < TRACKS; i++)
		assert_int_equal(track_step(alerted->tracks[i], alerted->now_seconds,
					    &alerted->counts[i], &alerted->axis.coverage, false),
				 0);
	return alerting_step(&alerted->alerting, alerted->now_seconds);
}

/* The kinds of the messages to the receiver, oldest first: "fire resolve". */
static const char *sent(const struct alerted *alerted)
{
	static char kinds[256];
	json_t *report = deliver_report(alerted->alerting.deliver);
	const json_t *recent = json_object_get(json_array_get(report, 0), "recent");

	assert_int_equal(json_array_size(report), 1);
	kinds[0] = 0;
	for (size_t i = json_array_size(recent); i-- > 0;) {
		const json_t *kind = json_object_get(json_array_get(recent, i), "kind");

		if (kinds[0])
			strcat(kinds, " ");
		strcat(kinds, json_string_value(kind));
	}
	json_decref(report);
	return kinds;
}

/* "from>to" of each change of the rule, newest first. */
struct changes {
	char text[256];
	double spent_ratio; /* of the newest */
};

static int add_change(void *context, const struct store_change *change)
{
	struct changes *changes = context;
	size_t len = strlen(changes->text);

	assert_string_equal(change->slo, "first");
	assert_string_equal(change->service, "shop");
	if (strcmp(change->severity, "page") != 0)
		return 0;
	if (!len)
		changes->spent_ratio = change->budget_spent_ratio;
	snprintf(changes->text + len, sizeof(changes->text) - len, "%s%s>%s", len ? " " : "",
		 change->from, change->to);
	return 0;
}

static struct changes changes_of(struct alerted *alerted)
{
	struct changes changes = {};

	assert_int_equal(record_each_change(alerted->record, -INFINITY, 100, add_change, &changes),
			 0);
	return changes;
}

/* ---- a page ---- */

TEST(a_page_is_sent_once)
{
	struct alerted *alerted = *state;

	assert_int_equal(step(alerted, 20, 0), 0);
	assert_string_equal(sent(alerted), "");
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
}

TEST(a_message_has_the_facts_of_its_slos_only_and_once)
{
	struct alerted *alerted = *state;

	assert_int_equal(step(alerted, 20, 0), 0);
	assert_int_equal(alerted->n_asked[0], 0);
	/* two rules page and one tickets: two notices */
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_int_equal(alerted->n_asked[0], 2);
	assert_int_equal(alerted->n_asked[1], 0);
}

TEST(a_change_is_recorded_with_the_budget_it_took)
{
	struct alerted *alerted = *state;
	struct changes changes;

	assert_int_equal(step(alerted, 20, 0), 0);
	assert_string_equal(changes_of(alerted).text, "");
	assert_int_equal(step(alerted, 20, 60), 0);
	changes = changes_of(alerted);
	assert_string_equal(changes.text, "inactive>firing inactive>firing");
	/* 60 of 100 bad, 1 % allowed */
	assert_true(fabs(changes.spent_ratio - 60) < 1e-9);
}

TEST(a_message_says_since_when_it_burns)
{
	struct alerted *alerted = *state;
	const struct notice_alert alert = {
		.service = "shop", .slo = "first", .rule = "burn-1h", .severity = SEVERITY_PAGE};
	struct notice told = {.id = "1",
			      .service = "shop",
			      .severity = SEVERITY_PAGE,
			      .alerts = &alert,
			      .n_alerts = 1,
			      .n_news = 1};
	const json_t *slo, *failing;
	char since[32];
	json_t *message;

	for (int i = 0; i < 12; i++)
		assert_int_equal(step(alerted, 100, i == 3), 0);
	calendar_rfc3339(alerted->now_seconds + alerted->axis.timeline.wall_offset_seconds, since);
	assert_int_equal(step(alerted, 80, 20), 0);
	/* a step without a bad one ends nothing */
	assert_int_equal(step(alerted, 20, 0), 0);
	assert_int_equal(step(alerted, 0, 600), 0);
	assert_string_equal(sent(alerted), "escalate"); /* after a ticket */
	told.now_seconds = alerted->now_seconds;
	message = alerting_message(&alerted->alerting, &told);
	slo = json_array_get(json_object_get(message, "slos"), 0);
	failing = json_object_get(slo, "failing");
	assert_string_equal(json_string_value(json_object_get(slo, "failing_since")), since);
	assert_int_equal(json_integer_value(json_object_get(failing, "bad")), 621);
	assert_int_equal(json_integer_value(json_object_get(failing, "eligible")),
			 1200 + 1 + 100 + 20 + 600);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(failing, "reasons"), "status")),
		621);
	json_decref(message);
}

TEST(the_next_agent_knows_who_was_told)
{
	struct alerted *alerted = *state;

	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
	end(alerted);
	begin(alerted);
	assert_string_equal(sent(alerted), "fire");
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
}

TEST(what_cannot_be_told_is_told_at_the_next_step)
{
	struct alerted *alerted = *state;

	alerted->facts_error = -EIO;
	assert_true(step(alerted, 20, 60) < 0);
	assert_string_equal(sent(alerted), "");
	/* the change was recorded nevertheless */
	assert_string_equal(changes_of(alerted).text, "inactive>firing inactive>firing");
	alerted->facts_error = 0;
	assert_int_equal(step(alerted, 0, 0), 0);
	assert_string_equal(sent(alerted), "fire");
}

TEST(an_slo_that_has_ended_resolves_without_facts)
{
	struct alerted *alerted = *state;

	assert_int_equal(step(alerted, 20, 60), 0);
	alerted->applied.tracks.n_configured = 0;
	alerted->n_asked[0] = 0;
	alerted->now_seconds += STEP_S;
	assert_int_equal(alerting_step(&alerted->alerting, alerted->now_seconds), 0);
	assert_string_equal(sent(alerted), "fire resolve");
	assert_int_equal(alerted->n_asked[0], 0);
	alerted->applied.tracks.n_configured = TRACKS;
}

TEST(other_receivers_are_told_what_comes_then)
{
	struct alerted *alerted = *state;
	struct config *config = &alerted->applied.in_force.config;
	struct error error;
	size_t n = config->n_receivers;

	assert_int_equal(alerting_test(&alerted->alerting, "{}", 2, &error), 1);
	assert_string_equal(sent(alerted), "test");
	/* this receiver wants pages only */
	assert_int_equal(
		alerting_test(&alerted->alerting, "{\"severity\": \"ticket\"}", 22, &error), 0);
	assert_string_equal(sent(alerted), "test");
	config->n_receivers = 0;
	assert_int_equal(alerting_configure(&alerted->alerting), 0);
	assert_int_equal(alerting_test(&alerted->alerting, "{}", 2, &error), -ENOENT);
	assert_int_equal(step(alerted, 20, 60), 0);
	config->n_receivers = n;
	assert_int_equal(alerting_configure(&alerted->alerting), 0);
	assert_string_equal(sent(alerted), "");
}

TEST(a_receiver_that_is_added_is_told_what_is_open)
{
	struct alerted *alerted = *state;
	struct config *config = &alerted->applied.in_force.config;
	size_t n = config->n_receivers;

	config->n_receivers = 0;
	assert_int_equal(alerting_configure(&alerted->alerting), 0);
	assert_int_equal(step(alerted, 20, 60), 0);
	config->n_receivers = n;
	assert_int_equal(alerting_configure(&alerted->alerting), 0);
	assert_string_equal(sent(alerted), "");
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
	end(alerted);
	begin(alerted);
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
}

/* ---- silences ---- */

static const struct asker tester = {.known = true, .uid = 1000, .pid = 4711};

static int silence(struct alerted *alerted, const char *json, char id[static SILENCE_ID_BYTES],
		   struct error *error)
{
	struct silence_made made;
	int r;

	error->text[0] = 0;
	r = alerting_silence(&alerted->alerting, &tester, json, strlen(json), &made, error);
	if (!r)
		memcpy(id, made.id, sizeof(made.id));
	return r;
}

static void assert_silence_refused(struct alerted *alerted, const char *json, const char *why)
{
	char id[SILENCE_ID_BYTES];
	struct error error;

	assert_int_equal(silence(alerted, json, id, &error), -EINVAL);
	assert_non_null(strstr(error.text, why));
	assert_int_equal(alerted->alerting.silences.n, 0);
}

/*
 * Silences go by the wall clock, which is read: the axis of these tests is set so that it is now.
 */
static void set_axis_to_now(struct alerted *alerted)
{
	alerted->axis.timeline.anchor_seconds = 0;
	alerted->now_seconds = axis_now(&alerted->axis);
	alerted->axis.stepped_seconds = alerted->now_seconds;
	for (size_t i = 0; i < TRACKS; i++) {
		alerted->tracks[i]->since_seconds = alerted->now_seconds - AGE_S;
		alerted->tracks[i]->stepped_seconds = alerted->now_seconds;
	}
	coverage_clear(&alerted->axis.coverage);
	assert_int_equal(coverage_add(&alerted->axis.coverage, alerted->now_seconds - AGE_S,
				      alerted->now_seconds),
			 0);
}

TEST(a_silenced_page_is_sent_when_the_silence_is_removed)
{
	struct alerted *alerted = *state;
	char id[SILENCE_ID_BYTES];
	struct error error;

	set_axis_to_now(alerted);
	assert_int_equal(
		silence(alerted, "{\"slo\": \"first\", \"for_seconds\": 3600}", id, &error), 0);
	assert_true(alerting_silenced(&alerted->alerting, alerted->tracks[0], SEVERITY_PAGE,
				      alerted->now_seconds + 1));
	assert_false(alerting_silenced(&alerted->alerting, alerted->tracks[1], SEVERITY_PAGE,
				       alerted->now_seconds + 1));
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "");
	assert_int_equal(alerting_unsilence(&alerted->alerting, &tester, id), 0);
	assert_int_equal(alerting_unsilence(&alerted->alerting, &tester, id), -ENOENT);
	assert_int_equal(step(alerted, 0, 0), 0);
	assert_string_equal(sent(alerted), "fire");
}

TEST(a_receiver_that_is_added_is_not_told_what_is_silenced)
{
	struct alerted *alerted = *state;
	struct config *config = &alerted->applied.in_force.config;
	size_t n = config->n_receivers;
	char id[SILENCE_ID_BYTES];
	struct error error;

	set_axis_to_now(alerted);
	config->n_receivers = 0;
	assert_int_equal(alerting_configure(&alerted->alerting), 0);
	assert_int_equal(step(alerted, 20, 60), 0);
	config->n_receivers = n;
	assert_int_equal(alerting_configure(&alerted->alerting), 0);
	assert_int_equal(
		silence(alerted, "{\"slo\": \"first\", \"for_seconds\": 3600}", id, &error), 0);
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "");
}

TEST(a_silence_lasts_over_a_restart_and_ends_by_itself)
{
	struct alerted *alerted = *state;
	char id[SILENCE_ID_BYTES];
	struct error error;

	set_axis_to_now(alerted);
	assert_int_equal(silence(alerted, "{\"all\": true, \"for_seconds\": 60}", id, &error), 0);
	end(alerted);
	begin(alerted);
	assert_int_equal(alerted->alerting.silences.n, 1);
	assert_string_equal(alerted->alerting.silences.list[0].id, id);
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "");
	alerted->now_seconds += 60;
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
	assert_int_equal(alerted->alerting.silences.n, 0);
	end(alerted);
	begin(alerted);
	assert_int_equal(alerted->alerting.silences.n, 0);
}

TEST(events_are_left_out_of_the_slos_a_silence_excludes)
{
	struct alerted *alerted = *state;
	char id[SILENCE_ID_BYTES];
	struct error error;
	double now;

	set_axis_to_now(alerted);
	now = alerted->now_seconds + 1;
	assert_int_equal(silence(alerted,
				 "{\"slo\": \"second\", \"for_seconds\": 60, "
				 "\"exclude\": \"eligible\"}",
				 id, &error),
			 0);
	assert_int_equal(alerting_excluded(&alerted->alerting, alerted->tracks[0], now),
			 EXCLUSION_NONE);
	assert_int_equal(alerting_excluded(&alerted->alerting, alerted->tracks[1], now),
			 EXCLUSION_SILENCE);
	assert_int_equal(alerting_excluded(&alerted->alerting, alerted->tracks[1], now + 61),
			 EXCLUSION_NONE);
}

TEST(what_silences_left_out_is_known_to_the_next_agent)
{
	struct alerted *alerted = *state;

	alerted->tracks[0]->excluded = 10;
	alerting_silenced_more(&alerted->alerting, alerted->tracks[0], 3);
	alerting_silenced_more(&alerted->alerting, alerted->tracks[0], 4);
	assert_int_equal(step(alerted, 1, 0), 0);
	end(alerted);
	begin(alerted);
	assert_int_equal(alerting_silenced_events(&alerted->alerting, alerted->tracks[0]), 7);
	assert_int_equal(alerting_silenced_events(&alerted->alerting, alerted->tracks[1]), 0);
	/* of one that was begun anew no more than it has */
	alerted->tracks[0]->excluded = 2;
	assert_int_equal(alerting_silenced_events(&alerted->alerting, alerted->tracks[0]), 2);
}

TEST(a_silence_that_begins_later_is_pending_over_a_restart)
{
	struct alerted *alerted = *state;
	const struct silences *silences = &alerted->alerting.silences;
	char id[SILENCE_ID_BYTES];
	struct error error;
	double now;

	set_axis_to_now(alerted);
	now = alerted->now_seconds;
	assert_int_equal(silence(alerted,
				 "{\"all\": true, \"in_seconds\": 100, \"for_seconds\": 60}", id,
				 &error),
			 0);
	end(alerted);
	begin(alerted);
	assert_int_equal(silences->n, 1);
	assert_true(fabs(silences->list[0].until_unix - silences->list[0].from_unix - 60) < 1e-6);
	assert_false(
		alerting_silenced(&alerted->alerting, alerted->tracks[0], SEVERITY_PAGE, now + 90));
	assert_true(alerting_silenced(&alerted->alerting, alerted->tracks[0], SEVERITY_PAGE,
				      now + 110));
	assert_false(alerting_silenced(&alerted->alerting, alerted->tracks[0], SEVERITY_PAGE,
				       now + 170));
	/* it pages before the silence */
	assert_int_equal(step(alerted, 20, 60), 0);
	assert_string_equal(sent(alerted), "fire");
	assert_int_equal(silences->n, 1);
}

TEST(a_silence_that_says_nothing_sensible_is_refused)
{
	struct alerted *alerted = *state;

	assert_silence_refused(alerted, "", "expected {\"for_seconds\": number}");
	assert_silence_refused(alerted, "{\"slo\": \"first\"}",
			       "expected {\"for_seconds\": number}");
	assert_silence_refused(alerted, "{\"slo\": \"other\", \"for_seconds\": 60}",
			       "no SLO of this name");
	assert_silence_refused(alerted, "{\"slo\": \"secnd\", \"for_seconds\": 60}",
			       "no SLO of this name; did you mean \"second\"?");
	assert_silence_refused(alerted, "{\"service\": \"nope\", \"for_seconds\": 60}",
			       "no service of this name");
	assert_silence_refused(alerted, "{\"service\": \"shp\", \"for_seconds\": 60}",
			       "no service of this name; did you mean \"shop\"?");
	assert_silence_refused(alerted,
			       "{\"slo\": \"first\", \"service\": \"cart\", \"for_seconds\": 60}",
			       "the SLO is of another service");
	assert_silence_refused(alerted, "{\"from\": \"noon\", \"for_seconds\": 60}",
			       "from: expected a time such as");
	assert_silence_refused(alerted, "{\"from\": \"2020-01-01T00:00:00Z\", \"for_seconds\": 60}",
			       "from: expected a time from now on");
	assert_silence_refused(alerted, "{\"in_seconds\": 2678500, \"for_seconds\": 60}",
			       "from: expected a time from now on");
	assert_silence_refused(alerted, "{\"in_seconds\": -100, \"for_seconds\": 60}",
			       "from: expected a time from now on");
	assert_silence_refused(alerted, "{\"for_seconds\": 60, \"exclude\": \"none\"}",
			       "exclude: expected alerts or eligible");
	assert_silence_refused(alerted, "{\"all\": true, \"for_seconds\": 1}",
			       "expected a duration from 1 minute to 31 days");
	assert_silence_refused(alerted, "{\"all\": 1, \"for_seconds\": 60}",
			       "of all and force, which are true or false");
	/* nearly everything is asked for as such, and not for long */
	assert_silence_refused(alerted, "{\"for_seconds\": 60}",
			       "this silences everything: name an SLO or a service, or say so with "
			       "\"all\": true (slictl silence add --all)");
	assert_silence_refused(alerted, "{\"severity\": \"page\", \"for_seconds\": 60}",
			       "this silences every page: ");
	assert_silence_refused(alerted, "{\"all\": true, \"for_seconds\": 14401}",
			       "lasts at most 4 h unless it is forced: \"force\": true (slictl "
			       "silence add --force)");
	assert_silence_refused(alerted, "{\"slo\": \"first\", \"for_seconds\": 259201}",
			       "lasts at most 72 h unless it is forced");
	assert_silence_refused(alerted,
			       "{\"all\": true, \"exclude\": \"eligible\", \"for_seconds\": 60}",
			       "besides \"all\" it takes \"force\": true");
	assert_silence_refused(alerted,
			       "{\"all\": true, \"force\": true, \"for_seconds\": 2678401}",
			       "expected a duration from 1 minute to 31 days");
}

TEST(the_same_silence_again_lasts_longer)
{
	struct alerted *alerted = *state;
	const struct silences *silences = &alerted->alerting.silences;
	char id[SILENCE_ID_BYTES], again[SILENCE_ID_BYTES];
	struct error error;

	set_axis_to_now(alerted);
	assert_int_equal(silence(alerted, "{\"slo\": \"first\", \"for_seconds\": 60}", id, &error),
			 0);
	assert_int_equal(
		silence(alerted,
			"{\"slo\": \"first\", \"for_seconds\": 3600, \"comment\": \"more\"}", again,
			&error),
		0);
	assert_string_equal(again, id);
	assert_int_equal(silences->n, 1);
	assert_string_equal(silences->list[0].comment, "more");
	assert_true(silences->list[0].until_unix - silences->list[0].from_unix >= 3600);
	/* it is known to the next agent as it is now, and no shorter for being asked for so */
	end(alerted);
	begin(alerted);
	assert_int_equal(
		silence(alerted, "{\"slo\": \"first\", \"for_seconds\": 60}", again, &error), 0);
	assert_string_equal(again, id);
	assert_true(silences->list[0].until_unix - silences->list[0].from_unix >= 3600);
	assert_string_equal(silences->list[0].comment, "more");
	/* of another kind it is another */
	assert_int_equal(
		silence(alerted,
			"{\"slo\": \"first\", \"severity\": \"page\", \"for_seconds\": 60}", again,
			&error),
		0);
	assert_string_not_equal(again, id);
	assert_int_equal(silences->n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_page_is_sent_once),
		WITH_SETUP(a_message_has_the_facts_of_its_slos_only_and_once),
		WITH_SETUP(a_change_is_recorded_with_the_budget_it_took),
		WITH_SETUP(a_message_says_since_when_it_burns),
		WITH_SETUP(the_next_agent_knows_who_was_told),
		WITH_SETUP(what_cannot_be_told_is_told_at_the_next_step),
		WITH_SETUP(an_slo_that_has_ended_resolves_without_facts),
		WITH_SETUP(other_receivers_are_told_what_comes_then),
		WITH_SETUP(a_receiver_that_is_added_is_told_what_is_open),
		WITH_SETUP(a_receiver_that_is_added_is_not_told_what_is_silenced),
		WITH_SETUP(a_silenced_page_is_sent_when_the_silence_is_removed),
		WITH_SETUP(a_silence_lasts_over_a_restart_and_ends_by_itself),
		WITH_SETUP(events_are_left_out_of_the_slos_a_silence_excludes),
		WITH_SETUP(what_silences_left_out_is_known_to_the_next_agent),
		WITH_SETUP(a_silence_that_begins_later_is_pending_over_a_restart),
		WITH_SETUP(a_silence_that_says_nothing_sensible_is_refused),
		WITH_SETUP(the_same_silence_again_lasts_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

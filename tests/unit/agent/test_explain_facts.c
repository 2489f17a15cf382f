/* SPDX-License-Identifier: GPL-2.0-only */
/* The exact part of a question of explain, and what is answered from it alone. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/store/store_fixture.h"
#include "agent/explain_facts.h"
#include "base/clock.h"
#include "config/load.h"
#include "kernel/versions.h"
#include "slo/cells.h"

enum { STEP_S = 10, STEPS = 180 };

static const char text[] =
	"services:\n"
	"  - name: shop\n"
	"    match: {port: 1}\n"
	"    routes: [/pay, /look]\n"
	"slos:\n"
	"  - {name: checkout, service: shop, objective: 99}\n"
	"  - {name: pages, service: shop, objective: 99, good: {latency: 100ms}}\n";

/* Stand in for the kernel side, which no test here has. */
int probe_each_version(struct probe *probe, probe_version_fn fn, void *context)
{
	(void)probe, (void)fn, (void)context;
	return 0;
}

int probe_each_version_slo(struct probe *probe, probe_version_slo_fn fn, void *context)
{
	(void)probe, (void)fn, (void)context;
	return 0;
}

static struct agent agent;
static struct track *tracks[2];
static struct slo_counts counts;
static struct cells counters;
static double now, began;

static void add_requests(const char *route, unsigned int status, uint64_t n)
{
	const struct store_traffic_key key = {"shop", route, "GET", 0};
	uint32_t number;

	assert_int_equal(traffic_key(record_traffic(agent.record), &key, &number), 0);
	assert_int_equal(cells_add(&counters, number, cell_of_outcome(OUTCOME_COMPLETE, status), n),
			 0);
}

/* Ten seconds: so many good ones of either route, and bad ones of /pay. */
static void step(unsigned int good, unsigned int bad)
{
	struct cells copy = {};

	counts.good += 2 * good;
	counts.bad[BAD_STATUS] += bad;
	add_requests("/pay", 200, good);
	add_requests("/look", 200, good);
	if (bad)
		add_requests("/pay", 503, bad);
	cells_settle(&counters);
	for (size_t i = 0; i < counters.n; i++)
		assert_int_equal(cells_add(&copy, counters.list[i].key, counters.list[i].code,
					   counters.list[i].n),
				 0);
	cells_settle(&copy);
	now += STEP_S;
	assert_int_equal(traffic_step(record_traffic(agent.record), "k", now - STEP_S, now, &copy),
			 0);
	cells_clear(&copy);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(track_step(tracks[i], now, &counts, &agent.axis.coverage, false),
				 0);
}

static int setup(void **state)
{
	struct config *config = &agent.applied.in_force.config;
	const double boottime = clock_seconds(CLOCK_BOOTTIME);
	struct error error;

	if (make_base_dir(state))
		return -1;
	agent = (struct agent){};
	counts = (struct slo_counts){};
	assert_int_equal(record_new(state_dir, say, &agent.record, &error), 0);
	assert_int_equal(config_parse(text, strlen(text), "t.yaml", config, &error), 0);
	/* the steps end now */
	now = floor(clock_seconds(CLOCK_REALTIME) / STEP_S) * STEP_S - STEPS * STEP_S;
	began = now;
	timeline_start(&agent.axis.timeline, NULL, "", boottime, clock_seconds(CLOCK_REALTIME));
	assert_int_equal(coverage_add(&agent.axis.coverage, now - 86400, now + 86400), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(track_new(config->slos[i].name, "shop", "all", &config->slos[i], 0,
					   (struct track_birth){.serial = i + 1}, &tracks[i]),
				 0);
		tracks[i]->since_seconds = now - 86400;
		tracks[i]->stepped_seconds = now;
	}
	agent.applied.tracks.configured = tracks;
	agent.applied.tracks.n_configured = 2;
	step(0, 0);
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < 2; i++)
		track_free(tracks[i]);
	cells_clear(&counters);
	timeline_close(&agent.timeline);
	config_clear(&agent.applied.in_force.config);
	axis_clear(&agent.axis);
	record_free(agent.record);
	return remove_base_dir(state);
}

static json_t *ask(const char *slo, int expected, struct error *error)
{
	json_t *question = json_pack("{s:s, s:s}", "what", "explain", "slo", slo);

	assert_int_equal(explain_facts_add(&agent, question, NULL, error), expected);
	if (!expected)
		return question;
	json_decref(question);
	return NULL;
}

static void exact_is(const json_t *question, const char *value, json_int_t good, json_int_t bad)
{
	const json_t *exact = json_object_get(question, "exact");

	for (size_t i = 0; i < json_array_size(exact); i++) {
		const json_t *one = json_array_get(exact, i);

		if (strcmp(json_string_value(json_object_get(one, "value")), value) != 0)
			continue;
		assert_int_equal(json_integer_value(json_object_get(one, "good")), good);
		assert_int_equal(json_integer_value(json_object_get(one, "bad")), bad);
		return;
	}
	fail_msg("no value %s", value);
}

static void burn(void)
{
	for (int i = 0; i < 120; i++)
		step(50, 0);
	for (int i = 0; i < 30; i++)
		step(40, 20);
}

TEST(all_is_counted_from_the_onset_on)
{
	struct error error;
	json_t *question;

	burn();
	timeline_add(&agent.timeline, &(struct timeline_change){.at = began + 1205,
								.service = "shop",
								.what = TIMELINE_VERSION});
	question = ask("checkout", 0, &error);
	assert_string_equal(json_string_value(json_object_get(question, "service")), "shop");
	/* after the first step, and 120 good ones */
	assert_true(fabs(json_number_value(json_object_get(question, "onset")) - (began + 1210)) <
		    0.1);
	assert_int_equal(json_integer_value(json_object_get(question, "good")), 30 * 80);
	assert_int_equal(json_integer_value(json_object_get(question, "bad")), 30 * 20);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(question, "reasons"), "status")),
		30 * 20);
	assert_int_equal(json_array_size(json_object_get(question, "exact")), 2);
	exact_is(question, "/pay", 30 * 40, 30 * 20);
	exact_is(question, "/look", 30 * 40, 0);
	assert_int_equal(json_array_size(json_object_get(question, "changes")), 1);
	json_decref(question);
}

TEST(what_the_counters_cannot_tell_is_left_to_samples)
{
	struct error error;
	json_t *question;

	burn();
	/* one more was too slow: by its route nothing tells so */
	counts.good--;
	counts.bad[BAD_LATENCY]++;
	step(40, 20);
	question = ask("pages", 0, &error);
	assert_int_equal(json_array_size(json_object_get(question, "exact")), 0);
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(question, "reasons"), "latency")),
			 1);
	assert_true(json_number_value(json_object_get(question, "latency_seconds")) == 0.1);
	json_decref(question);
}

TEST(what_came_since_the_last_step_is_told)
{
	struct error error;
	json_t *question = json_pack("{s:s, s:s}", "what", "explain", "slo", "checkout");
	struct slo_counts live;

	step(100, 0);
	live = counts;
	live.good += 40;
	live.bad[BAD_STATUS] += 60;
	assert_int_equal(explain_facts_add(&agent, question, &live, &error), 0);
	assert_int_equal(json_integer_value(json_object_get(question, "bad")), 60);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(question, "reasons"), "status")),
		60);
	json_decref(question);
}

TEST(without_a_change_in_the_steps_the_burn_is_the_onset)
{
	struct error error;
	json_t *question;

	step(40, 20);
	step(40, 20);
	question = ask("checkout", 0, &error);
	assert_true(fabs(json_number_value(json_object_get(question, "onset")) - (began + 10)) <
		    0.1);
	assert_int_equal(json_integer_value(json_object_get(question, "bad")), 40);
	json_decref(question);
}

TEST(a_wrong_name_is_told_with_the_nearest)
{
	struct error error;

	ask("chekout", -ENOENT, &error);
	assert_non_null(strstr(error.text, "did you mean \"checkout\"?"));
}

TEST(a_wrong_time_is_told)
{
	struct error error;
	json_t *question = json_pack("{s:s, s:s}", "slo", "checkout", "since", "yesterdayish");

	assert_int_equal(explain_facts_add(&agent, question, NULL, &error), -EINVAL);
	assert_non_null(strstr(error.text, "since: expected a duration"));
	json_object_set_new(question, "since", json_string("10m"));
	json_object_set_new(question, "until", json_string("20m"));
	assert_int_equal(explain_facts_add(&agent, question, NULL, &error), -EINVAL);
	json_decref(question);
}

TEST(without_samples_the_exact_facts_answer)
{
	struct error error;
	json_t *question, *answer;

	burn();
	question = ask("checkout", 0, &error);
	answer = explain_facts_alone(question, "samples are off");
	assert_string_equal(json_string_value(json_object_get(answer, "kind")), "errors");
	assert_non_null(strstr(json_string_value(json_object_get(answer, "sentence")),
			       "600 failures since "));
	assert_non_null(
		strstr(json_string_value(json_object_get(answer, "sentence")),
		       " UTC, of 3000 requests; what they have in common is not known: samples "
		       "are off"));
	json_decref(answer);
	json_decref(question);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(all_is_counted_from_the_onset_on),
		WITH_SETUP(what_the_counters_cannot_tell_is_left_to_samples),
		WITH_SETUP(what_came_since_the_last_step_is_told),
		WITH_SETUP(without_a_change_in_the_steps_the_burn_is_the_onset),
		WITH_SETUP(a_wrong_name_is_told_with_the_nearest),
		WITH_SETUP(a_wrong_time_is_told),
		WITH_SETUP(without_samples_the_exact_facts_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sums of weights estimate numbers of requests, also where rates change within a batch. Samples are drawn as
 * bpf/judge/sample does it, on two processors.
 */
#include "tests/unit/samples/made_events.h"

#include <stdlib.h>

#include "samples/batch.h"

enum {
	PROCESSORS = 2,
	GOOD_PER_SECOND = 10,
	RUNS = 60,
	ROUTES = 2,
};

static const char *const routes[ROUTES] = {"/fast", "/checkout"};

/* So many requests a second of a route, for some seconds. */
struct phase {
	size_t route;
	double per_second, seconds;
};

struct processor {
	uint32_t skipped, next;
	double last; /* when one was taken */
};

struct sampler {
	struct processor processors[PROCESSORS];
	double due, last, since;
	uint64_t counted;
	uint32_t every;
};

static void draw(struct sampler *sampler, struct processor *mine, uint32_t skipped)
{
	const uint32_t every = sampler->every ?: 1;

	mine->next = skipped + (uint32_t)random_below(2 * every - 1);
}

static bool pace(struct sampler *sampler, double now)
{
	const double interval = 0.5 / GOOD_PER_SECOND;
	const double from = sampler->due > now ? sampler->due : now;

	if (from - now + interval > 1)
		return false;
	sampler->due = from + (from - now + 2 * interval <= 1 ?
				       interval :
				       2 * interval * (double)random_below(1000) / 1000);
	return true;
}

/* How many requests a sample of this one stands for; 0: it is not taken. */
static uint32_t take(struct sampler *sampler, struct processor *mine, double now)
{
	const bool drawn = mine->skipped >= mine->next;
	uint32_t n = 0, skipped = 0;

	if (!drawn && (now - mine->last < 1 || now - sampler->last < 1)) {
		mine->skipped++;
		if (now - mine->last >= 1)
			mine->last = sampler->last;
		return 0;
	}
	if (pace(sampler, now)) {
		n = 1 + mine->skipped;
		mine->skipped = 0;
		sampler->counted += n;
		if (now - sampler->since >= 1) {
			sampler->every = (uint32_t)((double)sampler->counted /
						    (now - sampler->since) / GOOD_PER_SECOND);
			sampler->counted = 0;
			sampler->since = now;
		}
	} else {
		skipped = ++mine->skipped;
		sampler->every = sampler->every ? 2 * sampler->every : 2;
	}
	sampler->last = mine->last = now;
	draw(sampler, mine, skipped);
	return n;
}

static void add(struct batch *batch, size_t route, double now, uint32_t stands_for, uint32_t cpu)
{
	const uint64_t state = random_state;
	struct made made;
	static int64_t id = 1;

	make_event(1, "shop", T0_NS + (int64_t)(now * 1e9), &made);
	random_state = state;
	made.event.route = routes[route];
	assert_int_equal(batch_add(batch, &made.event, id++, &(struct batch_draw){stands_for, cpu}),
			 0);
}

/* Adds up the weights by route. */
static void estimate(const struct batch *batch, double ret[static ROUTES])
{
	struct batch_view *view;
	struct batch_entry *entries;
	size_t n;
	uint8_t *bytes = batch_pack(batch, &n);

	assert_int_equal(batch_view_new(bytes, n, T0_NS / BATCH_SLOT_NS, 0, "shop", &view), 0);
	entries = calloc(batch_view_events(view), sizeof(*entries));
	assert_int_equal(batch_view_entries(view, entries), 0);
	for (size_t i = 0; i < batch_view_events(view); i++) {
		struct event event;

		assert_int_equal(batch_view_event(&entries[i], &event), 0);
		ret[strcmp(event.route, routes[0]) != 0] += event.weight;
	}
	free(entries);
	batch_view_free(view);
}

/* Of all runs together: estimated / true. */
static void assert_estimated(const struct phase *phases, size_t n, double within)
{
	double estimated[ROUTES] = {}, requests[ROUTES] = {};

	for (uint64_t run = 0; run < RUNS; run++) {
		struct batch *batch = batch_new(T0_NS / BATCH_SLOT_NS, 0);
		struct sampler sampler = {.last = -9, .since = -9};
		uint64_t stood_for = 0;
		double begin = 0, all[ROUTES] = {};

		random_seed(run);
		for (size_t i = 0; i < n; i++) {
			const struct phase *phase = &phases[i];

			for (double at = 0; at < phase->seconds; at += 1 / phase->per_second) {
				const uint32_t cpu = (uint32_t)random_below(PROCESSORS);
				const uint32_t stands_for =
					take(&sampler, &sampler.processors[cpu], begin + at);

				requests[phase->route]++;
				stood_for += stands_for;
				if (stands_for)
					add(batch, phase->route, begin + at, stands_for, cpu);
			}
			begin += phase->seconds;
		}
		estimate(batch, all);
		/* each run adds up to what its samples stand for */
		assert_true(fabs(all[0] + all[1] - (double)stood_for) < 1e-6 * (double)stood_for);
		for (size_t i = 0; i < ROUTES; i++)
			estimated[i] += all[i];
		batch_free(batch);
	}
	for (size_t i = 0; i < ROUTES; i++) {
		const double ratio = requests[i] ? estimated[i] / requests[i] : 1;

		print_message("%s: %.3f\n", routes[i], ratio);
		assert_true(fabs(ratio - 1) < within);
	}
}

TEST(test_a_steady_mix_is_estimated)
{
	static const struct phase phases[] = {
		{0, 2000, 2}, {1, 2000, 2}, {0, 2000, 2}, {1, 2000, 2}};

	assert_estimated(phases, 4, 0.1);
}

TEST(test_a_rate_that_falls_is_estimated)
{
	static const struct phase phases[] = {{0, 25000, 2}, {1, 600, 8}};

	assert_estimated(phases, 2, 0.15);
}

TEST(test_a_rate_that_rises_is_estimated)
{
	static const struct phase phases[] = {{1, 600, 6}, {0, 25000, 3}};

	assert_estimated(phases, 2, 0.1);
}

TEST(test_a_burst_does_not_count_as_what_follows)
{
	static const struct phase phases[] = {{0, 1000, 0.1}, {1, 1000, 0.9}};

	/* 5.9 without a look at how densely */
	assert_estimated(phases, 2, 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_steady_mix_is_estimated),
		cmocka_unit_test(test_a_rate_that_falls_is_estimated),
		cmocka_unit_test(test_a_rate_that_rises_is_estimated),
		cmocka_unit_test(test_a_burst_does_not_count_as_what_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What services were asked: exact sums over any span, over agents' ends, disks and lack of memory. */
#include <math.h>

#include "tests/unit/store/store_fixture.h"
#include "base/cleanup.h"
#include "record/traffic.h"
#include "record/traffic_disk.h"
#include "record/traffic_spans.h"

enum { STEP_S = 10, OK = 200, BUSY = 503 };

/* The kernel's counters of one route, and the agent that reads them. */
struct counted {
	struct traffic *traffic;
	struct store *store; /* NULL: none */
	const char *instance;
	double now;
	uint64_t counters[4][2]; /* by route: of 200 and of 503 */
};

static const char *const route_names[] = {"/a", "/b", "/c", "/d"};

static void start(struct counted *counted)
{
	assert_int_equal(traffic_new(&counted->traffic), 0);
	counted->instance = counted->instance ?: "one";
	counted->now = counted->now ?: T0;
}

static uint32_t key_of(struct traffic *traffic, const char *service, const char *route)
{
	uint32_t key;

	assert_int_equal(traffic_key(traffic, &(struct store_traffic_key){service, route, "GET", 0},
				     &key),
			 0);
	return key;
}

static void commit(struct counted *counted)
{
	assert_int_equal(store_begin(counted->store), 0);
	assert_int_equal(traffic_put(counted->traffic, counted->store), 0);
	assert_int_equal(store_commit(counted->store), 0);
	traffic_written(counted->traffic);
}

/* The counters as cells: each request is in bucket 10 of the latency, one in bucket 3 of the queue. */
static struct cells read_counters(struct counted *counted)
{
	struct cells cells = {};

	for (size_t i = 0; i < 4; i++) {
		uint32_t key = key_of(counted->traffic, "shop", route_names[i]);
		uint64_t ok = counted->counters[i][0], busy = counted->counters[i][1];

		assert_int_equal(cells_add(&cells, key, cell_of_outcome(0, OK), ok), 0);
		assert_int_equal(cells_add(&cells, key, cell_of_outcome(0, BUSY), busy), 0);
		assert_int_equal(cells_add(&cells, key, CELL_TOTAL + 10, ok + busy), 0);
		assert_int_equal(cells_add(&cells, key, CELL_QUEUE + 3, ok + busy), 0);
	}
	cells_settle(&cells);
	return cells;
}

static void step_for(struct counted *counted, double seconds)
{
	struct cells cells = read_counters(counted);
	double from = counted->now;

	counted->now += seconds;
	assert_int_equal(
		traffic_step(counted->traffic, counted->instance, from, counted->now, &cells), 0);
	cells_clear(&cells);
	if (counted->store) {
		commit(counted);
		store_prune(counted->store, counted->now, 123.0 * 86400);
	}
}

static void step(struct counted *counted)
{
	step_for(counted, STEP_S);
}

struct sums {
	uint64_t ok, busy, total, queue;
};

static struct sums sum_of(struct counted *counted, double from, double until, const char *route,
			  double *ret_from)
{
	struct traffic_sum sum;
	struct sums sums = {};

	assert_int_equal(traffic_sum(counted->traffic, counted->store, from, until, &sum), 0);
	for (size_t i = 0; i < sum.cells.n; i++) {
		const struct cell *cell = &sum.cells.list[i];
		const struct store_traffic_key *key = &traffic_keys(counted->traffic)[cell->key];

		if (route && strcmp(key->route, route) != 0)
			continue;
		if (cell->code == cell_of_outcome(0, OK))
			sums.ok += cell->n;
		else if (cell->code == cell_of_outcome(0, BUSY))
			sums.busy += cell->n;
		else if (cell->code == CELL_TOTAL + 10)
			sums.total += cell->n;
		else if (cell->code == CELL_QUEUE + 3)
			sums.queue += cell->n;
		else
			fail_msg("code %u", cell->code);
	}
	if (ret_from)
		*ret_from = sum.from_seconds;
	cells_clear(&sum.cells);
	return sums;
}

/* Requests in the steps that end in (from, until]. */
static uint64_t requests(struct counted *counted, double from, double until)
{
	struct sums sums = sum_of(counted, from, until, NULL, NULL);

	assert_int_equal(sums.total, sums.ok + sums.busy);
	assert_int_equal(sums.queue, sums.total);
	return sums.total;
}

/* A service whose counters begin at 0 is asked more often than before by the next step that has any. */
TEST(counters_that_end_begin_at_nothing)
{
	struct counted counted = {.store = open_good()};

	start(&counted);
	counted.counters[0][0] = 5;
	step(&counted);
	traffic_end(counted.traffic, "other");
	counted.counters[0][0] = 7;
	step(&counted);
	traffic_end(counted.traffic, "shop");
	assert_int_equal(traffic_pass(counted.traffic, counted.now += STEP_S), 0);
	commit(&counted);
	counted.counters[0][0] = 8;
	step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 15);
	traffic_end(counted.traffic, "shop");
	assert_int_equal(traffic_pass(counted.traffic, counted.now += STEP_S), 0);
	commit(&counted);
	traffic_free(counted.traffic);
	/* the next agent's */
	start(&counted);
	assert_int_equal(traffic_load(counted.traffic, counted.store, counted.instance), 0);
	counted.counters[0][0] = 9;
	step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 24);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

TEST(a_span_has_the_steps_that_end_in_it)
{
	struct counted counted = {};
	double from;

	start(&counted);
	for (uint64_t i = 1; i <= 20; i++) {
		counted.counters[0][0] += i;
		counted.counters[1][1] += 1;
		step(&counted);
	}
	assert_int_equal(requests(&counted, T0, T0 + 200), 210 + 20);
	assert_int_equal(requests(&counted, T0 + 100, T0 + 120), 11 + 12 + 2);
	assert_int_equal(requests(&counted, T0 + 99.9, T0 + 119.9), 10 + 11 + 2);
	assert_int_equal(sum_of(&counted, T0 + 100, T0 + 120, "/a", NULL).ok, 11 + 12);
	assert_int_equal(sum_of(&counted, T0 + 100, T0 + 120, "/b", NULL).busy, 2);
	assert_int_equal(requests(&counted, T0 + 200, T0 + 300), 0);
	/* the first step of the span began before it */
	sum_of(&counted, T0 + 95, T0 + 120, NULL, &from);
	assert_true(from == T0 + 90);
	traffic_free(counted.traffic);
}

/* Steps over some hours, each with as many requests as its number; sums over random spans. */
static void check_hours(struct counted *counted, int hours, int every)
{
	for (int i = 1; i <= hours * 360; i++) {
		counted->counters[i % 4][i % 7 == 0] += (uint64_t)i;
		step(counted);
		if (i % every)
			continue;
		for (int back = 7; back < i; back = back * 3 + 1) {
			uint64_t expected = 0, got;
			double from;

			got = sum_of(counted, counted->now - back * STEP_S, counted->now, NULL,
				     &from)
				      .total;
			for (int k = i; T0 + (k - 1) * STEP_S >= from - 1e-3 && k > 0; k--)
				expected += (uint64_t)k;
			assert_int_equal(got, expected);
			if (back <= 530) /* to the step */
				assert_true(fabs(from - (counted->now - back * STEP_S)) < 1e-3);
			else /* to the minute */
				assert_true(counted->now - back * STEP_S - from < 60);
		}
	}
}

TEST(sums_are_exact_at_any_time_from_memory)
{
	struct counted counted = {};

	start(&counted);
	check_hours(&counted, 26, 997);
	traffic_free(counted.traffic);
}

TEST(and_from_disk)
{
	struct counted counted = {.store = open_good()};

	start(&counted);
	check_hours(&counted, 4, 359);
	/* by another agent, that has little in memory */
	traffic_free(counted.traffic);
	assert_int_equal(traffic_new(&counted.traffic), 0);
	assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
	assert_int_equal(traffic_pass(counted.traffic, counted.now), 0);
	assert_int_equal(requests(&counted, T0, T0 + 4 * 3600), 1440ULL * 1441 / 2);
	assert_int_equal(requests(&counted, T0 + 3600, T0 + 7200), (361ULL + 720) * 360 / 2);
	assert_int_equal(requests(&counted, counted.now - 600, counted.now),
			 (1381ULL + 1440) * 60 / 2);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

static void die(struct counted *counted)
{
	traffic_free(counted->traffic);
	store_close(counted->store);
	counted->store = open_good();
	assert_int_equal(traffic_new(&counted->traffic), 0);
}

TEST(the_next_agent_goes_on_where_the_last_one_was_killed)
{
	struct counted counted = {.store = open_good()};

	start(&counted);
	for (int i = 0; i < 700; i++) {
		counted.counters[i % 4][0] += 3;
		step(&counted);
		if (i % 50 != 13)
			continue;
		die(&counted);
		assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
	}
	assert_int_equal(requests(&counted, T0, counted.now), 2100);
	assert_int_equal(requests(&counted, counted.now - 100, counted.now), 30);
	/* another kernel instance counts from 0 */
	die(&counted);
	assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
	counted.instance = "two";
	memset(counted.counters, 0, sizeof(counted.counters));
	counted.counters[2][1] = 5;
	step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 2105);
	assert_int_equal(requests(&counted, counted.now - 10, counted.now), 5);
	die(&counted);
	assert_int_equal(traffic_load(counted.traffic, counted.store, "two"), 0);
	counted.counters[2][1] = 6;
	step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 2106);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

TEST(what_came_before_a_long_rest_is_kept)
{
	struct counted counted = {.store = open_good()};

	start(&counted);
	counted.counters[0][0] = 4;
	step(&counted);
	for (int i = 0; i < 3; i++) {
		counted.now += 7 * 3600;
		assert_int_equal(traffic_pass(counted.traffic, counted.now), 0);
		commit(&counted);
		assert_int_equal(store_prune(counted.store, counted.now, 123.0 * 86400), 0);
		die(&counted);
		assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
		assert_int_equal(traffic_pass(counted.traffic, counted.now), 0);
		assert_int_equal(requests(&counted, T0 - 1800, T0 + 1800), 4);
		assert_int_equal(requests(&counted, T0 - 86400, counted.now), 4);
		/* after 26 h it is known to the hour: the next one had nothing */
		assert_int_equal(requests(&counted, T0 + 3600, counted.now), 0);
	}
	/* no agent ran meanwhile, the kernel counted */
	counted.counters[0][0] = 9;
	step_for(&counted, 30 * 3600);
	assert_int_equal(requests(&counted, T0 - 1800, T0 + 1800), 4);
	assert_int_equal(requests(&counted, counted.now - 10, counted.now), 5);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

TEST(a_disk_that_comes_late_gets_all_once)
{
	struct counted counted = {.store = open_good()};

	start(&counted);
	counted.counters[0][0] = 100;
	step(&counted);
	/* the next agent takes over and cannot open it: its first step has what was counted before */
	die(&counted);
	store_close(TAKE_PTR(counted.store));
	counted.counters[0][0] = 107;
	step(&counted);
	counted.counters[0][0] = 110;
	counted.counters[1][1] = 2;
	for (int i = 0; i < 800; i++)
		step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 112);
	counted.store = open_good();
	assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
	assert_int_equal(requests(&counted, T0, counted.now), 112);
	/* the steps of then are gone, their minute is not */
	assert_int_equal(requests(&counted, T0 + 10, counted.now), 112);
	assert_int_equal(requests(&counted, T0 + 60, counted.now), 0);
	step(&counted);
	die(&counted);
	assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
	counted.counters[3][0] = 1;
	step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 113);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

TEST(what_could_not_be_written_is_written_later)
{
	struct counted counted = {.store = open_good()};
	struct store *store;

	start(&counted);
	counted.counters[0][0] = 1;
	step(&counted);
	store = TAKE_PTR(counted.store);
	for (int i = 0; i < 500; i++) {
		counted.counters[0][0]++;
		step(&counted);
	}
	counted.store = store;
	/* a transaction that fails */
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(traffic_put(counted.traffic, store), 0);
	store_rollback(store);
	counted.counters[0][0]++;
	step(&counted);
	die(&counted);
	assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
	assert_int_equal(requests(&counted, T0, counted.now), 502);
	assert_int_equal(requests(&counted, T0 + 100, T0 + 200), 10);
	counted.counters[0][0]++;
	step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 503);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

TEST(a_database_made_anew_gets_what_is_in_memory)
{
	struct counted counted = {.store = open_good()};

	start(&counted);
	for (int i = 0; i < 100; i++) {
		counted.counters[0][0]++;
		step(&counted);
	}
	store_close(counted.store);
	assert_int_equal(unlink(database), 0);
	counted.store = open_good();
	traffic_forget(counted.traffic);
	commit(&counted);
	die(&counted);
	assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
	counted.counters[0][0]++;
	step(&counted);
	assert_int_equal(requests(&counted, T0, counted.now), 101);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

TEST(a_step_has_so_many_names_and_all_requests)
{
	enum { MANY = TRAFFIC_KEYS_A_STEP + 1000 };
	struct counted counted = {.store = open_good()};
	struct cells cells = {};
	char route[16];

	start(&counted);
	for (int round = 1; round <= 3; round++) {
		for (unsigned int i = 0; i < MANY; i++) {
			snprintf(route, sizeof(route), "/%u", i);
			assert_int_equal(
				cells_add(&cells,
					  key_of(counted.traffic, i % 2 ? "odd" : "even", route),
					  cell_of_outcome(0, OK), (uint64_t)round * (i + 1)),
				0);
		}
		cells_settle(&cells);
		counted.now += STEP_S;
		assert_int_equal(traffic_step(counted.traffic, "one", counted.now - STEP_S,
					      counted.now, &cells),
				 0);
		commit(&counted);
		/* killed each time: the counters on disk are whole */
		die(&counted);
		assert_int_equal(traffic_load(counted.traffic, counted.store, "one"), 0);
		assert_int_equal(sum_of(&counted, counted.now - STEP_S, counted.now, NULL, NULL).ok,
				 (uint64_t)MANY * (MANY + 1) / 2);
		assert_int_equal(
			sum_of(&counted, counted.now - STEP_S, counted.now, "_other", NULL).ok,
			1000 * 1001 / 2);
		assert_int_equal(
			sum_of(&counted, counted.now - STEP_S, counted.now, "/4000", NULL).ok,
			4001);
	}
	traffic_free(counted.traffic);
	store_close(counted.store);
}

/* What README says of its size. */
TEST(the_size_of_a_large_host)
{
	enum { SERVICES = 500, ROUTES = 3, HOURS = 1 };
	struct counted counted = {.store = open_good()};
	uint64_t n = 0;
	char service[24];

	start(&counted);
	for (int i = 1; i <= HOURS * 360; i++) {
		struct cells cells = {};

		for (unsigned int s = 0; s < SERVICES * ROUTES; s++) {
			uint32_t key;

			snprintf(service, sizeof(service), "service-%u", s / ROUTES);
			key = key_of(counted.traffic, service, route_names[s % ROUTES]);
			cells_add(&cells, key, cell_of_outcome(0, OK), (uint64_t)i * 50);
			cells_add(&cells, key, cell_of_outcome(0, BUSY), (uint64_t)i / 3);
			for (unsigned int b = 0; b < 8; b++)
				cells_add(&cells, key, (uint16_t)(CELL_TOTAL + 60 + s % 30 + b),
					  (uint64_t)i * (b + 1));
			for (unsigned int b = 0; b < 3; b++)
				cells_add(&cells, key, (uint16_t)(CELL_QUEUE + 40 + b),
					  (uint64_t)i * 12);
		}
		cells_settle(&cells);
		counted.now += STEP_S;
		assert_int_equal(traffic_step(counted.traffic, "one", counted.now - STEP_S,
					      counted.now, &cells),
				 0);
		commit(&counted);
		store_prune(counted.store, counted.now, 123.0 * 86400);
		n++;
	}
	print_message("%llu steps of %d services with %d routes: %.1f MB on disk\n",
		      (unsigned long long)n, SERVICES, ROUTES,
		      (double)store_bytes(counted.store) / 1e6);
	traffic_free(counted.traffic);
	store_close(counted.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(counters_that_end_begin_at_nothing),
		STORE_TEST(a_span_has_the_steps_that_end_in_it),
		STORE_TEST(sums_are_exact_at_any_time_from_memory),
		STORE_TEST(and_from_disk),
		STORE_TEST(the_next_agent_goes_on_where_the_last_one_was_killed),
		STORE_TEST(what_came_before_a_long_rest_is_kept),
		STORE_TEST(a_disk_that_comes_late_gets_all_once),
		STORE_TEST(what_could_not_be_written_is_written_later),
		STORE_TEST(a_database_made_anew_gets_what_is_in_memory),
		STORE_TEST(a_step_has_so_many_names_and_all_requests),
		STORE_TEST(the_size_of_a_large_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

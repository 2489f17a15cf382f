/* SPDX-License-Identifier: GPL-2.0-only */
/* SLOs, their histories, alerts and changes come back from the store. */
#include "tests/unit/store/store_fixture.h"

#include <math.h>

struct seen_slos {
	size_t n;
	struct store_slo slos[8];
	char texts[8][3][32];
};

static int see_slo(void *context, const struct store_slo *slo)
{
	struct seen_slos *seen = context;

	assert_true(seen->n < 8);
	seen->slos[seen->n] = *slo;
	snprintf(seen->texts[seen->n][0], 32, "%s", slo->name);
	snprintf(seen->texts[seen->n][1], 32, "%s", slo->service);
	snprintf(seen->texts[seen->n][2], 32, "%s", slo->definition);
	seen->n++;
	return slo->kernel_bad == 13 ? 13 : 0;
}

TEST(test_an_slo_comes_back)
{
	struct store *store = open_good();
	struct store_slo slo = {.name = "checkout",
				.service = "shop",
				.definition = "status=100-499",
				.wildcard = true,
				.since_seconds = T0 + 0.25,
				.last_seconds = T0 + 10.5,
				.kernel_good = UINT64_MAX,
				.kernel_bad = 7,
				.kernel_sums = {1, 2, UINT64_MAX, 4, 5, 6, 7},
				.excluded = 3};
	struct seen_slos seen = {};

	assert_int_equal(store_put_slo(store, &slo), 0);
	assert_int_not_equal(slo.id, 0);
	slo.last_seconds = T0 + 20.5;
	slo.kernel_bad = 8;
	slo.wildcard = false;
	slo.excluded = 4;
	assert_int_equal(store_put_slo(store, &slo), 0);
	store = reopen(store);
	assert_int_equal(store_each_slo(store, see_slo, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.slos[0].id, slo.id);
	assert_string_equal(seen.texts[0][0], "checkout");
	assert_string_equal(seen.texts[0][1], "shop");
	assert_string_equal(seen.texts[0][2], "status=100-499");
	assert_false(seen.slos[0].wildcard);
	assert_true(seen.slos[0].since_seconds == T0 + 0.25);
	assert_true(seen.slos[0].last_seconds == T0 + 20.5);
	assert_true(seen.slos[0].kernel_good == UINT64_MAX);
	assert_int_equal(seen.slos[0].kernel_bad, 8);
	assert_int_equal(seen.slos[0].excluded, 4);
	assert_memory_equal(seen.slos[0].kernel_sums, slo.kernel_sums, sizeof(slo.kernel_sums));
	slo.kernel_bad = 13;
	assert_int_equal(store_put_slo(store, &slo), 0);
	assert_int_equal(store_each_slo(store, see_slo, &seen), 13);
	store_close(store);
}

/* Serials begin anew with each kernel instance: one that is stored must not be met again. */
TEST(test_another_kernel_instance_has_none_of_the_counters)
{
	struct store *store = open_good();
	struct store_slo slo = {.name = "checkout",
				.service = "shop",
				.definition = "d",
				.since_seconds = T0,
				.last_seconds = T0 + 10,
				.kernel_good = 60,
				.kernel_bad = 30,
				.kernel_serial = 2,
				.excluded = 3};
	struct seen_slos seen = {};

	assert_int_equal(store_put_slo(store, &slo), 0);
	assert_int_equal(store_reset_counters(store), 0);
	assert_int_equal(store_each_slo(store, see_slo, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.slos[0].kernel_good, 0);
	assert_int_equal(seen.slos[0].kernel_bad, 0);
	assert_int_equal(seen.slos[0].kernel_serial, 0);
	assert_int_equal(seen.slos[0].excluded, 3);
	assert_true(seen.slos[0].last_seconds == T0 + 10);
	store_close(store);
}

TEST(test_the_id_of_a_rollback_does_not_become_another_slos)
{
	struct store *store = open_good();
	struct store_slo a = {.name = "a", .service = "s", .definition = "d", .kernel_good = 1};
	struct store_slo b = {.name = "b", .service = "s", .definition = "d", .kernel_good = 2};
	struct seen_slos seen = {};

	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_slo(store, &a), 0);
	store_rollback(store);
	assert_int_equal(store_put_slo(store, &b), 0);
	assert_int_equal(a.id, b.id);
	assert_int_equal(store_put_slo(store, &a), 0);
	assert_int_not_equal(a.id, b.id);
	assert_int_equal(store_each_slo(store, see_slo, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.texts[0][0], "b");
	assert_int_equal(seen.slos[0].kernel_good, 2);
	assert_string_equal(seen.texts[1][0], "a");
	store_close(store);
}

struct put_all {
	struct store *store;
	int64_t slo;
};

static int put_bucket(void *context, enum slo_tier tier, int64_t end_seconds,
		      struct slo_events events)
{
	struct put_all *put = context;
	struct slo_events none = {};

	assert_int_equal(
		store_put_bucket(put->store, put->slo, STORE_EVENTS, tier, end_seconds, none), 0);
	return store_put_bucket(put->store, put->slo, STORE_EVENTS, tier, end_seconds, events);
}

static struct slo_history *new_history(void)
{
	struct slo_history *history;

	assert_int_equal(slo_history_new(30 * 86400, &history), 0);
	return history;
}

static void put_history(struct store *store, int64_t slo, const struct slo_history *history)
{
	struct put_all put = {store, slo};

	assert_int_equal(store_begin(store), 0);
	for (enum slo_tier tier = 0; tier < SLO_TIERS; tier++)
		assert_int_equal(slo_history_each(history, tier, 0, put_bucket, &put), 0);
	assert_int_equal(store_commit(store), 0);
}

static void same_sum(const struct slo_history *a, const struct slo_history *b, double now,
		     double span)
{
	struct slo_events of_a = slo_history_sum(a, now, span),
			  of_b = slo_history_sum(b, now, span);

	assert_int_equal(of_a.good, of_b.good);
	assert_int_equal(of_a.bad, of_b.bad);
}

TEST(test_a_history_comes_back)
{
	struct store *store = open_good();
	struct store_slo slo = {.name = "a", .service = "s", .definition = "d"};
	struct store_slo idle = {.name = "b", .service = "s", .definition = "d"};
	struct slo_history *before = new_history(), *after = new_history(), *none = new_history();
	double now = T0;

	for (int i = 0; i < 3000; i++) {
		now += 10 + 170 * (i % 7 == 0);
		assert_int_equal(slo_history_add(before, now,
						 (struct slo_events){.good = (uint64_t)i % 91,
								     .bad = (uint64_t)i % 3}),
				 0);
	}
	assert_int_equal(store_put_slo(store, &slo), 0);
	assert_int_equal(store_put_slo(store, &idle), 0);
	put_history(store, slo.id, before);
	assert_int_equal(store_put_bucket(store, slo.id, STORE_SLICES, SLO_TIER_1H,
					  (int64_t)T0 + 3600, (struct slo_events){77, 77}),
			 0);
	store = reopen(store);
	assert_int_equal(store_load_history(store, slo.id, STORE_EVENTS, after), 0);
	assert_int_equal(slo_history_restored(after, now), 0);
	assert_int_not_equal(slo_history_sum(after, now, 1e9).bad, 0);
	for (double span = 10; span < 200000; span *= 1.37)
		same_sum(before, after, now, span);
	assert_int_equal(store_load_history(store, idle.id, STORE_EVENTS, none), 0);
	assert_int_equal(slo_history_restored(none, now), 0);
	assert_int_equal(slo_history_sum(none, now, 1e9).good, 0);
	slo_history_free(before);
	slo_history_free(after);
	slo_history_free(none);
	store_close(store);
}

struct seen_buckets {
	char text[512];
};

static int see_bucket(void *context, int64_t slo, enum store_history which, enum slo_tier tier,
		      int64_t end_seconds, struct slo_events events)
{
	struct seen_buckets *seen = context;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof(seen->text) - len, "%lld/%d/%d/%lld=%llu,%llu ",
		 (long long)slo, which, tier, (long long)end_seconds,
		 (unsigned long long)events.good, (unsigned long long)events.bad);
	return 0;
}

TEST(test_all_buckets_come_in_one_pass)
{
	struct store *store = open_good();
	struct store_slo slos[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
	struct seen_buckets seen = {};
	struct slo_events events = {5, 6};
	const enum slo_tier no_tier = SLO_TIERS;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(store_put_slo(store, &slos[i]), 0);
		assert_int_equal(slos[i].id, i + 1);
	}
	assert_int_equal(store_put_bucket(store, 2, STORE_EVENTS, SLO_TIER_10S, 30, events), 0);
	assert_int_equal(store_put_bucket(store, 1, STORE_SLICES, SLO_TIER_10S, 20, events), 0);
	assert_int_equal(store_put_bucket(store, 1, STORE_EVENTS, SLO_TIER_1H, 3600, events), 0);
	assert_int_equal(store_put_bucket(store, 3, STORE_EVENTS, SLO_TIER_1MIN, 60, events), 0);
	assert_int_equal(store_put_bucket(store, 1, STORE_EVENTS, no_tier, 60, events), -EINVAL);
	assert_int_equal(store_each_bucket(store, see_bucket, &seen), 0);
	assert_string_equal(seen.text, "1/1/0/20=5,6 2/0/0/30=5,6 3/0/1/60=5,6 1/0/2/3600=5,6 ");
	store_close(store);
}

static int count_alert(void *context, const char *rule, const struct alert_state *state)
{
	struct alert_state *sum = context;

	assert_string_equal(rule, "burn-1h");
	*sum = *state;
	return 0;
}

TEST(test_a_dropped_slo_takes_its_history_and_alerts)
{
	struct store *store = open_good();
	struct store_slo a = {.name = "a"}, b = {.name = "b"};
	struct slo_history *history = new_history();
	struct alert_state alert = {.status = ALERT_FIRING,
				    .since_seconds = T0,
				    .started_seconds = T0},
			   seen_alert = {};
	struct seen_buckets seen = {};

	assert_int_equal(store_put_slo(store, &a), 0);
	assert_int_equal(store_put_alert(store, a.id, "burn-1h", &alert), 0);
	assert_int_equal(store_put_bucket(store, a.id, STORE_EVENTS, SLO_TIER_1H, 3600,
					  (struct slo_events){1, 1}),
			 0);
	assert_int_equal(store_drop_slo(store, a.id), 0);
	store = reopen(store);
	assert_int_equal(store_put_slo(store, &b), 0);
	assert_int_not_equal(a.id, b.id);
	assert_int_equal(store_load_history(store, a.id, STORE_EVENTS, history), 0);
	assert_int_equal(slo_history_restored(history, 3600), 0);
	assert_int_equal(slo_history_sum(history, 3600, 1e9).bad, 0);
	assert_int_equal(store_each_bucket(store, see_bucket, &seen), 0);
	assert_string_equal(seen.text, "");
	assert_int_equal(store_each_alert(store, a.id, count_alert, &seen_alert), 0);
	assert_int_equal(seen_alert.status, ALERT_INACTIVE);
	slo_history_free(history);
	store_close(store);
}

TEST(test_an_alerts_state_comes_back)
{
	struct store *store = open_good();
	struct alert_state alert = {.status = ALERT_FIRING,
				    .since_seconds = T0 + 1,
				    .started_seconds = T0},
			   seen = {};

	assert_int_equal(store_put_alert(store, 4, "burn-1h", &alert), 0);
	alert.status = ALERT_EXHAUSTED;
	alert.since_seconds = T0 + 2;
	assert_int_equal(store_put_alert(store, 4, "burn-1h", &alert), 0);
	assert_int_equal(store_put_alert(store, 5, "other", &alert), 0);
	store = reopen(store);
	assert_int_equal(store_each_alert(store, 4, count_alert, &seen), 0);
	assert_int_equal(seen.status, ALERT_EXHAUSTED);
	assert_true(seen.since_seconds == T0 + 2);
	assert_true(seen.started_seconds == T0);
	alert.status = (enum alert_status)99;
	assert_int_equal(store_put_alert(store, 4, "burn-1h", &alert), 0);
	assert_int_equal(store_each_alert(store, 4, count_alert, &seen), -EUCLEAN);
	store_close(store);
}

static int see_change(void *context, const struct store_change *change)
{
	char *text = context;
	size_t len = strlen(text);

	snprintf(text + len, 512 - len, "%g %s/%s/%s %s %s>%s %g %g; ", change->t_seconds,
		 change->service, change->slo, change->rule, change->severity, change->from,
		 change->to, isnan(change->budget_spent_ratio) ? -1 : change->budget_spent_ratio,
		 change->started_seconds);
	return 0;
}

static struct store_change firing(double budget_spent_ratio)
{
	return (struct store_change){.t_seconds = 10,
				     .slo = "checkout",
				     .service = "shop",
				     .rule = "burn-1h",
				     .severity = "page",
				     .from = "inactive",
				     .to = "firing",
				     .budget_spent_ratio = budget_spent_ratio,
				     .started_seconds = 10};
}

TEST(test_changes_come_newest_first)
{
	struct store *store = open_good();
	struct store_change change = firing(0.5);
	char text[512] = "";

	assert_int_equal(store_add_change(store, &change), 0);
	change.t_seconds = 20;
	change.rule = "burn-6h";
	change.budget_spent_ratio = NAN;
	assert_int_equal(store_add_change(store, &change), 0);
	change.rule = "burn-1h";
	change.from = "firing";
	change.to = "inactive";
	change.budget_spent_ratio = 2;
	assert_int_equal(store_add_change(store, &change), 0);
	store = reopen(store);
	assert_int_equal(store_each_change(store, 10, SIZE_MAX, see_change, text), 0);
	assert_string_equal(text, "20 shop/checkout/burn-1h page firing>inactive 2 10; "
				  "20 shop/checkout/burn-6h page inactive>firing -1 10; "
				  "10 shop/checkout/burn-1h page inactive>firing 0.5 10; ");
	*text = '\0';
	assert_int_equal(store_each_change(store, 0, 1, see_change, text), 0);
	assert_string_equal(text, "20 shop/checkout/burn-1h page firing>inactive 2 10; ");
	*text = '\0';
	assert_int_equal(store_each_change(store, 20.5, 9, see_change, text), 0);
	assert_string_equal(text, "");
	store_close(store);
}

/* As all that is put: after a database was opened again everything in memory is. */
TEST(test_a_change_that_is_there_is_not_added_again)
{
	struct store *store = open_good();
	struct store_change change = firing(NAN);
	char text[512] = "";

	assert_int_equal(store_add_change(store, &change), 0);
	assert_int_equal(store_add_change(store, &change), 0);
	change.slo = "cart";
	assert_int_equal(store_add_change(store, &change), 0);
	assert_int_equal(store_add_change(store, &change), 0);
	assert_int_equal(store_each_change(store, 0, SIZE_MAX, see_change, text), 0);
	assert_string_equal(text, "10 shop/cart/burn-1h page inactive>firing -1 10; "
				  "10 shop/checkout/burn-1h page inactive>firing -1 10; ");
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_an_slo_comes_back),
		STORE_TEST(test_another_kernel_instance_has_none_of_the_counters),
		STORE_TEST(test_the_id_of_a_rollback_does_not_become_another_slos),
		STORE_TEST(test_a_history_comes_back),
		STORE_TEST(test_all_buckets_come_in_one_pass),
		STORE_TEST(test_a_dropped_slo_takes_its_history_and_alerts),
		STORE_TEST(test_an_alerts_state_comes_back),
		STORE_TEST(test_changes_come_newest_first),
		STORE_TEST(test_a_change_that_is_there_is_not_added_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The notices of any sequence of alerts obey the contract of notify/notices. */
#include "tests/unit/fixtures/random.h"
#include "tests/unit/notify/notices_fixture.h"

enum { SERVICES = 3, SLOS = 2, RULES = 2, CELLS = SERVICES * SLOS * RULES, STEPS = 400 };

static const char *const slo_names[SLOS] = {"x", "y"};
static const char *const service_names[SERVICES] = {"a", "b", "c"};

/* The state of one service and severity, known from its messages alone. */
struct model {
	bool told[SLOS]; /* none: closed */
	bool held[SLOS]; /* its page took over since the last message */
	bool maybe_held[SLOS]; /* likewise, or a step failed in which it might have */
	double last;
	char id[40];
};

struct check {
	struct model models[SERVICES][SEVERITY_COUNT];
	/* alerts that are active; those of them that may be told */
	int active[SERVICES][SEVERITY_COUNT][SLOS], free[SERVICES][SEVERITY_COUNT][SLOS];
	double now;
	int fail_at, calls, messages;
	char text[LOG_BYTES];
};

static bool any(const bool flags[SLOS])
{
	return flags[0] || flags[1];
}

static int slo_of(const struct notice_alert *alert)
{
	return alert->slo[0] - slo_names[0][0];
}

/* The news are of these SLOs, and may be of those; they stand first. */
static void check_news(const struct notice *notice, const bool news[SLOS], const bool maybe[SLOS])
{
	bool found[SLOS] = {0};

	for (size_t i = 0; i < notice->n_alerts; i++) {
		const int slo = slo_of(&notice->alerts[i]);

		if (i >= notice->n_news)
			assert_false(found[slo]);
		else
			found[slo] = true;
	}
	for (int slo = 0; slo < SLOS; slo++)
		assert_true(found[slo] ? news[slo] || maybe[slo] : !news[slo]);
}

static void check_kind(const struct check *check, const struct notice *notice, int service)
{
	const struct model *model = &check->models[service][notice->severity];
	const int *active = check->active[service][notice->severity];
	const int *loud = check->free[service][notice->severity];
	bool begun[SLOS], maybe_begun[SLOS], ended[SLOS];
	const bool none[SLOS] = {0};

	for (int slo = 0; slo < SLOS; slo++) {
		begun[slo] = loud[slo] && (!model->told[slo] || model->held[slo]);
		maybe_begun[slo] = loud[slo] && model->maybe_held[slo];
		ended[slo] = model->told[slo] && !active[slo];
	}
	switch (notice->kind) {
	case NOTICE_ESCALATE:
		assert_int_equal(notice->severity, PAGE);
		assert_true(any(check->models[service][TICKET].told));
		assert_false(any(model->told));
		check_news(notice, begun, maybe_begun);
		break;
	case NOTICE_FIRE:
		for (int slo = 0; slo < SLOS; slo++)
			assert_true(!model->told[slo] || model->maybe_held[slo]);
		check_news(notice, begun, maybe_begun);
		break;
	case NOTICE_JOINED:
		assert_true(any(model->told));
		check_news(notice, begun, maybe_begun);
		break;
	case NOTICE_LEFT:
		assert_true(any(model->told));
		check_news(notice, ended, none);
		break;
	case NOTICE_REMIND:
		assert_true(any(model->told) && check->now - model->last >= REMIND_SECONDS);
		check_news(notice, none, none);
		break;
	default:
		assert_int_equal(notice->kind, NOTICE_RESOLVE);
		assert_memory_equal(ended, model->told, sizeof(ended));
		assert_false(loud[0] || loud[1]);
		check_news(notice, model->told, none);
	}
}

static int check_message(void *context, const struct notice *notice)
{
	struct check *check = context;
	const int service = notice->service[0] - 'a';
	struct model *model = &check->models[service][notice->severity];
	const int *loud = check->free[service][notice->severity];
	size_t len = strlen(check->text), gone = 0;

	if (++check->calls == check->fail_at)
		return -EIO;
	check->messages++;
	snprintf(check->text + len, LOG_BYTES - len, "%d%d%d(%zu,%zu) ", service, notice->severity,
		 notice->kind, notice->n_news, notice->n_alerts);
	assert_true(notice->now_seconds == check->now);
	if (any(model->told))
		assert_string_equal(notice->id, model->id);
	check_kind(check, notice, service);
	if (notice->kind == NOTICE_LEFT)
		gone = notice->n_news;
	if (notice->kind != NOTICE_RESOLVE)
		assert_int_equal(notice->n_alerts - gone, loud[0] + loud[1]);
	for (int slo = 0; slo < SLOS; slo++) {
		if (notice->kind == NOTICE_RESOLVE || notice->kind == NOTICE_LEFT)
			model->told[slo] &= check->active[service][notice->severity][slo] > 0;
		if (!loud[slo])
			continue;
		model->told[slo] = true;
		model->held[slo] = model->maybe_held[slo] = false;
	}
	model->last = check->now;
	snprintf(model->id, sizeof(model->id), "%s", notice->id);
	return 0;
}

/* After a step without a failure nothing is owed. */
static void check_slo_told(struct check *check, int service, enum alert_severity severity, int slo)
{
	struct model *model = &check->models[service][severity];

	if (!check->active[service][severity][slo])
		assert_false(model->told[slo]);
	if (check->free[service][severity][slo]) {
		assert_true(model->told[slo]);
		assert_false(model->held[slo]);
		assert_true(check->now - model->last < REMIND_SECONDS);
	}
}

/* Pages hold tickets back: after a step, or after one that failed, maybe. */
static void note_held(struct check *check, bool surely)
{
	for (int service = 0; service < SERVICES; service++) {
		struct model *model = &check->models[service][TICKET];

		for (int slo = 0; slo < SLOS; slo++) {
			const bool held = model->told[slo] && check->active[service][TICKET][slo] &&
					  check->free[service][PAGE][slo];

			model->maybe_held[slo] |= held;
			model->held[slo] |= held && surely;
		}
	}
}

static void check_all_told(struct check *check)
{
	for (int service = 0; service < SERVICES; service++) {
		for (enum alert_severity s = TICKET; s <= PAGE; s++) {
			for (int slo = 0; slo < SLOS; slo++)
				check_slo_told(check, service, s, slo);
		}
	}
	note_held(check, true);
}

static size_t random_alerts(struct notice_alert *alerts, struct check *check, bool silenced_all)
{
	static const char *const rules[RULES] = {"m", "n"};
	static bool active[CELLS * 2], silenced[CELLS * 2];
	size_t n = 0;

	memset(check->active, 0, sizeof(check->active));
	memset(check->free, 0, sizeof(check->free));
	for (int i = 0; i < CELLS * 2; i++) {
		const enum alert_severity severity = i < CELLS ? TICKET : PAGE;
		const int service = i % SERVICES, slo = i / SERVICES % SLOS;

		active[i] ^= !random_below(active[i] ? 3 : 12);
		silenced[i] = !random_below(silenced[i] ? 2 : 8) || silenced_all;
		if (!active[i])
			continue;
		check->active[service][severity][slo]++;
		check->free[service][severity][slo] += !silenced[i];
		alerts[n++] = (struct notice_alert){
			.service = service_names[service],
			.slo = slo_names[slo],
			.rule = rules[i / SERVICES / SLOS % RULES],
			.severity = severity,
			.silenced = silenced[i],
		};
	}
	for (int service = 0; service < SERVICES; service++) {
		for (int slo = 0; slo < SLOS; slo++) {
			if (check->free[service][PAGE][slo])
				check->free[service][TICKET][slo] = 0;
		}
	}
	return n;
}

static void shuffle(struct notice_alert *alerts, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		const size_t j = random_below(i);
		const struct notice_alert alert = alerts[j];

		alerts[j] = alerts[i - 1];
		alerts[i - 1] = alert;
	}
}

/* The same steps for two: one that is restarted now and then, and told in another order. */
static void random_steps(void)
{
	struct notices *notices = fresh(), *restarted = fresh();
	struct check check = {0}, check_restarted;
	struct notice_alert alerts[CELLS * 2];

	check_restarted = check;
	for (int step = 0; step < STEPS; step++) {
		size_t n = random_alerts(alerts, &check, !random_below(20));
		int r;

		check.now += 1 + random_below(REMIND_SECONDS / 2);
		check.fail_at = random_below(4) ? 0 : 1 + (int)random_below(3);
		check.calls = 0;
		check.text[0] = 0;
		memcpy(check_restarted.active, check.active, sizeof(check.active));
		memcpy(check_restarted.free, check.free, sizeof(check.free));
		check_restarted.now = check.now;
		check_restarted.fail_at = check.fail_at;
		check_restarted.calls = 0;
		check_restarted.text[0] = 0;

		r = notices_step(notices, check.now, alerts, n, check_message, &check);
		assert_int_equal(r, check.fail_at && check.calls == check.fail_at ? -EIO : 0);
		if (!random_below(3))
			restarted = reload(restarted);
		shuffle(alerts, n);
		assert_int_equal(notices_step(restarted, check.now, alerts, n, check_message,
					      &check_restarted),
				 r);
		assert_string_equal(check_restarted.text, check.text);
		if (!r) {
			check_all_told(&check);
			check_all_told(&check_restarted);
			assert_int_equal(n_open(notices), n_open(restarted));
		} else {
			note_held(&check, false);
			note_held(&check_restarted, false);
		}
	}
	assert_true(check.messages > STEPS / 4);
	notices_free(notices);
	notices_free(restarted);
}

TEST(messages_of_any_sequence_obey_the_contract)
{
	for (int seed = 1; seed <= 30; seed++) {
		random_state = (uint64_t)seed * 0x9e3779b97f4a7c15;
		random_steps();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_any_sequence_obey_the_contract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

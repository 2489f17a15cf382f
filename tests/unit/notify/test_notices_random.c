/* SPDX-License-Identifier: GPL-2.0-only */
/* The notices of any sequence of alerts obey the contract of notify/notices. */
#include "tests/unit/fixtures/random.h"
#include "tests/unit/notify/notices_fixture.h"

enum { SERVICES = 3, SLOS = 2, RULES = 2, CELLS = SERVICES * SLOS * RULES, STEPS = 400 };

/* The state of one service and severity, known from its messages alone. */
struct model {
	bool open;
	bool held; /* a page took over since the last message */
	bool maybe_held; /* a page took over, or a step failed in which one might have */
	double last;
	char id[40];
};

struct check {
	struct model models[SERVICES][SEVERITY_COUNT];
	int active[SERVICES][SEVERITY_COUNT], loud[SERVICES][SEVERITY_COUNT];
	double now;
	int fail_at, calls, messages;
	char text[LOG_BYTES];
};

static const char *const service_names[SERVICES] = {"a", "b", "c"};

static int check_message(void *context, const struct notice *notice)
{
	struct check *check = context;
	const int service = notice->service[0] - 'a';
	struct model *model = &check->models[service][notice->severity];
	const int loud = check->loud[service][notice->severity];
	size_t len = strlen(check->text);

	if (++check->calls == check->fail_at)
		return -EIO;
	check->messages++;
	snprintf(check->text + len, LOG_BYTES - len, "%d%d%d(%zu) ", service, notice->severity,
		 notice->kind, notice->n_alerts);
	assert_true(notice->now_seconds == check->now);
	if (model->open)
		assert_string_equal(notice->id, model->id);
	switch (notice->kind) {
	case NOTICE_ESCALATE:
		assert_int_equal(notice->severity, PAGE);
		assert_true(check->models[service][TICKET].open);
		assert_false(model->open);
		break;
	case NOTICE_FIRE:
		assert_true(!model->open || (notice->severity == TICKET && model->maybe_held));
		break;
	case NOTICE_REMIND:
		assert_true(model->open && check->now - model->last >= REMIND_SECONDS);
		break;
	default:
		assert_int_equal(notice->kind, NOTICE_RESOLVE);
		assert_true(model->open);
		assert_int_equal(check->active[service][notice->severity], 0);
		assert_true(notice->n_alerts > 0);
	}
	if (notice->kind != NOTICE_RESOLVE)
		assert_int_equal(notice->n_alerts, loud);
	model->open = notice->kind != NOTICE_RESOLVE;
	model->held = model->maybe_held = false;
	model->last = check->now;
	snprintf(model->id, sizeof(model->id), "%s", notice->id);
	return 0;
}

/* After a step without a failure nothing is owed. */
static void check_all_told(struct check *check)
{
	for (int service = 0; service < SERVICES; service++) {
		const bool hold = check->models[service][PAGE].open && check->loud[service][PAGE];

		for (enum alert_severity s = TICKET; s <= PAGE; s++) {
			struct model *model = &check->models[service][s];
			const bool held_back = s == TICKET && hold;

			if (!check->active[service][s])
				assert_false(model->open);
			if (check->loud[service][s] && !held_back) {
				assert_true(model->open);
				assert_false(model->held);
				assert_true(check->now - model->last < REMIND_SECONDS);
			}
			if (held_back && model->open)
				model->held = model->maybe_held = true;
		}
	}
}

static size_t random_alerts(struct notice_alert *alerts, struct check *check, bool silenced_all)
{
	static const char *const slos[SLOS] = {"x", "y"}, *const rules[RULES] = {"m", "n"};
	static bool active[CELLS * 2], silenced[CELLS * 2];
	size_t n = 0;

	memset(check->active, 0, sizeof(check->active));
	memset(check->loud, 0, sizeof(check->loud));
	for (int i = 0; i < CELLS * 2; i++) {
		const enum alert_severity severity = i < CELLS ? TICKET : PAGE;
		const int service = i % SERVICES;

		active[i] ^= !random_below(active[i] ? 3 : 12);
		silenced[i] = !random_below(silenced[i] ? 2 : 8) || silenced_all;
		if (!active[i])
			continue;
		check->active[service][severity]++;
		check->loud[service][severity] += !silenced[i];
		alerts[n++] = (struct notice_alert){
			service_names[service],
			slos[i / SERVICES % SLOS],
			rules[i / SERVICES / SLOS % RULES],
			severity,
			silenced[i],
		};
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
		memcpy(check_restarted.loud, check.loud, sizeof(check.loud));
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
			for (int s = 0; s < SERVICES; s++) {
				check.models[s][TICKET].maybe_held |= check.loud[s][PAGE] > 0;
				check_restarted.models[s][TICKET].maybe_held |=
					check.loud[s][PAGE] > 0;
			}
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

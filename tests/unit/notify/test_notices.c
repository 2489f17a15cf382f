/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "notify/notices.h"
#include "tests/unit/fixtures/malloc_fail.h"

#define PAGE SEVERITY_PAGE
#define TICKET SEVERITY_TICKET
#define NOTICE SEVERITY_NOTICE

enum { REMIND_SECONDS = 3600, LOG_BYTES = 4096 };

/* What was told, one word a message: "P+a shop/x" for a page's fire; e, r, - for the others. */
struct log {
	char text[LOG_BYTES];
	char ids[SEVERITY_COUNT][40]; /* of the last message of each severity */
	int fail_at; /* the call that fails, from 1 */
	int calls;
};

static int take(void *context, const struct notice *notice)
{
	static const char kinds[NOTICE_KIND_COUNT] = {'+', 'e', 'r', '-'};
	struct log *log = context;
	size_t len = strlen(log->text);

	if (++log->calls == log->fail_at)
		return -EIO;
	assert_in_range(notice->kind, 0, NOTICE_KIND_COUNT - 1);
	len += snprintf(log->text + len, LOG_BYTES - len, "%s%c%c%s", len ? " " : "",
			"NTP"[notice->severity], kinds[notice->kind], notice -> service);
	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct notice_alert *alert = &notice->alerts[i];

		assert_string_equal(alert->service, notice->service);
		assert_int_equal(alert->severity, notice->severity);
		assert_false(alert->silenced);
		len += snprintf(log->text + len, LOG_BYTES - len, "%c%s/%s", i ? ',' : ':',
				alert->slo, alert->rule);
	}
	snprintf(log->ids[notice->severity], sizeof(log->ids[0]), "%s", notice->id);
	return 0;
}

#define STEP(notices, now, log, ...)                                                               \
	({                                                                                         \
		const struct notice_alert alerts_now[] = {{0}, ##__VA_ARGS__};                     \
		(log)->text[0] = 0;                                                                \
		(log)->calls = 0;                                                                  \
		notices_step((notices), (now), alerts_now + 1,                                     \
			     sizeof(alerts_now) / sizeof(alerts_now[0]) - 1, take, (log));         \
	})

/* Steps and compares what was told. */
#define TOLD(notices, now, log, words, ...)                                                        \
	do {                                                                                       \
		assert_int_equal(STEP(notices, now, log, ##__VA_ARGS__), 0);                       \
		assert_string_equal((log)->text, words);                                           \
	} while (0)

#define ALERT(service, slo, rule, severity)                                                        \
	((struct notice_alert){service, slo, rule, severity, false})
#define SILENCED(service, slo, rule, severity)                                                     \
	((struct notice_alert){service, slo, rule, severity, true})

static struct notices *fresh(void)
{
	struct notices *notices;

	assert_int_equal(notices_new(REMIND_SECONDS, &notices), 0);
	return notices;
}

static struct notices *reload(struct notices *notices)
{
	json_t *saved = notices_save(notices), *read;
	struct notices *loaded = fresh();
	char *text;

	assert_non_null(saved);
	text = json_dumps(saved, 0);
	read = json_loads(text, 0, NULL);
	assert_int_equal(notices_load(loaded, read), 0);
	notices_free(notices);
	json_decref(saved);
	json_decref(read);
	free(text);
	return loaded;
}

static int count(void *context, const struct notice *notice)
{
	(void)notice;
	++*(int *)context;
	return 0;
}

static int n_open(const struct notices *notices)
{
	int n = 0;

	assert_int_equal(notices_each(notices, count, &n), 0);
	return n;
}

/* ---- */

TEST(one_message_for_all_slos_and_windows_of_a_service)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "P+shop:cart/burn-1h,pay/burn-1h,pay/burn-6h",
	     ALERT("shop", "pay", "burn-6h", PAGE), ALERT("shop", "cart", "burn-1h", PAGE),
	     ALERT("shop", "pay", "burn-1h", PAGE));
	/* others join, some leave: no news */
	TOLD(notices, 20, &log, "", ALERT("shop", "pay", "exhaust-4h", PAGE));
	/* what it says at the end is what it last said */
	TOLD(notices, 30, &log, "P-shop:cart/burn-1h,pay/burn-1h,pay/burn-6h");
	TOLD(notices, 40, &log, "");
	notices_free(notices);
}

TEST(services_and_severities_have_messages_of_their_own)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "T+a:x/n P+b:y/m T+c:z/o", ALERT("c", "z", "o", TICKET),
	     ALERT("b", "y", "m", PAGE), ALERT("a", "x", "n", TICKET));
	assert_int_equal(n_open(notices), 3);
	TOLD(notices, 20, &log, "P-b:y/m", ALERT("c", "z", "o", TICKET),
	     ALERT("a", "x", "n", TICKET));
	notices_free(notices);
}

TEST(each_budget_threshold_is_told_once)
{
	struct notices *notices = fresh();
	struct log log = {0};
	char id[40];

	TOLD(notices, 10, &log, "N+a:x/budget-50", ALERT("a", "x", "budget-50", NOTICE));
	snprintf(id, sizeof(id), "%s", log.ids[NOTICE]);
	assert_int_equal(n_open(notices), 1);
	TOLD(notices, 10 + 3 * REMIND_SECONDS, &log, "", ALERT("a", "x", "budget-50", NOTICE));
	TOLD(notices, 5000, &log, "N+a:x/budget-50,x/budget-80",
	     ALERT("a", "x", "budget-80", NOTICE), ALERT("a", "x", "budget-50", NOTICE));
	assert_string_equal(log.ids[NOTICE], id);
	notices = reload(notices);
	/* one that has ended, and begins again, is no news either */
	TOLD(notices, 5010, &log, "", ALERT("a", "x", "budget-50", NOTICE));
	TOLD(notices, 5020, &log, "", ALERT("a", "x", "budget-50", NOTICE),
	     ALERT("a", "x", "budget-80", NOTICE));
	/* the same threshold of another SLO is */
	TOLD(notices, 5030, &log, "N+a:x/budget-50,y/budget-50",
	     ALERT("a", "x", "budget-50", NOTICE), ALERT("a", "y", "budget-50", NOTICE));
	/* and it stands beside what pages */
	TOLD(notices, 5040, &log, "P+a:x/p", ALERT("a", "x", "budget-50", NOTICE),
	     ALERT("a", "x", "p", PAGE));
	TOLD(notices, 5050, &log, "P-a:x/p N-a:x/budget-50,y/budget-50");
	assert_string_equal(log.ids[NOTICE], id);
	assert_int_equal(n_open(notices), 0);
	notices_free(notices);
}

TEST(id_and_start_stay_from_fire_to_resolve_and_differ_the_next_time)
{
	struct notices *notices = fresh();
	struct log log = {0};
	char id[40];

	TOLD(notices, 10, &log, "P+a:x/n", ALERT("a", "x", "n", PAGE));
	snprintf(id, sizeof(id), "%s", log.ids[PAGE]);
	assert_int_equal(strlen(id), 32);
	TOLD(notices, 10 + REMIND_SECONDS, &log, "Pra:x/n", ALERT("a", "x", "n", PAGE));
	assert_string_equal(log.ids[PAGE], id);
	TOLD(notices, 5000, &log, "P-a:x/n");
	assert_string_equal(log.ids[PAGE], id);
	TOLD(notices, 6000, &log, "P+a:x/n", ALERT("a", "x", "n", PAGE));
	assert_string_not_equal(log.ids[PAGE], id);
	notices_free(notices);
}

TEST(reminds_at_the_interval_after_the_last_message)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 0, &log, "P+a:x/n", ALERT("a", "x", "n", PAGE));
	TOLD(notices, REMIND_SECONDS - 1, &log, "", ALERT("a", "x", "m", PAGE));
	TOLD(notices, REMIND_SECONDS + 5, &log, "Pra:x/m", ALERT("a", "x", "m", PAGE));
	TOLD(notices, 2 * REMIND_SECONDS + 4, &log, "", ALERT("a", "x", "m", PAGE));
	TOLD(notices, 2 * REMIND_SECONDS + 5, &log, "Pra:x/m", ALERT("a", "x", "m", PAGE));
	notices_set_remind(notices, 0);
	TOLD(notices, 20 * REMIND_SECONDS, &log, "", ALERT("a", "x", "m", PAGE));
	TOLD(notices, 21 * REMIND_SECONDS, &log, "P-a:x/m");
	notices_free(notices);
}

TEST(page_escalates_a_ticket_and_holds_it_back_until_it_resolves)
{
	struct notices *notices = fresh();
	struct log log = {0};
	char id[40];

	TOLD(notices, 0, &log, "T+a:x/t", ALERT("a", "x", "t", TICKET));
	snprintf(id, sizeof(id), "%s", log.ids[TICKET]);
	TOLD(notices, 10, &log, "Pea:x/p", ALERT("a", "x", "t", TICKET),
	     ALERT("a", "x", "p", PAGE));
	assert_string_not_equal(log.ids[PAGE], id);
	/* a page is reminded of, a ticket held back is not */
	TOLD(notices, 10 + REMIND_SECONDS, &log, "Pra:x/p", ALERT("a", "x", "t", TICKET),
	     ALERT("a", "x", "p", PAGE));
	assert_int_equal(n_open(notices), 2);
	TOLD(notices, 5000, &log, "P-a:x/p T+a:x/t", ALERT("a", "x", "t", TICKET));
	assert_string_equal(log.ids[TICKET], id);
	TOLD(notices, 4999 + REMIND_SECONDS, &log, "", ALERT("a", "x", "t", TICKET));
	TOLD(notices, 5000 + REMIND_SECONDS, &log, "Tra:x/t", ALERT("a", "x", "t", TICKET));
	TOLD(notices, 9000, &log, "T-a:x/t");
	notices_free(notices);
}

TEST(ticket_that_ends_under_a_page_resolves_at_once)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 0, &log, "T+a:x/t", ALERT("a", "x", "t", TICKET));
	TOLD(notices, 10, &log, "Pea:x/p", ALERT("a", "x", "t", TICKET),
	     ALERT("a", "x", "p", PAGE));
	TOLD(notices, 20, &log, "T-a:x/t", ALERT("a", "x", "p", PAGE));
	TOLD(notices, 30, &log, "P-a:x/p");
	notices_free(notices);
}

TEST(ticket_that_begins_under_a_page_fires_when_that_has_resolved)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 0, &log, "P+a:x/p", ALERT("a", "x", "t", TICKET), ALERT("a", "x", "p", PAGE));
	assert_int_equal(n_open(notices), 1);
	TOLD(notices, 10, &log, "P-a:x/p T+a:x/t", ALERT("a", "x", "t", TICKET));
	TOLD(notices, 20, &log, "T-a:x/t");
	/* and is never heard of if it ends before */
	TOLD(notices, 30, &log, "P+a:x/p", ALERT("a", "x", "t", TICKET),
	     ALERT("a", "x", "p", PAGE));
	TOLD(notices, 40, &log, "", ALERT("a", "x", "p", PAGE));
	TOLD(notices, 50, &log, "P-a:x/p");
	notices_free(notices);
}

TEST(silenced_alerts_are_neither_fired_nor_reminded_of_nor_resolved)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 0, &log, "", SILENCED("a", "x", "p", PAGE));
	TOLD(notices, 10, &log, "P+a:x/p", ALERT("a", "x", "p", PAGE),
	     SILENCED("a", "y", "p", PAGE));
	TOLD(notices, 10 + REMIND_SECONDS, &log, "", SILENCED("a", "x", "p", PAGE));
	assert_int_equal(n_open(notices), 1);
	/* the silence is over: a reminder is due */
	TOLD(notices, 20 + REMIND_SECONDS, &log, "Pra:x/p", ALERT("a", "x", "p", PAGE));
	TOLD(notices, 5000, &log, "", SILENCED("a", "x", "p", PAGE));
	/* ended meanwhile */
	TOLD(notices, 5010, &log, "P-a:x/p");
	TOLD(notices, 5020, &log, "", SILENCED("a", "x", "p", PAGE));
	TOLD(notices, 5030, &log, "");
	notices_free(notices);
}

TEST(silenced_page_holds_no_ticket_back)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 0, &log, "P+a:x/p", ALERT("a", "x", "p", PAGE));
	TOLD(notices, 10, &log, "T+a:x/t", SILENCED("a", "x", "p", PAGE),
	     ALERT("a", "x", "t", TICKET));
	notices_free(notices);
}

TEST(message_that_fails_comes_again_and_ends_the_step)
{
	struct notices *notices = fresh();
	struct log log = {.fail_at = 1};

	assert_int_equal(STEP(notices, 0, &log, ALERT("a", "x", "p", PAGE),
			      ALERT("b", "x", "p", PAGE)),
			 -EIO);
	assert_int_equal(log.calls, 1);
	assert_int_equal(n_open(notices), 0);
	log.fail_at = 2;
	assert_int_equal(STEP(notices, 10, &log, ALERT("a", "x", "p", PAGE),
			      ALERT("b", "x", "p", PAGE)),
			 -EIO);
	assert_string_equal(log.text, "P+a:x/p");
	log.fail_at = 0;
	TOLD(notices, 20, &log, "P+b:x/p", ALERT("a", "x", "p", PAGE), ALERT("b", "x", "p", PAGE));
	log.fail_at = 1; /* a reminder */
	assert_int_equal(STEP(notices, 10 + REMIND_SECONDS, &log, ALERT("a", "x", "p", PAGE),
			      ALERT("b", "x", "p", PAGE)),
			 -EIO);
	log.fail_at = 2; /* a resolve */
	assert_int_equal(STEP(notices, 15 + REMIND_SECONDS, &log, ALERT("a", "x", "p", PAGE)),
			 -EIO);
	assert_string_equal(log.text, "Pra:x/p");
	log.fail_at = 0;
	TOLD(notices, 20 + REMIND_SECONDS, &log, "P-b:x/p", ALERT("a", "x", "p", PAGE));
	notices_free(notices);
}

static int take_open(void *context, const struct notice *notice)
{
	struct log *log = context;

	assert_int_equal(notice->kind, NOTICE_FIRE);
	assert_true(notice->started_seconds == 10);
	assert_true(notice->now_seconds == 30);
	return take(context, notice) ?: (log->calls > 8);
}

TEST(each_open_notice_has_what_stands_behind_it_now)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "T+a:x/t P+b:x/p", ALERT("a", "x", "t", TICKET),
	     ALERT("b", "x", "p", PAGE));
	TOLD(notices, 20, &log, "", ALERT("a", "x", "u", TICKET), ALERT("b", "y", "p", PAGE));
	TOLD(notices, 30, &log, "", SILENCED("a", "x", "v", TICKET), ALERT("b", "z", "p", PAGE));
	assert_int_equal(notices_each(notices, take_open, &log), 0);
	assert_string_equal(log.text, "T+a:x/u P+b:z/p");
	log.calls = 0;
	log.fail_at = 1;
	assert_int_equal(notices_each(notices, take_open, &log), -EIO);
	notices_free(notices);
}

/* ---- over restarts ---- */

TEST(restart_repeats_and_forgets_nothing)
{
	struct notices *notices = fresh();
	struct log log = {0};
	char id[40];

	TOLD(notices, 10, &log, "T+a:x/t P+b:x/p", ALERT("a", "x", "t", TICKET),
	     ALERT("b", "x", "p", PAGE));
	TOLD(notices, 15, &log, "Pea:x/p", ALERT("a", "x", "t", TICKET), ALERT("a", "x", "p", PAGE),
	     ALERT("b", "x", "p", PAGE));
	snprintf(id, sizeof(id), "%s", log.ids[PAGE]);
	notices = reload(notices);
	TOLD(notices, 20, &log, "", ALERT("a", "x", "t", TICKET), ALERT("a", "x", "p", PAGE),
	     ALERT("b", "x", "p", PAGE));
	notices = reload(notices);
	/* held back before the restart, fires again after it */
	TOLD(notices, 30, &log, "P-a:x/p T+a:x/t P-b:x/p", ALERT("a", "x", "t", TICKET));
	notices = reload(notices);
	TOLD(notices, 29 + REMIND_SECONDS, &log, "", ALERT("a", "x", "t", TICKET));
	TOLD(notices, 30 + REMIND_SECONDS, &log, "Tra:x/t", ALERT("a", "x", "t", TICKET));
	notices_free(notices);
}

TEST(unreadable_state_is_refused_whole)
{
#define GOOD                                                                                       \
	"{\"id\":\"1\",\"service\":\"a\",\"severity\":\"page\",\"started\":1.0,\"last\":1.0,"      \
	"\"held\":false,\"told\":[{\"slo\":\"x\",\"rule\":\"p\"}],\"now\":[{\"slo\":\"x\","        \
	"\"rule\":\"p\"}]}"
#define WITH(list) "{\"version\":1,\"now\":5.0,\"notices\":[" list "]}"
	static const char *const bad[] = {
		"{}",
		"[]",
		"{\"version\":2,\"now\":5.0,\"notices\":[]}",
		"{\"version\":1,\"now\":5.0,\"notices\":{}}",
		"{\"version\":1,\"notices\":[]}",
		WITH("1"),
		WITH(GOOD ",{}"),
		WITH(GOOD "," GOOD),
		WITH(GOOD ",{\"id\":\"\",\"service\":\"b\",\"severity\":\"page\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[{\"slo\":\"x\",\"rule\":\"p\"}],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
		WITH(GOOD ",{\"id\":\"2\",\"service\":\"b\",\"severity\":\"fatal\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[{\"slo\":\"x\",\"rule\":\"p\"}],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
		WITH(GOOD ",{\"id\":\"2\",\"service\":\"b\",\"severity\":\"page\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
		WITH(GOOD ",{\"id\":\"2\",\"service\":\"b\",\"severity\":\"page\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[{\"slo\":\"x\"}],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
	};
	struct notices *notices = fresh();
	json_t *saved;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		saved = json_loads(bad[i], 0, NULL);
		assert_non_null(saved);
		assert_int_equal(notices_load(notices, saved), -EINVAL);
		assert_int_equal(n_open(notices), 0);
		json_decref(saved);
	}
	saved = json_loads(WITH(GOOD), 0, NULL);
	assert_int_equal(notices_load(notices, saved), 0);
	assert_int_equal(n_open(notices), 1);
	assert_int_equal(notices_load(notices, saved), -EINVAL); /* not an empty one */
	assert_int_equal(n_open(notices), 1);
	json_decref(saved);
	notices_free(notices);
}

/* Walks every allocation that a step, a save and a load make. */
TEST(out_of_memory_loses_no_message)
{
	struct notices *notices = fresh();
	struct log log = {0};
	unsigned long n;
	json_t *saved;
	int r;

	json_set_alloc_funcs(malloc, free);
	for (n = 1;; n++) {
		n_allocations = 0;
		fail_at = n;
		r = STEP(notices, 10, &log, ALERT("a", "x", "t", TICKET),
			 ALERT("b", "x", "p", PAGE));
		fail_at = 0;
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(n > 5);
	assert_int_equal(n_open(notices), 2);
	for (n = 1, saved = NULL; !saved; n++) {
		n_allocations = 0;
		fail_at = n;
		saved = notices_save(notices);
		fail_at = 0;
	}
	assert_true(n > 5);
	notices_free(notices);
	/* json_unpack() goes on without memory that it could do without: it is left out */
	json_set_alloc_funcs(__real_malloc, free);
	for (n = 1, notices = NULL;; n++) {
		notices = fresh();
		n_allocations = 0;
		fail_at = n;
		r = notices_load(notices, saved);
		fail_at = 0;
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(n_open(notices), 0);
		notices_free(notices);
	}
	assert_true(n > 5);
	assert_int_equal(n_open(notices), 2);
	json_decref(saved);
	notices_free(notices);
}

/* ---- properties ---- */

enum { SERVICES = 3, SLOS = 2, RULES = 2, CELLS = SERVICES * SLOS * RULES, STEPS = 400 };

static uint64_t random_state;

static unsigned int random_below(unsigned int n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(random_state >> 33) % n;
}

/* What one service and severity may say, told by the messages alone. */
struct model {
	bool open;
	bool held; /* a page took over since the last message */
	bool maybe_held; /* the same, or a step failed in which it might have */
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
		const size_t j = random_below((unsigned int)i);
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
		random_state = (uint64_t)seed;
		random_steps();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_for_all_slos_and_windows_of_a_service),
		cmocka_unit_test(services_and_severities_have_messages_of_their_own),
		cmocka_unit_test(each_budget_threshold_is_told_once),
		cmocka_unit_test(id_and_start_stay_from_fire_to_resolve_and_differ_the_next_time),
		cmocka_unit_test(reminds_at_the_interval_after_the_last_message),
		cmocka_unit_test(page_escalates_a_ticket_and_holds_it_back_until_it_resolves),
		cmocka_unit_test(ticket_that_ends_under_a_page_resolves_at_once),
		cmocka_unit_test(ticket_that_begins_under_a_page_fires_when_that_has_resolved),
		cmocka_unit_test(silenced_alerts_are_neither_fired_nor_reminded_of_nor_resolved),
		cmocka_unit_test(silenced_page_holds_no_ticket_back),
		cmocka_unit_test(message_that_fails_comes_again_and_ends_the_step),
		cmocka_unit_test(each_open_notice_has_what_stands_behind_it_now),
		cmocka_unit_test(restart_repeats_and_forgets_nothing),
		cmocka_unit_test(unreadable_state_is_refused_whole),
		cmocka_unit_test(messages_of_any_sequence_obey_the_contract),
		cmocka_unit_test(out_of_memory_loses_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Which alerts make which notices. */
#include "tests/unit/notify/notices_fixture.h"

TEST(one_message_for_all_slos_and_windows_of_a_service)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "P+shop:cart/burn-1h,pay/burn-1h,pay/burn-6h",
	     ALERT("shop", "pay", "burn-6h", PAGE), ALERT("shop", "cart", "burn-1h", PAGE),
	     ALERT("shop", "pay", "burn-1h", PAGE));
	/* other alerts of an SLO come, some go: no news */
	TOLD(notices, 20, &log, "", ALERT("shop", "pay", "exhaust-4h", PAGE),
	     ALERT("shop", "cart", "burn-6h", PAGE));
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
	TOLD(notices, 5030, &log, "Nja:y/budget-50|x/budget-50",
	     ALERT("a", "x", "budget-50", NOTICE), ALERT("a", "y", "budget-50", NOTICE));
	/* and it stands beside what pages */
	TOLD(notices, 5040, &log, "P+a:x/p Nla:y/budget-50|x/budget-50",
	     ALERT("a", "x", "budget-50", NOTICE), ALERT("a", "x", "p", PAGE));
	TOLD(notices, 5050, &log, "P-a:x/p N-a:x/budget-50");
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
	TOLD(notices, 20, &log, "Pjb:y/p|x/p", ALERT("a", "x", "u", TICKET),
	     ALERT("b", "y", "p", PAGE), ALERT("b", "x", "p", PAGE));
	TOLD(notices, 30, &log, "", SILENCED("a", "x", "v", TICKET), ALERT("b", "y", "q", PAGE),
	     SILENCED("b", "x", "p", PAGE));
	assert_int_equal(notices_each(notices, take_open, &log), 0);
	assert_string_equal(log.text, "T+a:x/u P+b:y/q,x/p");
	log.calls = 0;
	log.fail_at = 1;
	assert_int_equal(notices_each(notices, take_open, &log), -EIO);
	notices_free(notices);
}

/* ---- SLOs that begin and end under an open notice ---- */

TEST(each_slo_that_begins_is_told_once_and_first)
{
	struct notices *notices = fresh();
	struct log log = {0};
	char id[40];

	TOLD(notices, 10, &log, "P+a:pay/n", ALERT("a", "pay", "n", PAGE));
	snprintf(id, sizeof(id), "%s", log.ids[PAGE]);
	TOLD(notices, 20, &log, "Pja:zoo/m,zoo/n|pay/n", ALERT("a", "pay", "n", PAGE),
	     ALERT("a", "zoo", "n", PAGE), ALERT("a", "zoo", "m", PAGE));
	assert_string_equal(log.ids[PAGE], id);
	TOLD(notices, 30, &log, "", ALERT("a", "pay", "n", PAGE), ALERT("a", "zoo", "m", PAGE));
	/* two at once are one message */
	TOLD(notices, 40, &log, "Pja:b/n,c/n|pay/n,zoo/m", ALERT("a", "pay", "n", PAGE),
	     ALERT("a", "zoo", "m", PAGE), ALERT("a", "b", "n", PAGE), ALERT("a", "c", "n", PAGE));
	/* it is the last message: a reminder comes its time after it */
	TOLD(notices, 39 + REMIND_SECONDS, &log, "", ALERT("a", "pay", "n", PAGE),
	     ALERT("a", "zoo", "m", PAGE), ALERT("a", "b", "n", PAGE), ALERT("a", "c", "n", PAGE));
	TOLD(notices, 40 + REMIND_SECONDS, &log, "Pra:b/n,c/n,pay/n,zoo/m",
	     ALERT("a", "pay", "n", PAGE), ALERT("a", "zoo", "m", PAGE), ALERT("a", "b", "n", PAGE),
	     ALERT("a", "c", "n", PAGE));
	notices_free(notices);
}

TEST(each_slo_that_ends_is_told_once_and_first)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "P+a:x/m,x/n,y/n,z/n", ALERT("a", "x", "n", PAGE),
	     ALERT("a", "x", "m", PAGE), ALERT("a", "y", "n", PAGE), ALERT("a", "z", "n", PAGE));
	TOLD(notices, 20, &log, "", ALERT("a", "x", "m", PAGE), ALERT("a", "y", "n", PAGE),
	     ALERT("a", "z", "n", PAGE));
	TOLD(notices, 30, &log, "Pla:x/m,x/n|y/n,z/n", ALERT("a", "y", "n", PAGE),
	     ALERT("a", "z", "n", PAGE));
	TOLD(notices, 40, &log, "", ALERT("a", "y", "n", PAGE), ALERT("a", "z", "n", PAGE));
	/* it begins again */
	TOLD(notices, 50, &log, "Pja:x/m|y/n,z/n", ALERT("a", "x", "m", PAGE),
	     ALERT("a", "y", "n", PAGE), ALERT("a", "z", "n", PAGE));
	/* the last ones end together */
	TOLD(notices, 60, &log, "Pla:z/n|x/m,y/n", ALERT("a", "x", "m", PAGE),
	     ALERT("a", "y", "n", PAGE));
	TOLD(notices, 70, &log, "P-a:x/m,y/n");
	notices_free(notices);
}

TEST(one_that_begins_and_one_that_ends_in_a_step_are_told_each)
{
	struct notices *notices = fresh();
	struct log log = {.fail_at = 2};
	char id[40];

	TOLD(notices, 10, &log, "P+a:x/n", ALERT("a", "x", "n", PAGE));
	snprintf(id, sizeof(id), "%s", log.ids[PAGE]);
	/* if the second message fails, it alone comes again */
	assert_int_equal(STEP(notices, 20, &log, ALERT("a", "y", "n", PAGE)), -EIO);
	assert_string_equal(log.text, "Pja:y/n");
	notices = reload(notices);
	log.fail_at = 0;
	TOLD(notices, 30, &log, "Pla:x/n|y/n", ALERT("a", "y", "n", PAGE));
	assert_string_equal(log.ids[PAGE], id);
	TOLD(notices, 40, &log, "P-a:y/n");
	notices_free(notices);
}

TEST(silences_are_of_each_slo)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "P+a:x/n", ALERT("a", "x", "n", PAGE),
	     SILENCED("a", "y", "n", PAGE));
	/* its silence has ended */
	TOLD(notices, 20, &log, "Pja:y/n|x/n", ALERT("a", "x", "n", PAGE),
	     ALERT("a", "y", "n", PAGE));
	/* one that was told and is silenced then is told of when it ends */
	TOLD(notices, 30, &log, "", SILENCED("a", "x", "n", PAGE), ALERT("a", "y", "n", PAGE));
	TOLD(notices, 40, &log, "Pla:y/n", SILENCED("a", "x", "n", PAGE));
	TOLD(notices, 50, &log, "", ALERT("a", "x", "n", PAGE));
	TOLD(notices, 60, &log, "P-a:x/n");
	/* one that never was told keeps nothing open */
	TOLD(notices, 70, &log, "P+a:x/n", ALERT("a", "x", "n", PAGE),
	     SILENCED("a", "y", "n", PAGE));
	TOLD(notices, 80, &log, "P-a:x/n", SILENCED("a", "y", "n", PAGE));
	TOLD(notices, 90, &log, "");
	notices_free(notices);
}

TEST(page_holds_back_the_tickets_of_its_own_slo)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "T+a:x/t,y/t", ALERT("a", "x", "t", TICKET),
	     ALERT("a", "y", "t", TICKET));
	TOLD(notices, 20, &log, "Pea:x/p Tja:z/t|y/t", ALERT("a", "x", "p", PAGE),
	     ALERT("a", "x", "t", TICKET), ALERT("a", "y", "t", TICKET),
	     ALERT("a", "z", "t", TICKET));
	TOLD(notices, 30, &log, "P-a:x/p Tja:x/t|y/t,z/t", ALERT("a", "x", "t", TICKET),
	     ALERT("a", "y", "t", TICKET), ALERT("a", "z", "t", TICKET));
	/* of those that are held back the end is told at once */
	TOLD(notices, 40, &log, "Pea:x/p", ALERT("a", "x", "p", PAGE), ALERT("a", "x", "t", TICKET),
	     ALERT("a", "y", "t", TICKET), ALERT("a", "z", "t", TICKET));
	TOLD(notices, 50, &log, "Tla:x/t|y/t,z/t", ALERT("a", "x", "p", PAGE),
	     ALERT("a", "y", "t", TICKET), ALERT("a", "z", "t", TICKET));
	notices_free(notices);
}

TEST(slo_keeps_the_time_at_which_it_began)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "P+a:x/n", ALERT("a", "x", "n", PAGE));
	TOLD(notices, 20, &log, "Pja:y/n|x/n", ALERT("a", "x", "n", PAGE),
	     ALERT("a", "y", "n", PAGE));
	assert_true(log.started[0] == 20 && log.started[1] == 10);
	notices = reload(notices);
	TOLD(notices, 30, &log, "Pla:x/n|y/m", ALERT("a", "y", "m", PAGE));
	assert_true(log.started[0] == 10 && log.started[1] == 20);
	TOLD(notices, 40, &log, "P-a:y/m");
	assert_true(log.started[0] == 20);
	notices_free(notices);
}

/* ---- what concerns the host ---- */

TEST(host_has_one_notice_whatever_services_stand_behind_it)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "T+sliprobe:x/coverage,z/coverage",
	     OF_HOST("b", "z", "coverage", TICKET), OF_HOST("a", "x", "coverage", TICKET));
	assert_int_equal(n_open(notices), 1);
	notices = reload(notices);
	/* others come and go */
	TOLD(notices, 20, &log, "", OF_HOST("a", "y", "coverage", TICKET),
	     OF_HOST("c", "w", "coverage", TICKET));
	TOLD(notices, 10 + REMIND_SECONDS, &log, "Trsliprobe:y/coverage,w/coverage",
	     OF_HOST("a", "y", "coverage", TICKET), OF_HOST("c", "w", "coverage", TICKET));
	notices = reload(notices);
	TOLD(notices, 5000, &log, "T-sliprobe:y/coverage,w/coverage");
	notices_free(notices);
}

TEST(service_and_host_have_notices_of_their_own)
{
	struct notices *notices = fresh();
	struct log log = {0};

	/* also a service that is named as the host's notice is */
	TOLD(notices, 10, &log, "T+sliprobe:x/coverage T+a:x/t P+sliprobe:s/p",
	     OF_HOST("a", "x", "coverage", TICKET), ALERT("a", "x", "t", TICKET),
	     ALERT("sliprobe", "s", "p", PAGE));
	/* a page holds nothing of the host back */
	TOLD(notices, 20, &log, "Pea:x/p", OF_HOST("a", "x", "coverage", TICKET),
	     ALERT("a", "x", "t", TICKET), ALERT("a", "x", "p", PAGE),
	     ALERT("sliprobe", "s", "p", PAGE));
	notices = reload(notices);
	TOLD(notices, 30, &log, "T-sliprobe:x/coverage P-sliprobe:s/p",
	     ALERT("a", "x", "t", TICKET), ALERT("a", "x", "p", PAGE));
	notices_free(notices);
}

TEST(silences_of_some_services_leave_the_host_s_notice)
{
	struct notices *notices = fresh();
	struct log log = {0};

	TOLD(notices, 10, &log, "", HOST_SILENCED("a", "x", "coverage", TICKET));
	TOLD(notices, 20, &log, "T+sliprobe:y/coverage",
	     HOST_SILENCED("a", "x", "coverage", TICKET), OF_HOST("b", "y", "coverage", TICKET));
	TOLD(notices, 30, &log, "", HOST_SILENCED("a", "x", "coverage", TICKET),
	     HOST_SILENCED("b", "y", "coverage", TICKET));
	TOLD(notices, 40, &log, "T-sliprobe:y/coverage");
	notices_free(notices);
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
		cmocka_unit_test(each_slo_that_begins_is_told_once_and_first),
		cmocka_unit_test(each_slo_that_ends_is_told_once_and_first),
		cmocka_unit_test(one_that_begins_and_one_that_ends_in_a_step_are_told_each),
		cmocka_unit_test(silences_are_of_each_slo),
		cmocka_unit_test(page_holds_back_the_tickets_of_its_own_slo),
		cmocka_unit_test(slo_keeps_the_time_at_which_it_began),
		cmocka_unit_test(host_has_one_notice_whatever_services_stand_behind_it),
		cmocka_unit_test(service_and_host_have_notices_of_their_own),
		cmocka_unit_test(silences_of_some_services_leave_the_host_s_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

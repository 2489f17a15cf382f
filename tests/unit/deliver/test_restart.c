/* SPDX-License-Identifier: GPL-2.0-only */
/* Queues over other configurations and restarts of the agent. */
#include "tests/unit/deliver/deliver_fixture.h"

TEST(other_receivers_keep_the_queues_of_those_that_stay)
{
	const struct config_receiver first = {.kind = RECEIVER_JOURNAL};

	webhook(0);
	webhook(1);
	f.servers[0].status = f.servers[1].status = 500;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") + reported(&f, 1, "failed") == 2));
	assert_int_equal(f.n_kept, 2);
	/* the second stays and has another place, the first goes */
	f.receivers[0] = first;
	f.receivers[1].timeout_ns = 1000000000ULL;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(f.n_kept, 1);
	assert_string_equal(reported_text(&f, 0, -1, "receiver"), "journal");
	assert_int_equal(reported(&f, 1, "waiting"), 1);
	assert_int_equal(reported(&f, 1, "failed"), 1);
	f.servers[1].status = 200;
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 1));
	assert_int_equal(f.servers[0].n_requests, 1);
	assert_int_equal(f.n_kept, 0);
}

TEST(receiver_that_goes_ends_what_is_under_way)
{
	webhook(0);
	f.servers[0].answer = ANSWER_NEVER;
	start();
	send_message(&f, "1", "fire");
	turn_for(&f, 0.1);
	assert_int_equal(f.servers[0].n_requests, 1);
	f.config.n_receivers = 0;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(f.n_kept, 0);
	assert_int_equal(deliver_timeout_ms(f.deliver, now_of(&f)), -1);
	turn_for(&f, 0.05);
}

TEST(queue_survives_a_restart_in_its_order)
{
	webhook(0);
	f.servers[0].status = 500;
	start();
	send_message(&f, "1", "fire");
	send_message(&f, "1", "resolve");
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_int_equal(f.n_kept, 3);
	restart();
	assert_int_equal(reported(&f, 0, "waiting"), 3);
	assert_int_equal(f.n_kept, 3);
	send_message(&f, "3", "fire"); /* behind them */
	f.servers[0].status = 200;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 4));
	assert_int_equal(f.n_kept, 0);
	assert_non_null(strstr(server_body(&f.servers[0], 1), "\"fire\""));
	assert_non_null(strstr(server_body(&f.servers[0], 2), "\"resolve\""));
	assert_string_equal(id_of(&f.servers[0], 3), "2");
	assert_string_equal(id_of(&f.servers[0], 4), "3");
}

TEST(new_messages_go_behind_kept_ones_though_the_clock_went_back)
{
	static const char key[] = "09000000000000000000";
	json_t *saved;
	char *text;

	webhook(0);
	start();
	send_message(&f, "1", "fire");
	saved = json_loads(f.kept[0].text, 0, NULL);
	json_object_set_new(saved, "number", json_integer(9000000000000000000));
	text = json_dumps(saved, 0);
	while (f.n_kept)
		kept_drop(&f, f.kept[0].key);
	kept_keep(&f, key, text);
	free(text);
	json_decref(saved);
	restart();
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_string_equal(id_of(&f.servers[0], 0), "1");
	assert_string_equal(id_of(&f.servers[0], 1), "2");
}

TEST(what_was_kept_for_a_day_is_given_up)
{
	json_t *saved;
	char key[64], *text;

	add_url(&f, RECEIVER_WEBHOOK, server_free_port());
	start();
	send_message(&f, "1", "fire");
	snprintf(key, sizeof(key), "%s", f.kept[0].key);
	saved = json_loads(f.kept[0].text, 0, NULL);
	json_object_set_new(saved, "first_unix",
			    json_real((double)time(NULL) - DELIVER_GIVE_UP_SECONDS - 1));
	text = json_dumps(saved, 0);
	kept_keep(&f, key, text);
	free(text);
	json_decref(saved);
	restart();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == 1));
	assert_int_equal(reported(&f, 0, "failed"), 0);
	assert_int_equal(f.n_kept, 0);
}

TEST(kept_for_others_or_unreadable_is_dropped)
{
	webhook(0);
	start();
	send_message(&f, "1", "fire");
	f.urls[0][strlen(f.urls[0]) - 1] = '2';
	restart();
	assert_int_equal(f.n_kept, 0);
	assert_int_equal(reported(&f, 0, "waiting"), 0);
	kept_keep(&f, "k", "x");
	assert_int_equal(deliver_restore(f.deliver, "k", "{]", 1), -EINVAL);
	assert_int_equal(f.n_kept, 0);
	assert_int_equal(deliver_restore(f.deliver, "k", "{}", 1), -EINVAL);
	assert_int_equal(deliver_restore(f.deliver, "k",
					 "{\"version\":1,\"receiver\":\"journal\",\"number\":-1,"
					 "\"attempts\":0,\"first_unix\":1.0,\"message\":{}}",
					 1),
			 -EINVAL);
}

/* ---- receivers that come while something is open ---- */

/* What is open: a page and a ticket. */
static void introduce(void)
{
	json_t *list =
		json_pack("[o, o]", message("1", "fire", "page"), message("2", "fire", "ticket"));

	assert_int_equal(deliver_introduce(f.deliver, list, now_of(&f)), 0);
	assert_false(deliver_has_newcomers(f.deliver));
	json_decref(list);
}

static void introduce_none(void)
{
	json_t *none = json_array();

	assert_int_equal(deliver_introduce(f.deliver, none, now_of(&f)), 0);
	json_decref(none);
}

TEST(receiver_that_is_added_is_told_what_is_open_once)
{
	webhook(0);
	start();
	introduce_none();
	webhook(1);
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_true(deliver_has_newcomers(f.deliver));
	introduce();
	introduce();
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 2));
	assert_string_equal(id_of(&f.servers[1], 0), "1");
	assert_string_equal(id_of(&f.servers[1], 1), "2");
	assert_int_equal(reported(&f, 0, "sent") + reported(&f, 0, "waiting"), 0);
	/* also over restarts, and for one that was told nothing yet */
	restart();
	assert_false(deliver_has_newcomers(f.deliver));
	introduce();
	turn_for(&f, 0.05);
	assert_int_equal(f.servers[0].n_requests, 0);
	assert_int_equal(f.servers[1].n_requests, 2);
}

TEST(receiver_that_is_added_between_two_agents_is_told_what_is_open)
{
	webhook(0);
	start();
	introduce_none();
	deliver_keep_books(f.deliver);
	webhook(1);
	restart();
	introduce();
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 2));
	assert_int_equal(f.servers[0].n_requests, 0);
}

TEST(receiver_that_wants_more_is_told_what_is_open_of_that)
{
	webhook(0);
	f.receivers[0].severities = 1U << SEVERITY_PAGE;
	start();
	introduce();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	f.receivers[0].severities |= 1U << SEVERITY_TICKET;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	introduce();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_string_equal(id_of(&f.servers[0], 0), "1");
	assert_string_equal(id_of(&f.servers[0], 1), "2");
	/* who did not want it for a while does not know it */
	f.receivers[0].severities = 1U << SEVERITY_TICKET;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	introduce();
	f.receivers[0].severities |= 1U << SEVERITY_PAGE;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	introduce();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 3));
	assert_string_equal(id_of(&f.servers[0], 2), "1");
}

TEST(alertmanager_that_is_added_is_told_by_what_is_open)
{
	server_open(&f.servers[0], 0);
	add_url(&f, RECEIVER_ALERTMANAGER, f.servers[0].port);
	start();
	introduce();
	turn_for(&f, 0.05);
	assert_int_equal(f.servers[0].n_requests, 0);
}

TEST(books_of_an_older_agent_are_of_one_who_knows)
{
	char key[96];

	webhook(0);
	start();
	snprintf(key, sizeof(key), "books webhook %s", f.urls[0]);
	restore(key,
		"{\"version\":1,\"sent\":1,\"failed\":0,\"given_up\":0,\"last_sent_unix\":1.0,"
		"\"last_error_unix\":0.0,\"last_error\":\"\",\"recent\":[]}",
		0);
	assert_false(deliver_has_newcomers(f.deliver));
	assert_int_equal(reported(&f, 0, "sent"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(receiver_that_is_added_is_told_what_is_open_once),
		WITH_SETUP(receiver_that_is_added_between_two_agents_is_told_what_is_open),
		WITH_SETUP(receiver_that_wants_more_is_told_what_is_open_of_that),
		WITH_SETUP(alertmanager_that_is_added_is_told_by_what_is_open),
		WITH_SETUP(books_of_an_older_agent_are_of_one_who_knows),
		WITH_SETUP(other_receivers_keep_the_queues_of_those_that_stay),
		WITH_SETUP(receiver_that_goes_ends_what_is_under_way),
		WITH_SETUP(queue_survives_a_restart_in_its_order),
		WITH_SETUP(new_messages_go_behind_kept_ones_though_the_clock_went_back),
		WITH_SETUP(what_was_kept_for_a_day_is_given_up),
		WITH_SETUP(kept_for_others_or_unreadable_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

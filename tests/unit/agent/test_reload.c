/* SPDX-License-Identifier: GPL-2.0-only */
/* What a reload says of a changed `agent:`. */
#include <errno.h>
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "agent/reload.h"
#include "base/duration.h"

static char socket_a[] = "/run/a.sock", socket_b[] = "/run/b.sock", dir[] = "/var/lib/a";
static char listen_text[] = "127.0.0.1:9464", file[] = "a.yaml";

static struct config config_of(char *socket, uint64_t interval_seconds)
{
	return (struct config){
		.file = file,
		.agent =
			{
				.socket = socket,
				.state_dir = dir,
				.interval_ns = interval_seconds * DURATION_S_NS,
				.unanswered_after_ns = 60 * DURATION_S_NS,
			},
		.n_services = 2,
		.n_slos = 3,
	};
}

TEST(what_is_the_same_is_not_told)
{
	const struct config config = config_of(socket_a, 10);
	struct reloads reloads = {};
	struct reload told;

	assert_int_equal(reloads_begin(&reloads, &config), 0);
	assert_int_equal(reloads_tell(&reloads, &config.agent, &config, &told), 0);
	assert_string_equal(told.config, "a.yaml");
	assert_int_equal(told.services, 2);
	assert_int_equal(told.slos, 3);
	assert_int_equal(told.applied.n, 0);
	assert_int_equal(told.takes_restart.n, 0);
	reload_clear(&told);
	reloads_clear(&reloads);
}

/* The socket is compared with that of the start: a second reload says it again. */
TEST(what_takes_a_restart_is_told_each_time)
{
	const struct config first = config_of(socket_a, 10);
	struct config second = config_of(socket_b, 10);
	struct reloads reloads = {};
	struct reload told;

	second.agent.metrics_listen = listen_text;
	assert_int_equal(reloads_begin(&reloads, &first), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(reloads_tell(&reloads, i ? &second.agent : &first.agent, &second,
					      &told),
				 0);
		assert_int_equal(told.applied.n, 0);
		assert_int_equal(told.takes_restart.n, 2);
		assert_string_equal(told.takes_restart.text[0],
				    "agent.socket is now /run/b.sock; until a restart /run/a.sock "
				    "stays in use");
		assert_string_equal(told.takes_restart.text[1],
				    "agent.metrics_listen is now 127.0.0.1:9464; until a restart "
				    "none stays in use");
		reload_clear(&told);
	}
	reloads_clear(&reloads);
	assert_int_equal(reloads_begin(&reloads, &second), 0);
	assert_int_equal(reloads_tell(&reloads, &second.agent, &first, &told), 0);
	assert_string_equal(told.takes_restart.text[1],
			    "agent.metrics_listen is now not given; until a restart "
			    "127.0.0.1:9464 stays in use");
	reload_clear(&told);
	reloads_clear(&reloads);
}

TEST(what_is_applied_is_told_once)
{
	const struct config first = config_of(socket_a, 10);
	struct config second = config_of(socket_a, 60);
	struct reloads reloads = {};
	struct reload told;

	second.agent.unanswered_after_ns = 5 * DURATION_S_NS;
	assert_int_equal(reloads_begin(&reloads, &first), 0);
	assert_int_equal(reloads_tell(&reloads, &first.agent, &second, &told), 0);
	assert_int_equal(told.takes_restart.n, 0);
	assert_int_equal(told.applied.n, 2);
	assert_string_equal(told.applied.text[0], "agent.interval: 1m instead of 10s");
	assert_string_equal(told.applied.text[1], "agent.unanswered_after: 5s instead of 1m");
	reload_clear(&told);
	assert_int_equal(reloads_tell(&reloads, &second.agent, &second, &told), 0);
	assert_int_equal(told.applied.n, 0);
	reload_clear(&told);
	reloads_clear(&reloads);
}

TEST(a_refusal_stands_until_a_reload_succeeds)
{
	const struct config config = config_of(socket_a, 10);
	const struct error why = {"a.yaml:1: no"}, silent = {""};
	struct reloads reloads = {};

	assert_int_equal(reloads_begin(&reloads, &config), 0);
	assert_true(isnan(reloads.refused_at));
	reloads_note(&reloads, -EINVAL, &why, 5);
	assert_int_equal(reloads.refused, 1);
	assert_true(reloads.refused_at == 5);
	assert_string_equal(reloads.refusal.text, "a.yaml:1: no");
	reloads_note(&reloads, -ENOMEM, &silent, 6);
	assert_int_equal(reloads.refused, 2);
	assert_string_equal(reloads.refusal.text, "Cannot allocate memory");
	reloads_note(&reloads, 0, &silent, 7);
	assert_true(isnan(reloads.refused_at));
	assert_int_equal(reloads.applied, 1);
	assert_int_equal(reloads.refused, 2);
	reloads_clear(&reloads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_the_same_is_not_told),
		cmocka_unit_test(what_takes_a_restart_is_told_each_time),
		cmocka_unit_test(what_is_applied_is_told_once),
		cmocka_unit_test(a_refusal_stands_until_a_reload_succeeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

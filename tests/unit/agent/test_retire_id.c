/* SPDX-License-Identifier: GPL-2.0-only */
/* When an endpoint's id may be given back, look by look. */
#include "tests/unit/fixtures/test.h"
#include "agent/retire_id.h"

static struct retire_id id;

static int setup(void **state)
{
	(void)state;
	id = (struct retire_id){};
	return 0;
}

/* Nothing listens for it, and nobody was met. */
static struct retire_look gone(double now)
{
	return (struct retire_look){.listed = true, .now_seconds = now};
}

/* It is not on the list, nor spare. */
static struct retire_look off(bool met)
{
	return (struct retire_look){.met = met};
}

static bool look(struct retire_look at)
{
	return retire_id_look(&id, &at);
}

TEST(it_is_unlisted_when_it_was_gone_for_five_minutes)
{
	assert_false(look(gone(1000)));
	assert_false(look(gone(1299)));
	assert_true(look(gone(1300)));
	assert_true(id.unlisted);
	assert_false(id.unused);
}

TEST(a_listener_or_a_connection_begins_the_time_anew)
{
	struct retire_look listens = gone(1299), met = gone(1700);

	listens.listens = true;
	met.met = true;
	assert_false(look(gone(1000)));
	assert_false(look(listens));
	assert_false(look(gone(1300)));
	assert_false(look(gone(1599)));
	assert_false(look(met));
	assert_false(look(gone(1701)));
	assert_false(look(gone(2000)));
	assert_true(look(gone(2001)));
}

TEST(with_many_ids_given_out_it_is_unlisted_at_once)
{
	struct retire_look at = gone(1000);

	at.pressed = true;
	at.met = true;
	assert_false(look(at));
	at.met = false;
	assert_true(look(at));
}

TEST(unlisted_it_is_unused_at_a_later_look_that_meets_nobody)
{
	struct retire_look at = gone(1000);

	at.pressed = true;
	assert_true(look(at));
	look(off(true));
	assert_false(id.unused);
	look(off(false));
	assert_true(id.unused);
	/* a process that was in the middle of it has come back */
	look(off(true));
	assert_false(id.unused);
	assert_true(id.unlisted);
}

/* Left by an agent that was killed, or given out twice at once. */
TEST(without_an_endpoint_it_is_unlisted_and_unused_at_the_next_look)
{
	assert_false(look(off(false)));
	assert_true(id.unlisted);
	assert_false(id.unused);
	look(off(false));
	assert_true(id.unused);
}

TEST(spare_or_listed_again_it_is_as_new)
{
	struct retire_look spare = {.spare = true}, again = gone(1000);

	look(off(false));
	look(off(false));
	assert_false(look(spare));
	assert_false(id.unlisted || id.unused || id.gone);
	look(off(false));
	again.listens = true;
	assert_false(look(again));
	assert_false(id.unlisted || id.unused || id.gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_is_unlisted_when_it_was_gone_for_five_minutes, setup),
		cmocka_unit_test_setup(a_listener_or_a_connection_begins_the_time_anew, setup),
		cmocka_unit_test_setup(with_many_ids_given_out_it_is_unlisted_at_once, setup),
		cmocka_unit_test_setup(unlisted_it_is_unused_at_a_later_look_that_meets_nobody,
				       setup),
		cmocka_unit_test_setup(
			without_an_endpoint_it_is_unlisted_and_unused_at_the_next_look, setup),
		cmocka_unit_test_setup(spare_or_listed_again_it_is_as_new, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

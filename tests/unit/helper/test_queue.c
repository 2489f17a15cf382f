/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that wait to be looked at: bounded, and no faster than said. */
#include "tests/unit/fixtures/test.h"
#include "helper/queue.h"

static struct queue queue;

static struct tls_packet_look look(__u32 tgid)
{
	return (struct tls_packet_look){.tgid = tgid};
}

static int setup(__attribute__((unused)) void **state)
{
	queue_init(&queue, 100);
	return 0;
}

static int teardown(__attribute__((unused)) void **state)
{
	return 0;
}

TEST(first_come_first_served)
{
	struct tls_packet_look got;

	assert_int_equal(queue_wait_ms(&queue, 100), -1);
	assert_false(queue_take(&queue, 100, &got));
	for (__u32 i = 1; i <= 3; i++) {
		const struct tls_packet_look one = look(i);

		assert_true(queue_add(&queue, &one));
	}
	assert_int_equal(queue_wait_ms(&queue, 100), 0);
	for (__u32 i = 1; i <= 3; i++) {
		assert_true(queue_take(&queue, 100, &got));
		assert_int_equal(got.tgid, i);
	}
	assert_false(queue_take(&queue, 100, &got));
}

TEST(who_waits_already_waits_once)
{
	struct tls_packet_look one = look(7), got;

	assert_true(queue_add(&queue, &one));
	one.allow_executable = 1;
	one.why = TLS_WANTED_SPEAKS;
	assert_true(queue_add(&queue, &one));
	one.start_ns = 1; /* another process of that number */
	assert_true(queue_add(&queue, &one));
	assert_int_equal(queue.n, 2);
	assert_true(queue_take(&queue, 100, &got));
	assert_int_equal(got.allow_executable, 1);
	assert_int_equal(got.why, TLS_WANTED_SPEAKS);
	assert_int_equal(got.start_ns, 0);
}

TEST(room_is_bounded)
{
	for (__u32 i = 1; i <= WORKER_QUEUE_MAX; i++) {
		const struct tls_packet_look one = look(i);

		assert_true(queue_add(&queue, &one));
	}
	{
		const struct tls_packet_look further = look(1000), known = look(5);

		assert_false(queue_add(&queue, &further));
		assert_true(queue_add(&queue, &known));
	}
}

TEST(a_storm_is_slowed_down)
{
	struct tls_packet_look got;
	double now = 100;
	__u32 n = 0;

	for (__u32 i = 1; i <= WORKER_QUEUE_MAX; i++) {
		const struct tls_packet_look one = look(i);

		queue_add(&queue, &one);
	}
	while (queue_take(&queue, now, &got))
		n++;
	assert_int_equal(n, WORKER_LOOKS_AT_ONCE);
	assert_in_range(queue_wait_ms(&queue, now), 1, 1000 / WORKER_LOOKS_A_SECOND + 1);
	/* a second later, in small turns */
	for (int ms = 0; ms < 1000; ms += 10) {
		now += 0.01;
		n += queue_take(&queue, now, &got);
	}
	assert_in_range(n, WORKER_LOOKS_AT_ONCE + WORKER_LOOKS_A_SECOND - 1,
			WORKER_LOOKS_AT_ONCE + WORKER_LOOKS_A_SECOND);
	/* what was saved is bounded, too */
	now += 3600;
	for (n = 0; n < WORKER_QUEUE_MAX; n++) {
		const struct tls_packet_look one = look(n + 1000);

		queue_add(&queue, &one);
	}
	n = 0;
	while (queue_take(&queue, now, &got))
		n++;
	assert_int_equal(n, WORKER_LOOKS_AT_ONCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(first_come_first_served),
		WITH_SETUP(who_waits_already_waits_once),
		WITH_SETUP(room_is_bounded),
		WITH_SETUP(a_storm_is_slowed_down),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}

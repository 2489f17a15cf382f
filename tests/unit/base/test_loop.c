/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop over real pipes and timers. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/loop.h"

/* The names of the parts that were run, in order. */
static char log_text[64];

struct part {
	char name;
	int read_fd;
	int write_fd; /* of a pipe */
	int timeout_ms;
	int returns;
	size_t runs;
	size_t stop_at_run; /* 0: never */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int part_timeout_ms(void *context)
{
	return ((struct part *)context)->timeout_ms;
}

/* Takes 8 bytes: of a pipe or of a timer. */
static int part_run(void *context)
{
	struct part *part = context;
	char bytes[8];

	strncat(log_text, &part->name, 1);
	if (part->read_fd >= 0 && read(part->read_fd, bytes, sizeof(bytes)) < 0)
		assert_int_equal(errno, EAGAIN);
	return ++part->runs == part->stop_at_run ? LOOP_STOP : part->returns;
}

static struct part piped(char name)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	return (struct part){name, fds[0], fds[1], .timeout_ms = -1};
}

static struct part timed(char name, int timeout_ms)
{
	return (struct part){name, -1, -1, .timeout_ms = timeout_ms};
}

static void put_bytes(const struct part *part)
{
	assert_int_equal(write(part->write_fd, "12345678", 8), 8);
}

static void done(const struct part *part)
{
	close(part->read_fd);
	close(part->write_fd);
}

static struct loop_part row(struct part *part)
{
	return (struct loop_part){part->read_fd, part_timeout_ms, part_run, part};
}

static int forget(void **state)
{
	(void)state;
	log_text[0] = 0;
	return 0;
}

TEST(only_who_is_readable_runs)
{
	struct part a = piped('a'), b = piped('b');
	const struct loop_part parts[] = {row(&a), row(&b)};

	b.stop_at_run = 1;
	put_bytes(&b);
	assert_int_equal(loop_run(parts, 2), 0);
	assert_string_equal(log_text, "b");
	done(&a);
	done(&b);
}

TEST(all_readable_parts_run_in_order_of_the_table)
{
	struct part a = piped('a'), b = piped('b'), c = piped('c');
	const struct loop_part parts[] = {row(&a), row(&b), row(&c)};

	c.stop_at_run = 1;
	put_bytes(&c);
	put_bytes(&b);
	put_bytes(&a);
	assert_int_equal(loop_run(parts, 3), 0);
	assert_string_equal(log_text, "abc");
	done(&a);
	done(&b);
	done(&c);
}

TEST(who_stops_ends_the_round)
{
	struct part a = piped('a'), b = piped('b');
	const struct loop_part parts[] = {row(&a), row(&b)};

	a.stop_at_run = 1;
	put_bytes(&a);
	put_bytes(&b);
	assert_int_equal(loop_run(parts, 2), 0);
	assert_string_equal(log_text, "a");
	done(&a);
	done(&b);
}

TEST(an_error_is_returned)
{
	struct part a = piped('a');
	const struct loop_part parts[] = {row(&a)};

	a.returns = -EPIPE;
	put_bytes(&a);
	assert_int_equal(loop_run(parts, 1), -EPIPE);
	done(&a);
}

TEST(who_is_due_runs)
{
	struct part now = timed('d', 0), late = timed('l', 100000), never = timed('n', -1);
	const struct loop_part parts[] = {row(&late), row(&never), row(&now)};
	const int64_t begin = now_ms();

	now.stop_at_run = 1;
	assert_int_equal(loop_run(parts, 3), 0);
	assert_string_equal(log_text, "d");
	assert_true(now_ms() < begin + 5000);
}

/* When it falls due: on the monotonic clock, in ms. */
static int64_t due_ms;

static int due_timeout_ms(void *context)
{
	const int64_t left_ms = due_ms - now_ms();

	(void)context;
	return left_ms > 0 ? (int)left_ms : 0;
}

TEST(the_wait_lasts_until_the_soonest_is_due)
{
	struct part a = piped('a'), b = timed('b', -1);
	const struct loop_part parts[] = {
		row(&a),
		{-1, due_timeout_ms, part_run, &b},
	};

	due_ms = now_ms() + 50;
	b.stop_at_run = 1;
	assert_int_equal(loop_run(parts, 2), 0);
	assert_string_equal(log_text, "b");
	assert_true(now_ms() >= due_ms);
	assert_true(now_ms() < due_ms + 5000);
	done(&a);
}

TEST(a_timer_descriptor_wakes_at_each_interval)
{
	struct part timer = {'t', timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), -1,
			     .timeout_ms = -1, .stop_at_run = 3};
	/* without a time of its own */
	const struct loop_part parts[] = {{timer.read_fd, NULL, part_run, &timer}};
	const struct itimerspec spec = {.it_interval = {0, 10000000}, .it_value = {0, 10000000}};
	const int64_t begin = now_ms();

	assert_int_equal(timerfd_settime(timer.read_fd, 0, &spec, NULL), 0);
	assert_int_equal(loop_run(parts, 1), 0);
	assert_string_equal(log_text, "ttt");
	assert_true(now_ms() >= begin + 29);
	close(timer.read_fd);
}

static void nothing(int number)
{
	(void)number;
}

TEST(a_signal_ends_no_wait_for_good)
{
	struct part a = timed('a', -1);
	const struct loop_part parts[] = {{-1, due_timeout_ms, part_run, &a}};
	const struct itimerval interval = {{0, 5000}, {0, 5000}};
	const struct itimerval off = {};

	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &interval, NULL);
	due_ms = now_ms() + 50;
	a.stop_at_run = 1;
	assert_int_equal(loop_run(parts, 1), 0);
	setitimer(ITIMER_REAL, &off, NULL);
	signal(SIGALRM, SIG_DFL);
	assert_string_equal(log_text, "a");
	assert_true(now_ms() >= due_ms);
}

TEST(what_cannot_be_waited_for_is_refused)
{
	const struct loop_part file = {open("/proc/self/exe", O_RDONLY | O_CLOEXEC), NULL, part_run,
				       NULL};
	struct loop_part many[LOOP_PARTS_MAX + 1] = {};

	assert_int_equal(loop_run(&file, 1), -EPERM);
	assert_int_equal(loop_run(many, LOOP_PARTS_MAX + 1), -E2BIG);
	close(file.fd);
}

TEST(no_descriptor_is_left_open)
{
	struct part a = piped('a');
	const struct loop_part parts[] = {row(&a)};
	int before = dup(0), after;

	close(before);
	put_bytes(&a);
	a.stop_at_run = 1;
	assert_int_equal(loop_run(parts, 1), 0);
	after = dup(0);
	assert_int_equal(after, before);
	close(after);
	done(&a);
}

TEST(the_sooner_of_two_waits)
{
	assert_int_equal(loop_sooner_ms(-1, -1), -1);
	assert_int_equal(loop_sooner_ms(-1, 0), 0);
	assert_int_equal(loop_sooner_ms(5, -1), 5);
	assert_int_equal(loop_sooner_ms(5, 3), 3);
	assert_int_equal(loop_sooner_ms(0, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_who_is_readable_runs, forget),
		cmocka_unit_test_setup(all_readable_parts_run_in_order_of_the_table, forget),
		cmocka_unit_test_setup(who_stops_ends_the_round, forget),
		cmocka_unit_test_setup(an_error_is_returned, forget),
		cmocka_unit_test_setup(who_is_due_runs, forget),
		cmocka_unit_test_setup(the_wait_lasts_until_the_soonest_is_due, forget),
		cmocka_unit_test_setup(a_timer_descriptor_wakes_at_each_interval, forget),
		cmocka_unit_test_setup(a_signal_ends_no_wait_for_good, forget),
		cmocka_unit_test_setup(what_cannot_be_waited_for_is_refused, forget),
		cmocka_unit_test_setup(no_descriptor_is_left_open, forget),
		cmocka_unit_test_setup(the_sooner_of_two_waits, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Who uses what is probed: probes go when nobody does, and not before. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/cleanup.h"
#include "helper/mapped.h"
#include "helper/users.h"

static struct probed *probed;
static struct users users;
static struct probed_set *set;
static __u32 gone, met;
static double now;
static pid_t child;

/* The kernel's part, and the pins': nothing is attached here. */
__u32 __wrap_probed_end(struct probed *of, struct probed_set *that);
__u32 __wrap_probed_end(struct probed *of, struct probed_set *that)
{
	const __u32 profile = that->key.profile;

	(void)of;
	*that = (struct probed_set){};
	return profile;
}

static void on_gone(void *context, __u32 profile)
{
	(void)context;
	gone = profile;
}

static void on_meet(void *context, const struct tls_packet_look *look)
{
	(void)context;
	if (look->tgid == (__u32)child)
		met = look->tgid;
}

/* A process that has a file of its own mapped. */
static pid_t start_user(struct file_id *ret)
{
	char path[] = "/tmp/test_users.XXXXXX";
	const int fd = mkstemp(path);
	struct mapped_state found;
	pid_t pid;

	unlink(path);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(mapped_state(fd, &found), 0);
	*ret = found.id;
	pid = fork();
	if (!pid) {
		if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fd);
	usleep(50000);
	return pid;
}

static void end_user(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* So many seconds pass. */
static void pass(double seconds)
{
	for (const double until = now + seconds; now < until; now += 0.02)
		users_run(&users, now);
}

static int setup(__attribute__((unused)) void **state)
{
	probed = calloc(1, sizeof(*probed));
	now = 1000;
	users = (struct users){
		.probed = probed, .gone = on_gone, .meet = on_meet, .walked_at = now};
	gone = met = 0;
	set = &probed->sets[3];
	set->key.profile = 7;
	snprintf(probed->files[7].path, TLS_PATH_BYTES, "/lib/libssl.so.3");
	child = start_user(&set->key.file);
	return 0;
}

static int teardown(__attribute__((unused)) void **state)
{
	users_close(&users);
	free(probed);
	return 0;
}

TEST(a_library_stays_while_somebody_has_it_mapped)
{
	pass(60);
	assert_int_equal(gone, 0);
	assert_int_equal(set->witness, child);
	end_user();
}

TEST(it_goes_when_nobody_has)
{
	pass(30);
	end_user();
	pass(9);
	assert_int_equal(gone, 0); /* it may be somebody who has just begun */
	pass(60);
	assert_int_equal(gone, 7);
	assert_int_equal(users_run(&users, now), -1); /* and nothing is left to do */
}

TEST(another_process_of_the_same_number_is_no_witness)
{
	set->witness = (__u32)child;
	set->witness_start = 1;
	pass(3);
	assert_int_equal(set->witness, 0);
	end_user();
}

TEST(an_executables_process_is_its_only_user)
{
	set->key.tgid = (__u32)child;
	set->key.start = 1; /* it was another one's number then */
	pass(3);
	assert_int_equal(gone, 7);
	end_user();
}

/* Whether a child that executes that file is looked at within so many seconds. */
static bool is_met_within(const char *program, double seconds)
{
	met = 0;
	child = fork();
	if (!child) {
		execl(program, program, "60", NULL);
		_exit(1);
	}
	usleep(50000);
	pass(seconds);
	end_user();
	return met == (__u32)child;
}

TEST(who_executes_an_executable_anew_is_met_once_it_has_begun)
{
	_cleanup_close_ int process = mapped_process((__u32)getpid(), 0);
	_cleanup_close_ int file = open("/bin/sleep", O_RDONLY | O_CLOEXEC);
	struct mapped_state found;

	end_user();
	assert_int_equal(mapped_state(file, &found), 0);
	set->key.file = found.id;
	set->key.tgid = (__u32)getpid();
	assert_int_equal(mapped_began(process, &set->key.start), 0);
	users_begin(&users);
	users.born = on_meet;
	assert_false(is_met_within("/bin/sleep", 1.9));
	pass(1);
	assert_true(is_met_within("/bin/sleep", 2.5));
	assert_false(is_met_within("/usr/bin/tail", 2.5));
	assert_int_equal(users.n_executed, 0);
}

TEST(what_was_adopted_is_looked_at_for_its_name)
{
	probed->files[7].path[0] = 0;
	pass(20);
	assert_int_equal(met, child);
	end_user();
}

TEST(nothing_probed_is_nothing_to_do)
{
	set->key.profile = 0;
	assert_int_equal(users_run(&users, now), -1);
	assert_null(users.walk);
	end_user();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_library_stays_while_somebody_has_it_mapped),
		WITH_SETUP(it_goes_when_nobody_has),
		WITH_SETUP(another_process_of_the_same_number_is_no_witness),
		WITH_SETUP(an_executables_process_is_its_only_user),
		WITH_SETUP(who_executes_an_executable_anew_is_met_once_it_has_begun),
		WITH_SETUP(what_was_adopted_is_looked_at_for_its_name),
		WITH_SETUP(nothing_probed_is_nothing_to_do),
	};

	return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands as receivers: what they are given, how they end, and what outlives them. */
#include "tests/unit/deliver/deliver_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "deliver/starter.h"

static char directory[64];
static char *argv[] = {(char *)"/bin/sh", (char *)"-c", NULL};

static int enter_directory(void **state)
{
	setup(state);
	snprintf(directory, sizeof(directory), "/tmp/sliprobe-test-XXXXXX");
	return !mkdtemp(directory) || chdir(directory);
}

static int leave_directory(void **state)
{
	teardown(state);
	unlink("out");
	unlink("seen");
	return chdir("/") || rmdir(directory);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

/* It starts in "/". */
static void command(const char *script)
{
	static char in_directory[1024];

	snprintf(in_directory, sizeof(in_directory), "cd %s; %s", directory, script);
	argv[2] = in_directory;
	add_command(&f, argv, 3);
}

static const char *contents(const char *file)
{
	static char text[1 << 20];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
	return text;
}

/* Or waits for init to take it. */
static bool is_gone(long pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	return !*contents(path) || strstr(contents(path), "State:\tZ");
}

/* ---- */

TEST(command_gets_the_message_on_its_standard_input)
{
	json_t *sent = message("1", "fire", "page"), *got;

	command("cat >out");
	start();
	send_message(&f, "1", "fire");
	assert_int_equal(f.n_kept, 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	got = json_loads(contents("out"), 0, NULL);
	assert_true(json_equal(sent, got));
	json_decref(sent);
	json_decref(got);
	assert_int_equal(f.n_kept, 0);
	assert_string_equal(reported_text(&f, 0, -1, "receiver"), "command /bin/sh");
}

TEST(command_starts_with_no_descriptor_of_ours_and_in_a_group_of_its_own)
{
	const unsigned long long libc_signals = 3ULL << 31; /* 32 and 33 */
	unsigned long long ignored;
	long pid, pgid;
	int fd = open("/dev/null", O_RDONLY); /* someone forgot to close it on exec */

	command("exec >out; grep ^SigIgn /proc/self/status; cd /proc/$$/fd;"
		"for n in 3 4 5 6 7 8 9 10 11 12 13 14 15; do readlink $n; done;"
		"echo $$; cut -d' ' -f5 /proc/$$/stat");
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	close(fd);
	/* no descriptor is listed between the signals and the two numbers */
	assert_int_equal(sscanf(contents("out"), "SigIgn: %llx %ld %ld", &ignored, &pid, &pgid), 3);
	assert_int_equal(ignored & ~libc_signals, 0);
	assert_int_equal(pgid, pid);
}

/* Shells have a way of their own with blocked signals: this is none. */
TEST(no_signal_is_blocked_in_a_command)
{
	static char to[80], *copy[] = {(char *)"cp", (char *)"/proc/self/status", to};
	sigset_t blocked, old;

	snprintf(to, sizeof(to), "%s/out", directory);

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &old);
	add_command(&f, copy, 3);
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_non_null(strstr(contents("out"), "SigBlk:\t0000000000000000\n"));
}

/* Its pipes are then numbered as what they become. */
TEST(command_starts_though_we_have_no_standard_input)
{
	int old = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	json_t *sent = message("1", "fire", "page"), *got;

	command("cat >out");
	start();
	close(STDIN_FILENO);
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	if (old >= 0) {
		dup2(old, STDIN_FILENO);
		close(old);
	}
	got = json_loads(contents("out"), 0, NULL);
	assert_true(json_equal(sent, got));
	json_decref(sent);
	json_decref(got);
}

TEST(slow_command_is_killed_with_its_children)
{
	const double before = clock_seconds();
	long child = 0;

	command("cat >/dev/null; sleep 30 & echo $! >seen; wait");
	f.receivers[0].timeout_ns = 400000000ULL;
	webhook(1);
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 1));
	assert_true(clock_seconds() - before < 0.4);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_true(clock_seconds() - before >= 0.4);
	assert_true(clock_seconds() - before < 2);
	assert_string_equal(reported_text(&f, 0, -1, "last_error"), "killed: no end within 0.4 s");
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	child = strtol(contents("seen"), NULL, 10);
	assert_true(child > 1);
	assert_true(TURN_UNTIL(&f, is_gone(child)));
}

TEST(missing_command_is_an_error_and_tried_again)
{
	static char *missing[] = {(char *)"/nonexistent/on-burn"};

	add_command(&f, missing, 1);
	webhook(1);
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 1));
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_string_equal(reported_text(&f, 0, -1, "last_error"), "No such file or directory");
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 2));
}

static json_t *big_message(void)
{
	json_t *big = message("1", "fire", "page");
	char *text = calloc(1, 200001);

	memset(text, 'x', 200000);
	json_object_set_new(big, "summary", json_string(text));
	free(text);
	return big;
}

TEST(command_that_reads_nothing_succeeds_by_its_status)
{
	json_t *big = big_message();

	command("exec <&-; sleep 0.2");
	start();
	deliver_send(f.deliver, big, now_of(&f));
	json_decref(big);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(reported(&f, 0, "failed"), 0);
}

TEST(message_larger_than_the_pipe_arrives_whole)
{
	json_t *big = big_message(), *got;

	command("sleep 0.2; cat >out");
	start();
	deliver_send(f.deliver, big, now_of(&f));
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	got = json_loads(contents("out"), 0, NULL);
	assert_true(json_equal(big, got));
	json_decref(big);
	json_decref(got);
	assert_true(f.slowest_run_seconds < 0.15);
}

TEST(failing_command_is_tried_again_with_the_same_message)
{
	command("cat >>out; echo >>out; test -e seen && exit 0; >seen; exit 3");
	start();
	send_message(&f, "1", "fire");
	send_message(&f, "1", "resolve");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_string_equal(reported_text(&f, 0, -1, "last_error"), "exit status 3");
	assert_int_equal(reported(&f, 0, "waiting"), 2);
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	{
		const char *first = contents("out"), *second = strchr(first, '\n') + 1;
		const char *third = strchr(second, '\n') + 1;

		assert_memory_equal(first, second, (size_t)(second - first));
		assert_non_null(strstr(third, "\"resolve\""));
		assert_null(strstr(third, "\"fire\""));
		assert_string_equal(strchr(third, '\n'), "\n");
	}
}

TEST(command_ended_by_a_signal_is_an_error)
{
	command("kill -TERM $$");
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_string_equal(reported_text(&f, 0, -1, "last_error"), "ended by signal 15");
}

TEST(what_a_command_leaves_behind_lives_on)
{
	command("cat >/dev/null; (sleep 0.3; echo x >out) & ");
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_true(TURN_UNTIL(&f, *contents("out") == 'x'));
}

TEST(stopping_kills_a_command_under_way_and_keeps_its_message)
{
	const double before = clock_seconds();

	command("echo $$ >seen; sleep 30");
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, strchr(contents("seen"), '\n') != NULL));
	deliver_free(f.deliver);
	f.deliver = NULL;
	assert_true(clock_seconds() - before < 1);
	assert_int_equal(f.n_kept, 1);
	assert_int_equal(kill((pid_t)strtol(contents("seen"), NULL, 10), 0), -1);
	assert_int_equal(errno, ESRCH);
}

/* An agent of its own, until it is killed. */
static pid_t fork_agent(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (fixture_start(&f) && !send_message(&f, "1", "fire"))
		turn_for(&f, 20);
	_exit(1);
}

TEST(command_ends_with_an_agent_that_is_killed)
{
	const double end = clock_seconds() + 10;
	pid_t agent;
	long pid;

	command("echo $$ >seen; exec sleep 30");
	f.receivers[0].timeout_ns = 20000000000ULL;
	agent = fork_agent();
	assert_true(agent > 0);
	while (!strchr(contents("seen"), '\n') && clock_seconds() < end)
		usleep(1000);
	pid = strtol(contents("seen"), NULL, 10);
	kill(agent, SIGKILL);
	assert_int_equal(waitpid(agent, NULL, 0), agent);
	assert_true(pid > 1);
	while (!is_gone(pid) && clock_seconds() < end)
		usleep(1000);
	if (!is_gone(pid)) {
		kill((pid_t)pid, SIGKILL);
		fail_msg("it lives on");
	}
}

/* ---- limits ---- */

TEST(nothing_of_our_environment_is_handed_on)
{
	setenv("SECRET", "x", 1);
	command("exec env -u PWD -u OLDPWD -u SHLVL -u _ >out");
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_null(strstr(contents("out"), "SECRET"));
	assert_non_null(strstr(contents("out"), "PATH=/usr/local/sbin:"));
	assert_non_null(strstr(contents("out"), "LANG="));
	assert_non_null(strstr(contents("out"), "SLIPROBE_ID=1\n"));
	assert_non_null(strstr(contents("out"), "SLIPROBE_KIND=fire\n"));
	assert_non_null(strstr(contents("out"), "SLIPROBE_SEVERITY=page\n"));
}

TEST(it_starts_in_the_root_with_files_of_its_own)
{
	static char script[256], *plain[] = {(char *)"/bin/sh", (char *)"-c", script};

	snprintf(script, sizeof(script),
		 "exec >%s/out; pwd; umask; ulimit -n; ulimit -d; ulimit -p; ulimit -c; ulimit -t;"
		 "grep NoNewPrivs /proc/self/status",
		 directory);
	add_command(&f, plain, 3);
	f.receivers[0].timeout_ns = 7000000000ULL;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_string_equal(contents("out"), "/\n0077\n256\n524288\n64\n0\n8\nNoNewPrivs:\t1\n");
}

/* Standard error of this process in a file, for a while. */
static int errors_to(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int old = dup(STDERR_FILENO);

	dup2(fd, STDERR_FILENO);
	close(fd);
	return old;
}

TEST(output_is_cut)
{
	size_t len;
	int old;

	command("head -c 1000000 /dev/zero | tr '\\0' x; echo y >seen");
	starter_end(); /* the next one has the standard error of now */
	old = errors_to("out");
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	dup2(old, STDERR_FILENO);
	close(old);
	starter_end();
	/* it has not met a closed pipe */
	assert_string_equal(contents("seen"), "y\n");
	len = strspn(contents("out"), "x");
	assert_int_equal(len, RUNNER_OUTPUT_BYTES);
	assert_string_equal(contents("out") + len, "\n[the command's output is cut here]\n");
}

TEST(what_has_left_the_group_is_killed_at_the_timeout_too)
{
	command("setsid sh -c 'echo $$ >seen; sleep 30 & sleep 30' & sleep 30");
	f.receivers[0].timeout_ns = 400000000ULL;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_true(strtol(contents("seen"), NULL, 10) > 1);
	assert_true(is_gone(strtol(contents("seen"), NULL, 10)));
}

TEST(who_runs_it_may_be_killed)
{
	command("kill -9 $PPID; sleep 30");
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_string_equal(reported_text(&f, 0, -1, "last_error"), "No child processes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(command_gets_the_message_on_its_standard_input),
		IN_DIRECTORY(command_starts_with_no_descriptor_of_ours_and_in_a_group_of_its_own),
		IN_DIRECTORY(no_signal_is_blocked_in_a_command),
		IN_DIRECTORY(slow_command_is_killed_with_its_children),
		IN_DIRECTORY(missing_command_is_an_error_and_tried_again),
		IN_DIRECTORY(command_that_reads_nothing_succeeds_by_its_status),
		IN_DIRECTORY(message_larger_than_the_pipe_arrives_whole),
		IN_DIRECTORY(failing_command_is_tried_again_with_the_same_message),
		IN_DIRECTORY(command_ended_by_a_signal_is_an_error),
		IN_DIRECTORY(what_a_command_leaves_behind_lives_on),
		IN_DIRECTORY(stopping_kills_a_command_under_way_and_keeps_its_message),
		IN_DIRECTORY(command_ends_with_an_agent_that_is_killed),
		IN_DIRECTORY(command_starts_though_we_have_no_standard_input),
		IN_DIRECTORY(nothing_of_our_environment_is_handed_on),
		IN_DIRECTORY(it_starts_in_the_root_with_files_of_its_own),
		IN_DIRECTORY(output_is_cut),
		IN_DIRECTORY(what_has_left_the_group_is_killed_at_the_timeout_too),
		IN_DIRECTORY(who_runs_it_may_be_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

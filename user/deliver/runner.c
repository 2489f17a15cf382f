/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
	STATUS_FD = STDERR_FILENO + 1, /* in the command, until it runs */
	ENVIRONMENT_MAX = 64,
	ROUNDS_MAX = 200, /* of killing what is left */
	ROUND_NS = 2000000,
	PIPE_READS = 8, /* of 8 KiB: what a pipe holds */
};

struct runner {
	const struct runner_task *task;
	pid_t pid;
	int pidfd;
	int output_fd; /* -1: at its end */
	size_t output; /* bytes that were passed on */
	bool cut;
	bool ended;
	struct runner_end end;
};

/* ---- in the command, before it is one ---- */

/* Closes all descriptors but 0 to 2 and STATUS_FD. Returns 0 or -errno. */
static int child_descriptors(int input_fd, int output_fd, int status_fd)
{
	/* away from 0 to 2 first, where they are if the agent was started without those */
	status_fd = fcntl(status_fd, F_DUPFD_CLOEXEC, STATUS_FD);
	output_fd = fcntl(output_fd, F_DUPFD_CLOEXEC, STATUS_FD);
	if (status_fd < 0 || output_fd < 0 || dup2(input_fd, STDIN_FILENO) < 0 ||
	    fcntl(STDIN_FILENO, F_SETFD, 0) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
	    dup2(output_fd, STDERR_FILENO) < 0)
		return -errno;
	if (status_fd != STATUS_FD && dup3(status_fd, STATUS_FD, O_CLOEXEC) < 0)
		return -errno;
	closefrom(STATUS_FD + 1);
	return 0;
}

static int child_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* fails only for signals that need no setting */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) ? -errno : 0;
}

static int limit(int resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now))
		return -errno;
	if (now.rlim_max < most)
		most = now.rlim_max;
	now = (struct rlimit){most, most};
	return setrlimit((__rlimit_resource_t)resource, &now) ? -errno : 0;
}

static int child_limits(uint64_t timeout_ns)
{
	int r = limit(RLIMIT_CPU, timeout_ns / 1000000000 + 1);

	r = r ?: limit(RLIMIT_DATA, RUNNER_DATA_BYTES);
	r = r ?: limit(RLIMIT_FSIZE, RUNNER_FILE_BYTES);
	r = r ?: limit(RLIMIT_NOFILE, RUNNER_FILES);
	r = r ?: limit(RLIMIT_NPROC, RUNNER_PROCESSES);
	return r ?: limit(RLIMIT_CORE, 0);
}

static int child_place(void)
{
	umask(077);
	return chdir("/") ? -errno : 0;
}

static void child_environment(char *const *own)
{
	static char path[] = PATH, lang[256], *all[ENVIRONMENT_MAX + 3];
	size_t n = 0;

	snprintf(lang, sizeof(lang), "LANG=%s", getenv("LANG") ?: "C.UTF-8");
	all[n++] = path;
	all[n++] = lang;
	for (size_t i = 0; own[i] && i < ENVIRONMENT_MAX; i++)
		all[n++] = own[i];
	environ = all;
}

/* Otherwise the next agent would start the command a second time beside it. */
static int child_ends_with(pid_t runner)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (getppid() != runner)
		_exit(EXIT_FAILURE); /* it ended before the setting took effect */
	return 0;
}

static void __attribute__((noreturn))
child(const struct runner_task *task, int output_fd, int status_fd, pid_t runner)
{
	int r = child_ends_with(runner);

	r = r ?: setpgid(0, 0) ? -errno : 0;
	r = r ?: child_signals();
	r = r ?: child_descriptors(task->input_fd, output_fd, status_fd);
	r = r ?: child_place();
	r = r ?: child_limits(task->timeout_ns);
	if (!r) {
		status_fd = STATUS_FD;
		child_environment(task->environment);
		execvp(task->argv[0], task->argv);
		r = -errno;
	}
	if (write(status_fd, &r, sizeof(r)) != sizeof(r))
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* ---- beside it ---- */

/* Returns 0 when the command runs, or -errno. */
static int wait_for_start(int status_fd)
{
	int result = 0;
	ssize_t n;

	do
		n = read(status_fd, &result, sizeof(result));
	while (n < 0 && errno == EINTR);
	return n == sizeof(result) ? result : 0;
}

static int start(struct runner *runner)
{
	const pid_t self = getpid();
	int status_fds[2], output_fds[2], r;

	if (pipe2(status_fds, O_CLOEXEC) || pipe2(output_fds, O_CLOEXEC))
		return -errno;
	runner->pid = fork();
	if (!runner->pid)
		child(runner->task, output_fds[1], status_fds[1], self);
	if (runner->pid < 0)
		return -errno;
	close(status_fds[1]);
	close(output_fds[1]);
	close(runner->task->input_fd);
	r = wait_for_start(status_fds[0]);
	close(status_fds[0]);
	if (r)
		return r;
	runner->output_fd = output_fds[0];
	fcntl(runner->output_fd, F_SETFL, O_NONBLOCK);
	runner->pidfd = (int)syscall(SYS_pidfd_open, runner->pid, 0);
	return runner->pidfd < 0 ? -errno : 0;
}

/* All of it, at once: a line that is written in pieces could be torn by another process's. */
static void pass_on(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void take_output(struct runner *runner)
{
	static const char note[] = "\n[the command's output is cut here]\n";
	static char text[8192];
	size_t room = RUNNER_OUTPUT_BYTES - runner->output, len;
	ssize_t n = read(runner->output_fd, text, sizeof(text));

	if (n < 0)
		return;
	if (!n) {
		close(runner->output_fd);
		runner->output_fd = -1;
		return;
	}
	len = (size_t)n < room ? (size_t)n : room;
	pass_on(text, len);
	runner->output += len;
	if (len < (size_t)n && !runner->cut) {
		runner->cut = true;
		pass_on(note, sizeof(note) - 1);
	}
}

static void take_end(struct runner *runner)
{
	siginfo_t info = {};

	if (runner->ended)
		return;
	if (!waitid(P_PID, (id_t)runner->pid, &info, WEXITED | WNOHANG) && info.si_pid) {
		runner->end = (struct runner_end){info.si_code, info.si_status};
		runner->ended = true;
	}
}

/* Kills this process's children. Returns whether there are any. */
static bool kill_children(void)
{
	_cleanup_free_ char *line = NULL;
	char path[64], *next, *end;
	size_t room = 0;
	bool any = false;
	FILE *children;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	if (!children)
		return false;
	next = getdelim(&line, &room, '\n', children) > 0 ? line : NULL;
	for (; next; next = end) {
		long pid = strtol(next, &end, 10);

		if (end == next || pid <= 1)
			break;
		kill((pid_t)pid, SIGKILL);
		any = true;
	}
	fclose(children);
	return any;
}

/*
 * The command's group, and then what has left it: whose parent ends is this process's child, by
 * PR_SET_CHILD_SUBREAPER.
 */
static void kill_all(struct runner *runner)
{
	const struct timespec round = {.tv_nsec = ROUND_NS};

	if (!runner->ended) {
		kill(-runner->pid, SIGKILL);
		kill(runner->pid, SIGKILL);
	}
	for (int i = 0; i < ROUNDS_MAX; i++) {
		bool any = kill_children();

		take_end(runner);
		while (runner->ended && waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (runner->ended && !any)
			return;
		nanosleep(&round, NULL);
	}
}

/* Until the command has ended, or is to end. */
static void watch(struct runner *runner)
{
	while (!runner->ended) {
		struct pollfd fds[] = {
			{.fd = runner->task->control_fd, .events = POLLIN},
			{.fd = runner->pidfd, .events = POLLIN},
			{.fd = runner->output_fd, .events = POLLIN},
		};

		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0)
			continue;
		if (fds[2].revents)
			take_output(runner);
		if (fds[0].revents)
			kill_all(runner);
		if (fds[1].revents)
			take_end(runner);
	}
	/* what was in the pipe: what it has left behind may write for ever */
	for (int i = 0; i < PIPE_READS && runner->output_fd >= 0; i++)
		take_output(runner);
}

void runner_run(const struct runner_task *task)
{
	struct runner runner = {.task = task, .pidfd = -1, .output_fd = -1};
	int r;

	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r = start(&runner);
	if (r) {
		if (runner.pid > 0)
			kill(runner.pid, SIGKILL);
		runner.end = (struct runner_end){0, -r};
	} else {
		watch(&runner);
	}
	/* nobody may be there to hear it */
	_exit(send(task->control_fd, &runner.end, sizeof(runner.end), MSG_NOSIGNAL) < 0);
}

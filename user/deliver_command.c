/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver_command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "util.h"

enum { KILLED_WAIT_MS = 1000 };

struct command {
	int epoll_fd;
	pid_t pid;
	int pidfd;
	int input_fd; /* -1: all is written, or it wants no more */
	char *body;
	size_t len;
	size_t written;
	uint64_t timeout_ns;
	int64_t deadline_ms;
	bool killed;
	struct attempt_done done;
};

/* ---- start ---- */

static int spawn_actions(posix_spawn_file_actions_t *actions, int input_fd)
{
	int r = posix_spawn_file_actions_adddup2(actions, input_fd, STDIN_FILENO);

	r = r ?: posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
	/* not only ours: libraries may have some that are not closed on exec */
	return r ?: posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

static int spawn_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, changed;
	int r;

	sigemptyset(&none);
	sigemptyset(&changed);
	for (int number = 1; number < NSIG; number++) {
		if (number != SIGKILL && number != SIGSTOP)
			sigaddset(&changed, number);
	}
	r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							 POSIX_SPAWN_SETSIGDEF);
	r = r ?: posix_spawnattr_setpgroup(attributes, 0);
	r = r ?: posix_spawnattr_setsigmask(attributes, &none);
	return r ?: posix_spawnattr_setsigdefault(attributes, &changed);
}

static int spawn(char *const *argv, int input_fd, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (!r) {
		r = spawn_actions(&actions, input_fd);
		r = r ?: spawn_attributes(&attributes);
		r = r ?: posix_spawnp(ret, argv[0], &actions, &attributes, argv, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static void close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void command_free(struct command *command)
{
	if (!command)
		return;
	close_at(&command->input_fd);
	close_at(&command->pidfd);
	free(command->body);
	free(command);
}

static void command_free_at(struct command **command)
{
	command_free(*command);
}

/* Until it is waited for, its number is no one else's. */
static void command_kill(struct command *command)
{
	kill(-command->pid, SIGKILL);
	kill(command->pid, SIGKILL);
	command->killed = true;
}

static int watch(const struct command *command, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events,
				    .data.u64 = attempt_watch_data(WATCH_COMMAND, fd)};

	return epoll_ctl(command->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int command_watch(struct command *command)
{
	int r;

	command->pidfd = (int)syscall(SYS_pidfd_open, command->pid, 0);
	if (command->pidfd < 0)
		return -errno;
	if (fcntl(command->input_fd, F_SETFL, O_WRONLY | O_NONBLOCK))
		return -errno;
	r = watch(command, command->pidfd, EPOLLIN);
	return r ?: watch(command, command->input_fd, EPOLLOUT);
}

static int command_spawn(struct command *command, char *const *argv)
{
	_cleanup_(close_at) int input_fd = -1;
	int pipe_fds[2];
	int r;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	input_fd = pipe_fds[0];
	command->input_fd = pipe_fds[1];
	r = spawn(argv, input_fd, &command->pid);
	if (r)
		return r;
	r = command_watch(command);
	if (r) {
		command_kill(command);
		waitpid(command->pid, NULL, 0);
	}
	return r;
}

int command_start(int epoll_fd, char *const *argv, char *body, uint64_t timeout_ns,
		  const struct attempt_done *done, struct command **ret)
{
	_cleanup_(command_free_at) struct command *command = calloc(1, sizeof(*command));
	int r;

	if (!command) {
		free(body);
		return -ENOMEM;
	}
	command->epoll_fd = epoll_fd;
	command->pidfd = -1;
	command->input_fd = -1;
	command->body = body;
	command->len = strlen(body);
	command->done = *done;
	command->timeout_ns = timeout_ns;
	command->deadline_ms = attempt_now_ms() + (int64_t)(timeout_ns / 1000000);
	r = command_spawn(command, argv);
	if (r)
		return r;
	*ret = TAKE_PTR(command);
	return 0;
}

/* ---- end ---- */

void command_cancel(struct command *command)
{
	struct pollfd end = {.fd = command->pidfd, .events = POLLIN};

	command_kill(command);
	/* one that sleeps in the kernel ends when it wakes: init takes it then */
	if (poll(&end, 1, KILLED_WAIT_MS) == 1)
		waitpid(command->pid, NULL, WNOHANG);
	command_free(command);
}

static void command_end(struct command *command, const siginfo_t *info)
{
	const struct attempt_done done = command->done;
	char error[64];
	const bool taken = info->si_code == CLD_EXITED && info->si_status == 0;

	if (command->killed)
		snprintf(error, sizeof(error), "killed: no end within %.3g s",
			 (double)command->timeout_ns / 1e9);
	else if (info->si_code == CLD_EXITED)
		snprintf(error, sizeof(error), "exit status %d", info->si_status);
	else
		snprintf(error, sizeof(error), "ended by signal %d", info->si_status);
	command_free(command);
	done.fn(done.context, taken ? ATTEMPT_TAKEN : ATTEMPT_FAILED, taken ? NULL : error);
}

/* What it does not read, it does not want: its exit status tells. */
static void command_feed(struct command *command)
{
	ssize_t n = write(command->input_fd, command->body + command->written,
			  command->len - command->written);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		command->written += (size_t)n;
	if (n < 0 || command->written == command->len)
		close_at(&command->input_fd); /* that also ends its being watched */
}

bool command_event(struct command *command, int fd)
{
	siginfo_t info = {};

	if (fd == command->input_fd) {
		command_feed(command);
		return true;
	}
	if (fd != command->pidfd)
		return false;
	if (!waitid(P_PID, (id_t)command->pid, &info, WEXITED | WNOHANG) && info.si_pid)
		command_end(command, &info);
	return true;
}

void command_run(struct command *command)
{
	if (!command->killed && attempt_now_ms() >= command->deadline_ms)
		command_kill(command);
}

int command_timeout_ms(const struct command *command)
{
	const int64_t left_ms = command->deadline_ms - attempt_now_ms();

	if (command->killed)
		return -1;
	if (left_ms < 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

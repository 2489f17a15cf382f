/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	KILLED_WAIT_MS = 1000,
	STATUS_FD = STDERR_FILENO + 1, /* in the child, until it runs the command */
};

struct command {
	int epoll_fd;
	pid_t pid;
	int pidfd;
	int input_fd; /* -1: the body is written, or the command reads no more */
	char *body;
	size_t len;
	size_t written;
	uint64_t timeout_ns;
	int64_t deadline_ms;
	bool killed;
	struct attempt_done done;
};

static void close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- start ---- */

/* In the child: closes all descriptors but 0 to 2 and STATUS_FD. Returns 0 or -errno. */
static int child_descriptors(int input_fd, int status_fd)
{
	/* away from 0 to 2 first, where it is if the agent was started without those */
	status_fd = fcntl(status_fd, F_DUPFD_CLOEXEC, STATUS_FD);
	if (status_fd < 0 || dup2(input_fd, STDIN_FILENO) < 0 ||
	    fcntl(STDIN_FILENO, F_SETFD, 0) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -errno;
	if (status_fd != STATUS_FD && dup3(status_fd, STATUS_FD, O_CLOEXEC) < 0)
		return -errno;
	/* libraries may have descriptors that are not closed on exec */
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

/*
 * Makes the child end with the agent, however that ends: otherwise the next agent would start the
 * command a second time beside it. The kernel looks at the end of the thread that forked, which is
 * that of the agent's loop and ends last. A set-user-id program would lose the setting, but there
 * is none here, as the agent has PR_SET_NO_NEW_PRIVS.
 */
static int child_ends_with(pid_t agent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -errno;
	if (getppid() != agent)
		_exit(EXIT_FAILURE); /* the agent ended before the setting took effect */
	return 0;
}

/* After fork(): takes no locks, as other threads may have held any. */
static void __attribute__((noreturn))
child(char *const *argv, int input_fd, int status_fd, pid_t agent)
{
	int r = child_ends_with(agent);

	r = r ?: setpgid(0, 0) ? -errno : 0;
	r = r ?: child_signals();
	r = r ?: child_descriptors(input_fd, status_fd);
	if (!r) {
		status_fd = STATUS_FD;
		execvp(argv[0], argv);
		r = -errno;
	}
	if (write(status_fd, &r, sizeof(r)) != sizeof(r))
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* Waits until the child runs the command or has failed to. */
static int spawn(char *const *argv, int input_fd, pid_t *ret)
{
	_cleanup_(close_at) int status_fd = -1;
	const pid_t agent = getpid();
	int status_fds[2], result;
	ssize_t n;
	pid_t pid;

	if (pipe2(status_fds, O_CLOEXEC))
		return -errno;
	status_fd = status_fds[0];
	pid = fork();
	if (!pid)
		child(argv, input_fd, status_fds[1], agent);
	result = pid < 0 ? -errno : 0;
	close(status_fds[1]);
	if (result)
		return result;
	do
		n = read(status_fd, &result, sizeof(result));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(result)) {
		waitpid(pid, NULL, 0);
		return result;
	}
	*ret = pid;
	return 0;
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

/* The process is not waited for yet, so its number is not another's. */
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
	/* a process that sleeps in the kernel ends when it wakes, and init waits for it */
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
	done.fn(done.context, &(const struct attempt_end){
				      .result = taken ? ATTEMPT_TAKEN : ATTEMPT_FAILED,
				      .error = taken ? NULL : error,
			      });
}

/* A command need not read its input: its exit status alone counts. */
static void command_feed(struct command *command)
{
	ssize_t n = write(command->input_fd, command->body + command->written,
			  command->len - command->written);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		command->written += (size_t)n;
	if (n < 0 || command->written == command->len)
		close_at(&command->input_fd); /* the epoll drops it, too */
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

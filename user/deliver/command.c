/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/command.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "deliver/runner.h"
#include "deliver/starter.h"

enum { KILLED_WAIT_MS = 1000 };

struct command {
	int epoll_fd;
	int control_fd; /* to who runs it */
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

/* ---- what the message adds to its environment ---- */

static const struct {
	const char *name, *key;
} variables[] = {
	{"SLIPROBE_ID", "id"},		 {"SLIPROBE_KIND", "kind"},
	{"SLIPROBE_STATUS", "status"},	 {"SLIPROBE_SEVERITY", "severity"},
	{"SLIPROBE_SERVICE", "service"},
};

enum { N_VARIABLES = sizeof(variables) / sizeof(variables[0]) };

struct environment {
	char *list[N_VARIABLES + 1];
};

static void environment_clear(struct environment *environment)
{
	for (size_t i = 0; i < N_VARIABLES; i++)
		free(environment->list[i]);
}

/* A variable that there is no memory for is left out: the message has it, too. */
static void environment_of(const char *body, struct environment *ret)
{
	json_t *message = json_loads(body, 0, NULL);
	size_t n = 0;

	for (size_t i = 0; i < N_VARIABLES; i++) {
		const char *value = json_string_value(json_object_get(message, variables[i].key));

		if (value && asprintf(&ret->list[n], "%s=%s", variables[i].name, value) < 0)
			ret->list[n] = NULL;
		else if (value)
			n++;
	}
	json_decref(message);
}

/* ---- start ---- */

static void command_free(struct command *command)
{
	if (!command)
		return;
	close_at(&command->input_fd);
	close_at(&command->control_fd);
	free(command->body);
	free(command);
}

static void command_free_at(struct command **command)
{
	command_free(*command);
}

/* If this cannot be sent, nothing is there any more that could be killed. */
static void command_kill(struct command *command)
{
	send(command->control_fd, "k", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
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

	if (fcntl(command->input_fd, F_SETFL, O_WRONLY | O_NONBLOCK))
		return -errno;
	r = watch(command, command->control_fd, EPOLLIN);
	return r ?: watch(command, command->input_fd, EPOLLOUT);
}

static int command_run_by_starter(struct command *command, char *const *argv)
{
	_cleanup_(environment_clear) struct environment environment = {};
	_cleanup_(close_at) int input_fd = -1, control_fd = -1;
	struct runner_task task = {.argv = argv, .timeout_ns = command->timeout_ns};
	int pipe_fds[2], socket_fds[2];
	int r;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	input_fd = pipe_fds[0];
	command->input_fd = pipe_fds[1];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socket_fds))
		return -errno;
	control_fd = socket_fds[0];
	command->control_fd = socket_fds[1];
	environment_of(command->body, &environment);
	task.environment = environment.list;
	task.input_fd = input_fd;
	task.control_fd = control_fd;
	r = command_watch(command);
	return r ?: starter_run(&task);
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
	command->control_fd = -1;
	command->input_fd = -1;
	command->body = body;
	command->len = strlen(body);
	command->done = *done;
	command->timeout_ns = timeout_ns;
	command->deadline_ms = attempt_now_ms() + (int64_t)(timeout_ns / 1000000);
	r = command_run_by_starter(command, argv);
	if (r)
		return r;
	*ret = TAKE_PTR(command);
	return 0;
}

/* ---- end ---- */

void command_cancel(struct command *command)
{
	struct pollfd end = {.fd = command->control_fd, .events = POLLIN};

	command_kill(command);
	/* a process that sleeps in the kernel ends when it wakes */
	poll(&end, 1, KILLED_WAIT_MS);
	command_free(command);
}

static void command_end(struct command *command, const struct runner_end *end)
{
	const struct attempt_done done = command->done;
	char error[64];
	const bool taken = end->code == CLD_EXITED && end->status == 0;

	if (command->killed)
		snprintf(error, sizeof(error), "killed: no end within %.3g s",
			 (double)command->timeout_ns / 1e9);
	else if (!end->code)
		snprintf(error, sizeof(error), "%s", strerror(end->status));
	else if (end->code == CLD_EXITED)
		snprintf(error, sizeof(error), "exit status %d", end->status);
	else
		snprintf(error, sizeof(error), "ended by signal %d", end->status);
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
	struct runner_end end;
	ssize_t n;

	if (fd == command->input_fd) {
		command_feed(command);
		return true;
	}
	if (fd != command->control_fd)
		return false;
	n = recv(command->control_fd, &end, sizeof(end), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n != sizeof(end))
		end = (struct runner_end){0, ECHILD}; /* who ran it was killed */
	command_end(command, &end);
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

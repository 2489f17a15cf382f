/* SPDX-License-Identifier: GPL-2.0-only */
/* The parent: see samples/worker for the one that works. */
#include "samples/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "samples/packets.h"
#include "samples/sampler.h"
#include "samples/worker.h"

enum {
	PAUSE_MS = 1000, /* before it is started again, then twice as long each time, */
	PAUSE_MAX_MS = 60000, /* up to this */
	END_MS = 5000, /* to write what it has, when the agent ends */
};

static const double settled_seconds = 60; /* who has lived so long has not died of its start */

static int wait_for_place(void)
{
	for (;;) {
		int fds[HELPER_FDS];
		struct packet packet;
		ssize_t n = helper_receive(HELPER_SOCKET, &packet, sizeof(packet), fds, -1);

		if (n <= 0 && n != -EMSGSIZE)
			return n ? (int)n : -EPIPE;
		close_descriptor_at(&fds[1]);
		if (packet.kind == PACKET_OPEN && fds[0] >= 0)
			return fds[0];
		close_descriptor_at(&fds[0]);
	}
}

static pid_t start(const struct sampler_plan *plan, int dir_fd)
{
	const pid_t pid = fork();

	if (!pid) {
		if (plan->worker && plan->worker(dir_fd))
			_exit(EXIT_FAILURE);
		_exit(worker_run(dir_fd));
	}
	return pid;
}

/* Waits until the agent has gone, for so long at most. */
static bool agent_is_gone(int timeout_ms)
{
	struct pollfd socket = {.fd = HELPER_SOCKET};

	return poll(&socket, 1, timeout_ms) > 0;
}

/* Tells the agent, for whom it is not a child. */
static void tell_died(int status)
{
	struct packet packet = {.kind = PACKET_DIED};

	if (WIFSIGNALED(status))
		snprintf(packet.text, sizeof(packet.text), "signal %d", WTERMSIG(status));
	else
		snprintf(packet.text, sizeof(packet.text), "exit status %d", WEXITSTATUS(status));
	helper_send(HELPER_SOCKET, &packet, sizeof(packet), NULL, false);
}

/* Until it has ended, in order or not. When the agent has gone, it has END_MS for that. */
static void wait_for(pid_t pid)
{
	int status = 0;

	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd either[] = {{.fd = fd, .events = POLLIN}, {.fd = HELPER_SOCKET}};

	if (fd >= 0) {
		while (poll(either, 2, -1) < 0 && errno == EINTR)
			;
		if (!either[0].revents && !poll(either, 1, END_MS))
			kill(pid, SIGKILL);
	}
	if (waitpid(pid, &status, 0) == pid && status)
		tell_died(status);
}

int process_serve(void *context)
{
	const struct sampler_plan *plan = context;
	int pause_ms = PAUSE_MS, dir_fd;

	if (plan->user && plan->user())
		return EXIT_FAILURE;
	dir_fd = wait_for_place();
	if (dir_fd < 0)
		return EXIT_SUCCESS;
	signal(SIGCHLD, SIG_DFL); /* it waits for its child */
	if (plan->parent && plan->parent(dir_fd))
		return EXIT_FAILURE;
	for (;;) {
		const double since = clock_seconds(CLOCK_MONOTONIC);
		const pid_t pid = start(plan, dir_fd);

		if (pid > 0)
			wait_for(pid);
		if (clock_seconds(CLOCK_MONOTONIC) > since + settled_seconds)
			pause_ms = PAUSE_MS;
		if (agent_is_gone(pause_ms))
			return EXIT_SUCCESS;
		pause_ms = pause_ms > PAUSE_MAX_MS / 2 ? PAUSE_MAX_MS : pause_ms * 2;
	}
}

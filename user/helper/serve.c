/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "confine/helper.h"
#include "helper/attach.h"
#include "helper/packets.h"
#include "helper/watch.h"
#include "helper/worker.h"

enum {
	PAUSE_MS = 500, /* before it is started again, then twice as long each time, */
	PAUSE_MAX_MS = 60000, /* up to this */
	WATCH_EVERY_MS = 1000,
};

static const double settled_seconds = 60; /* who has lived so long has not died of its start */

static void tell_died(int status, bool late)
{
	struct tls_packet packet = {.kind = TLS_DIED};

	if (late)
		snprintf(packet.text, sizeof(packet.text), "a file could not be read in time");
	else if (WIFSIGNALED(status))
		snprintf(packet.text, sizeof(packet.text), "signal %d", WTERMSIG(status));
	else
		snprintf(packet.text, sizeof(packet.text), "exit status %d", WEXITSTATUS(status));
	tls_packet_send(HELPER_SOCKET, &packet, -1, false);
}

static bool agent_is_gone(int timeout_ms)
{
	struct pollfd socket = {.fd = HELPER_SOCKET};

	return poll(&socket, 1, timeout_ms) > 0;
}

static pid_t start(struct watch *watch)
{
	const pid_t parent = getpid();
	const pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, "sliprobe-helper", 0, 0, 0);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	_exit(worker_run(watch, confine_helper_worker()));
}

/* Until it has ended; by force, if the agent has gone or a file keeps it. Returns whether it was late. */
static bool wait_for(pid_t pid, const struct watch *watch, int *ret_status)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd either[] = {{.fd = fd, .events = POLLIN}, {.fd = HELPER_SOCKET}};
	bool late = false;

	while (fd >= 0) {
		const int n = poll(either, 2, WATCH_EVERY_MS);

		if (n < 0 && errno == EINTR)
			continue;
		late = !n && watch_is_late(watch);
		if (n || late)
			break;
	}
	if (!either[0].revents)
		kill(pid, SIGKILL);
	if (waitpid(pid, ret_status, 0) != pid)
		*ret_status = 0;
	return late;
}

static int stay(struct watch *watch)
{
	int pause_ms = PAUSE_MS;

	for (;;) {
		const double since = clock_seconds(CLOCK_MONOTONIC);
		const pid_t pid = start(watch);
		int status = 0;
		bool late = pid > 0 && wait_for(pid, watch, &status);

		if (agent_is_gone(0))
			return EXIT_SUCCESS;
		watch_died(watch);
		tell_died(status, late);
		if (clock_seconds(CLOCK_MONOTONIC) > since + settled_seconds)
			pause_ms = PAUSE_MS;
		if (agent_is_gone(pause_ms))
			return EXIT_SUCCESS;
		pause_ms = pause_ms > PAUSE_MAX_MS / 2 ? PAUSE_MAX_MS : pause_ms * 2;
	}
}

static int fail(const char *what, int r)
{
	struct tls_packet packet = {.kind = TLS_FAILED};

	snprintf(packet.text, sizeof(packet.text), "%s: %s", what, strerror(-r));
	tls_packet_send(HELPER_SOCKET, &packet, -1, false);
	return EXIT_FAILURE;
}

int serve(void)
{
	struct watch *watch = watch_new();
	int r;

	signal(SIGCHLD, SIG_DFL); /* it waits for its child */
	prctl(PR_SET_NAME, "sliprobe-holder", 0, 0, 0);
	if (!watch)
		return fail("cannot share memory", -ENOMEM);
	r = confine_helper_parent(!attach_has_multi());
	if (r)
		return fail("cannot give up what it does not need", r);
	return stay(watch);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/starter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/helper.h"

enum {
	TASK_BYTES = 128 * 1024,
	STRINGS_MAX = 1024,
};

/* A task as it is sent: this, then its strings with a NUL each. */
struct head {
	uint64_t timeout_ns;
	uint32_t n_argv, n_environment;
};

static struct helper starter = HELPER_NONE;

/* ---- in the process ---- */

/* Splits n strings off. Returns false if there are not so many. */
static bool split(char **text, const char *end, size_t n, char **ret)
{
	for (size_t i = 0; i < n; i++) {
		char *nul = memchr(*text, 0, (size_t)(end - *text));

		if (!nul)
			return false;
		ret[i] = *text;
		*text = nul + 1;
	}
	ret[n] = NULL;
	return true;
}

static void __attribute__((noreturn)) run(char *bytes, size_t len, const int fds[HELPER_FDS])
{
	static char *argv[STRINGS_MAX + 1], *environment[STRINGS_MAX + 1];
	char *text = bytes + sizeof(struct head);
	struct runner_task task = {.argv = argv, .environment = environment};
	struct head head;

	memcpy(&head, bytes, sizeof(head));
	if (!head.n_argv || head.n_argv > STRINGS_MAX || head.n_environment > STRINGS_MAX ||
	    !split(&text, bytes + len, head.n_argv, argv) ||
	    !split(&text, bytes + len, head.n_environment, environment))
		_exit(EXIT_FAILURE);
	task.timeout_ns = head.timeout_ns;
	task.input_fd = fds[0];
	task.control_fd = fds[1];
	runner_run(&task);
}

static void start(char *bytes, size_t len, const int fds[HELPER_FDS])
{
	struct runner_end end = {};
	pid_t pid;

	if (len <= sizeof(struct head) || fds[0] < 0 || fds[1] < 0)
		return;
	pid = fork();
	if (!pid) {
		close(HELPER_SOCKET);
		run(bytes, len, fds);
	}
	if (pid > 0)
		return;
	end.status = errno;
	send(fds[1], &end, sizeof(end), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int serve(void *context)
{
	int (*const *confine)(void) = context;
	static char bytes[TASK_BYTES];

	if (*confine && (*confine)())
		return EXIT_FAILURE;
	for (;;) {
		int fds[HELPER_FDS];
		ssize_t n = helper_receive(HELPER_SOCKET, bytes, sizeof(bytes), fds, -1);

		if (n <= 0)
			return n ? EXIT_FAILURE : EXIT_SUCCESS;
		start(bytes, (size_t)n, fds);
		for (int i = 0; i < HELPER_FDS; i++) {
			if (fds[i] >= 0)
				close(fds[i]);
		}
	}
}

/* ---- in the agent ---- */

int starter_begin(int (*confine)(void), bool quiet)
{
	return starter.pid ? 0 : helper_begin("sliprobe-start", quiet, serve, &confine, &starter);
}

/* Returns false when there is no room. */
static bool join(char *const *strings, char *bytes, size_t *len, uint32_t *ret_n)
{
	uint32_t n = 0;

	for (; strings[n]; n++) {
		size_t size = strlen(strings[n]) + 1;

		if (n == STRINGS_MAX || size > TASK_BYTES - *len)
			return false;
		memcpy(bytes + *len, strings[n], size);
		*len += size;
	}
	*ret_n = n;
	return true;
}

int starter_run(const struct runner_task *task)
{
	static char bytes[TASK_BYTES];
	const int fds[HELPER_FDS] = {task->input_fd, task->control_fd};
	struct head head = {.timeout_ns = task->timeout_ns};
	size_t len = sizeof(head);
	int r = starter_begin(NULL, false);

	if (r)
		return r;
	if (!join(task->argv, bytes, &len, &head.n_argv) ||
	    !join(task->environment, bytes, &len, &head.n_environment))
		return -E2BIG;
	memcpy(bytes, &head, sizeof(head));
	/* it is always there to take the next one: if not, the attempt has failed, and is made again */
	return helper_send(starter.fd, bytes, len, fds, false);
}

void starter_end(void)
{
	helper_end(&starter);
}

pid_t starter_pid(void)
{
	return starter.pid;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- begin and end ---- */

static void lead_nowhere(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= STDERR_FILENO && nothing >= 0; fd++)
		dup2(nothing, fd);
}

static void __attribute__((noreturn))
process(const char *name, bool quiet, int (*serve)(void *context), void *context, int fd)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGCHLD, SIG_IGN); /* nobody waits for its children */
	prctl(PR_SET_NAME, name);
	fd = fcntl(fd, F_DUPFD_CLOEXEC, HELPER_SOCKET);
	if (fd < 0 || (fd != HELPER_SOCKET && dup3(fd, HELPER_SOCKET, O_CLOEXEC) < 0))
		_exit(EXIT_FAILURE);
	closefrom(HELPER_SOCKET + 1);
	if (quiet)
		lead_nowhere();
	closefrom(HELPER_SOCKET + 1);
	_exit(serve(context));
}

int helper_begin(const char *name, bool quiet, int (*serve)(void *context), void *context,
		 struct helper *ret)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	pid = fork();
	if (!pid)
		process(name, quiet, serve, context, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -errno;
	}
	*ret = (struct helper){pid, fds[0]};
	return 0;
}

void helper_end(struct helper *helper)
{
	if (!helper->pid)
		return;
	close(helper->fd);
	waitpid(helper->pid, NULL, 0);
	*helper = HELPER_NONE;
}

/* ---- packets ---- */

int helper_send(int fd, const void *bytes, size_t len, const int *fds, bool wait)
{
	char control[CMSG_SPACE(HELPER_FDS * sizeof(int))] = {};
	struct iovec iov = {(void *)bytes, len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t n = 0;

	while (fds && n < HELPER_FDS && fds[n] >= 0)
		n++;
	if (n) {
		struct cmsghdr *part = (struct cmsghdr *)control;

		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(part), fds, n * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)) < 0 ? -errno : 0;
}

static void take_fds(struct msghdr *message, int fds[static HELPER_FDS])
{
	for (size_t i = 0; i < HELPER_FDS; i++)
		fds[i] = -1;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		size_t len = part->cmsg_len - CMSG_LEN(0);

		if (part->cmsg_type == SCM_RIGHTS && len <= HELPER_FDS * sizeof(int))
			memcpy(fds, CMSG_DATA(part), len);
	}
}

ssize_t helper_receive(int fd, void *bytes, size_t size, int *ret_fds, int timeout_ms)
{
	char control[CMSG_SPACE(HELPER_FDS * sizeof(int))] = {};
	struct iovec iov = {bytes, size};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int fds[HELPER_FDS];
	ssize_t n;

	do
		n = poll(&ready, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	take_fds(&message, fds);
	for (size_t i = 0; i < HELPER_FDS; i++) {
		if (ret_fds)
			ret_fds[i] = fds[i];
		else if (fds[i] >= 0)
			close(fds[i]);
	}
	return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/start.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The program of that name in the directory of the one that runs. */
static int find_program(char ret[static PATH_MAX], struct error *error)
{
	const ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return error_set(error, -errno, "cannot tell where this program is: %s",
				 strerror(errno));
	ret[n] = 0;
	slash = strrchr(ret, '/');
	if (!slash || slash + 1 + sizeof(TLS_HELPER_PROGRAM) > ret + PATH_MAX)
		return error_set(error, -ENAMETOOLONG, "%s: the path is too long", ret);
	memcpy(slash + 1, TLS_HELPER_PROGRAM, sizeof(TLS_HELPER_PROGRAM));
	if (access(ret, X_OK))
		return error_set(error, -errno, "cannot start %s: %s", ret, strerror(errno));
	return 0;
}

/* What this process may use, a program that it executes may use, too: unless it is root's, that takes saying. */
static void hand_down_capabilities(void)
{
	if (capng_get_caps_process())
		return;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (capng_have_capability(CAPNG_PERMITTED, capability))
			capng_update(CAPNG_ADD, CAPNG_INHERITABLE, capability);
	}
	if (capng_apply(CAPNG_SELECT_CAPS))
		return;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (capng_have_capability(CAPNG_PERMITTED, capability))
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
	}
}

static void lead_nowhere(void)
{
	const int nothing = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= STDERR_FILENO && nothing >= 0; fd++)
		dup2(nothing, fd);
}

/* A stop is sent to all processes, but this one is needed until the agent ends: its socket says so. */
static void __attribute__((noreturn)) become(const char *path, bool quiet, int socket)
{
	char *const arguments[] = {TLS_HELPER_PROGRAM, NULL};
	char *const environment[] = {NULL};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (quiet)
		lead_nowhere();
	socket = fcntl(socket, F_DUPFD, HELPER_SOCKET);
	if (socket < 0 || (socket != HELPER_SOCKET && dup2(socket, HELPER_SOCKET) < 0))
		_exit(EXIT_FAILURE);
	closefrom(HELPER_SOCKET + 1);
	hand_down_capabilities();
	execve(path, arguments, environment);
	_exit(EXIT_FAILURE);
}

int tls_helper_start(bool quiet, struct helper *ret, struct error *ret_error)
{
	char path[PATH_MAX];
	int fds[2];
	pid_t pid;
	int r = find_program(path, ret_error);

	if (r)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return error_set(ret_error, -errno, "cannot start %s: %s", path, strerror(errno));
	pid = fork();
	if (!pid)
		become(path, quiet, fds[1]);
	r = pid < 0 ? error_set(ret_error, -errno, "cannot start %s: %s", path, strerror(errno)) :
		      0;
	close(fds[1]);
	if (r) {
		close(fds[0]);
		return r;
	}
	*ret = (struct helper){pid, fds[0]};
	return 0;
}

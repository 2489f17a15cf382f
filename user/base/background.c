/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/background.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int background_begin(int *ret_ready_fd)
{
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0) {
		close(ready[1]);
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		_exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(ready[0]);
	setsid();
	*ret_ready_fd = ready[1];
	return 0;
}

int background_ready(int ready_fd)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nothing < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++) {
		if (dup2(nothing, fd) < 0)
			return -errno;
	}
	close(nothing);
	if (write(ready_fd, "", 1) != 1)
		return -errno;
	close(ready_fd);
	return 0;
}

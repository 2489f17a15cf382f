// SPDX-License-Identifier: GPL-2.0-only
/*
 * A preloaded library that makes the disk of one process slow: the file named by SLOW_DISK holds a 64-bit number of
 * milliseconds, which each fsync() and fdatasync() takes. It may change at any time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *wait_ms;

__attribute__((constructor)) static void map_wait(void)
{
	const char *path = getenv("SLOW_DISK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		_exit(99);
	map = mmap(NULL, sizeof(*wait_ms), PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		_exit(99);
	wait_ms = map;
	close(fd);
}

static void be_slow(void)
{
	const int64_t ms = wait_ms ? *wait_ms : 0;
	const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

	if (ms > 0)
		nanosleep(&wait, NULL);
}

int fsync(int fd)
{
	be_slow();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	be_slow();
	return (int)syscall(SYS_fdatasync, fd);
}

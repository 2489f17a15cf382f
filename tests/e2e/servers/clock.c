// SPDX-License-Identifier: GPL-2.0-only
/*
 * A preloaded library that shows one process other clocks: the file named by FAKE_CLOCK holds two
 * 64-bit numbers of seconds, added to CLOCK_REALTIME and to CLOCK_BOOTTIME. It may change at any
 * time. Timers go by the real ones.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile struct {
	int64_t realtime;
	int64_t boottime;
} * offset_seconds;

__attribute__((constructor)) static void map_offsets(void)
{
	const char *path = getenv("FAKE_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		_exit(99);
	map = mmap(NULL, sizeof(*offset_seconds), PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		_exit(99);
	offset_seconds = map;
	close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, clock, ret);

	/* other libraries' constructors may have come first */
	if (r || !offset_seconds)
		return r;
	if (clock == CLOCK_REALTIME)
		ret->tv_sec += offset_seconds->realtime;
	else if (clock == CLOCK_BOOTTIME)
		ret->tv_sec += offset_seconds->boottime;
	return r;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

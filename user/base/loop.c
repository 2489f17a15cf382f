/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"

static int watch(int epoll_fd, const struct loop_part *parts, size_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

		if (parts[i].fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, parts[i].fd, &event))
			return -errno;
	}
	return 0;
}

static int timeout_ms(const struct loop_part *part)
{
	return part->timeout_ms ? part->timeout_ms(part->context) : -1;
}

/* Waits for the first part, and marks those whose descriptors are readable. */
static int wait_for(int epoll_fd, const struct loop_part *parts, size_t n, bool *ret_readable)
{
	struct epoll_event events[LOOP_PARTS_MAX];
	int wait_ms = -1, n_events;

	for (size_t i = 0; i < n; i++) {
		wait_ms = loop_sooner_ms(wait_ms, timeout_ms(&parts[i]));
		ret_readable[i] = false;
	}
	n_events = epoll_wait(epoll_fd, events, LOOP_PARTS_MAX, wait_ms);
	if (n_events < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n_events; i++)
		ret_readable[events[i].data.u32] = true;
	return 0;
}

int loop_run(const struct loop_part *parts, size_t n)
{
	_cleanup_close_ int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bool readable[LOOP_PARTS_MAX];
	int r;

	if (n > LOOP_PARTS_MAX)
		return -E2BIG;
	if (epoll_fd < 0)
		return -errno;
	r = watch(epoll_fd, parts, n);
	while (!r) {
		r = wait_for(epoll_fd, parts, n, readable);
		for (size_t i = 0; !r && i < n; i++) {
			if (readable[i] || timeout_ms(&parts[i]) == 0)
				r = parts[i].run(parts[i].context);
		}
	}
	return r == LOOP_STOP ? 0 : r;
}

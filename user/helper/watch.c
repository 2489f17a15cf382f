/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/watch.h"

#include <stddef.h>
#include <sys/mman.h>

#include "base/clock.h"

static __u64 now_ms(void)
{
	return (__u64)(clock_seconds(CLOCK_MONOTONIC) * 1e3);
}

struct watch *watch_new(void)
{
	void *memory = mmap(NULL, sizeof(struct watch), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void watch_begin(struct watch *watch, const struct maps_id *file)
{
	watch->at = *file;
	atomic_store(&watch->since_ms, now_ms());
}

void watch_end(struct watch *watch)
{
	atomic_store(&watch->since_ms, 0);
}

bool watch_is_stuck(const struct watch *watch, const struct maps_id *file)
{
	const __u32 n = watch->n_stuck < WATCH_STUCK_MAX ? watch->n_stuck : WATCH_STUCK_MAX;

	for (__u32 i = 0; i < n; i++) {
		if (maps_same(&watch->stuck[i], file))
			return true;
	}
	return false;
}

bool watch_is_late(const struct watch *watch)
{
	const __u64 since = atomic_load(&watch->since_ms);

	return since && now_ms() > since + WATCH_MS;
}

void watch_died(struct watch *watch)
{
	if (atomic_load(&watch->since_ms))
		watch->stuck[watch->n_stuck++ % WATCH_STUCK_MAX] = watch->at;
	watch_end(watch);
}

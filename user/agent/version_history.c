/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/version_history.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"

enum {
	ENTRIES_FIRST = 256,
	VERSION_FORGOTTEN = 0, /* no version's number */
};

_Static_assert(SLO_COUNTS_MAX <= UINT16_MAX, "an index fits");

void version_history_clear(struct version_history *history)
{
	free(history->configured.list);
	free(history->found.list);
	*history = (struct version_history){};
}

static struct version_ring *ring_of(struct version_history *history, __u32 slo)
{
	return slo < SLO_CRITERIA_MAX ? &history->configured : &history->found;
}

/* Only a ring that has not come round yet grows: then it begins at 0. */
static bool ring_grow(struct version_ring *ring)
{
	size_t room = ring->room ? ring->room * 2 : ENTRIES_FIRST;
	struct version_entry *grown;

	if (room > VERSION_HISTORY_MAX)
		return false;
	grown = realloc(ring->list, room * sizeof(*grown));
	if (!grown)
		return false;
	ring->list = grown;
	ring->room = room;
	return true;
}

static void ring_add(struct version_ring *ring, const struct version_entry *entry)
{
	if (ring->n == ring->room && (ring->first || !ring_grow(ring))) {
		if (!ring->room)
			return;
		ring->first = (ring->first + 1) % ring->room;
		ring->n--;
	}
	ring->list[(ring->first + ring->n++) % ring->room] = *entry;
}

static __u32 fit(__u64 n)
{
	return n < UINT32_MAX ? (__u32)n : UINT32_MAX;
}

void version_history_add(struct version_history *history, double now, __u32 slo, __u32 version,
			 __u64 good, __u64 bad)
{
	if (!history->configured.n && !history->found.n)
		history->from = floor(now);
	if (slo >= SLO_COUNTS_MAX || !version || version > UINT16_MAX || now < history->from)
		return;
	ring_add(ring_of(history, slo), &(struct version_entry){
						.at = (__u32)ceil(now - history->from),
						.slo = (__u16)slo,
						.version = (__u16)version,
						.good = fit(good),
						.bad = fit(bad),
					});
}

void version_history_each(const struct version_history *history, __u32 slo, double from,
			  double until,
			  void (*fn)(void *context, __u32 version, __u64 good, __u64 bad),
			  void *context)
{
	const struct version_ring *ring = ring_of((struct version_history *)history, slo);

	for (size_t i = 0; i < ring->n; i++) {
		const struct version_entry *entry = &ring->list[(ring->first + i) % ring->room];
		double at = history->from + entry->at;

		/* a step's time is rounded up to the second: so are those that are asked for */
		if (entry->slo == slo && entry->version != VERSION_FORGOTTEN && at > ceil(from) &&
		    at <= ceil(until))
			fn(context, entry->version, entry->good, entry->bad);
	}
}

void version_history_forget(struct version_history *history, __u32 slo)
{
	struct version_ring *ring = ring_of(history, slo);

	for (size_t i = 0; i < ring->n; i++) {
		struct version_entry *entry = &ring->list[(ring->first + i) % ring->room];

		if (entry->slo == slo)
			entry->version = VERSION_FORGOTTEN;
	}
}

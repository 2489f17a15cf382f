/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory of its own for each test, and a store of events in it. */
#ifndef SLIPROBE_TESTS_EVENT_STORE_FIXTURE_H
#define SLIPROBE_TESTS_EVENT_STORE_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "samples/event_store.h"
#include "tests/unit/samples/made_events.h"

#define SLOT_NS 10000000000LL
#define MIB (1ULL << 20)

static char dir[64];
static char database[96];
static struct error notice;
static struct event_store_limits limits;

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof(dir), "%.40s/sliprobe-event-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	snprintf(database, sizeof(database), "%s/samples.db", dir);
	limits = (struct event_store_limits){7 * 86400.0, 256 * MIB};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct event_store *open_any(void)
{
	struct event_store *store;

	assert_int_equal(event_store_open(dir, &limits, &store, &notice), 0);
	return store;
}

static inline struct event_store *open_good(void)
{
	struct event_store *store = open_any();

	assert_string_equal(notice.text, "");
	return store;
}

static inline int add_event(struct event_store *store, uint64_t n, const char *service,
			    int64_t time_ns)
{
	struct made made;

	make_event(n, service, time_ns, &made);
	return event_store_add(store, &made.event, false, &(struct batch_draw){1, 0});
}

/* n events of a service in one slot, from number `first` on. */
static inline void add_slot(struct event_store *store, const char *service, int64_t slot,
			    uint64_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(add_event(store, first + i, service,
					   T0_NS + slot * SLOT_NS + (int64_t)i * 1000000),
				 0);
}

/* The end of a slot. */
static inline double at_slot(int64_t slot)
{
	return (double)(T0_NS + (slot + 1) * SLOT_NS) * 1e-9;
}

static inline void step_good(struct event_store *store, int64_t slot)
{
	assert_int_equal(event_store_step(store, at_slot(slot), &notice), 0);
	assert_string_equal(notice.text, "");
}

struct count {
	size_t n;
	int64_t greatest_id;
	double weight;
};

static inline int count_event(void *context, const struct event *event)
{
	struct count *count = context;

	count->n++;
	count->weight += event->weight;
	if (event->id > count->greatest_id)
		count->greatest_id = event->id;
	return 0;
}

static const struct event_span all_events = {.since = NAN, .until = NAN};

static inline size_t count_span(struct event_store *store, const struct event_span *span)
{
	struct count count = {};

	assert_int_equal(event_store_each(store, span, count_event, &count), 0);
	return count.n;
}

static inline size_t count_all(struct event_store *store)
{
	return count_span(store, &all_events);
}

static inline size_t count_service(struct event_store *store, const char *service)
{
	struct event_span span = all_events;

	span.service = service;
	return count_span(store, &span);
}

static inline struct event_store_stats stats_of(struct event_store *store)
{
	struct event_store_stats stats;

	event_store_stats(store, &stats);
	return stats;
}

#endif

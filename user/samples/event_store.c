/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/event_store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "samples/event_store_private.h"

#define STEP_SECONDS_MAX 2.0
#define OPEN_EVERY_SECONDS 30.0

static void open_db(struct event_store *store, struct error *ret_notice)
{
	store->failing =
		event_db_open(store->dir, store->limits.keep_bytes, &store->db, ret_notice);
}

static struct event_store_limits bounded(const struct event_store_limits *limits)
{
	struct event_store_limits ret = *limits;

	if (ret.keep_bytes < EVENT_STORE_LEAST_BYTES)
		ret.keep_bytes = EVENT_STORE_LEAST_BYTES;
	return ret;
}

static void free_store_at(struct event_store **store)
{
	if (*store)
		free((*store)->dir);
	free(*store);
}

int event_store_open(const char *dir, const struct event_store_limits *limits,
		     struct event_store **ret, struct error *ret_notice)
{
	_cleanup_(free_store_at) struct event_store *store = calloc(1, sizeof(*store));

	*ret_notice = (struct error){};
	if (!store)
		return -ENOMEM;
	store->dir = strdup(dir);
	if (!store->dir)
		return -ENOMEM;
	store->limits = bounded(limits);
	store->opened_seconds = -INFINITY;
	open_db(store, ret_notice);
	*ret = TAKE_PTR(store);
	return 0;
}

void event_store_close(struct event_store *store)
{
	struct error notice;

	if (!store)
		return;
	if (store->db)
		event_store_step(store, clock_seconds(CLOCK_REALTIME), &notice);
	event_db_close(store->db);
	pending_clear(&store->pending);
	free(store->dir);
	free(store);
}

void event_store_set_limits(struct event_store *store, const struct event_store_limits *limits)
{
	const struct event_store_limits now = bounded(limits);

	if (store->db && now.keep_bytes != store->limits.keep_bytes)
		event_db_set_max(store->db, now.keep_bytes);
	store->limits = now;
}

/* Ids of an earlier agent are greater only if the clock has been set back by more than it was away. */
static int64_t next_id(struct event_store *store)
{
	const int64_t now_us = (int64_t)(clock_seconds(CLOCK_REALTIME) * 1e6);

	store->last_id = now_us > store->last_id ? now_us : store->last_id + 1;
	return store->last_id;
}

int event_store_add(struct event_store *store, const struct event *event, bool found,
		    const struct batch_draw *draw)
{
	return pending_add(&store->pending, event, found, next_id(store), draw);
}

/* ---- the step ---- */

static bool is_late(double begun)
{
	return clock_seconds(CLOCK_MONOTONIC) - begun > STEP_SECONDS_MAX;
}

static int drop_old(struct event_store *store, double now_seconds)
{
	const double before = now_seconds - store->limits.keep_seconds;
	size_t n;

	if (!(before > 0))
		return 0;
	return event_db_drop_old(store->db, batch_slot((int64_t)(before * 1e9)), &n);
}

/* Until there is room for what is to be written, and for some minutes more. */
static int make_room(struct event_store *store, uint64_t need, double begun)
{
	const uint64_t more = need + store->limits.keep_bytes / 64;
	int r = 0;

	if (!event_db_is_full(store->db, need))
		return 0;
	while (!r && event_db_is_full(store->db, more) && !is_late(begun)) {
		size_t n;

		r = event_db_drop_largest(store->db, more, &n);
		if (!r && !n)
			break;
	}
	return r;
}

static uint64_t bytes_of(const struct pending *pending)
{
	uint64_t bytes = 0;

	/* a row of its own takes some bytes, and a page of overflow is not shared */
	for (size_t i = 0; i < pending->n_closed; i++)
		bytes += pending->batches[i]->n + (pending->batches[i]->n > 2048 ? 4096 : 128);
	return bytes;
}

static int write_some(struct event_store *store)
{
	struct event_db_batch batches[EVENT_DB_ROWS];
	size_t n = 0, n_put;
	int r;

	while (n < EVENT_DB_ROWS && n < store->pending.n_closed) {
		batches[n] = pending_for_db(store->pending.batches[n]);
		n++;
	}
	r = event_db_put(store->db, batches, n, &n_put);
	if (!r)
		pending_written(&store->pending, n_put);
	return r;
}

static int step(struct event_store *store, double now_seconds)
{
	const double begun = clock_seconds(CLOCK_MONOTONIC);
	int r;

	pending_close(&store->pending);
	r = drop_old(store, now_seconds);
	r = r ?: make_room(store, bytes_of(&store->pending), begun);
	while (!r && store->pending.n_closed && !is_late(begun))
		r = write_some(store);
	return r ?: event_db_shrink(store->db);
}

static const char *words(int r)
{
	switch (r) {
	case -ENOSPC:
		return "there is no room on the disk";
	case -EBUSY:
		return "somebody else holds it";
	case -EUCLEAN:
		return "it is damaged";
	default:
		return strerror(-r);
	}
}

static void tell(const struct event_store *store, int before, int r, struct error *ret_notice)
{
	if (*ret_notice->text || before == r)
		return;
	if (r)
		error_set(ret_notice, 0,
			  "samples.db cannot be written (%s): samples are kept in memory as far as "
			  "they fit, and are tried again",
			  words(r));
	else
		error_set(ret_notice, 0, "samples.db can be written again; %llu samples were lost",
			  (unsigned long long)store->pending.lost);
}

/* What is gone or damaged is opened, or made, again: at once, but not again and again. */
static void open_again(struct event_store *store, struct error *ret_notice)
{
	const double now = clock_seconds(CLOCK_MONOTONIC);

	if (store->db && event_db_is_gone(store->db)) {
		event_db_close(store->db);
		store->db = NULL;
	}
	if (store->db || now - store->opened_seconds < OPEN_EVERY_SECONDS)
		return;
	store->opened_seconds = now;
	open_db(store, ret_notice);
}

int event_store_step(struct event_store *store, double now_seconds, struct error *ret_notice)
{
	const int before = store->failing;

	*ret_notice = (struct error){};
	open_again(store, ret_notice);
	if (!store->db) {
		pending_close(&store->pending);
		store->failing = store->failing ?: -EUCLEAN;
		if (before == store->failing)
			*ret_notice = (struct error){};
		return store->failing;
	}
	store->failing = step(store, now_seconds);
	tell(store, before, store->failing, ret_notice);
	return store->failing;
}

void event_store_stats(struct event_store *store, struct event_store_stats *ret)
{
	const int64_t oldest = store->db ? event_db_oldest(store->db) : -1;

	*ret = (struct event_store_stats){
		.events = store->pending.events + (store->db ? event_db_events(store->db) : 0),
		.bytes = store->db ? event_db_bytes(store->db) : 0,
		.pending_bytes = store->pending.bytes,
		.lost = store->pending.lost,
		.oldest_seconds = oldest < 0 ? NAN : (double)oldest * BATCH_SLOT_SECONDS,
		.failing = store->failing,
	};
}

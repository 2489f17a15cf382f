/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Visits events slot by slot: all batches of a slot, from disk and memory, are unpacked, and their events sorted.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "samples/event_store.h"
#include "samples/event_store_private.h"

struct walk {
	struct event_store *store;
	const struct event_span *span;
	int64_t since_ns, until_ns; /* [since, until) */
	event_visit *visit;
	void *context;
	/* the slot that is gathered */
	struct batch_view **views;
	size_t n_views, views_room;
	char **names;
	struct batch_entry *entries;
	size_t n_entries, entries_room;
	size_t bytes;
	/* what is pending, in the order of the walk */
	const struct pending_batch **pending;
	size_t n_pending, pending_at;
};

/* ---- a slot ---- */

static void clear_slot(struct walk *walk)
{
	for (size_t i = 0; i < walk->n_views; i++) {
		batch_view_free(walk->views[i]);
		free(walk->names[i]);
	}
	walk->n_views = walk->n_entries = walk->bytes = 0;
}

static int make_room(struct walk *walk, size_t entries)
{
	if (walk->n_views == walk->views_room) {
		const size_t room = walk->views_room ? 2 * walk->views_room : 16;
		struct batch_view **views = reallocarray(walk->views, room, sizeof(*views));
		char **names;

		if (!views)
			return -ENOMEM;
		walk->views = views;
		names = reallocarray(walk->names, room, sizeof(*names));
		if (!names)
			return -ENOMEM;
		walk->names = names;
		walk->views_room = room;
	}
	if (walk->n_entries + entries > walk->entries_room) {
		const size_t room = 2 * (walk->n_entries + entries);
		struct batch_entry *all = reallocarray(walk->entries, room, sizeof(*all));

		if (!all)
			return -ENOMEM;
		walk->entries = all;
		walk->entries_room = room;
	}
	return 0;
}

/* Takes `raw`. What is no batch is left out. Returns 0 or -ENOMEM. */
static int add_view(struct walk *walk, uint8_t *raw, size_t n, int64_t slot, int64_t first_id,
		    const char *service)
{
	char *name = strdup(service);
	struct batch_view *view;
	int r;

	if (!name) {
		free(raw);
		return -ENOMEM;
	}
	r = batch_view_new(raw, n, slot, first_id, *name ? name : NULL, &view);
	if (!r) {
		r = make_room(walk, batch_view_events(view));
		r = r ?: batch_view_entries(view, walk->entries + walk->n_entries);
		if (!r) {
			walk->views[walk->n_views] = view;
			walk->names[walk->n_views++] = name;
			walk->n_entries += batch_view_events(view);
			walk->bytes += n + batch_view_events(view) * sizeof(*walk->entries);
			return 0;
		}
		batch_view_free(view);
	}
	free(name);
	return r == -EINVAL ? 0 : r;
}

static int add_compressed(struct walk *walk, const struct event_db_batch *batch)
{
	uLongf n = batch->raw;
	uint8_t *raw;

	if (!n || n > BATCH_MAX_BYTES || walk->bytes + n > EVENT_WALK_BYTES)
		return 0;
	raw = malloc(n);
	if (!raw)
		return -ENOMEM;
	if (uncompress(raw, &n, batch->bytes, batch->n) != Z_OK) {
		free(raw);
		return 0;
	}
	return add_view(walk, raw, n, batch->slot, batch->id, batch->service);
}

static int add_pending(struct walk *walk, const struct pending_batch *pending)
{
	struct event_db_batch closed;
	uint8_t *raw;
	size_t n;

	if (!pending->open) {
		closed = pending_for_db(pending);
		return add_compressed(walk, &closed);
	}
	if (walk->bytes + batch_bytes(pending->open) > EVENT_WALK_BYTES)
		return 0;
	raw = batch_pack(pending->open, &n);
	return raw ? add_view(walk, raw, n, pending->slot, pending->first_id,
			      pending_service_name(pending)) :
		     -ENOMEM;
}

static int order(const void *a, const void *b)
{
	const struct batch_entry *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Mostly they come in their order already. */
static void sort(struct walk *walk)
{
	for (size_t i = 1; i < walk->n_entries; i++) {
		if (order(&walk->entries[i - 1], &walk->entries[i]) > 0) {
			qsort(walk->entries, walk->n_entries, sizeof(*walk->entries), order);
			return;
		}
	}
}

static bool has(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

static bool is_asked_for(const struct event_span *span, const struct event *event)
{
	if (span->bad_only && !event->bad)
		return false;
	if (span->bad_for && !has(event->bad_for, event->n_bad_for, span->bad_for))
		return false;
	return !span->eligible_for ||
	       has(event->eligible_for, event->n_eligible_for, span->eligible_for);
}

static int visit_one(struct walk *walk, const struct batch_entry *entry)
{
	const struct event_span *const span = walk->span;
	struct event event;

	if (entry->time_ns < walk->since_ns || entry->time_ns >= walk->until_ns ||
	    entry->id <= span->after)
		return 0;
	if (batch_view_event(entry, &event) || !is_asked_for(span, &event))
		return 0;
	return walk->visit(walk->context, &event);
}

static int visit_slot(struct walk *walk)
{
	int r = 0;

	if (!walk->entries)
		return 0;
	sort(walk);
	for (size_t i = 0; i < walk->n_entries && !r; i++)
		r = visit_one(
			walk,
			&walk->entries[walk->span->oldest_first ? i : walk->n_entries - 1 - i]);
	clear_slot(walk);
	return r;
}

/* ---- all slots ---- */

static bool is_before(const struct walk *walk, int64_t slot, int64_t other)
{
	return walk->span->oldest_first ? slot < other : slot > other;
}

/* Gathers what is pending of the slot, which is the next one. */
static int gather_pending(struct walk *walk, int64_t slot)
{
	int r = 0;

	while (!r && walk->pending_at < walk->n_pending &&
	       walk->pending[walk->pending_at]->slot == slot)
		r = add_pending(walk, walk->pending[walk->pending_at++]);
	return r;
}

/* Visits what is pending before the slot, in the order of the walk; slot -1: all of it. */
static int pass_pending(struct walk *walk, int64_t slot)
{
	int r = 0;

	while (!r && walk->pending_at < walk->n_pending) {
		const int64_t first = walk->pending[walk->pending_at]->slot;

		if (slot >= 0 && !is_before(walk, first, slot))
			return 0;
		r = gather_pending(walk, first);
		r = r ?: visit_slot(walk);
	}
	return r;
}

/* All of the slot that is on disk has been gathered. */
static int end_slot(struct walk *walk, int64_t slot)
{
	const int r = slot < 0 ? 0 : gather_pending(walk, slot);

	return r ?: visit_slot(walk);
}

static int64_t slot_of(int64_t ns)
{
	return ns == INT64_MAX ? INT64_MAX : batch_slot(ns);
}

/* *ret_disk: the disk's error, if that is what ended it. */
static int walk_disk(struct walk *walk, int *ret_disk)
{
	const struct event_db_range range = {
		.first = slot_of(walk->since_ns),
		.last = slot_of(walk->until_ns),
		.after = walk->span->after,
		.service = walk->span->service,
		.backwards = !walk->span->oldest_first,
	};
	struct event_db_rows *rows;
	struct event_db_batch batch;
	int64_t slot = -1;
	int r = 0, more = 0;

	if (!walk->store->db)
		return 0;
	rows = event_db_rows(walk->store->db, &range, ret_disk);
	while (rows && !r && (more = event_db_next(rows, &batch)) == 1) {
		if (batch.slot != slot) {
			r = end_slot(walk, slot);
			slot = batch.slot;
			r = r ?: pass_pending(walk, slot);
		}
		r = r ?: add_compressed(walk, &batch);
	}
	if (more < 0)
		*ret_disk = more;
	event_db_rows_end(rows);
	return r ?: end_slot(walk, slot);
}

static int pending_order(const void *a, const void *b)
{
	const int64_t x = (*(const struct pending_batch *const *)a)->slot;
	const int64_t y = (*(const struct pending_batch *const *)b)->slot;

	return (x > y) - (x < y);
}

static int choose_pending(struct walk *walk)
{
	const struct pending *const pending = &walk->store->pending;
	const int64_t first = slot_of(walk->since_ns), last = slot_of(walk->until_ns);

	walk->pending = calloc(pending->n + 1, sizeof(walk->pending[0]));
	if (!walk->pending)
		return -ENOMEM;
	for (size_t i = 0; i < pending->n; i++) {
		const struct pending_batch *batch = pending->batches[i];

		if (batch->slot < first || batch->slot > last ||
		    batch->last_id <= walk->span->after ||
		    (walk->span->service &&
		     strcmp(walk->span->service, pending_service_name(batch)) != 0))
			continue;
		walk->pending[walk->n_pending++] = batch;
	}
	qsort(walk->pending, walk->n_pending, sizeof(walk->pending[0]), pending_order);
	for (size_t i = 0; !walk->span->oldest_first && i < walk->n_pending / 2; i++) {
		const struct pending_batch *other = walk->pending[i];

		walk->pending[i] = walk->pending[walk->n_pending - 1 - i];
		walk->pending[walk->n_pending - 1 - i] = other;
	}
	return 0;
}

static int64_t to_ns(double seconds, int64_t without)
{
	if (isnan(seconds))
		return without;
	if (seconds <= 0)
		return 0;
	return seconds < 9e9 ? (int64_t)(seconds * 1e9) : INT64_MAX;
}

int event_store_each(struct event_store *store, const struct event_span *span, event_visit *visit,
		     void *context)
{
	struct walk walk = {
		.store = store,
		.span = span,
		.since_ns = to_ns(span->since, 0),
		.until_ns = to_ns(span->until, INT64_MAX),
		.visit = visit,
		.context = context,
	};
	int disk = 0, r = choose_pending(&walk);

	r = r ?: walk_disk(&walk, &disk);
	r = r ?: pass_pending(&walk, -1);
	clear_slot(&walk);
	free(walk.views);
	free(walk.names);
	free(walk.entries);
	free(walk.pending);
	return r ?: disk;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of one service that ended in one slot of 10 s, packed: numbers as LEB128 (DWARF 5, section 7.6), each text
 * once, and what each class counts. An event takes some 40 bytes besides texts of its own. Packed batches are from the
 * disk: any bytes are read, or refused.
 *
 * An event's weight is counted / sampled of its class: its verdict (good, the first SLO that it is bad for, or bad for
 * none), its second, as the kernel sets its rates anew each second, and how densely it was sampled, in steps of eight,
 * as a burst is sampled more densely than what follows. Within a class samples are as likely as each other, so that
 * shares of weights estimate shares of requests (Horvitz and Thompson 1952, by strata).
 *
 * Requests that were skipped between two samples of one processor and verdict are counted half for the class of the
 * one, half for that of the other: where the rate falls, most of those that the next sample stands for were before.
 * All weights of a batch add up to what its samples stand for.
 *
 *   version, number of classes, {twice counted, sampled}*, number of texts, bytes of texts, texts (each with its NUL),
 *   number of events, {bytes, ns from the slot's beginning on, id from the first one's on, ...}*
 *
 * Pure, but for memory.
 */
#ifndef SLIPROBE_SAMPLES_BATCH_H
#define SLIPROBE_SAMPLES_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "samples/event.h"

enum {
	BATCH_SLOT_SECONDS = 10,
	BATCH_MAX_BYTES = 4 << 20, /* packed */
	BATCH_CLASSES_MAX = 1024, /* beyond, the last one is shared */
	BATCH_EVENT_NUMBERS = 64, /* at most, besides headers and SLOs */
};

#define BATCH_SLOT_NS (BATCH_SLOT_SECONDS * 1000000000LL)

/* The slot that a time lies in; slots before 1970 are 0. */
static inline int64_t batch_slot(int64_t time_ns)
{
	return time_ns > 0 ? time_ns / BATCH_SLOT_NS : 0;
}

/* ---- one that is filled ---- */

struct batch;

/* Returns NULL when out of memory. */
struct batch *batch_new(int64_t slot, int64_t first_id);
void batch_free(struct batch *batch);

/* How a sample was drawn. */
struct batch_draw {
	uint32_t stands_for; /* as in struct sample; 0 is 1 */
	uint32_t cpu; /* that has counted what it stands for; of a bad one 0 */
};

/*
 * Takes a copy of the event, with this id (at least the first one's). Those of one processor come in the order of
 * time. Returns 0; -ENOSPC: it would be larger than BATCH_MAX_BYTES; -ENOMEM. Nothing is taken then.
 */
int batch_add(struct batch *batch, const struct event *event, int64_t id,
	      const struct batch_draw *draw);

size_t batch_events(const struct batch *batch);
/* Memory that it takes. */
size_t batch_bytes(const struct batch *batch);

/* As bytes, malloc()ed. Returns NULL when out of memory. */
uint8_t *batch_pack(const struct batch *batch, size_t *ret_bytes);

/* ---- one that is read ---- */

struct batch_view;

/* What events are sorted by, and where they are. */
struct batch_entry {
	int64_t time_ns;
	int64_t id;
	const struct batch_view *view;
	uint32_t at, end;
};

/*
 * Takes `bytes`, malloc()ed, also when it fails. Returns 0, -EINVAL: they are no batch, or -ENOMEM. `service` is of the
 * caller, and outlives it.
 */
int batch_view_new(uint8_t *bytes, size_t n, int64_t slot, int64_t first_id, const char *service,
		   struct batch_view **ret);
void batch_view_free(struct batch_view *view);

size_t batch_view_events(const struct batch_view *view);
/* Fills batch_view_events() entries. Returns 0 or -EINVAL. */
int batch_view_entries(const struct batch_view *view, struct batch_entry *ret);
/* Texts live as long as the view. Returns 0 or -EINVAL. */
int batch_view_event(const struct batch_entry *entry, struct event *ret);

#endif

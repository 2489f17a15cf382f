/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events that are not on disk yet: those of the current step in open batches, and those that could not be written in
 * closed, compressed ones. Bounded, and fair: what one service, or all that were found, may take is bounded by itself;
 * where there is no room for an event, the oldest closed batch goes of the service that has most.
 */
#ifndef SLIPROBE_SAMPLES_PENDING_H
#define SLIPROBE_SAMPLES_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "samples/batch.h"
#include "samples/event.h"
#include "samples/event_db.h"

enum {
	PENDING_BYTES = 30 << 20,
	PENDING_FOUND_BYTES = PENDING_BYTES / 2,
	PENDING_SERVICE_BYTES = 4 << 20,
};

struct pending_service;

struct pending_batch {
	struct pending_service *service;
	int64_t slot, first_id, last_id;
	uint32_t events;
	struct batch *open; /* NULL: it is closed */
	uint8_t *bytes; /* compressed with zlib */
	size_t n, raw;
	size_t charged; /* memory */
};

struct pending {
	struct pending_service **services;
	size_t n_services;
	struct pending_batch **batches; /* closed ones, the oldest first, then open ones */
	size_t n, room;
	size_t n_closed;
	size_t bytes, found_bytes;
	uint64_t events;
	uint64_t lost;
};

void pending_clear(struct pending *pending);

/* As batch_add(). Returns 0; -ENOSPC or -ENOMEM: the event is counted as lost. */
int pending_add(struct pending *pending, const struct event *event, bool found, int64_t id,
		const struct batch_draw *draw);

/* Closes all. One for which there is no memory stays open. */
void pending_close(struct pending *pending);

/* Of a closed one; it stays the owner. */
struct event_db_batch pending_for_db(const struct pending_batch *batch);
/* Forgets the first n closed ones: they have been written. */
void pending_written(struct pending *pending, size_t n);

const char *pending_service_name(const struct pending_batch *batch);

#endif

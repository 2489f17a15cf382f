/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/hash.h"

struct pending_service {
	uint64_t hash;
	size_t bytes, n_batches;
	bool found;
	char name[];
};

const char *pending_service_name(const struct pending_batch *batch)
{
	return batch->service->name;
}

/* ---- memory ---- */

static void charge(struct pending *pending, struct pending_batch *batch, size_t bytes)
{
	pending->bytes += bytes - batch->charged;
	batch->service->bytes += bytes - batch->charged;
	if (batch->service->found)
		pending->found_bytes += bytes - batch->charged;
	batch->charged = bytes;
}

static void drop_service(struct pending *pending, struct pending_service *service)
{
	for (size_t i = 0; i < pending->n_services; i++) {
		if (pending->services[i] != service)
			continue;
		pending->services[i] = pending->services[--pending->n_services];
		free(service);
		return;
	}
}

static void free_batch(struct pending *pending, struct pending_batch *batch)
{
	charge(pending, batch, 0);
	pending->events -= batch->events;
	if (!--batch->service->n_batches)
		drop_service(pending, batch->service);
	batch_free(batch->open);
	free(batch->bytes);
	free(batch);
}

void pending_clear(struct pending *pending)
{
	while (pending->n)
		free_batch(pending, pending->batches[--pending->n]);
	free(pending->batches);
	free(pending->services);
	*pending = (struct pending){};
}

static void forget(struct pending *pending, size_t i)
{
	free_batch(pending, pending->batches[i]);
	memmove(&pending->batches[i], &pending->batches[i + 1],
		(pending->n - i - 1) * sizeof(pending->batches[0]));
	pending->n--;
	if (i < pending->n_closed)
		pending->n_closed--;
}

/* The oldest closed batch of the service. False: there is none. */
static bool lose_oldest(struct pending *pending, const struct pending_service *service)
{
	for (size_t i = 0; i < pending->n_closed; i++) {
		if (pending->batches[i]->service != service)
			continue;
		pending->lost += pending->batches[i]->events;
		forget(pending, i);
		return true;
	}
	return false;
}

/* Of those that have closed batches. */
static const struct pending_service *largest(const struct pending *pending, bool found_only)
{
	const struct pending_service *service = NULL;

	for (size_t i = 0; i < pending->n_closed; i++) {
		const struct pending_service *of = pending->batches[i]->service;

		if ((of->found || !found_only) && (!service || of->bytes > service->bytes))
			service = of;
	}
	return service;
}

static bool make_room(struct pending *pending, const struct pending_service *service, bool found,
		      size_t need)
{
	/* `service` may go with its last batch: it is new, then */
	while (service && service->bytes + need > PENDING_SERVICE_BYTES) {
		const bool last = service->n_batches == 1;

		if (!lose_oldest(pending, service))
			return false;
		if (last)
			break;
	}
	while (found && pending->found_bytes + need > PENDING_FOUND_BYTES) {
		const struct pending_service *most = largest(pending, true);

		if (!most || !lose_oldest(pending, most))
			return false;
	}
	while (pending->bytes + need > PENDING_BYTES) {
		const struct pending_service *most = largest(pending, false);

		if (!most || !lose_oldest(pending, most))
			return false;
	}
	return true;
}

/* ---- add ---- */

static struct pending_service *find_service(const struct pending *pending, const char *name,
					    uint64_t hash)
{
	for (size_t i = 0; i < pending->n_services; i++) {
		if (pending->services[i]->hash == hash && !strcmp(pending->services[i]->name, name))
			return pending->services[i];
	}
	return NULL;
}

static struct pending_service *new_service(struct pending *pending, const char *name, uint64_t hash,
					   bool found)
{
	struct pending_service **services = reallocarray(pending->services, pending->n_services + 1,
							 sizeof(*pending->services));
	struct pending_service *service;

	if (!services)
		return NULL;
	pending->services = services;
	service = calloc(1, sizeof(*service) + strlen(name) + 1);
	if (!service)
		return NULL;
	service->hash = hash;
	service->found = found;
	memcpy(service->name, name, strlen(name) + 1);
	services[pending->n_services++] = service;
	return service;
}

static struct pending_batch *find_open(const struct pending *pending,
				       const struct pending_service *service, int64_t slot)
{
	/* the newest are the last */
	for (size_t i = pending->n; i > pending->n_closed; i--) {
		struct pending_batch *batch = pending->batches[i - 1];

		if (batch->service == service && batch->slot == slot)
			return batch;
	}
	return NULL;
}

static struct pending_batch *new_batch(struct pending *pending, struct pending_service *service,
				       int64_t slot, int64_t first_id)
{
	struct pending_batch *batch;

	if (pending->n == pending->room) {
		const size_t room = pending->room ? 2 * pending->room : 64;
		struct pending_batch **batches =
			reallocarray(pending->batches, room, sizeof(*batches));

		if (!batches)
			return NULL;
		pending->batches = batches;
		pending->room = room;
	}
	batch = calloc(1, sizeof(*batch));
	if (!batch)
		return NULL;
	*batch = (struct pending_batch){.service = service, .slot = slot, .first_id = first_id};
	batch->open = batch_new(slot, first_id);
	if (!batch->open) {
		free(batch);
		return NULL;
	}
	service->n_batches++;
	pending->batches[pending->n++] = batch;
	return batch;
}

static int add(struct pending *pending, const struct event *event, bool found, int64_t id,
	       const struct batch_draw *draw)
{
	const char *name = event->service ?: "";
	const uint64_t hash = hash_fnv1a(name, strlen(name));
	const int64_t time_ns = event->time_ns ?: (int64_t)(event->time * 1e9);
	const int64_t slot = batch_slot(time_ns);
	struct pending_service *service = find_service(pending, name, hash);
	struct pending_batch *batch = service ? find_open(pending, service, slot) : NULL;
	/* what it may grow by at once: batches grow by half */
	const size_t need = batch ? batch_bytes(batch->open) / 2 + 8192 : 8192;
	int r;

	if (!make_room(pending, service, found, need))
		return -ENOSPC;
	service = find_service(pending, name, hash) ?: new_service(pending, name, hash, found);
	if (service && !batch)
		batch = new_batch(pending, service, slot, id);
	if (!batch) {
		if (service && !service->n_batches)
			drop_service(pending, service);
		return -ENOMEM;
	}
	r = batch_add(batch->open, event, id, draw);
	charge(pending, batch, sizeof(*batch) + batch_bytes(batch->open));
	if (r) {
		if (!batch->events) /* it is new, and the last one */
			forget(pending, pending->n - 1);
		return r;
	}
	batch->last_id = id;
	batch->events++;
	pending->events++;
	return 0;
}

int pending_add(struct pending *pending, const struct event *event, bool found, int64_t id,
		const struct batch_draw *draw)
{
	const int r = add(pending, event, found, id, draw);

	if (r)
		pending->lost++;
	return r;
}

/* ---- close ---- */

static bool compress_batch(struct pending_batch *batch)
{
	size_t raw;
	uint8_t *packed = batch_pack(batch->open, &raw), *bytes, *fit;
	uLongf n = compressBound(raw);

	bytes = packed ? malloc(n) : NULL;
	if (!bytes || compress2(bytes, &n, packed, raw, Z_BEST_SPEED) != Z_OK) {
		free(packed);
		free(bytes);
		return false;
	}
	free(packed);
	fit = realloc(bytes, n);
	batch->bytes = fit ?: bytes;
	batch->n = n;
	batch->raw = raw;
	batch_free(batch->open);
	batch->open = NULL;
	return true;
}

void pending_close(struct pending *pending)
{
	for (size_t i = pending->n_closed; i < pending->n; i++) {
		struct pending_batch *batch = pending->batches[i];

		if (!compress_batch(batch))
			continue;
		charge(pending, batch, sizeof(*batch) + batch->n);
		pending->batches[i] = pending->batches[pending->n_closed];
		pending->batches[pending->n_closed++] = batch;
	}
}

struct event_db_batch pending_for_db(const struct pending_batch *batch)
{
	return (struct event_db_batch){
		.id = batch->first_id,
		.last_id = batch->last_id,
		.slot = batch->slot,
		.service = batch->service->name,
		.events = batch->events,
		.raw = (uint32_t)batch->raw,
		.bytes = batch->bytes,
		.n = batch->n,
	};
}

void pending_written(struct pending *pending, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free_batch(pending, pending->batches[i]);
	memmove(&pending->batches[0], &pending->batches[n],
		(pending->n - n) * sizeof(pending->batches[0]));
	pending->n -= n;
	pending->n_closed -= n;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

struct ring {
	void *consumer, *producer; /* mappings */
	size_t page_bytes, data_bytes;
	const uint8_t *data;
};

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		munmap(ring->consumer, ring->page_bytes);
	if (ring->producer)
		munmap(ring->producer, ring->page_bytes + 2 * ring->data_bytes);
	free(ring);
}

static void ring_close_at(struct ring **ring)
{
	ring_close(*ring);
}

static int map(int fd, int protection, size_t bytes, size_t offset, void **ret)
{
	void *memory = mmap(NULL, bytes, protection, MAP_SHARED, fd, (off_t)offset);

	if (memory == MAP_FAILED)
		return -errno;
	*ret = memory;
	return 0;
}

int ring_open(int map_fd, size_t data_bytes, struct ring **ret)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	_cleanup_(ring_close_at) struct ring *ring = NULL;
	int r;

	if (data_bytes < page_bytes || (data_bytes & (data_bytes - 1)))
		return -EINVAL;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->page_bytes = page_bytes;
	ring->data_bytes = data_bytes;
	r = map(map_fd, PROT_READ | PROT_WRITE, page_bytes, 0, &ring->consumer);
	r = r ?: map(map_fd, PROT_READ, page_bytes + 2 * data_bytes, page_bytes, &ring->producer);
	if (r)
		return r;
	ring->data = (const uint8_t *)ring->producer + page_bytes;
	*ret = TAKE_PTR(ring);
	return 0;
}

static size_t padded(uint32_t bytes)
{
	return ((size_t)bytes + BPF_RINGBUF_HDR_SZ + 7) & ~(size_t)7;
}

size_t ring_drain(struct ring *ring, size_t max,
		  void (*each)(void *context, const void *record, size_t bytes), void *context)
{
	unsigned long *consumer = ring->consumer;
	const unsigned long *producer = ring->producer;
	unsigned long at = __atomic_load_n(consumer, __ATOMIC_RELAXED);
	size_t n = 0;

	while (n < max) {
		const size_t waiting = __atomic_load_n(producer, __ATOMIC_ACQUIRE) - at;
		const uint8_t *record = ring->data + (at & (ring->data_bytes - 1));
		uint32_t head, bytes;

		if (waiting < BPF_RINGBUF_HDR_SZ || waiting > ring->data_bytes || at % 8)
			break;
		head = __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
		bytes = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (head & BPF_RINGBUF_BUSY_BIT || padded(bytes) > waiting)
			break;
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			each(context, record + BPF_RINGBUF_HDR_SZ, bytes);
			n++;
		}
		at += padded(bytes);
		__atomic_store_n(consumer, at, __ATOMIC_RELEASE);
	}
	return n;
}

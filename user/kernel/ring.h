/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a ring buffer of the kernel (BPF_MAP_TYPE_RINGBUF) by its descriptor alone: no capability, no bpf() and no
 * skeleton is needed, so that a process which has nothing but the descriptor can do it. One reader at a time.
 *
 * The layout is that of Linux's Documentation/bpf/ringbuf.rst: a page with the reader's position, one with the writers',
 * in bytes since the beginning, then the data, twice in a row, so that no record is cut in two. Each record begins with
 * its length, whose two highest bits say that it is being written, or was given up, and with four bytes that are the
 * kernel's; it is padded to eight bytes.
 */
#ifndef SLIPROBE_KERNEL_RING_H
#define SLIPROBE_KERNEL_RING_H

#include <stddef.h>

struct ring;

/*
 * `data_bytes`: the map's number of entries. The descriptor may be closed afterwards. Returns 0; -EINVAL if that is no
 * size of a ring; or another -errno of mmap().
 */
int ring_open(int map_fd, size_t data_bytes, struct ring **ret);
void ring_close(struct ring *ring);

/*
 * Hands out what is there, at most `max` records, and makes room for more. A record is valid until each() returns.
 * Returns how many there were. A length or a position that cannot be ends it, there and from then on.
 */
size_t ring_drain(struct ring *ring, size_t max,
		  void (*each)(void *context, const void *record, size_t bytes), void *context);

#endif

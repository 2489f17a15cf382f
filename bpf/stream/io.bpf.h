/* SPDX-License-Identifier: GPL-2.0-only */
/* The bytes of an operation in the memory of the process, segment by segment. */
#ifndef SLIPROBE_STREAM_IO_BPF_H
#define SLIPROBE_STREAM_IO_BPF_H

#include "abi.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/chunk.bpf.h"

enum {
	IO_SEGMENTS_MAX = 1024, /* UIO_MAXIOV */
};

struct io {
	__u64 left; /* bytes of the operation that are neither copied nor passed yet */
	__u64 segment; /* user address of the segment's next byte */
	__u64 segment_left;
	__u64 iov; /* user address of the next iovec */
	__u64 iov_left; /* how many there are */
	__u64 skip; /* see io_skip() */
	__u64 unread; /* bytes that a walk has left on purpose */
	__u64 control; /* user address of the message's control data; 0: there is none */
	struct piece piece; /* what is copied */
};

/* Goes on to the next iovec. Returns false if there is none that can be read. */
static __noinline int io_next_segment(struct io *io)
{
	struct user_iovec iov;

	if (!io)
		return false;
	if (!io->iov_left || bpf_probe_read_user(&iov, sizeof(iov), (void *)io->iov)) {
		stat_error(KERR_IOV_READ);
		return false;
	}
	io->iov += sizeof(iov);
	io->iov_left--;
	io->segment = iov.base;
	io->segment_left = iov.len;
	return true;
}

static __always_inline void io_advance(struct io *io, __u64 n)
{
	io->segment += n;
	io->segment_left -= n;
	io->left -= n;
}

/* Passes one segment of io->skip bytes that are of no interest, or a part of it. Returns 1 when there are no more. */
static long io_skip_step(__u32 i, struct io **at)
{
	struct io *io = *at;
	__u64 n;

	if (!io->skip || !io->left)
		return 1;
	if (!io->segment_left && !io_next_segment(io))
		return 1;
	n = io->segment_left < io->skip ? io->segment_left : io->skip;
	io_advance(io, n);
	io->skip -= n;
	return 0;
}

/* Passes the next `n` bytes, which are of no interest. */
static __noinline int io_skip(struct io *io, __u32 n)
{
	if (!io)
		return 0;
	io->skip = n;
	bpf_loop(IO_SEGMENTS_MAX, io_skip_step, &io, 0);
	return 0;
}

/* A walk has left the last io->unread bytes on purpose: another one begins with them. */
static __always_inline void io_go_on(struct io *io)
{
	__u32 copied =
		io->piece.len - io->piece.pos; /* of their segment, which is the current one */

	io->segment -= copied;
	io->segment_left += copied;
	io->left = io->unread;
	io->piece.pos = 0;
	io->piece.len = 0;
}

/* The first bytes, up to 8, in *ret_first, the first lowest: how many of them are known. */
static __always_inline __u32 io_first(struct io *io, __u64 *ret_first)
{
	__u32 n;

	if (!io->segment_left && !io_next_segment(io))
		return 0;
	n = io->segment_left < sizeof(*ret_first) ? io->segment_left : sizeof(*ret_first);
	if (io->left < n)
		n = io->left;
	barrier_var(n);
	if (n > sizeof(*ret_first) || bpf_probe_read_user(ret_first, n, (void *)io->segment))
		return 0;
	return n;
}

/* Copies the next `n` bytes, at most `most` of them, to io->piece.chunk. */
static __always_inline bool io_copy(struct io *io, __u64 n, __u32 most)
{
	__u32 size = n > most ? most : n;

	barrier_var(size);
	if (size > CHUNK_BYTES)
		return false;
	if (bpf_probe_read_user(&io->piece.chunk, size, (void *)io->segment)) {
		stat_error(KERR_USER_READ);
		return false;
	}
	chunk_end(&io->piece.chunk, size);
	io->piece.pos = 0;
	io->piece.len = size;
	io_advance(io, size);
	return true;
}

/*
 * Copies the next segment, at most `most` bytes of it, behind the `behind` bytes that io->piece has. Its stack is not its
 * callers'.
 */
static __noinline int io_append(struct io *io, const __u32 behind, const __u32 most)
{
	__u64 size;

	if (!io || !io_next_segment(io))
		return false;
	size = io->segment_left < io->left ? io->segment_left : io->left;

	if (size > most)
		size = most;
	barrier_var(size);
	if (!size)
		return true;
	if (size > most ||
	    bpf_probe_read_user(&io->piece.chunk.bytes[behind], size, (void *)io->segment)) {
		stat_error(KERR_USER_READ);
		return false;
	}
	chunk_end(&io->piece.chunk, behind + size);
	io->piece.len = behind + size;
	io_advance(io, size);
	return true;
}

#endif

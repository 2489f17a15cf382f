/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The usual way to measure HTTP, for comparison: programs on the system calls that sockets are read
 * and written by pair each request with its answer by process and descriptor, and send an event
 * with the first bytes of both to user space, which parses and counts them (ring.c). The reader is
 * woken once a good part of the ring is full, not for each event.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "ring.h"

char LICENSE[] SEC("license") = "GPL";

/* the layouts of events/syscalls/<name>/format in tracefs */
struct enter {
	__u64 common;
	__u64 number;
	__u64 fd;
	__u64 buf;
	__u64 len;
};

struct leave {
	__u64 common;
	__u64 number;
	__s64 result;
};

struct call {
	__u64 fd;
	__u64 buf;
};

struct place {
	__u32 pid;
	__u32 fd;
};

struct open_request {
	__u64 begin_ns;
	char request[REQUEST_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct place);
	__type(value, struct open_request);
} open_requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

__u64 lost; /* events for which there was no room */

static bool is_request(__u64 start)
{
	switch ((__u32)start) {
	case 0x20544547: /* "GET " */
	case 0x54534f50: /* "POST" */
	case 0x44414548: /* "HEAD" */
	case 0x20545550: /* "PUT " */
	case 0x454c4544: /* "DELE" */
	case 0x43544150: /* "PATC" */
	case 0x4954504f: /* "OPTI" */
		return true;
	}
	return false;
}

static bool is_response(__u64 start)
{
	return (start & 0xffffffffffffff) == 0x2e312f50545448; /* "HTTP/1." */
}

static int read_begins(const struct enter *ctx)
{
	__u32 thread = bpf_get_current_pid_tgid();
	struct call call = {ctx->fd, ctx->buf};

	bpf_map_update_elem(&calls, &thread, &call, BPF_ANY);
	return 0;
}

static int read_ends(const struct leave *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), start = 0;
	__u32 key = thread;
	struct call *known = bpf_map_lookup_elem(&calls, &key), call;
	struct open_request request;
	struct place place;
	__s64 len = ctx->result;

	if (!known)
		return 0;
	call = *known;
	bpf_map_delete_elem(&calls, &key);
	if (len < 16 || bpf_probe_read_user(&start, sizeof(start), (void *)call.buf) ||
	    !is_request(start))
		return 0;
	if (len > REQUEST_BYTES)
		len = REQUEST_BYTES;
	__builtin_memset(&request, 0, sizeof(request));
	request.begin_ns = bpf_ktime_get_ns();
	if (bpf_probe_read_user(request.request, len, (void *)call.buf))
		return 0;
	place = (struct place){thread >> 32, call.fd};
	bpf_map_update_elem(&open_requests, &place, &request, BPF_ANY);
	return 0;
}

static int write_begins(__u64 fd, const void *buf)
{
	struct place place = {bpf_get_current_pid_tgid() >> 32, fd};
	struct open_request *request;
	struct event *event;
	__u64 start = 0;

	if (bpf_probe_read_user(&start, sizeof(start), buf) || !is_response(start))
		return 0;
	request = bpf_map_lookup_elem(&open_requests, &place);
	if (!request)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		bpf_map_delete_elem(&open_requests, &place);
		return 0;
	}
	event->begin_ns = request->begin_ns;
	event->end_ns = bpf_ktime_get_ns();
	event->pid = place.pid;
	event->fd = place.fd;
	bpf_get_current_comm(event->process, sizeof(event->process));
	__builtin_memcpy(event->request, request->request, sizeof(event->request));
	bpf_probe_read_user(event->response, sizeof(event->response), buf);
	bpf_map_delete_elem(&open_requests, &place);
	bpf_ringbuf_submit(event, bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= RING_WAKE_BYTES ?
					  BPF_RB_FORCE_WAKEUP :
					  BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp/syscalls/sys_enter_read")
int enter_read(const struct enter *ctx)
{
	return read_begins(ctx);
}

SEC("tp/syscalls/sys_enter_recvfrom")
int enter_recvfrom(const struct enter *ctx)
{
	return read_begins(ctx);
}

SEC("tp/syscalls/sys_exit_read")
int exit_read(const struct leave *ctx)
{
	return read_ends(ctx);
}

SEC("tp/syscalls/sys_exit_recvfrom")
int exit_recvfrom(const struct leave *ctx)
{
	return read_ends(ctx);
}

SEC("tp/syscalls/sys_enter_write")
int enter_write(const struct enter *ctx)
{
	return write_begins(ctx->fd, (void *)ctx->buf);
}

SEC("tp/syscalls/sys_enter_sendto")
int enter_sendto(const struct enter *ctx)
{
	return write_begins(ctx->fd, (void *)ctx->buf);
}

SEC("tp/syscalls/sys_enter_writev")
int enter_writev(const struct enter *ctx)
{
	__u64 buf = 0;

	bpf_probe_read_user(&buf, sizeof(buf), (void *)ctx->buf); /* the first iovec's base */
	return write_begins(ctx->fd, (void *)buf);
}

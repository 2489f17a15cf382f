/* SPDX-License-Identifier: GPL-2.0-only */
/* The events that ring.bpf.c sends to ring.c. */
#ifndef SLIPROBE_BENCH_RING_H
#define SLIPROBE_BENCH_RING_H

enum {
	RING_BYTES = 16 << 20,
	RING_WAKE_BYTES = 256 << 10, /* the reader is woken when so much waits */
	REQUEST_BYTES = 160, /* a prefix of each message is what the reader parses */
	RESPONSE_BYTES = 32,
	NAME_BYTES = 16,
};

struct event {
	unsigned long long begin_ns;
	unsigned long long end_ns;
	unsigned int pid;
	unsigned int fd;
	char process[NAME_BYTES];
	char request[REQUEST_BYTES];
	char response[RESPONSE_BYTES];
};

#endif

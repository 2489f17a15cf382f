/* SPDX-License-Identifier: GPL-2.0-only */
/* What agent and sampler say to each other: packets of this, some with descriptors (base/helper). */
#ifndef SLIPROBE_SAMPLES_PACKETS_H
#define SLIPROBE_SAMPLES_PACKETS_H

#include <stdint.h>

enum packet_kind {
	/* to the sampler */
	PACKET_OPEN = 1, /* descriptor: its directory */
	PACKET_RINGS, /* descriptors: of maps */
	PACKET_CONTEXT, /* descriptor: JSON in memory, `bytes` of it */
	PACKET_QUESTION, /* descriptor: likewise; `id`, `deadline` */
	/* from the sampler */
	PACKET_BEGUN, /* a process that works has begun: it knows nothing yet */
	PACKET_DIED, /* the process that works, of which the one that stays tells: `text` */
	PACKET_STATE, /* `state` */
	PACKET_ANSWER, /* `id`, `code`; 200: descriptor: `bytes` of `format`; else `text` */
};

enum packet_format {
	PACKET_JSON,
	PACKET_JSON_LINES,
	PACKET_CSV,
	PACKET_FORMATS,
};

struct packet_state {
	uint64_t taken, lost_ring, lost_disk, kept, bytes;
	double oldest;
	char why[128];
};

struct packet {
	uint32_t kind;
	uint32_t id;
	uint64_t bytes;
	double deadline; /* CLOCK_MONOTONIC, seconds */
	uint32_t code;
	uint32_t format;
	union {
		struct packet_state state;
		char text[512];
	};
};

#endif

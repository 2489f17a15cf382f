/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process `sliprobe-sample`. A parent that does nothing but start the one that works, again when it has died. The
 * one that works waits for its socket and, PROCESS_DRAIN_MS after each other, reads the rings; decodes and keeps what
 * came (samples/events), and answers questions one after the other.
 *
 * Bounds: it holds PROCESS_BACKLOG_BYTES of records that are not decoded yet, as while it answers a question or waits
 * for the first context; what is beyond is lost, and counted. PROCESS_DATA_MAX_BYTES of memory in all.
 */
#ifndef SLIPROBE_SAMPLES_PROCESS_H
#define SLIPROBE_SAMPLES_PROCESS_H

enum {
	PROCESS_DRAIN_MS = 200,
	PROCESS_BACKLOG_BYTES = 8 << 20,
	PROCESS_DATA_MAX_BYTES = 384 << 20,
};

struct sampler_plan;

/* Serves at HELPER_SOCKET, as base/helper calls it. context: a struct sampler_plan. */
int process_serve(void *context);

#endif

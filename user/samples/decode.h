/* SPDX-License-Identifier: GPL-2.0-only */
/* From a sample, as the kernel has written it, to an event: numbers get names, bytes become texts fit to be kept. Pure. */
#ifndef SLIPROBE_SAMPLES_DECODE_H
#define SLIPROBE_SAMPLES_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/sample.h"
#include "samples/batch.h"
#include "samples/cgroup.h"
#include "samples/event.h"
#include "samples/head.h"
#include "samples/names.h"
#include "samples/redact.h"
#include "samples/stream_head.h"

enum {
	DECODE_SLO_BYTES =
		256, /* names of SLOs of found services that are made here; a longer one is cut */
	DECODE_SLOS_MADE = 4, /* SLO_WILDCARDS_MAX */
	DECODE_COMM_BYTES = 4 * COMM_BYTES,
};

/* An event, and the texts that are made for it. Others are those of the names. */
struct decoded {
	struct event event;
	struct batch_draw draw;
	bool found; /* the service is not a configured one */
	struct head head;
	struct stream_head_texts stream; /* what its parts are of, if it is one of HTTP/2 */
	struct cgroup_names cgroup;
	char method[REDACT_METHOD_BYTES + 1];
	char path[REDACT_PATH_BYTES + 1];
	char query[REDACT_QUERY_BYTES + 1];
	char host[REDACT_HOST_BYTES + 1];
	char user_agent[REDACT_AGENT_BYTES + 1];
	char request_id[REDACT_ID_BYTES + 1];
	char traceparent[HEAD_TRACEPARENT_BYTES + 1];
	char headers[EVENT_HEADERS_MAX][REDACT_HEADER_BYTES + 1];
	char client[ADDRESS_TEXT_BYTES + 4];
	char process[DECODE_COMM_BYTES + 1];
	char slos[DECODE_SLOS_MADE][DECODE_SLO_BYTES];
};

/*
 * `bytes`: of the whole record. boot_seconds: the Unix time of CLOCK_MONOTONIC's 0. The event's id is 0, its weight
 * what the sample stands for. Returns 0, or -EINVAL for a record that is no sample, or makes no sense.
 *
 * The client's port is known where the client is the peer. First byte: from the arrival on, as total.
 */
int decode_sample(const struct sample *sample, size_t bytes, double boot_seconds,
		  const struct names *names, struct decoded *ret);

#endif

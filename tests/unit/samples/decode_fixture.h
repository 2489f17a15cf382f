/* SPDX-License-Identifier: GPL-2.0-only */
/* A sample with a head, and names for its numbers. */
#ifndef SLIPROBE_TESTS_DECODE_FIXTURE_H
#define SLIPROBE_TESTS_DECODE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "samples/decode.h"
#include "tests/unit/fixtures/test.h"

#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char usual_context[] =
	"{\"services\": [{\"id\": 3, \"name\": \"shop\"}, {\"id\": 4097, \"name\": \"node-8080\"}],"
	" \"routes\": [\"/cart/*\", \"/checkout\"],"
	" \"generations\": [{\"generation\": 6, \"policies\": [{\"number\": 2, \"slos\":"
	"  [\"checkout\", null, \"{service}-up\", \"fast\"]}]},"
	"  {\"generation\": 5, \"policies\": [{\"number\": 2, \"slos\": [\"old\"]}]}],"
	" \"versions\": [{\"id\": 7, \"name\": \"3fa2c1\"}],"
	" \"processes\": [{\"pid\": 4711, \"start_ns\": 99, \"exec_id\": 1, \"name\": \"node\","
	"  \"cgroup\": \"/system.slice/shop.service\", \"container\": null}],"
	" \"settings\": {\"headers\": [\"x-user-id\", \"x-correlation-id\", \"cookie\"],"
	"  \"trusted_proxies\": [\"10.0.0.0/8\"],"
	"  \"redact\": {\"paths\": \"keep\", \"headers\": [], \"clients\": false},"
	"  \"keep_seconds\": 604800, \"keep_bytes\": 268435456}}";

static inline struct names *read_names(const char *context)
{
	json_t *json = json_loads(context, 0, NULL);
	struct names *names;

	assert_non_null(json);
	assert_int_equal(names_new(json, &names), 0);
	json_decref(json);
	return names;
}

static const struct sample usual_sample = {
	.kind = RECORD_SAMPLE,
	.stands_for = 4,
	.ended_ns = 1500000000,
	.first_read_ns = 1000000000,
	.queue_ns = 50000000,
	.service_ns = 450000000,
	.first_byte_ns = 400000000,
	.bytes_in = 120,
	.bytes_out = 80,
	.body_bytes = 20,
	.bad_slos = 1 | 1 << 1 | 1 << 2,
	.eligible_slos = 15,
	.run_delay_ns = 1000000,
	.connection = 1,
	.process = {99, 4711, 1},
	.tid = 4712,
	.number = 1,
	.generation = 6,
	.version = 7,
	.rtt_us = 500,
	.retransmits = 2,
	.window_full_ms = 3,
	.service = 3,
	.policy = 2,
	.route = 2,
	.status = 503,
	.method = HTTP_METHOD_POST,
	.role = ROLE_SERVER,
	.outcome = OUTCOME_COMPLETE,
	.flags = SAMPLE_BAD,
	.local_port = 8080,
	.peer_port = 50000,
	.peer = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1},
	.comm = "worker-1",
	.cpu = 3,
};

/* malloc()ed with its own size, for AddressSanitizer. */
static inline struct sample *make_sample(const struct sample *of, const char *head, size_t len,
					 size_t *ret_bytes)
{
	struct sample *sample = malloc(sizeof(*sample) + len);

	assert_non_null(sample);
	*sample = *of;
	sample->head_bytes = (__u16)len;
	memcpy(sample->head, head, len);
	*ret_bytes = sizeof(*sample) + len;
	return sample;
}

#endif

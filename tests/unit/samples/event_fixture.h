/* SPDX-License-Identifier: GPL-2.0-only */
/* Events for tests. */
#ifndef SLIPROBE_TESTS_EVENT_FIXTURE_H
#define SLIPROBE_TESTS_EVENT_FIXTURE_H

#include <math.h>

#include "samples/event.h"

/* 2030-01-02T03:04:05.25Z */
#define EVENT_FIXTURE_TIME 1893553445.25

/* All is known of it, and it is bad for two SLOs. */
static inline struct event event_fixture(void)
{
	return (struct event){
		.id = 7,
		.time = EVENT_FIXTURE_TIME,
		.weight = 2.5,
		.bad = true,
		.service = "shop",
		.role = ROLE_SERVER,
		.protocol = "http/1.1",
		.route = "/checkout",
		.method = HTTP_METHOD_POST,
		.path = "/checkout/7",
		.query = "a&b",
		.status = 503,
		.outcome = OUTCOME_COMPLETE,
		.total_seconds = 0.25,
		.queue_seconds = 0.05,
		.service_seconds = 0.2,
		.first_byte_seconds = 0.24,
		.bytes_in = 120,
		.bytes_out = 20480,
		.host = "shop.example",
		.user_agent = "curl/8.5",
		.request_id = "r1",
		.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		.headers = {{"x-user-id", "7"}},
		.n_headers = 1,
		.client = "10.1.2.3",
		.client_port = 40000,
		.pid = 4711,
		.tid = 4712,
		.process = "node",
		.container = "c0ffee",
		.unit = "shop.service",
		.pod = "p1",
		.version = "3fa2c1",
		.run_delay_seconds = 0.001,
		.rtt_seconds = 0.00005,
		.retransmits = 3,
		.window_full_seconds = 0,
		.bad_for = {"checkout", "latency"},
		.n_bad_for = 2,
		.eligible_for = {"checkout", "latency", "cart"},
		.n_eligible_for = 3,
	};
}

/* As little is known of it as can be. */
static inline struct event event_fixture_unknown(void)
{
	return (struct event){
		.time = EVENT_FIXTURE_TIME,
		.weight = 1,
		.service = "shop",
		.method = HTTP_METHOD_UNKNOWN,
		.outcome = OUTCOME_UNANSWERED,
		.total_seconds = NAN,
		.queue_seconds = NAN,
		.service_seconds = NAN,
		.first_byte_seconds = NAN,
		.bytes_in = EVENT_UNKNOWN,
		.bytes_out = EVENT_UNKNOWN,
		.pid = EVENT_UNKNOWN,
		.tid = EVENT_UNKNOWN,
		.run_delay_seconds = NAN,
		.rtt_seconds = NAN,
		.retransmits = EVENT_UNKNOWN,
		.window_full_seconds = NAN,
	};
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Events as a shop has them, and comparisons of all their fields. */
#ifndef SLIPROBE_TESTS_MADE_EVENTS_H
#define SLIPROBE_TESTS_MADE_EVENTS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "samples/event.h"
#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"

#define T0_NS 1800000000000000000LL /* the beginning of a slot */

/* Texts of one event. */
struct made {
	struct event event;
	char path[64], request_id[40], traceparent[60], client[20];
};

/* One in ten is bad for "checkout". */
static inline void make_event(uint64_t n, const char *service, int64_t time_ns, struct made *ret)
{
	static const char *const agents[] = {"ShopApp/2.3", "ShopApp/2.4", "curl/8.5.0",
					     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"};
	const bool bad = n % 10 == 0;

	random_seed(n + 1);
	snprintf(ret->path, sizeof(ret->path), "/cart/%llu",
		 (unsigned long long)random_below(100000));
	snprintf(ret->request_id, sizeof(ret->request_id), "%016llx%016llx",
		 (unsigned long long)random_next(), (unsigned long long)random_next());
	snprintf(ret->traceparent, sizeof(ret->traceparent), "00-%016llx%016llx-%016llx-01",
		 (unsigned long long)random_next(), (unsigned long long)random_next(),
		 (unsigned long long)random_next());
	snprintf(ret->client, sizeof(ret->client), "10.0.%u.%u", (unsigned int)random_below(8),
		 (unsigned int)random_below(256));
	ret->event = (struct event){
		.time = (double)time_ns * 1e-9,
		.time_ns = time_ns,
		.bad = bad,
		.service = service,
		.protocol = "http/1.1",
		.route = "/cart/*",
		.method = HTTP_METHOD_GET,
		.path = ret->path,
		.query = n % 3 ? NULL : "page&size",
		.status = bad ? 503 : 200,
		.outcome = OUTCOME_COMPLETE,
		.total_seconds = (double)random_below(1000000000) * 1e-9,
		.queue_seconds = 0,
		.service_seconds = (double)random_below(1000000000) * 1e-9,
		.first_byte_seconds = n % 7 ? 0.125 : NAN,
		.bytes_in = 100 + random_below(1000),
		.bytes_out = n % 11 ? random_below(100000) : EVENT_UNKNOWN,
		.host = "shop.example",
		.user_agent = agents[random_below(4)],
		.request_id = ret->request_id,
		.traceparent = ret->traceparent,
		.headers = {{"x-user-id", ret->client}},
		.n_headers = 1,
		.client = ret->client,
		.client_port = (uint16_t)random_below(65536),
		.pid = 4711,
		.tid = 4712,
		.process = "node",
		.unit = "shop.service",
		.version = n % 2 ? "3fa2c0" : "3fa2c1",
		.run_delay_seconds = 1e-6,
		.rtt_seconds = NAN,
		.retransmits = n % 5 ? 0 : EVENT_UNKNOWN,
		.window_full_seconds = 0,
		.bad_for = {bad ? "checkout" : NULL},
		.n_bad_for = bad,
		.eligible_for = {"checkout", "fast"},
		.n_eligible_for = n % 4 ? 2 : 1,
	};
}

static inline void assert_texts(const char *text, const char *expected)
{
	if (!expected)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static inline void assert_seconds(double seconds, double expected)
{
	if (isnan(expected))
		assert_true(isnan(seconds));
	else
		assert_true(fabs(seconds - expected) < 1e-9);
}

/* All but id and weight. */
static inline void assert_events(const struct event *event, const struct event *expected)
{
	assert_true(event->time_ns == expected->time_ns);
	assert_true(event->time == (double)expected->time_ns * 1e-9);
	assert_int_equal(event->bad, expected->bad);
	assert_texts(event->service, expected->service);
	assert_int_equal(event->role, expected->role);
	assert_texts(event->protocol, expected->protocol);
	assert_texts(event->route, expected->route);
	assert_int_equal(event->method, expected->method);
	assert_texts(event->method_text, expected->method_text);
	assert_texts(event->path, expected->path);
	assert_texts(event->query, expected->query);
	assert_int_equal(event->status, expected->status);
	assert_int_equal(event->outcome, expected->outcome);
	assert_seconds(event->total_seconds, expected->total_seconds);
	assert_seconds(event->queue_seconds, expected->queue_seconds);
	assert_seconds(event->service_seconds, expected->service_seconds);
	assert_seconds(event->first_byte_seconds, expected->first_byte_seconds);
	assert_true(event->bytes_in == expected->bytes_in);
	assert_true(event->bytes_out == expected->bytes_out);
	assert_texts(event->host, expected->host);
	assert_texts(event->user_agent, expected->user_agent);
	assert_texts(event->request_id, expected->request_id);
	assert_texts(event->traceparent, expected->traceparent);
	assert_int_equal(event->n_headers, expected->n_headers);
	for (size_t i = 0; i < expected->n_headers; i++) {
		assert_texts(event->headers[i].name, expected->headers[i].name);
		assert_texts(event->headers[i].value, expected->headers[i].value);
	}
	assert_texts(event->client, expected->client);
	assert_int_equal(event->client_port, expected->client_port);
	assert_true(event->pid == expected->pid && event->tid == expected->tid);
	assert_texts(event->process, expected->process);
	assert_texts(event->container, expected->container);
	assert_texts(event->unit, expected->unit);
	assert_texts(event->pod, expected->pod);
	assert_texts(event->version, expected->version);
	assert_seconds(event->run_delay_seconds, expected->run_delay_seconds);
	assert_seconds(event->rtt_seconds, expected->rtt_seconds);
	assert_true(event->retransmits == expected->retransmits);
	assert_seconds(event->window_full_seconds, expected->window_full_seconds);
	assert_int_equal(event->n_bad_for, expected->n_bad_for);
	for (size_t i = 0; i < expected->n_bad_for; i++)
		assert_texts(event->bad_for[i], expected->bad_for[i]);
	assert_int_equal(event->n_eligible_for, expected->n_eligible_for);
	for (size_t i = 0; i < expected->n_eligible_for; i++)
		assert_texts(event->eligible_for[i], expected->eligible_for[i]);
}

#endif

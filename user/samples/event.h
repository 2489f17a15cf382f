/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An event: one sampled request with its context, names and texts included. This is what is stored, filtered, grouped,
 * explained and shown. All texts come from requests or processes: they are hostile, valid UTF-8 (made so when they
 * were taken), and NULL where they are not known. Numbers that are not known are NAN, or EVENT_UNKNOWN.
 */
#ifndef SLIPROBE_SAMPLES_EVENT_H
#define SLIPROBE_SAMPLES_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "terms.h"

enum {
	EVENT_HEADERS_MAX = 8, /* configured ones */
	EVENT_BAD_FOR_MAX = 64,
};

#define EVENT_UNKNOWN UINT64_MAX

struct event_header {
	const char *name; /* in lower case */
	const char *value;
};

struct event {
	int64_t id; /* grows with each event; 0: not stored */
	double time; /* Unix seconds: when it ended */
	int64_t time_ns; /* the same in Unix ns; 0: `time` is all that is known */
	double weight; /* of how many requests of its class it is one */
	bool bad;
	const char *service;
	enum role role;
	const char *protocol; /* "http/1.1" */
	const char *route;
	enum http_method method;
	const char *method_text; /* as it came, if it is none of enum http_method; else NULL */
	const char *path; /* masked as configured; without the query */
	const char *query; /* names alone: values are never kept */
	uint16_t status; /* include/status.h; 0 unless complete */
	enum outcome outcome;
	double total_seconds, queue_seconds, service_seconds;
	double first_byte_seconds; /* as total: from the arrival on */
	uint64_t bytes_in, bytes_out;
	const char *host;
	const char *user_agent;
	const char *request_id;
	const char *traceparent;
	struct event_header headers[EVENT_HEADERS_MAX];
	size_t n_headers;
	const char *client; /* address: of the peer, or as a trusted proxy says */
	uint16_t client_port;
	uint64_t pid, tid; /* EVENT_UNKNOWN */
	const char *process; /* command */
	const char *container; /* id */
	const char *unit; /* of systemd */
	const char *pod; /* uid, from the cgroup */
	const char *version;
	double run_delay_seconds;
	double rtt_seconds;
	uint64_t retransmits;
	double window_full_seconds;
	const char *bad_for[EVENT_BAD_FOR_MAX]; /* SLOs */
	size_t n_bad_for;
	const char *eligible_for[EVENT_BAD_FOR_MAX]; /* SLOs, those that it is bad for among them */
	size_t n_eligible_for;
};

#endif

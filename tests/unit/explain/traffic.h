/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traffic of a shop, with faults in it, and what is sampled of it: all bad requests, and one in so many good ones. The
 * dimensions depend on each other as real ones do: clients have networks and user agents of their own, processes have
 * versions, paths have routes.
 */
#ifndef SLIPROBE_TESTS_TRAFFIC_H
#define SLIPROBE_TESTS_TRAFFIC_H

#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/random.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"

enum traffic_dimension {
	VERSION,
	ROUTE,
	METHOD,
	USER_AGENT,
	CLIENT_NETWORK,
	HOST,
	USER_ID,
	PATH,
	CLIENT,
	CONTAINER,
	PID,
	TENANT,
	REGION,
	PROTOCOL,
	PROCESS,
	DEVICE,
	REQUEST_ID,
	BYTES_IN,
	RTT,
	RUN_DELAY,
	TRAFFIC_DIMENSIONS,
};

static const char *const traffic_names[TRAFFIC_DIMENSIONS] = {"version",
							      "route",
							      "method",
							      "user_agent",
							      "client_network",
							      "host",
							      "header.x-user-id",
							      "path",
							      "client",
							      "container",
							      "pid",
							      "header.x-tenant",
							      "header.x-region",
							      "protocol",
							      "process",
							      "header.x-device",
							      "request_id",
							      "bytes_in",
							      "rtt",
							      "run_delay"};

enum {
	TRAFFIC_MOST = 100000,
	TRAFFIC_MINUTES = 20,
};

struct traffic_request {
	uint32_t of[BYTES_IN];
	double number[3];
	uint32_t minute;
};

static struct {
	bool bad[TRAFFIC_MOST];
	double weight[TRAFFIC_MOST];
	uint32_t stratum[TRAFFIC_MOST];
	uint32_t value[BYTES_IN][TRAFFIC_MOST];
	double number[3][TRAFFIC_MOST];
	size_t n;
	char texts[TRAFFIC_MOST][12]; /* "v17": value 17 of any dimension */
	const char *values[TRAFFIC_MOST];
	struct explain_dimension dimensions[TRAFFIC_DIMENSIONS];
} traffic;

static inline double chance(void)
{
	return (double)(random_next() >> 11) * 0x1p-53;
}

/* 0 .. n - 1, the first ones more often. */
static inline uint32_t skewed(uint32_t n)
{
	double u = chance();

	return (uint32_t)(u * u * n);
}

static inline struct traffic_request traffic_request(void)
{
	struct traffic_request request;
	uint32_t *of = request.of;

	request.minute = (uint32_t)random_below(TRAFFIC_MINUTES);
	of[CLIENT] = skewed(3000);
	of[CLIENT_NETWORK] = of[CLIENT] % 40;
	of[USER_ID] = of[CLIENT] / 2;
	of[USER_AGENT] = (of[CLIENT] * 7919) % 11 % 8;
	of[DEVICE] = of[USER_AGENT] / 2;
	of[REGION] = of[CLIENT_NETWORK] % 5;
	of[TENANT] = (of[CLIENT] * 104729) % 60;
	of[PATH] = skewed(800);
	of[ROUTE] = of[PATH] % 6;
	of[METHOD] = random_below(10) < 6 ? 0 : (uint32_t)(1 + random_below(2));
	of[PID] = (uint32_t)random_below(6);
	of[VERSION] = of[PID] == 5; /* a canary */
	of[CONTAINER] = of[PID] / 2;
	of[HOST] = skewed(3);
	of[PROTOCOL] = 0;
	of[PROCESS] = 0;
	of[REQUEST_ID] = UINT32_MAX;
	request.number[0] = 200 + 4000 * chance() * chance();
	request.number[1] = 0.001 + 0.05 * chance() * chance();
	request.number[2] = 1e-5 * chance();
	return request;
}

static inline void traffic_keep(const struct traffic_request *request, bool bad, double weight)
{
	size_t i = traffic.n;

	if (i == TRAFFIC_MOST)
		return;
	traffic.bad[i] = bad;
	traffic.weight[i] = weight;
	traffic.stratum[i] = request->minute;
	for (int d = 0; d < BYTES_IN; d++)
		traffic.value[d][i] = request->of[d];
	traffic.value[REQUEST_ID][i] = (uint32_t)i;
	for (int d = 0; d < 3; d++)
		traffic.number[d][i] = request->number[d];
	traffic.n++;
}

/* How likely a request fails. */
typedef double traffic_fault(const struct traffic_request *request);

/* Keeps the next `n_bad` bad requests and about `n_good` of the good ones among them. Returns how many were asked. */
static inline size_t traffic_run(traffic_fault *fault, size_t n_bad, size_t n_good)
{
	static struct traffic_request good[TRAFFIC_MOST];
	size_t asked = 0, bad = 0, n = 0, seen = 0;

	traffic.n = 0;
	while (bad < n_bad) {
		struct traffic_request request = traffic_request();

		asked++;
		if (chance() < fault(&request)) {
			traffic_keep(&request, true, 1);
			bad++;
			continue;
		}
		seen++;
		if (n < n_good) {
			good[n++] = request;
		} else {
			size_t place = (size_t)random_below(seen);

			if (place < n_good)
				good[place] = request;
		}
	}
	for (size_t i = 0; i < n; i++)
		traffic_keep(&good[i], false, (double)seen / (double)n);
	return asked;
}

static inline struct explain_samples traffic_samples(void)
{
	if (!traffic.values[0]) {
		for (size_t i = 0; i < TRAFFIC_MOST; i++) {
			snprintf(traffic.texts[i], sizeof(traffic.texts[i]), "v%u",
				 (unsigned int)i);
			traffic.values[i] = traffic.texts[i];
		}
	}
	for (int d = 0; d < TRAFFIC_DIMENSIONS; d++) {
		traffic.dimensions[d] = (struct explain_dimension){
			.name = traffic_names[d],
			.continuous = d >= BYTES_IN,
			.value = d < BYTES_IN ? traffic.value[d] : NULL,
			.values = traffic.values,
			.n_values = TRAFFIC_MOST,
			.number = d >= BYTES_IN ? traffic.number[d - BYTES_IN] : NULL,
		};
	}
	return (struct explain_samples){
		.n = traffic.n,
		.bad = traffic.bad,
		.weight = traffic.weight,
		.stratum = traffic.stratum,
		.n_strata = TRAFFIC_MINUTES,
		.dimensions = traffic.dimensions,
		.n_dimensions = TRAFFIC_DIMENSIONS,
	};
}

static inline struct explain_findings traffic_explain(uint64_t seed)
{
	struct explain_samples samples = traffic_samples();
	struct explain_findings findings;

	assert_int_equal(explain_rank(&samples, NULL, 0, seed, &findings), 0);
	return findings;
}

/* "user_agent=v3 + bytes_in>=12" */
static inline const char *traffic_where(const struct explain_finding *finding)
{
	static char text[200];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < finding->n_where && len < sizeof(text); i++) {
		const struct explain_value *value = &finding->where[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s", i ? " + " : "",
					value->dimension,
					value->value	? "=" :
					value->at_least ? ">=" :
							  "<");
		if (len < sizeof(text))
			len += (size_t)(value->value ? snprintf(text + len, sizeof(text) - len,
								"%s", value->value) :
						       snprintf(text + len, sizeof(text) - len,
								"%.3g", value->bound));
	}
	return text;
}

static inline void traffic_print(const char *title, const struct explain_findings *findings)
{
	printf("%s: %zu bad, %zu good, needed %zu:", title, findings->bad, findings->good,
	       findings->needed);
	for (size_t i = 0; i < findings->n; i++)
		printf(" [%s %.0f%%/%.1f%% low %.2f]", traffic_where(&findings->list[i]),
		       findings->list[i].bad_share * 100, findings->list[i].good_share * 100,
		       findings->list[i].excess_low);
	printf("\n");
}

#endif

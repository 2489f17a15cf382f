/* SPDX-License-Identifier: GPL-2.0-only */
/* A snapshot with a bit of everything, for the tests of renderers. */
#ifndef SLIPROBE_TESTS_SNAPSHOT_FIXTURE_H
#define SLIPROBE_TESTS_SNAPSHOT_FIXTURE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "report/snapshot.h"

static const struct config_about fixture_about = {
	.owner = (char *)"team-shop",
	.mitigation = (char *)"say \"sorry\"\n",
};

enum {
	FIXTURE_SERIES = 5,
	FIXTURE_OCTAVES = 4, /* that a histogram here may have */
};

/* The i-th series of the snapshot: its histograms have room there. */
static struct snapshot_series *fixture_series(const struct snapshot *snapshot, size_t i,
					      const char *route, enum http_method method,
					      enum outcome outcome, uint16_t status)
{
	struct snapshot_series *series = calloc(1, sizeof(*series));

	series->total.octaves = snapshot->octaves + (2 * i) * FIXTURE_OCTAVES;
	series->queue.octaves = snapshot->octaves + (2 * i + 1) * FIXTURE_OCTAVES;
	series->route = route;
	series->method = method;
	series->outcome = outcome;
	series->status = status;
	return series;
}

static void fixture_hist(struct snapshot_hist *hist, uint64_t n, uint64_t ns)
{
	struct snapshot_octave *octave = (struct snapshot_octave *)hist->octaves;
	unsigned int bucket = hist_bucket(ns);

	for (size_t i = 0; i < hist->n_octaves && octave->octave != bucket / HIST_PER_OCTAVE; i++)
		octave++;
	if (octave == hist->octaves + hist->n_octaves) {
		if (hist->n_octaves++ == FIXTURE_OCTAVES)
			abort();
		octave->octave = bucket / HIST_PER_OCTAVE;
	}
	octave->n[bucket % HIST_PER_OCTAVE] += n;
}

/* `n` requests of total_ns, of which queue_ns in the queue. */
static void fixture_requests(struct snapshot_series *series, uint64_t n, uint64_t total_ns,
			     uint64_t queue_ns)
{
	series->requests += n;
	series->total_sum_ns += n * total_ns;
	series->queue_sum_ns += n * queue_ns;
	fixture_hist(&series->total, n, total_ns);
	fixture_hist(&series->queue, n, queue_ns);
	for (size_t i = 0; i < series->n_thresholds; i++) {
		if (total_ns <= series->thresholds[i].threshold_ns)
			series->thresholds[i].count += n;
	}
}

static void fixture_thresholds(struct snapshot_series *series)
{
	series->n_thresholds = 2;
	series->thresholds = calloc(2, sizeof(*series->thresholds));
	series->thresholds[0].threshold_ns = 100000000;
	series->thresholds[1].threshold_ns = 1000000000;
}

/* 1000 requests of `shop`, 10 of them bad for `checkout`; `idle` and `unused` have had none. */
static void fixture_snapshot(struct snapshot *ret)
{
	struct snapshot_service *shop;

	memset(ret, 0, sizeof(*ret));
	ret->agent.version = "0.1.0";
	strcpy(ret->agent.kernel, "6.18.44");
	ret->agent.hook = "tracepoint";
	ret->agent.hook_reason = "the kernel accepts it";
	strcpy(ret->agent.started_at, "2024-01-02T03:04:05Z");
	ret->agent.config = "(built-in)";
	ret->agent.reloads = 3;
	ret->agent.refused_at = NAN;
	ret->agent.warnings = calloc(1, sizeof(char *));
	ret->agent.warnings[ret->agent.n_warnings++] = strdup("something, ignoring");
	ret->coverage.seen = 1009;
	ret->coverage.counted = 1000;
	ret->coverage.in_flight = 2;
	ret->coverage.lost = 7;
	ret->coverage.lost_by_reason[LOST_UNSEEN_BYTES] = 2;
	ret->coverage.lost_by_reason[LOST_BAD_RESPONSE] = 5;
	ret->coverage.kernel_errors[KERR_SEQ_BACK] = 4;
	ret->coverage.consistent = true;
	ret->blind = calloc(2, sizeof(*ret->blind));
	ret->n_blind = 2;
	ret->blind[0] = (struct snapshot_blind){.port = 8443,
						.process = "x",
						.reason = BLIND_TLS,
						.connections = 7,
						.last_unix = 1704164645};
	ret->blind[1] = (struct snapshot_blind){.service = strdup("shop"),
						.port = 8080,
						.process = "n\xffginx",
						.reason = BLIND_HTTP2,
						.connections = 12,
						.last_unix = 1704164645,
						.measured = true};

	ret->services = calloc(2, sizeof(*ret->services));
	ret->n_services = 2;
	ret->services[0].name = strdup("idle");
	shop = &ret->services[1];
	shop->name = strdup("shop");
	shop->port = 8080;
	strcpy(shop->process, "n\xffginx");
	shop->exe = strdup("/usr/sbin/\xe2\x82nginx");
	shop->pid = 42;
	shop->netns = 4026531840;
	shop->configured = true;
	shop->about = &fixture_about;
	shop->requests_per_second = (struct maybe){true, 12.5};
	shop->cover = (struct snapshot_cover){.connections = 28, .blind = 12, .counted = 995};
	shop->cover.tls_connections = 21;
	shop->cover.status_unknown = 40;
	shop->cover.quic = true;
	shop->cover.blind_by_reason[BLIND_HTTP2] = 12;
	shop->cover.lost = shop->cover.lost_by_reason[LOST_BAD_RESPONSE] = 5;
	ret->octaves = calloc((size_t)2 * FIXTURE_SERIES * FIXTURE_OCTAVES, sizeof(*ret->octaves));
	shop->series = calloc(FIXTURE_SERIES, sizeof(*shop->series));
	shop->n_series = FIXTURE_SERIES;
	shop->series[0] = fixture_series(ret, 0, "/cart/*", HTTP_METHOD_GET, OUTCOME_COMPLETE, 200);
	shop->series[1] = fixture_series(ret, 1, "/cart/*", HTTP_METHOD_GET, OUTCOME_COMPLETE, 503);
	shop->series[2] =
		fixture_series(ret, 2, "/cart/*", HTTP_METHOD_GET, OUTCOME_SERVER_ABORT, 0);
	shop->series[3] = fixture_series(ret, 3, "/cart/*", HTTP_METHOD_GET, OUTCOME_UNANSWERED, 0);
	shop->series[4] =
		fixture_series(ret, 4, "_other", HTTP_METHOD_OTHER, OUTCOME_COMPLETE, 404);
	for (size_t i = 0; i < 4; i++)
		fixture_thresholds(shop->series[i]);
	fixture_requests(shop->series[0], 900, 50000000, 1000000);
	fixture_requests(shop->series[0], 80, 100000000, 1000000);
	fixture_requests(shop->series[0], 2, 100000001, 1000000);
	fixture_requests(shop->series[1], 5, 200000000, 1000000);
	fixture_requests(shop->series[2], 2, 3000000000, 0);
	shop->series[3]->requests = 1;
	fixture_requests(shop->series[4], 10, 1000, 0);

	ret->slos = calloc(2, sizeof(*ret->slos));
	ret->n_slos = 2;
	ret->slos[0].name = "checkout";
	ret->slos[0].service = "shop";
	ret->slos[0].objective = 0.999;
	ret->slos[0].window_seconds = 2592000;
	ret->slos[0].events = (struct slo_events){990, 10};
	ret->slos[0].budgeted = ret->slos[0].events;
	ret->slos[0].now_seconds = 1700000000;
	ret->slos[0].window = slo_window_rolling(1700000000, 2592000);
	ret->slos[0].since_seconds = 1690000000;
	ret->slos[0].covered_seconds = 1296000;
	ret->slos[0].elapsed_seconds = 2592000;
	ret->slos[0].excluded = 3;
	ret->slos[0].cover = &shop->cover;
	ret->slos[0].total = (struct slo_events){1990, 20};
	ret->slos[0].reasons =
		(struct snapshot_reasons){.bad = {[BAD_STATUS] = 6, [BAD_LATENCY] = 3},
					  .unknown = 1,
					  .left_out = 12,
					  .status_unknown = 40};
	ret->slos[0].total_reasons = (struct snapshot_reasons){
		.bad = {[BAD_STATUS] = 14, [BAD_LATENCY] = 4, [BAD_SERVER_ABORT] = 2},
		.left_out = 21,
		.status_unknown = 44};
	ret->slos[0].alerts = calloc(1, sizeof(*ret->slos[0].alerts));
	ret->slos[0].alerts[ret->slos[0].n_alerts++] = (struct snapshot_alert){
		.name = "burn-1h",
		.severity = SEVERITY_PAGE,
		.status = ALERT_FIRING,
		.since_unix = 1699999990,
		.started_unix = 1699999980,
		.reading = {.burn_long = {true, 20}},
	};
	for (size_t i = 1; i < 7; i++)
		ret->slos[0].burn_events[i] = (struct slo_events){990, 10};
	ret->slos[1].name = "unused \"\\\n\xff";
	ret->slos[1].service = "absent";
	ret->slos[1].objective = 0.99;
	ret->slos[1].window_seconds = 604800;
	ret->slos[1].window = slo_window_rolling(1700000000, 604800);
	ret->slos[1].since_seconds = NAN;
	ret->store.reason = "disk full";
	ret->store.state = SNAPSHOT_STORE_FAILING;
	ret->store.path = "/var/lib/sliprobe/sliprobe.db";
	ret->store.bytes = 4096;
}

#endif

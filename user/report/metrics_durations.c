/* SPDX-License-Identifier: GPL-2.0-only */
/* Durations as histograms. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/term_names.h"
#include "report/metrics_families.h"
#include "status.h"

enum { NS_PER_SECOND = 1000000000 };

void metrics_bounds_init(struct metrics_bounds *bounds)
{
	for (int i = 0; i < OCTAVES; i++)
		number(ldexp(1, OCTAVE_FIRST + i), bounds->text[i]);
}

/* One series or route of a family. */
struct histogram {
	const uint64_t *buckets;
	uint64_t count; /* of all requests, also those without a duration */
	uint64_t sum_ns;
	const struct snapshot_threshold *thresholds;
	size_t n_thresholds;
};

/*
 * Octave bounds and thresholds in one ascending sequence. The histogram, the thresholds' counts and
 * the number of requests are read one after the other while the kernel goes on counting: each is
 * taken as at least the one before, so that buckets never fall, in `le` or in time.
 */
static void histogram(struct writer *writer, const struct metrics_bounds *bounds, const char *name,
		      const char *label_text, const struct histogram *histogram)
{
	size_t threshold = 0;
	unsigned int bucket = 0;
	uint64_t in_buckets = 0, below = 0;

	for (int octave = OCTAVE_FIRST; octave <= OCTAVE_LAST + 1; octave++) {
		double bound = octave <= OCTAVE_LAST ? ldexp(1, octave) : INFINITY;
		unsigned int last =
			octave <= OCTAVE_LAST ?
				(unsigned int)(octave * HIST_PER_OCTAVE - HIST_OTEL_OFFSET) :
				HIST_BUCKETS - 1;
		char text[NUMBER_MAX];

		for (; threshold < histogram->n_thresholds; threshold++) {
			const struct snapshot_threshold *t = &histogram->thresholds[threshold];
			double seconds = (double)t->threshold_ns / NS_PER_SECOND;

			if (seconds > bound)
				break;
			if (t->count > below)
				below = t->count;
			if (seconds < bound)
				fprintf(writer->out, "%s_bucket{%s,le=\"%s\"} %" PRIu64 "\n", name,
					label_text, number(seconds, text), below);
		}
		for (; bucket <= last; bucket++)
			in_buckets += histogram->buckets[bucket];
		if (in_buckets > below)
			below = in_buckets;
		if (octave <= OCTAVE_LAST)
			fprintf(writer->out, "%s_bucket{%s,le=\"%s\"} %" PRIu64 "\n", name,
				label_text, bounds->text[octave - OCTAVE_FIRST], below);
	}
	if (histogram->count > below)
		below = histogram->count;
	fprintf(writer->out, "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name, label_text, below);
	fprintf(writer->out, "%s_count{%s} %" PRIu64 "\n", name, label_text, below);
	fprintf(writer->out, "%s_sum{%s} %" PRIu64 ".%09" PRIu64 "\n", name, label_text,
		histogram->sum_ns / NS_PER_SECOND, histogram->sum_ns % NS_PER_SECOND);
}

/*
 * Whether a status of gRPC is an error: OpenTelemetry's semantic conventions 1.45.0, for gRPC. What is no code is one to
 * clients.
 */
static bool grpc_is_error(enum grpc_status status, enum role role)
{
	const unsigned int good =
		role == ROLE_CLIENT ? 1U << GRPC_OK : GRPC_GOOD & ~(1U << GRPC_UNIMPLEMENTED);

	return GRPC_ALL & ~good & 1U << status;
}

void metrics_request_duration(struct writer *writer, const struct metrics_bounds *bounds,
			      const char *name, const struct snapshot_service *service,
			      const struct snapshot_series *series)
{
	const bool complete = series->outcome == OUTCOME_COMPLETE;
	/* OpenTelemetry: for a client 4xx is an error, too; for a server only 5xx */
	const unsigned int error_from = service->role == ROLE_CLIENT ? 4 : 5;
	uint64_t buckets[HIST_BUCKETS] = {0};
	const struct histogram hist = {
		.buckets = buckets,
		.count = series->requests,
		.sum_ns = series->total_sum_ns,
		.thresholds = series->thresholds,
		.n_thresholds = series->n_thresholds,
	};
	const char *grpc = snapshot_grpc_status(series->status), *error_type = NULL;
	char status[SNAPSHOT_STATUS_BYTES], *label_text;

	snapshot_hist_add(&series->total, buckets);
	snapshot_status_text(series->status, status);
	if (!complete)
		error_type = outcome_name(series->outcome);
	else if (status_class(series->status) >= error_from)
		error_type = status;
	else if (grpc && grpc_is_error(status_grpc(series->status), service->role))
		error_type = grpc;
	label_text =
		labels(writer, "service", service->name, "http_request_method",
		       method_name(series->method), "http_route", series->route,
		       "http_response_status_code",
		       complete && status_http(series->status) ? status : NULL, "rpc_status_code",
		       complete ? grpc : NULL, "error_type", error_type, NULL);
	if (label_text)
		histogram(writer, bounds, name, label_text, &hist);
	free(label_text);
}

size_t metrics_queue_duration(struct writer *writer, const struct metrics_bounds *bounds,
			      const char *name, const struct snapshot_service *service,
			      size_t first)
{
	const struct snapshot_series *series = service->series[first];
	size_t end = snapshot_route_end(service, first);
	struct snapshot_merged merged;
	struct histogram hist = {.buckets = merged.queue};
	char *label_text = labels(writer, "service", service->name, "http_request_method",
				  method_name(series->method), "http_route", series->route, NULL);

	snapshot_merge(service, first, end, &merged);
	hist.count = merged.timed;
	hist.sum_ns = merged.queue_sum_ns;
	if (label_text)
		histogram(writer, bounds, name, label_text, &hist);
	free(label_text);
	return end;
}

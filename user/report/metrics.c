/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/metrics_text.h"
#include "slo/slo.h"

enum {
	OCTAVE_FIRST = -14,
	OCTAVE_LAST = 6,
	OCTAVES = OCTAVE_LAST - OCTAVE_FIRST + 1,
	NS_PER_SECOND = 1000000000,
	PIECE_BYTES = 64 << 10,
};

/* Where in the text: what it has of a series or of a route is made when it is wanted. */
struct place {
	enum {
		AT_HEAD,
		AT_SERVERS,
		AT_CLIENTS,
		AT_QUEUES,
		AT_TAIL,
		AT_END,
	} part;
	bool declared; /* its family is */
	size_t service;
	size_t series;
};

struct metrics {
	struct snapshot snapshot;
	enum metrics_format format;
	char bounds[OCTAVES][NUMBER_MAX];
	/* before and after all series; it names what a reload may take away */
	char *head;
	char *tail;
	size_t len;
	struct place place; /* behind the piece */
	char *piece;
	size_t piece_len;
	size_t piece_taken;
};

static const char *const method_names[] = {
#define X(id, name) [HTTP_METHOD_##id] = name,
	HTTP_METHODS(X)
#undef X
};

static const char *const outcome_names[] = {
#define X(id, name) [OUTCOME_##id] = name,
	OUTCOMES(X)
#undef X
};

struct histogram {
	const uint64_t *buckets;
	uint64_t count; /* with what has no duration */
	uint64_t sum_ns;
	const struct snapshot_threshold *thresholds;
	size_t n_thresholds;
};

/*
 * Octave bounds and thresholds in one ascending sequence. The histogram, the thresholds' counts and
 * the number of requests are read one after the other while the kernel goes on counting: each is
 * taken as at least the one before, so that buckets never fall, in `le` or in time.
 */
static void histogram(const struct metrics *metrics, struct writer *writer, const char *name,
		      const char *label_text, const struct histogram *histogram)
{
	size_t threshold = 0;
	unsigned int bucket = 0;
	uint64_t in_buckets = 0, below = 0;

	for (int octave = OCTAVE_FIRST; octave <= OCTAVE_LAST + 1; octave++) {
		double bound = octave <= OCTAVE_LAST ? ldexp(1, octave) : INFINITY;
		unsigned int last =
			octave <= OCTAVE_LAST
				? (unsigned int)(octave * HIST_PER_OCTAVE - HIST_OTEL_OFFSET)
				: HIST_BUCKETS - 1;
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
				label_text, metrics->bounds[octave - OCTAVE_FIRST], below);
	}
	if (histogram->count > below)
		below = histogram->count;
	fprintf(writer->out, "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name, label_text, below);
	fprintf(writer->out, "%s_count{%s} %" PRIu64 "\n", name, label_text, below);
	fprintf(writer->out, "%s_sum{%s} %" PRIu64 ".%09" PRIu64 "\n", name, label_text,
		histogram->sum_ns / NS_PER_SECOND, histogram->sum_ns % NS_PER_SECOND);
}

static void request_duration(const struct metrics *metrics, struct writer *writer, const char *name,
			     const struct snapshot_service *service,
			     const struct snapshot_series *series)
{
	const bool complete = series->outcome == OUTCOME_COMPLETE;
	/* OpenTelemetry: for a client 4xx is an error, too; for a server only 5xx */
	const unsigned int error_from = service->role == ROLE_CLIENT ? 400 : 500;
	uint64_t buckets[HIST_BUCKETS] = {0};
	const struct histogram hist = {
		.buckets = buckets,
		.count = series->requests,
		.sum_ns = series->total_sum_ns,
		.thresholds = series->thresholds,
		.n_thresholds = series->n_thresholds,
	};
	const char *error_type = NULL;
	char status[8], *label_text;

	snapshot_hist_add(&series->total, buckets);
	snprintf(status, sizeof(status), "%u", series->status);
	if (!complete)
		error_type = outcome_names[series->outcome];
	else if (series->status >= error_from)
		error_type = status;
	label_text = labels(writer, "service", service->name, "http_request_method",
			    method_names[series->method], "http_route", series->route,
			    "http_response_status_code", complete ? status : NULL, "error_type",
			    error_type, NULL);
	if (label_text)
		histogram(metrics, writer, name, label_text, &hist);
	free(label_text);
}

/* Of one route, whose first series is `first`; returns the index after its last one. */
static size_t queue_duration(const struct metrics *metrics, struct writer *writer,
			     const struct snapshot_service *service, size_t first)
{
	const struct snapshot_series *series = service->series[first];
	size_t end = snapshot_route_end(service, first);
	struct snapshot_merged merged;
	struct histogram hist = {.buckets = merged.queue};
	char *label_text = labels(writer, "service", service->name, "http_request_method",
				  method_names[series->method], "http_route", series->route, NULL);

	snapshot_merge(service, first, end, &merged);
	hist.count = merged.requests - merged.outcomes[OUTCOME_UNANSWERED];
	hist.sum_ns = merged.queue_sum_ns;
	if (label_text)
		histogram(metrics, writer, "sliprobe_http_request_queue_duration_seconds",
			  label_text, &hist);
	free(label_text);
	return end;
}

static const struct {
	enum role role;
	const char *name, *help;
	bool always; /* also when there is no service of that role */
} parts[] = {
	[AT_SERVERS] =
		{ROLE_SERVER, "http_server_request_duration_seconds",
		 "Duration of HTTP server requests, from arrival to the end of the response.",
		 true},
	[AT_CLIENTS] = {ROLE_CLIENT, "http_client_request_duration_seconds",
			"Duration of HTTP client requests.", false},
	[AT_QUEUES] =
		{ROLE_SERVER, "sliprobe_http_request_queue_duration_seconds",
		 "Time from a request's arrival in the kernel to the server's first read of it.",
		 true},
};

/* To the next series of the part, or the end of it. */
static const struct snapshot_service *find_next(const struct snapshot *snapshot,
						struct place *place)
{
	for (; place->service < snapshot->n_services; place->service++, place->series = 0) {
		const struct snapshot_service *service = &snapshot->services[place->service];

		if (service->role == parts[place->part].role && place->series < service->n_series)
			return service;
	}
	return NULL;
}

static bool has_role(const struct snapshot *snapshot, enum role role)
{
	for (size_t i = 0; i < snapshot->n_services; i++) {
		if (snapshot->services[i].role == role)
			return true;
	}
	return false;
}

/* The next bit of a part of series; false at its end. */
static bool write_part(const struct metrics *metrics, struct writer *writer, struct place *place)
{
	const struct snapshot_service *service;
	const char *name = parts[place->part].name;

	if (!place->declared) {
		if (parts[place->part].always ||
		    has_role(&metrics->snapshot, parts[place->part].role))
			family(writer, name, "histogram", "seconds", parts[place->part].help);
		place->declared = true;
	}
	service = find_next(&metrics->snapshot, place);
	if (!service)
		return false;
	if (place->part == AT_QUEUES)
		place->series = queue_duration(metrics, writer, service, place->series);
	else
		request_duration(metrics, writer, name, service, service->series[place->series++]);
	return true;
}

static void write_next(const struct metrics *metrics, struct writer *writer, struct place *place)
{
	if (place->part == AT_HEAD)
		fputs(metrics->head, writer->out);
	else if (place->part == AT_TAIL)
		fputs(metrics->tail, writer->out);
	else if (write_part(metrics, writer, place))
		return;
	*place = (struct place){.part = place->part + 1};
}

static void slo_events(struct writer *writer, const struct snapshot_slo *slo)
{
	static const char *const results[] = {"good", "bad"};
	const uint64_t values[] = {slo->total.good, slo->total.bad};

	for (size_t i = 0; i < 2; i++) {
		char *label_text = labels(writer, "slo", slo->name, "service", slo->service,
					  "result", results[i], NULL);

		if (label_text)
			sample_u64(writer, "sliprobe_slo_events_total", label_text, values[i]);
		free(label_text);
	}
}

static void slo_objective(struct writer *writer, const struct snapshot_slo *slo)
{
	char *label_text = labels(writer, "slo", slo->name, "service", slo->service, NULL);

	if (label_text)
		sample_ratio(writer, "sliprobe_slo_objective_ratio", label_text,
			     (struct maybe){.known = true, .value = slo->objective});
	free(label_text);
}

static void slo_remaining(struct writer *writer, const struct snapshot_slo *slo)
{
	char *label_text = labels(writer, "slo", slo->name, "service", slo->service, NULL);

	if (label_text)
		sample_ratio(writer, "sliprobe_slo_error_budget_remaining_ratio", label_text,
			     snapshot_slo_budget(slo).remaining_ratio);
	free(label_text);
}

static void slo_burn_rates(struct writer *writer, const struct snapshot_slo *slo)
{
	static const char *const windows[] = {
#define X(name, seconds) name,
		SLO_BURN_WINDOWS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		char *label_text = labels(writer, "slo", slo->name, "service", slo->service,
					  "window", windows[i], NULL);

		if (label_text)
			sample_ratio(writer, "sliprobe_slo_burn_rate", label_text,
				     slo_burn_rate(slo->burn_events[i], slo->objective));
		free(label_text);
	}
}

static void slos(struct writer *writer, const struct snapshot *snapshot)
{
	static const struct {
		const char *name, *type, *unit, *help;
		void (*write)(struct writer *writer, const struct snapshot_slo *slo);
	} families[] = {
		{"sliprobe_slo_events", "counter", "",
		 "Eligible events of an SLO since the agent began to count it.", slo_events},
		{"sliprobe_slo_objective_ratio", "gauge", "ratio",
		 "Objective: good events / eligible events to be met over the window.",
		 slo_objective},
		{"sliprobe_slo_error_budget_remaining_ratio", "gauge", "ratio",
		 "Part of the window's error budget that is left; negative if overspent.",
		 slo_remaining},
		{"sliprobe_slo_burn_rate", "gauge", "",
		 "Bad / eligible events of a window, as a multiple of 1 - objective.",
		 slo_burn_rates},
	};

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		family(writer, families[f].name, families[f].type, families[f].unit,
		       families[f].help);
		for (size_t i = 0; i < snapshot->n_slos; i++)
			families[f].write(writer, &snapshot->slos[i]);
	}
}

static void coverage(struct writer *writer, const struct snapshot *snapshot)
{
	family(writer, "sliprobe_http_requests_seen", "counter", "",
	       "HTTP requests whose head was read by a server.");
	sample_u64(writer, "sliprobe_http_requests_seen_total", NULL, snapshot->coverage.seen);
	family(writer, "sliprobe_http_requests_in_flight", "gauge", "",
	       "HTTP requests seen that have no outcome yet.");
	sample_u64(writer, "sliprobe_http_requests_in_flight", NULL, snapshot->coverage.in_flight);
	family(writer, "sliprobe_lost", "counter", "",
	       "HTTP requests seen that could not be given an outcome.");
#define X(id, name)                                                                                \
	sample_u64(writer, "sliprobe_lost_total", "reason=\"" name "\"",                           \
		   snapshot->coverage.lost_by_reason[LOST_##id]);
	LOST_REASONS(X)
#undef X
	family(writer, "sliprobe_kernel_errors", "counter", "",
	       "Failures in the kernel programs with no known request at stake.");
#define X(id, name)                                                                                \
	sample_u64(writer, "sliprobe_kernel_errors_total", "site=\"" name "\"",                    \
		   snapshot->coverage.kernel_errors[KERR_##id]);
	KERNEL_ERRORS(X)
#undef X
	family(writer, "sliprobe_hook_misses", "counter", "",
	       "Times that the kernel skipped a program because one was running.");
	sample_u64(writer, "sliprobe_hook_misses_total", NULL, snapshot->coverage.hook_misses);
	family(writer, "sliprobe_samples_lost", "counter", "",
	       "Samples of requests that found no room; counts are not affected.");
	sample_u64(writer, "sliprobe_samples_lost_total", NULL, snapshot->coverage.samples_lost);
	family(writer, "sliprobe_unmeasured_listeners", "gauge", "",
	       "Listeners with traffic that cannot be measured.");
	sample_u64(writer, "sliprobe_unmeasured_listeners", NULL, snapshot->n_unmeasured);
}

static void agent(struct writer *writer, const struct snapshot *snapshot)
{
	char *label_text = labels(writer, "version", snapshot->agent.version, "kernel",
				  snapshot->agent.kernel, "hook", snapshot->agent.hook, NULL);

	family(writer, "sliprobe_build", "info", "", "The agent and how it hooks the kernel.");
	if (label_text)
		sample_u64(writer, "sliprobe_build_info", label_text, 1);
	free(label_text);
	family(writer, "sliprobe_config_reloads", "counter", "", "Configuration reloads applied.");
	sample_u64(writer, "sliprobe_config_reloads_total", NULL, snapshot->agent.reloads);
}

/* What `write` writes, in *ret and *ret_len. Returns 0 or -ENOMEM. */
static int write_text(const struct metrics *metrics,
		      void (*write)(struct writer *writer, const struct metrics *metrics,
				    void *context),
		      void *context, char **ret, size_t *ret_len)
{
	struct writer writer = {.format = metrics->format};
	char *text = NULL;
	size_t len = 0;
	bool failed;

	writer.out = open_memstream(&text, &len);
	if (!writer.out)
		return -ENOMEM;
	write(&writer, metrics, context);
	failed = writer.failed || ferror(writer.out);
	if (fclose(writer.out) || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

static void write_head(struct writer *writer, const struct metrics *metrics, void *context)
{
	(void)context;
	agent(writer, &metrics->snapshot);
}

static void write_tail(struct writer *writer, const struct metrics *metrics, void *context)
{
	(void)context;
	slos(writer, &metrics->snapshot);
	coverage(writer, &metrics->snapshot);
	fputs("# EOF\n", writer->out);
}

static void write_piece(struct writer *writer, const struct metrics *metrics, void *context)
{
	struct place *place = context;

	while (place->part != AT_END && !writer->failed && ftell(writer->out) < PIECE_BYTES)
		write_next(metrics, writer, place);
}

/* An empty one at the end. */
static int make_piece(struct metrics *metrics)
{
	struct place place = metrics->place;
	char *piece;
	size_t len;
	int r = write_text(metrics, write_piece, &place, &piece, &len);

	if (r)
		return r;
	free(metrics->piece);
	metrics->piece = piece;
	metrics->piece_len = len;
	metrics->piece_taken = 0;
	metrics->place = place;
	return 0;
}

static int measure(struct metrics *metrics)
{
	int r;

	do {
		r = make_piece(metrics);
		metrics->len += metrics->piece_len;
	} while (!r && metrics->place.part != AT_END);
	metrics->place = (struct place){};
	metrics->piece_len = metrics->piece_taken = 0;
	return r;
}

int metrics_new(struct snapshot *snapshot, enum metrics_format format, struct metrics **ret)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	size_t unused;
	int r;

	if (!metrics)
		return -ENOMEM;
	metrics->snapshot = *snapshot;
	metrics->format = format;
	for (int i = 0; i < OCTAVES; i++)
		number(ldexp(1, OCTAVE_FIRST + i), metrics->bounds[i]);
	r = write_text(metrics, write_head, NULL, &metrics->head, &unused);
	r = r ?: write_text(metrics, write_tail, NULL, &metrics->tail, &unused);
	r = r ?: measure(metrics);
	if (r) {
		metrics->snapshot = (struct snapshot){};
		metrics_free(metrics);
		return r;
	}
	*snapshot = (struct snapshot){};
	*ret = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	snapshot_clear(&metrics->snapshot);
	free(metrics->head);
	free(metrics->tail);
	free(metrics->piece);
	free(metrics);
}

size_t metrics_len(const struct metrics *metrics)
{
	return metrics->len;
}

ssize_t metrics_read(struct metrics *metrics, char *ret, size_t room)
{
	size_t n;

	if (metrics->piece_taken == metrics->piece_len) {
		int r = make_piece(metrics);

		if (r)
			return r;
	}
	n = metrics->piece_len - metrics->piece_taken;
	if (n > room)
		n = room;
	memcpy(ret, metrics->piece + metrics->piece_taken, n);
	metrics->piece_taken += n;
	return (ssize_t)n;
}

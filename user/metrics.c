/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "metrics.h"
#include "slo.h"
#include "utf8.h"

enum {
	OCTAVE_FIRST = -14,
	OCTAVE_LAST = 6,
	NS_PER_SECOND = 1000000000,
	NUMBER_MAX = 32,
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

struct writer {
	FILE *out;
	enum metrics_format format;
	bool failed;
};

/* A label's value between quotes: both formats escape these three. */
static void write_value(struct writer *writer, FILE *out, const char *bytes)
{
	char *text = utf8_clean(bytes);

	if (!text) {
		writer->failed = true;
		return;
	}
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			fputs("\\n", out);
		else if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
	free(text);
}

/*
 * `a="x",b="y"` of name and value pairs up to a NULL name; a label without a value is left out.
 * malloc()ed, NULL when out of memory.
 */
static char *labels(struct writer *writer, ...)
{
	const char *name, *separator = "";
	char *text = NULL;
	va_list args;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		writer->failed = true;
		return NULL;
	}
	va_start(args, writer);
	while ((name = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		if (!value)
			continue;
		fprintf(out, "%s%s=\"", separator, name);
		write_value(writer, out, value);
		fputc('"', out);
		separator = ",";
	}
	va_end(args);
	if (fclose(out)) {
		free(text);
		writer->failed = true;
		return NULL;
	}
	return text;
}

/* The shortest decimal that reads back as the same number: 10.0, not 1e+01. */
static const char *number(double value, char text[NUMBER_MAX])
{
	const bool plain = fabs(value) >= 1 && fabs(value) < 1e15;

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, NUMBER_MAX, "%.*g", digits, value);
		if (strtod(text, NULL) == value && !(plain && strchr(text, 'e')))
			break;
	}
	if (!strpbrk(text, ".e"))
		snprintf(text + strlen(text), NUMBER_MAX - strlen(text), ".0");
	return text;
}

static void family(struct writer *writer, const char *name, const char *type, const char *unit,
		   const char *help)
{
	const char *suffix = "";

	if (writer->format == METRICS_TEXT) {
		if (!strcmp(type, "counter"))
			suffix = "_total";
		if (!strcmp(type, "info")) {
			suffix = "_info";
			type = "gauge";
		}
	}
	fprintf(writer->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
		type);
	if (*unit)
		fprintf(writer->out, "# UNIT %s%s %s\n", name, suffix, unit);
}

static void sample_u64(struct writer *writer, const char *name, const char *label_text,
		       uint64_t value)
{
	if (label_text && *label_text)
		fprintf(writer->out, "%s{%s} %" PRIu64 "\n", name, label_text, value);
	else
		fprintf(writer->out, "%s %" PRIu64 "\n", name, value);
}

static void sample_ratio(struct writer *writer, const char *name, const char *label_text,
			 struct slo_ratio ratio)
{
	char text[NUMBER_MAX];

	/* unknown is no sample: 0 would read as a fact, and NaN poisons sums */
	if (ratio.known)
		fprintf(writer->out, "%s{%s} %s\n", name, label_text, number(ratio.value, text));
}

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
static void histogram(struct writer *writer, const char *name, const char *label_text,
		      const struct histogram *histogram)
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
				label_text, number(bound, text), below);
	}
	if (histogram->count > below)
		below = histogram->count;
	fprintf(writer->out, "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name, label_text, below);
	fprintf(writer->out, "%s_count{%s} %" PRIu64 "\n", name, label_text, below);
	fprintf(writer->out, "%s_sum{%s} %" PRIu64 ".%09" PRIu64 "\n", name, label_text,
		histogram->sum_ns / NS_PER_SECOND, histogram->sum_ns % NS_PER_SECOND);
}

static void request_duration(struct writer *writer, const char *name,
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
		histogram(writer, name, label_text, &hist);
	free(label_text);
}

static void request_durations(struct writer *writer, const struct snapshot *snapshot,
			      enum role role, const char *name, const char *help)
{
	family(writer, name, "histogram", "seconds", help);
	for (size_t i = 0; i < snapshot->n_services; i++) {
		const struct snapshot_service *service = &snapshot->services[i];

		for (size_t k = 0; service->role == role && k < service->n_series; k++)
			request_duration(writer, name, service, service->series[k]);
	}
}

static void queue_durations(struct writer *writer, const struct snapshot_service *service)
{
	struct snapshot_merged merged;

	for (size_t i = 0, end; i < service->n_series; i = end) {
		const struct snapshot_series *first = service->series[i];
		struct histogram hist = {.buckets = merged.queue};
		char *label_text =
			labels(writer, "service", service->name, "http_request_method",
			       method_names[first->method], "http_route", first->route, NULL);

		end = snapshot_route_end(service, i);
		snapshot_merge(service, i, end, &merged);
		hist.count = merged.requests - merged.outcomes[OUTCOME_UNANSWERED];
		hist.sum_ns = merged.queue_sum_ns;
		if (label_text)
			histogram(writer, "sliprobe_http_request_queue_duration_seconds",
				  label_text, &hist);
		free(label_text);
	}
}

static void requests(struct writer *writer, const struct snapshot *snapshot)
{
	bool any_client = false;

	request_durations(
		writer, snapshot, ROLE_SERVER, "http_server_request_duration_seconds",
		"Duration of HTTP server requests, from arrival to the end of the response.");
	for (size_t i = 0; i < snapshot->n_services; i++)
		any_client |= snapshot->services[i].role == ROLE_CLIENT;
	if (any_client)
		request_durations(writer, snapshot, ROLE_CLIENT,
				  "http_client_request_duration_seconds",
				  "Duration of HTTP client requests.");
	family(writer, "sliprobe_http_request_queue_duration_seconds", "histogram", "seconds",
	       "Time from a request's arrival in the kernel to the server's first read of it.");
	for (size_t i = 0; i < snapshot->n_services; i++) {
		if (snapshot->services[i].role == ROLE_SERVER)
			queue_durations(writer, &snapshot->services[i]);
	}
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
			     (struct slo_ratio){.known = true, .value = slo->objective});
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

char *metrics_render(const struct snapshot *snapshot, enum metrics_format format, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	struct writer writer = {.out = open_memstream(&text, &len), .format = format};
	bool failed;

	if (!writer.out)
		return NULL;
	agent(&writer, snapshot);
	requests(&writer, snapshot);
	slos(&writer, snapshot);
	coverage(&writer, snapshot);
	fputs("# EOF\n", writer.out);
	failed = writer.failed || ferror(writer.out);
	if (fclose(writer.out) || failed) {
		free(text);
		return NULL;
	}
	*ret_len = len;
	return text;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/openslo.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "base/term_names.h"
#include "base/url.h"
#include "export/openslo_alerts.h"
#include "export/promql.h"

enum {
	DNS_LABEL_BYTES = 64, /* with the end */
	NS_PER_US = 1000,
	NS_PER_SECOND = 1000000000,
};

static bool is_dns_label(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= DNS_LABEL_BYTES || name[0] == '-' || name[len - 1] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool is_taken(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_slos; i++) {
		if (!strcmp(config->slos[i].name, name))
			return true;
	}
	return false;
}

/* The SLO's name if it is a DNS label, as other tools want; else its letters and number. */
static void object_name(const struct config *config, const struct config_slo *slo,
			char ret_name[static DNS_LABEL_BYTES])
{
	size_t number = (size_t)(slo - config->slos) + 1, len = 0;
	char letters[DNS_LABEL_BYTES / 2];

	if (is_dns_label(slo->name)) {
		snprintf(ret_name, DNS_LABEL_BYTES, "%s", slo->name);
		return;
	}
	for (const char *c = slo->name; *c && len < sizeof(letters) - 1; c++) {
		if (isalnum((unsigned char)*c))
			letters[len++] = (char)tolower((unsigned char)*c);
		else if (len && letters[len - 1] != '-')
			letters[len++] = '-';
	}
	while (len && letters[len - 1] == '-')
		len--;
	/* no two SLOs get one name: their numbers differ modulo n_slos */
	do {
		snprintf(ret_name, DNS_LABEL_BYTES, "%.*s-%zu", (int)(len ? len : 3),
			 len ? letters : "slo", number);
		number += config->n_slos;
	} while (is_taken(config, ret_name));
}

static void write_head(struct yaml_out *out, const char *kind)
{
	yaml_out_document(out);
	yaml_out_map(out, false);
	yaml_out_pair(out, "apiVersion", "openslo/v1");
	yaml_out_pair(out, "kind", kind);
}

static void write_texts(struct yaml_out *out, const char *key, char *const *texts, size_t n)
{
	if (!n)
		return;
	yaml_out_list_at(out, key, true);
	for (size_t i = 0; i < n; i++)
		yaml_out_text(out, texts[i]);
	yaml_out_list_end(out);
}

static void write_methods(struct yaml_out *out, const char *key, uint32_t methods)
{
	yaml_out_list_at(out, key, true);
	for (enum http_method i = 0; i < HTTP_METHOD_COUNT; i++) {
		if (methods >> i & 1)
			yaml_out_text(out, method_name(i));
	}
	yaml_out_list_end(out);
}

static void write_statuses(struct yaml_out *out, const struct config_slo *slo)
{
	unsigned int first, last;
	char text[24];

	yaml_out_list_at(out, "status", true);
	for (unsigned int s = 0; config_slo_good_run(slo, s, &first, &last); s = last + 1) {
		snprintf(text, sizeof(text), last > first ? "%u-%u" : "%u", first, last);
		yaml_out_text(out, text);
	}
	yaml_out_list_end(out);
}

static void write_grpc_statuses(struct yaml_out *out, const struct config_slo *slo)
{
	if (slo->good.grpc_status == GRPC_GOOD)
		return;
	yaml_out_list_at(out, "grpc_status", true);
	for (enum grpc_status i = 0; i < GRPC_STATUS_COUNT; i++) {
		if (slo->good.grpc_status >> i & 1)
			yaml_out_text(out, grpc_status_name(i));
	}
	yaml_out_list_end(out);
}

/* "1s", "100ms", "250.000us": exact to the nanosecond. */
static void write_time(struct yaml_out *out, const char *key, uint64_t ns)
{
	char text[40];

	if (ns % NS_PER_SECOND == 0)
		snprintf(text, sizeof(text), "%" PRIu64 "s", ns / NS_PER_SECOND);
	else if (ns % ((uint64_t)NS_PER_US * 1000) == 0)
		snprintf(text, sizeof(text), "%" PRIu64 "ms", ns / NS_PER_US / 1000);
	else
		snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64 "us", ns / NS_PER_US,
			 ns % NS_PER_US);
	yaml_out_plain_pair(out, key, text);
}

static void write_good(struct yaml_out *out, const struct config_slo *slo)
{
	char text[24];

	yaml_out_map_at(out, "good", false);
	write_statuses(out, slo);
	write_grpc_statuses(out, slo);
	if (slo->good.latency_ns)
		write_time(out, "latency", slo->good.latency_ns);
	if (slo->good.latency_of != LATENCY_OF_TOTAL)
		yaml_out_pair(out, "latency_of", "first_byte");
	if (slo->good.min_body_bytes) {
		snprintf(text, sizeof(text), "%" PRIu64, slo->good.min_body_bytes);
		yaml_out_plain_pair(out, "min_body", text);
	}
	yaml_out_map_end(out);
}

static void write_eligible(struct yaml_out *out, const struct config_slo *slo)
{
	const uint32_t all = (1U << HTTP_METHOD_COUNT) - 1;
	bool excludes = slo->eligible.exclude_methods || slo->eligible.n_exclude_paths ||
			slo->eligible.n_exclude_user_agents;

	yaml_out_map_at(out, "eligible", false);
	write_texts(out, "routes", slo->eligible.routes, slo->eligible.n_routes);
	if (slo->eligible.methods != all)
		write_methods(out, "methods", slo->eligible.methods);
	if (excludes) {
		yaml_out_map_at(out, "exclude", false);
		if (slo->eligible.exclude_methods)
			write_methods(out, "methods", slo->eligible.exclude_methods);
		write_texts(out, "paths", slo->eligible.exclude_paths,
			    slo->eligible.n_exclude_paths);
		write_texts(out, "user_agents", slo->eligible.exclude_user_agents,
			    slo->eligible.n_exclude_user_agents);
		yaml_out_map_end(out);
	}
	yaml_out_map_end(out);
	yaml_out_pair(out, "client_abort", config_client_abort_name(slo->eligible.client_abort));
}

static void write_source(struct yaml_out *out, const char *key, const struct config_slo *slo,
			 void (*write)(struct yaml_out *out, const struct config_slo *slo))
{
	yaml_out_map_at(out, key, false);
	yaml_out_map_at(out, "metricSource", false);
	yaml_out_pair(out, "type", "sliprobe");
	yaml_out_map_at(out, "spec", false);
	write(out, slo);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
}

static void write_indicator(struct yaml_out *out, const struct config_slo *slo, const char *name)
{
	yaml_out_map_at(out, "indicator", false);
	yaml_out_map_at(out, "metadata", true);
	yaml_out_pair(out, "name", name);
	yaml_out_map_end(out);
	yaml_out_map_at(out, "spec", false);
	yaml_out_map_at(out, "ratioMetric", false);
	yaml_out_plain_pair(out, "counter", "true");
	write_source(out, "good", slo, write_good);
	write_source(out, "total", slo, write_eligible);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
}

static void write_window(struct yaml_out *out, const struct config_slo *slo)
{
	char duration[DURATION_TEXT_BYTES];

	duration_text(slo->window_seconds, duration);
	yaml_out_list_at(out, "timeWindow", false);
	yaml_out_map(out, false);
	yaml_out_plain_pair(out, "duration", slo->calendar_month ? "1M" : duration);
	yaml_out_plain_pair(out, "isRolling", slo->calendar_month ? "false" : "true");
	if (slo->calendar_month) {
		yaml_out_map_at(out, "calendar", false);
		yaml_out_plain_pair(out, "startTime", "2020-01-01 00:00:00");
		yaml_out_pair(out, "timeZone", slo->time_zone);
		yaml_out_map_end(out);
	}
	yaml_out_map_end(out);
	yaml_out_list_end(out);
}

static void write_ratio(struct yaml_out *out, const char *key, double ratio)
{
	char text[PROMQL_NUMBER_BYTES];

	openslo_decimal(ratio, text);
	yaml_out_plain_pair(out, key, text);
}

static void write_objective(struct yaml_out *out, const struct config_slo *slo)
{
	char duration[DURATION_TEXT_BYTES];

	yaml_out_pair(out, "budgetingMethod", slo->slice_seconds ? "Timeslices" : "Occurrences");
	yaml_out_list_at(out, "objectives", false);
	yaml_out_map(out, false);
	write_ratio(out, "target", slo->objective);
	if (slo->slice_seconds) {
		duration_text(slo->slice_seconds, duration);
		write_ratio(out, "timeSliceTarget", slo->slice_target);
		yaml_out_plain_pair(out, "timeSliceWindow", duration);
	}
	yaml_out_map_end(out);
	yaml_out_list_end(out);
}

static void write_slo(struct yaml_out *out, const struct config *config,
		      const struct config_slo *slo)
{
	char name[DNS_LABEL_BYTES];

	object_name(config, slo, name);
	write_head(out, "SLO");
	yaml_out_map_at(out, "metadata", false);
	yaml_out_pair(out, "name", name);
	yaml_out_map_at(out, "annotations", false);
	if (strcmp(name, slo->name) != 0)
		yaml_out_pair(out, "sliprobe/name", slo->name);
	openslo_write_other_alerts(out, slo);
	yaml_out_map_end(out);
	if (slo->n_labels)
		yaml_out_map_at(out, "labels", false);
	for (size_t i = 0; i < slo->n_labels; i++)
		yaml_out_pair(out, slo->labels[i].name, slo->labels[i].value);
	if (slo->n_labels)
		yaml_out_map_end(out);
	yaml_out_map_end(out);
	yaml_out_map_at(out, "spec", false);
	if (slo->description)
		yaml_out_pair(out, "description", slo->description);
	yaml_out_pair(out, "service", slo->service);
	write_indicator(out, slo, name);
	write_window(out, slo);
	write_objective(out, slo);
	openslo_write_policies(out, config, slo);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
	yaml_out_document_end(out);
}

/*
 * What is exported goes into repositories. A URL that may be a secret becomes none, which is refused where it is
 * read: whoever does must fill it in.
 */
static void write_url(struct yaml_out *out, const struct config_receiver *receiver)
{
	const bool secret = config_receiver_has_secret_url(receiver);
	_cleanup_free_ char *shown = secret ? url_shown(receiver->url) : NULL;
	_cleanup_free_ char *text = NULL;

	if (!secret)
		yaml_out_pair(out, "url", receiver->url);
	else if (!shown ||
		 asprintf(&text, "%s/ (the rest is a secret: name a url_file)", shown) < 0)
		text = NULL;
	else
		yaml_out_pair(out, "url", text);
}

static void write_target(struct yaml_out *out, const struct config *config, size_t i)
{
	const struct config_receiver *receiver = &config->receivers[i];
	char name[DNS_LABEL_BYTES];

	openslo_target_name(i, name, sizeof(name));
	write_head(out, "AlertNotificationTarget");
	yaml_out_map_at(out, "metadata", false);
	yaml_out_pair(out, "name", name);
	yaml_out_map_end(out);
	yaml_out_map_at(out, "spec", false);
	yaml_out_pair(out, "target", config_receiver_kind_name(receiver->kind));
	if (receiver->name)
		yaml_out_pair(out, "name", receiver->name);
	if (receiver->url_file)
		yaml_out_pair(out, "url_file", receiver->url_file);
	else if (receiver->url)
		write_url(out, receiver);
	if (receiver->header_file)
		yaml_out_pair(out, "header_file", receiver->header_file);
	write_texts(out, "argv", receiver->argv, receiver->n_argv);
	if (receiver->kind != RECEIVER_JOURNAL)
		write_time(out, "timeout", receiver->timeout_ns);
	yaml_out_list_at(out, "severities", true);
	for (int s = 0; s < SEVERITY_COUNT; s++) {
		if (receiver->severities >> s & 1)
			yaml_out_text(out, alert_severity_name((enum alert_severity)s));
	}
	yaml_out_list_end(out);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
	yaml_out_document_end(out);
}

size_t openslo_left_out(const struct config *config, int (*fn)(void *context, const char *sentence),
			void *context)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_receivers; i++) {
		const struct config_receiver *receiver = &config->receivers[i];
		char sentence[160];

		if (receiver->url_file || !config_receiver_has_secret_url(receiver))
			continue;
		snprintf(
			sentence, sizeof(sentence),
			"the URL of notify[%zu] may be a secret: give it in a url_file, or fill it in",
			i);
		n++;
		if (fn(context, sentence))
			break;
	}
	return n;
}

int openslo_write(const struct config *config, FILE *file)
{
	struct yaml_out out;

	yaml_out_start(&out, file);
	for (size_t i = 0; i < config->n_receivers; i++)
		write_target(&out, config, i);
	for (size_t i = 0; i < config->n_slos; i++)
		write_slo(&out, config, &config->slos[i]);
	return yaml_out_finish(&out);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The families of SLOs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/term_names.h"
#include "report/metrics_families.h"
#include "slo/slo.h"

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

/* One series with what the owner says of the SLO, so that the others keep their labels. */
static void slo_info(struct writer *writer, const struct snapshot_slo *slo)
{
	const struct config_slo *config = slo->config;
	char *label_text = labels(writer, "slo", slo->name, "service", slo->service, "description",
				  config ? config->description : NULL, NULL);

	for (size_t i = 0; label_text && config && i < config->n_labels; i++) {
		char *more = labels(writer, config->labels[i].name, config->labels[i].value, NULL);
		char *joined = NULL;

		if (!more || asprintf(&joined, "%s,%s", label_text, more) < 0)
			joined = NULL;
		writer->failed |= !joined;
		free(more);
		free(label_text);
		label_text = joined;
	}
	if (label_text)
		sample_u64(writer, "sliprobe_slo_info", label_text, 1);
	free(label_text);
}

/* A reason comes with its first event: most SLOs never have most of them. */
static void slo_bad_events(struct writer *writer, const struct snapshot_slo *slo)
{
	for (size_t i = 0; i < BAD_REASON_COUNT; i++) {
		char *label_text = slo->total_reasons.bad[i] ?
					   labels(writer, "slo", slo->name, "service", slo->service,
						  "reason", bad_reason_name(i), NULL) :
					   NULL;

		if (label_text)
			sample_u64(writer, "sliprobe_slo_bad_events_total", label_text,
				   slo->total_reasons.bad[i]);
		free(label_text);
	}
}

static void slo_left_out(struct writer *writer, const struct snapshot_slo *slo)
{
	char *label_text = labels(writer, "slo", slo->name, "service", slo->service, NULL);

	if (label_text)
		sample_u64(writer, "sliprobe_slo_client_aborts_left_out_total", label_text,
			   slo->total_reasons.left_out);
	free(label_text);
}

static void slo_status_unknown(struct writer *writer, const struct snapshot_slo *slo)
{
	char *label_text = labels(writer, "slo", slo->name, "service", slo->service, NULL);

	if (label_text)
		sample_u64(writer, "sliprobe_slo_status_unknown_total", label_text,
			   slo->total_reasons.status_unknown);
	free(label_text);
}

static void slo_objective(struct writer *writer, const struct snapshot_slo *slo)
{
	char *label_text = labels(writer, "slo", slo->name, "service", slo->service, NULL);

	if (label_text)
		sample_ratio(writer, "sliprobe_slo_objective_ratio", label_text,
			     (struct maybe){.known = true, .value = slo->objective});
	free(label_text);
}

static void slo_start_time(struct writer *writer, const struct snapshot_slo *slo)
{
	char *label_text = labels(writer, "slo", slo->name, "service", slo->service, NULL);

	if (label_text)
		sample_ratio(writer, "sliprobe_slo_start_time_seconds", label_text,
			     (struct maybe){.known = !isnan(slo->since_seconds),
					    .value =
						    slo->since_seconds + slo->wall_offset_seconds});
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
	for (size_t i = 0; i < SNAPSHOT_BURN_WINDOWS; i++) {
		char *label_text = labels(writer, "slo", slo->name, "service", slo->service,
					  "window", snapshot_burn_windows[i].name, NULL);

		if (label_text)
			sample_ratio(writer, "sliprobe_slo_burn_rate", label_text,
				     slo_burn_rate(slo->burn_events[i], slo->objective));
		free(label_text);
	}
}

void metrics_slos(struct writer *writer, const struct snapshot *snapshot)
{
	static const struct {
		const char *name, *type, *unit, *help;
		void (*write)(struct writer *writer, const struct snapshot_slo *slo);
	} families[] = {
		{"sliprobe_slo", "info", "", "Description and labels of an SLO.", slo_info},
		{"sliprobe_slo_events", "counter", "",
		 "Eligible events of an SLO since the agent began to count it.", slo_events},
		{"sliprobe_slo_bad_events", "counter", "",
		 "Bad events of an SLO, each by the first reason that applies.", slo_bad_events},
		{"sliprobe_slo_client_aborts_left_out", "counter", "",
		 "Requests that were not eligible only because their clients gave up.",
		 slo_left_out},
		{"sliprobe_slo_status_unknown", "counter", "",
		 "Requests that are neither good nor bad, as their status is not known.",
		 slo_status_unknown},
		{"sliprobe_slo_objective_ratio", "gauge", "ratio",
		 "Objective: good events / eligible events to be met over the window.",
		 slo_objective},
		{"sliprobe_slo_start_time_seconds", "gauge", "seconds",
		 "When the agent began to count the SLO as it is defined now, in Unix time.",
		 slo_start_time},
		{"sliprobe_slo_error_budget_remaining_ratio", "gauge", "ratio",
		 "Part of the whole window's error budget that is left; negative if overspent.",
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

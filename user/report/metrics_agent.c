/* SPDX-License-Identifier: GPL-2.0-only */
/* The families of the agent itself: its build, and the requests it has seen and lost. */
#include <math.h>
#include <stdlib.h>

#include "base/term_names.h"
#include "report/metrics_families.h"

static void sample_by(struct writer *writer, const char *name, const char *label, const char *of,
		      uint64_t value)
{
	char *label_text = labels(writer, label, of, NULL);

	if (label_text)
		sample_u64(writer, name, label_text, value);
	free(label_text);
}

static void sample_seconds(struct writer *writer, const char *name, const char *help,
			   double seconds)
{
	char text[NUMBER_MAX];

	family(writer, name, "gauge", "seconds", help);
	fprintf(writer->out, "%s %s\n", name, number(seconds, text));
}

void metrics_coverage(struct writer *writer, const struct snapshot *snapshot)
{
	family(writer, "sliprobe_http_requests_seen", "counter", "",
	       "HTTP requests whose head was read by a server.");
	sample_u64(writer, "sliprobe_http_requests_seen_total", NULL, snapshot->coverage.seen);
	family(writer, "sliprobe_http_requests_in_flight", "gauge", "",
	       "HTTP requests seen that have no outcome yet.");
	sample_u64(writer, "sliprobe_http_requests_in_flight", NULL, snapshot->coverage.in_flight);
	family(writer, "sliprobe_lost", "counter", "",
	       "HTTP requests seen that could not be given an outcome.");
	for (size_t i = 0; i < LOST_REASON_COUNT; i++)
		sample_by(writer, "sliprobe_lost_total", "reason", lost_reason_name(i),
			  snapshot->coverage.lost_by_reason[i]);
	family(writer, "sliprobe_kernel_errors", "counter", "",
	       "Failures in the kernel programs with no known request at stake.");
	for (size_t i = 0; i < KERR_COUNT; i++)
		sample_by(writer, "sliprobe_kernel_errors_total", "site", kernel_error_name(i),
			  snapshot->coverage.kernel_errors[i]);
	family(writer, "sliprobe_hook_misses", "counter", "",
	       "Times that the kernel skipped a program because one was running.");
	sample_u64(writer, "sliprobe_hook_misses_total", NULL, snapshot->coverage.hook_misses);
	family(writer, "sliprobe_samples_lost", "counter", "",
	       "Samples of requests that found no room; counts are not affected.");
	sample_u64(writer, "sliprobe_samples_lost_total", NULL, snapshot->coverage.samples_lost);
	family(writer, "sliprobe_unmeasured_listeners", "gauge", "",
	       "Listeners with traffic that cannot be measured.");
	sample_u64(writer, "sliprobe_unmeasured_listeners", NULL, snapshot_unmeasured(snapshot));
}

void metrics_agent(struct writer *writer, const struct snapshot *snapshot)
{
	char *label_text = labels(writer, "version", snapshot->agent.version, "kernel",
				  snapshot->agent.kernel, "hook", snapshot->agent.hook, NULL);

	family(writer, "sliprobe_build", "info", "", "The agent and how it hooks the kernel.");
	if (label_text)
		sample_u64(writer, "sliprobe_build_info", label_text, 1);
	free(label_text);
	family(writer, "sliprobe_steps", "counter", "", "Steps: counters became history.");
	sample_u64(writer, "sliprobe_steps_total", NULL, snapshot->agent.steps);
	sample_seconds(writer, "sliprobe_step_late_seconds", "How late the last step was.",
		       snapshot->agent.late_seconds);
	sample_seconds(writer, "sliprobe_step_late_max_seconds",
		       "How late the latest step since the start was.",
		       snapshot->agent.late_max_seconds);
	family(writer, "sliprobe_config_reloads", "counter", "", "Configuration reloads applied.");
	sample_u64(writer, "sliprobe_config_reloads_total", NULL, snapshot->agent.reloads);
	family(writer, "sliprobe_config_reloads_refused", "counter", "",
	       "Configuration reloads refused: the configuration before stays in force.");
	sample_u64(writer, "sliprobe_config_reloads_refused_total", NULL,
		   snapshot->agent.reloads_refused);
	family(writer, "sliprobe_config_last_reload_successful", "gauge", "",
	       "0 if the last reload was refused, else 1.");
	sample_u64(writer, "sliprobe_config_last_reload_successful", NULL,
		   isnan(snapshot->agent.refused_at));
}

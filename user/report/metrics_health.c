/* SPDX-License-Identifier: GPL-2.0-only */
/* The families that say whether the agent can do its work: its store, its alerts, its notifications. */
#include <stdlib.h>

#include "report/metrics_families.h"

static void health_store(struct writer *writer, const struct snapshot *snapshot)
{
	family(writer, "sliprobe_store_writable", "gauge", "",
	       "1 if history is kept on disk, 0 if writing it fails or none is kept.");
	sample_u64(writer, "sliprobe_store_writable", NULL,
		   snapshot->store.state == SNAPSHOT_STORE_OK);
	family(writer, "sliprobe_store_size_bytes", "gauge", "bytes",
	       "Size of the database on disk.");
	sample_u64(writer, "sliprobe_store_size_bytes", NULL, snapshot->store.bytes);
}

static void health_samples(struct writer *writer, const struct snapshot_samples *samples)
{
	family(writer, "sliprobe_samples_kept", "gauge", "",
	       "Samples of requests in the database.");
	sample_u64(writer, "sliprobe_samples_kept", NULL, samples->kept);
	family(writer, "sliprobe_samples_size_bytes", "gauge", "bytes",
	       "Size of the database of samples.");
	sample_u64(writer, "sliprobe_samples_size_bytes", NULL, samples->bytes);
	family(writer, "sliprobe_samples_taken", "counter", "",
	       "Samples that the process which keeps them has read.");
	sample_u64(writer, "sliprobe_samples_taken_total", NULL, samples->taken);
	family(writer, "sliprobe_samples_restarts", "counter", "",
	       "Times that the process which keeps samples has died and was started again.");
	sample_u64(writer, "sliprobe_samples_restarts_total", NULL, samples->restarts);
	if (samples->state == SNAPSHOT_SAMPLES_OFF)
		return;
	family(writer, "sliprobe_samples_writable", "gauge", "",
	       "1 if samples are kept on disk, 0 if the process has died or writing fails.");
	sample_u64(writer, "sliprobe_samples_writable", NULL,
		   samples->state == SNAPSHOT_SAMPLES_OK);
}

static uint64_t active(const struct snapshot_slo *slo, enum alert_severity severity)
{
	uint64_t n = 0;

	for (size_t i = 0; i < slo->n_alerts; i++)
		n += slo->alerts[i].severity == severity;
	return n;
}

static void health_alerts(struct writer *writer, const struct snapshot *snapshot)
{
	family(writer, "sliprobe_slo_alerts", "gauge", "",
	       "Active alerts of an SLO, silenced ones included.");
	for (size_t i = 0; i < snapshot->n_slos; i++) {
		const struct snapshot_slo *slo = &snapshot->slos[i];

		for (enum alert_severity s = 0; s < SEVERITY_COUNT; s++) {
			char *text = labels(writer, "slo", slo->name, "service", slo->service,
					    "severity", alert_severity_name(s), NULL);

			if (text)
				sample_u64(writer, "sliprobe_slo_alerts", text, active(slo, s));
			free(text);
		}
	}
}

static uint64_t sent(const struct snapshot_notifications *of)
{
	return of->sent;
}

static uint64_t given_up(const struct snapshot_notifications *of)
{
	return of->given_up;
}

static uint64_t failed(const struct snapshot_notifications *of)
{
	return of->failed;
}

static uint64_t waiting(const struct snapshot_notifications *of)
{
	return of->waiting;
}

static uint64_t missed(const struct snapshot_notifications *of)
{
	return of->missed;
}

static void health_notifications(struct writer *writer, const struct snapshot *snapshot)
{
	static const struct {
		const char *name, *type, *sample, *help;
		uint64_t (*of)(const struct snapshot_notifications *of);
	} families[] = {
		{"sliprobe_notifications_sent", "counter", "sliprobe_notifications_sent_total",
		 "Messages that receivers have taken.", sent},
		{"sliprobe_notifications_given_up", "counter",
		 "sliprobe_notifications_given_up_total",
		 "Messages that no receiver has taken: refused, too old, or too many.", given_up},
		{"sliprobe_notification_attempts_failed", "counter",
		 "sliprobe_notification_attempts_failed_total",
		 "Attempts to deliver a message that have failed.", failed},
		{"sliprobe_notifications_waiting", "gauge", "sliprobe_notifications_waiting",
		 "Messages that wait to be delivered.", waiting},
		{"sliprobe_notifications_missed", "gauge", "sliprobe_notifications_missed",
		 "Open notifications whose message was given up, which will be sent again.",
		 missed},
	};

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		family(writer, families[f].name, families[f].type, "", families[f].help);
		for (enum config_receiver_kind kind = 0; kind < RECEIVER_KINDS; kind++) {
			const struct snapshot_notifications *of = &snapshot->notifications[kind];
			char *text = of->receivers ? labels(writer, "receiver",
							    config_receiver_kind_name(kind), NULL) :
						     NULL;

			if (text)
				sample_u64(writer, families[f].sample, text, families[f].of(of));
			free(text);
		}
	}
}

void metrics_health(struct writer *writer, const struct snapshot *snapshot)
{
	health_store(writer, snapshot);
	health_samples(writer, &snapshot->samples);
	health_alerts(writer, snapshot);
	health_notifications(writer, snapshot);
}

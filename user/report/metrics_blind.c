/* SPDX-License-Identifier: GPL-2.0-only */
/* The families of what could not be measured, by listener and by service. */
#include <stdio.h>
#include <stdlib.h>

#include "base/term_names.h"
#include "report/metrics_families.h"

static void blind_listener(struct writer *writer, const struct snapshot_blind *blind)
{
	char port[8], *label_text;

	snprintf(port, sizeof(port), "%u", blind->port);
	label_text = labels(writer, "service", blind->service ?: "", "port", port, "process",
			    blind->process, "reason", blind_reason_word(blind->reason) ?: "unknown",
			    NULL);
	if (label_text)
		sample_u64(writer, "sliprobe_blind_connections_total", label_text,
			   blind->connections);
	free(label_text);
}

static void measured(struct writer *writer, const struct snapshot_service *service)
{
	char *label_text = labels(writer, "service", service->name, NULL);

	if (label_text)
		sample_u64(writer, "sliprobe_measured_connections_total", label_text,
			   service->cover.connections);
	free(label_text);
}

/* Reasons that were never met are left out: there are many services. */
static void lost(struct writer *writer, const struct snapshot_service *service)
{
	for (size_t i = 0; i < LOST_REASON_COUNT; i++) {
		char *label_text;

		if (!service->cover.lost_by_reason[i])
			continue;
		label_text = labels(writer, "service", service->name, "reason", lost_reason_name(i),
				    NULL);
		if (label_text)
			sample_u64(writer, "sliprobe_service_lost_total", label_text,
				   service->cover.lost_by_reason[i]);
		free(label_text);
	}
}

/* Of few services: what is 0 is left out. */
static void status_unknown(struct writer *writer, const struct snapshot_service *service)
{
	char *label_text;

	if (!service->cover.status_unknown)
		return;
	label_text = labels(writer, "service", service->name, NULL);
	if (label_text)
		sample_u64(writer, "sliprobe_service_status_unknown_total", label_text,
			   service->cover.status_unknown);
	free(label_text);
}

static void folded(struct writer *writer, const struct snapshot *snapshot)
{
	for (enum owner_kind kind = 0; kind < OWNER_KIND_COUNT; kind++) {
		char *label_text = labels(writer, "quota", owner_kind_name(kind), NULL);

		if (label_text)
			sample_u64(writer, "sliprobe_folded_connections_total", label_text,
				   snapshot->folded_connections[kind]);
		free(label_text);
	}
}

/* Of few services: what is 0 is left out. */
static void folded_requests(struct writer *writer, const struct snapshot_service *service)
{
	char *label_text;

	if (!service->folded)
		return;
	label_text = labels(writer, "service", service->name, NULL);
	if (label_text)
		sample_u64(writer, "sliprobe_folded_requests_total", label_text, service->folded);
	free(label_text);
}

static void metrics_quotas(struct writer *writer, const struct snapshot *snapshot)
{
	family(writer, "sliprobe_quotas_met", "gauge", "",
	       "Owners of endpoints that have met a quota: more are not listed.");
	sample_u64(writer, "sliprobe_quotas_met", NULL, snapshot->n_quotas);
	family(writer, "sliprobe_folded_connections", "counter", "",
	       "Connections to endpoints that are not listed, by the quota that was met.");
	folded(writer, snapshot);
	family(writer, "sliprobe_folded_requests", "counter", "",
	       "Requests of a service that has too many series: counted by class of status alone.");
	for (size_t i = 0; i < snapshot->n_services; i++)
		folded_requests(writer, &snapshot->services[i]);
}

void metrics_blind(struct writer *writer, const struct snapshot *snapshot)
{
	family(writer, "sliprobe_blind_connections", "counter", "",
	       "Connections whose requests cannot be seen, by listener and reason.");
	for (size_t i = 0; i < snapshot->n_blind; i++) {
		if (!snapshot->blind[i].uncounted)
			blind_listener(writer, &snapshot->blind[i]);
	}
	family(writer, "sliprobe_measured_connections", "counter", "",
	       "Connections of which at least one HTTP request was seen.");
	for (size_t i = 0; i < snapshot->n_services; i++)
		measured(writer, &snapshot->services[i]);
	family(writer, "sliprobe_service_lost", "counter", "",
	       "HTTP requests of a service that could not be given an outcome.");
	for (size_t i = 0; i < snapshot->n_services; i++)
		lost(writer, &snapshot->services[i]);
	family(writer, "sliprobe_service_status_unknown", "counter", "",
	       "Requests of a service that cannot be judged, as their status is not known.");
	for (size_t i = 0; i < snapshot->n_services; i++)
		status_unknown(writer, &snapshot->services[i]);
	metrics_quotas(writer, snapshot);
}

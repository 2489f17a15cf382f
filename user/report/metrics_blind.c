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

void metrics_blind(struct writer *writer, const struct snapshot *snapshot)
{
	family(writer, "sliprobe_blind_connections", "counter", "",
	       "Connections whose requests cannot be seen, by listener and reason.");
	for (size_t i = 0; i < snapshot->n_blind; i++)
		blind_listener(writer, &snapshot->blind[i]);
	family(writer, "sliprobe_measured_connections", "counter", "",
	       "Connections of which at least one HTTP request was seen.");
	for (size_t i = 0; i < snapshot->n_services; i++)
		measured(writer, &snapshot->services[i]);
	family(writer, "sliprobe_service_lost", "counter", "",
	       "HTTP requests of a service that could not be given an outcome.");
	for (size_t i = 0; i < snapshot->n_services; i++)
		lost(writer, &snapshot->services[i]);
}

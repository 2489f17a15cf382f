/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/metrics_families.h"

/* A family of histograms, one of each series or route. */
struct part {
	enum role role;
	const char *name, *help;
	bool of_routes;
	bool always; /* also when there is no service of that role */
};

static const struct part parts[] = {
	{ROLE_SERVER, "http_server_request_duration_seconds",
	 "Duration of HTTP server requests, from arrival to the end of the response.", false, true},
	{ROLE_CLIENT, "http_client_request_duration_seconds", "Duration of HTTP client requests.",
	 false, false},
	{ROLE_SERVER, "sliprobe_http_request_queue_duration_seconds",
	 "Time from a request's arrival in the kernel to the server's first read of it.", true,
	 true},
};

static bool has_role(const struct snapshot *snapshot, enum role role)
{
	for (size_t i = 0; i < snapshot->n_services; i++) {
		if (snapshot->services[i].role == role)
			return true;
	}
	return false;
}

static void write_service(struct writer *writer, const struct metrics_bounds *bounds,
			  const struct part *part, const struct snapshot_service *service)
{
	for (size_t i = 0; i < service->n_series;) {
		if (part->of_routes)
			i = metrics_queue_duration(writer, bounds, part->name, service, i);
		else
			metrics_request_duration(writer, bounds, part->name, service,
						 service->series[i++]);
	}
}

static void write_part(struct writer *writer, const struct metrics_bounds *bounds,
		       const struct part *part, const struct snapshot *snapshot)
{
	if (part->always || has_role(snapshot, part->role))
		family(writer, part->name, "histogram", "seconds", part->help);
	for (size_t i = 0; i < snapshot->n_services; i++) {
		if (snapshot->services[i].role == part->role)
			write_service(writer, bounds, part, &snapshot->services[i]);
	}
}

static void write_all(struct writer *writer, const struct snapshot *snapshot)
{
	struct metrics_bounds bounds;

	metrics_bounds_init(&bounds);
	metrics_agent(writer, snapshot);
	metrics_health(writer, snapshot);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		write_part(writer, &bounds, &parts[i], snapshot);
	metrics_slos(writer, snapshot);
	metrics_coverage(writer, snapshot);
	metrics_blind(writer, snapshot);
	metrics_tls(writer, snapshot);
	fputs("# EOF\n", writer->out);
}

int metrics_text(const struct snapshot *snapshot, enum metrics_format format, char **ret,
		 size_t *ret_len)
{
	struct writer writer = {.format = format};
	char *text = NULL;
	size_t len = 0;
	bool failed;

	writer.out = open_memstream(&text, &len);
	if (!writer.out)
		return -ENOMEM;
	write_all(&writer, snapshot);
	failed = writer.failed || ferror(writer.out);
	if (fclose(writer.out) || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

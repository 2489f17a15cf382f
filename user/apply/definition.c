/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/definition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_list(FILE *out, const char *what, char *const *list, size_t n)
{
	fprintf(out, "%s:", what);
	for (size_t i = 0; i < n; i++)
		fprintf(out, " %zu.%s", strlen(list[i]), list[i]);
	fputc('\n', out);
}

/* NULL where it says what holds without it, too. */
static const char *telling_netns(const struct config_match *match)
{
	struct config_match without = *match;

	without.netns = NULL;
	return strcmp(config_match_netns(match), config_match_netns(&without)) ? match->netns :
										 NULL;
}

/* Lengths in front: globs may hold spaces. */
static void print_match(FILE *out, const struct config_match *match)
{
	const char *process = match->process ?: "*", *exe = match->exe ?: "*";

	const struct {
		const char *name, *text;
	} more[] = {
		{"user", match->user},	   {"netns", telling_netns(match)}, {"unit", match->unit},
		{"cgroup", match->cgroup}, {"container", match->container},
	};

	fprintf(out, "match: %d %zu.%s %zu.%s\n", match->port, strlen(process), process,
		strlen(exe), exe);
	/* not named where they are not given: definitions of earlier versions stay as they were */
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (more[i].text)
			fprintf(out, "%s: %zu.%s\n", more[i].name, strlen(more[i].text),
				more[i].text);
	}
}

char *slo_definition(const struct config_slo *slo, const struct config_service *service)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (service)
		print_match(out, &service->match);
	/* which route a path belongs to depends on all templates, if routes are asked for */
	if (service && slo->eligible.n_routes)
		print_list(out, "templates", service->routes, service->n_routes);
	print_list(out, "routes", slo->eligible.routes, slo->eligible.n_routes);
	print_list(out, "paths", slo->eligible.exclude_paths, slo->eligible.n_exclude_paths);
	print_list(out, "agents", slo->eligible.exclude_user_agents,
		   slo->eligible.n_exclude_user_agents);
	fprintf(out, "methods: %x\nclient_abort: %d\nstatus:",
		slo->eligible.methods & ~slo->eligible.exclude_methods, slo->eligible.client_abort);
	for (size_t i = 0; i < CONFIG_STATUS_WORDS; i++)
		fprintf(out, " %" PRIx64, slo->good.status[i]);
	fprintf(out, "\nlatency: %" PRIu64 "\nbody: %" PRIu64 "\n", slo->good.latency_ns,
		slo->good.min_body_bytes);
	/* with a latency it is that */
	if (slo->eligible.client_abort == CLIENT_ABORT_LATE && !slo->good.latency_ns)
		fprintf(out, "late: %" PRIu64 "\n", slo->eligible.late_after_ns);
	if (slo->good.latency_of != LATENCY_OF_TOTAL)
		fprintf(out, "latency_of: %d\n", slo->good.latency_of);
	if (slo->good.grpc_status != GRPC_GOOD)
		fprintf(out, "grpc: %" PRIx32 "\n", slo->good.grpc_status);
	if (slo->slice_seconds)
		fprintf(out, "slices: %" PRIu64 " %.15g\n", slo->slice_seconds, slo->slice_target);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/track.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

int track_new(const char *name, const char *service, const char *definition,
	      const struct config_slo *slo, __u32 counts, struct track_birth birth,
	      struct track **ret)
{
	struct track *track = calloc(1, sizeof(*track));
	int r;

	if (!track)
		return -ENOMEM;
	track->name = strdup(name);
	track->service = strdup(service);
	track->definition = strdup(definition);
	track->slo = slo;
	track->slo_name = strdup(slo->name);
	track->wildcard = config_slo_is_wildcard(slo);
	track->slice_seconds = slo->slice_seconds;
	track->slice_target = slo->slice_target;
	track->counts = counts;
	track->birth = birth;
	track->stepped_seconds = track->since_seconds = NAN;
	r = track->name && track->service && track->definition && track->slo_name ? 0 : -ENOMEM;
	r = r ?: slo_history_new(TRACK_WINDOW_S, &track->history);
	if (slo->slice_seconds)
		r = r ?: slo_history_new(TRACK_WINDOW_S, &track->sliced);
	if (r) {
		track_free(track);
		return r;
	}
	*ret = track;
	return 0;
}

void track_free(struct track *track)
{
	if (!track)
		return;
	slo_history_free(track->history);
	slo_history_free(track->sliced);
	free(track->name);
	free(track->service);
	free(track->definition);
	free(track->slo_name);
	free(track);
}

void track_configure(struct track *track, const struct config_slo *slo)
{
	struct alert_state states[ALERT_RULES_MAX] = {};

	for (size_t i = 0; i < slo->n_alerts; i++) {
		for (size_t k = 0; k < track_n_alerts(track); k++) {
			if (!strcmp(slo->alerts[i].name, track->slo->alerts[k].name))
				states[i] = track->alerts.states[k];
		}
		/* the rule, the objective or the window may be others */
		states[i].calm = (struct alert_calm){};
	}
	memcpy(track->alerts.states, states, sizeof(states));
	memset(track->alerts.readings, 0, sizeof(track->alerts.readings));
	track->alerts.configured++;
	track->slo = slo;
}

void track_end(struct track *track)
{
	memset(track->alerts.states, 0, sizeof(track->alerts.states));
	memset(track->alerts.readings, 0, sizeof(track->alerts.readings));
	track->slo = NULL;
}

size_t track_n_alerts(const struct track *track)
{
	return track->slo ? track->slo->n_alerts : 0;
}

static struct slo_events unstepped(const struct track *track, const struct slo_counts *counts)
{
	return (struct slo_events){
		.good = counts->good - track->stepped.good,
		.bad = counts->bad - track->stepped.bad,
	};
}

int track_step(struct track *track, double now_seconds, const struct slo_counts *counts,
	       bool exclude)
{
	struct slo_events events = unstepped(track, counts), none = {};
	/* before the first step there is no telling when it began */
	double from_seconds = isnan(track->stepped_seconds) ? now_seconds : track->stepped_seconds;
	int r = slo_history_add_span(track->history, from_seconds, now_seconds,
				     exclude ? none : events);

	if (r)
		return r;
	if (track->sliced && !track->slices.seconds)
		slices_init(&track->slices, track->slice_seconds, track->slice_target,
			    from_seconds);
	/* what it cannot take now it takes with the next step */
	if (track->sliced)
		slices_close(&track->slices, track->history, now_seconds, track->sliced);
	if (exclude)
		track->excluded += events.good + events.bad;
	track->excluding = exclude;
	track->stepped = *counts;
	track->stepped_seconds = now_seconds;
	return 0;
}

bool track_alerting(const struct track *track)
{
	for (size_t i = 0; i < track_n_alerts(track); i++) {
		if (track->alerts.states[i].status != ALERT_INACTIVE)
			return true;
	}
	return false;
}

const struct slo_history *track_budgeted(const struct track *track)
{
	return track->sliced ?: track->history;
}

struct slo_events track_events(const struct track *track, double now_seconds, double span_seconds,
			       const struct slo_counts *counts)
{
	struct slo_events events = slo_history_sum(track->history, now_seconds, span_seconds);
	struct slo_events more = unstepped(track, counts);

	if (!track->excluding) {
		events.good += more.good;
		events.bad += more.bad;
	}
	return events;
}

static void print_list(FILE *out, const char *what, char *const *list, size_t n)
{
	fprintf(out, "%s:", what);
	for (size_t i = 0; i < n; i++)
		fprintf(out, " %zu.%s", strlen(list[i]), list[i]);
	fputc('\n', out);
}

/* Lengths in front: globs may hold spaces. */
static void print_match(FILE *out, const struct config_match *match)
{
	const char *process = match->process ?: "*", *exe = match->exe ?: "*";

	fprintf(out, "match: %d %zu.%s %zu.%s\n", match->port, strlen(process), process,
		strlen(exe), exe);
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
	if (slo->slice_seconds)
		fprintf(out, "slices: %" PRIu64 " %.15g\n", slo->slice_seconds, slo->slice_target);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks SLOs against services and against each other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "config/check.h"
#include "config/distinct.h"

enum {
	MIN_SLICES = 10, /* in a window */
};

/* Refuses a key of an SLO, in the main file or in the OpenSLO file that the SLO is from. */
__attribute__((format(printf, 5, 6))) static int refuse_slo(struct document *doc,
							    const struct config *config, size_t i,
							    const char *key, const char *format,
							    ...)
{
	const struct config_slo *slo = &config->slos[i];
	char path[DOCUMENT_PATH_BYTES], text[sizeof(((struct error *)NULL)->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!slo->file)
		return document_refuse_at(doc, PATH("slos[%zu].%s", i, key), "%s", text);
	return document_refuse_in(doc, slo->file, slo->line, PATH("SLO \"%s\": %s", slo->name, key),
				  "%s", text);
}

static int check_distinct(struct document *doc, const struct config *config, size_t i,
			  char *const *texts, size_t n, int (*compare)(const void *, const void *),
			  const char *key)
{
	char path[DOCUMENT_PATH_BYTES];
	size_t again;
	int found = config_find_again(texts, n, compare, &again);

	if (found > 0)
		return refuse_slo(doc, config, i, PATH("%s[%zu]", key, again),
				  "expected each entry once, got \"%s\" again", texts[again]);
	return found;
}

/* {service} tells the SLOs of "*" apart; in any other name it would never be filled in. */
static int check_mark(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	const char *mark = strstr(slo->name, CONFIG_SERVICE_MARK);

	if (config_slo_is_wildcard(slo) && (!mark || strstr(mark + 1, CONFIG_SERVICE_MARK)))
		return refuse_slo(doc, config, i, "name",
				  "expected {service} once in the name of an SLO for service "
				  "\"*\", got \"%s\"",
				  slo->name);
	if (!config_slo_is_wildcard(slo) && mark)
		return refuse_slo(doc, config, i, "name",
				  "expected no {service} in the name unless service is \"*\", got "
				  "\"%s\"",
				  slo->name);
	return 0;
}

/* `service` is NULL for an SLO for "*": found services have no routes. */
static bool has_route(const struct config_service *service, const char *route)
{
	for (size_t i = 0; service && i < service->n_routes; i++) {
		if (!strcmp(service->routes[i], route))
			return true;
	}
	return !strcmp(route, "_other");
}

static int refuse_route(struct document *doc, const struct config *config, size_t i, size_t r,
			const struct config_service *service)
{
	const struct config_slo *slo = &config->slos[i];
	struct suggestion suggestion = suggestion_for(slo->eligible.routes[r]);
	char path[DOCUMENT_PATH_BYTES], meant[SUGGESTION_BYTES];

	for (size_t k = 0; service && k < service->n_routes; k++)
		suggestion_try(&suggestion, service->routes[k]);
	return refuse_slo(doc, config, i, PATH("eligible.routes[%zu]", r),
			  "expected a route of service \"%s\", got \"%s\"%s", slo->service,
			  slo->eligible.routes[r], suggestion_text(&suggestion, meant));
}

static int check_eligible_routes(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	const struct config_service *service = config_service_named(config, slo->service);
	int ret = 0;

	if (service && service->refused)
		return 0; /* its routes are not known */
	for (size_t r = 0; r < slo->eligible.n_routes; r++) {
		if (!has_route(service, slo->eligible.routes[r]))
			ret = first_failure(ret, refuse_route(doc, config, i, r, service));
	}
	return first_failure(ret, check_distinct(doc, config, i, slo->eligible.routes,
						 slo->eligible.n_routes, config_compare_texts,
						 "eligible.routes"));
}

/* window and calendar exclude each other; time_zone needs calendar. */
static int check_window(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	char path[DOCUMENT_PATH_BYTES];

	if (slo->file)
		return 0;
	if (document_find(doc, PATH("slos[%zu].window", i)) &&
	    document_find(doc, PATH("slos[%zu].calendar", i)))
		return refuse_slo(doc, config, i, "calendar",
				  "expected either window or calendar, got both");
	if (slo->time_zone && !slo->calendar_month)
		return refuse_slo(doc, config, i, "time_zone",
				  "expected no time zone unless calendar is given");
	return 0;
}

static int check_slice(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];

	if (slo->slice_seconds * MIN_SLICES > slo->window_seconds)
		return refuse_slo(doc, config, i, "budgeting.timeslices.slice",
				  "expected at most a tenth of the window (%gs), got %gs",
				  (double)slo->window_seconds / MIN_SLICES,
				  (double)slo->slice_seconds);
	return 0;
}

static int check_latency(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];

	if (slo->good.latency_of && !slo->good.latency_ns)
		return refuse_slo(doc, config, i, "good.latency_of",
				  "expected latency beside it, got none");
	if (slo->good.latency_ns > config->agent.unanswered_after_ns)
		return refuse_slo(doc, config, i, "good.latency",
				  "expected at most agent.unanswered_after (%gs), got %gs",
				  (double)config->agent.unanswered_after_ns / DURATION_S_NS,
				  (double)slo->good.latency_ns / DURATION_S_NS);
	return 0;
}

/* `known`: all services of the configuration are. */
static int check_service(struct document *doc, const struct config *config, size_t i, bool known)
{
	const struct config_slo *slo = &config->slos[i];
	char meant[SUGGESTION_BYTES];

	if (config_slo_is_wildcard(slo) || config_service_named(config, slo->service))
		return check_eligible_routes(doc, config, i);
	if (!known)
		return 0;
	return refuse_slo(doc, config, i, "service",
			  "expected the name of a service in services, or \"*\", got \"%s\"%s",
			  slo->service, config_suggest_service(config, slo->service, meant));
}

static int check_slo(struct document *doc, const struct config *config, size_t i, bool known)
{
	const struct config_slo *slo = &config->slos[i];
	int ret = check_service(doc, config, i, known);

	ret = first_failure(ret, check_mark(doc, config, i));
	ret = first_failure(ret, check_window(doc, config, i));
	ret = first_failure(ret, check_slice(doc, config, i));
	ret = first_failure(ret, check_latency(doc, config, i));
	ret = first_failure(ret,
			    check_distinct(doc, config, i, slo->eligible.exclude_paths,
					   slo->eligible.n_exclude_paths, config_compare_templates,
					   "eligible.exclude.paths"));
	return first_failure(ret,
			     check_distinct(doc, config, i, slo->eligible.exclude_user_agents,
					    slo->eligible.n_exclude_user_agents,
					    config_compare_texts, "eligible.exclude.user_agents"));
}

static size_t count_wildcards(const struct config *config)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_slos; i++)
		n += config_slo_is_wildcard(&config->slos[i]);
	return n;
}

static int check_slos_per_service(struct document *doc, const struct config *config)
{
	_cleanup_free_ size_t *counts = calloc(config->n_services + 1, sizeof(*counts));
	size_t for_all = count_wildcards(config);

	if (!counts)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_slos; i++) {
		const char *name = config->slos[i].service;
		const struct config_service *service =
			name ? config_service_named(config, name) : NULL;
		/* the last count is that of SLOs for "*", which no service owns */
		size_t at = service ? (size_t)(service - config->services) : config->n_services;

		if (!name)
			continue;
		if (++counts[at] + (service ? for_all : 0) > CONFIG_MAX_SLOS_PER_SERVICE)
			return refuse_slo(doc, config, i, "service",
					  "expected at most %d SLOs for service \"%s\"%s, got more",
					  CONFIG_MAX_SLOS_PER_SERVICE, config->slos[i].service,
					  service && for_all ? " and \"*\" together" : "");
	}
	return 0;
}

/* The name that an SLO has for one service. */
struct full_name {
	char text[2 * CONFIG_MAX_NAME];
	size_t slo;
};

static int compare_full_names(const void *a, const void *b)
{
	const struct full_name *in_a = a, *in_b = b;
	int order = strcmp(in_a->text, in_b->text);

	return order ? order : in_a->slo < in_b->slo ? -1 : in_a->slo > in_b->slo;
}

static int refuse_name(struct document *doc, const struct config *config, size_t i,
		       const struct full_name *earlier)
{
	const struct config_slo *slo = &config->slos[earlier->slo];

	if (slo->file)
		return refuse_slo(doc, config, i, "name",
				  "expected a unique name, got \"%s\" as in %s:%u", earlier->text,
				  slo->file, slo->line);
	return refuse_slo(doc, config, i, "name",
			  "expected a unique name, got \"%s\" as in slos[%zu]", earlier->text,
			  earlier->slo);
}

/* Lists each SLO's name as configured, and as for each configured service. Returns how many. */
static size_t find_full_names(const struct config *config, struct full_name *ret_names)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_slos; i++) {
		const struct config_slo *slo = &config->slos[i];
		size_t n_services = config_slo_is_wildcard(slo) ? config->n_services : 0;

		if (!slo->name)
			continue;
		ret_names[n].slo = i;
		snprintf(ret_names[n++].text, sizeof(ret_names->text), "%s", slo->name);
		for (size_t s = 0; s < n_services; s++) {
			if (!config->services[s].name)
				continue;
			ret_names[n].slo = i;
			slo_name_write(slo->name, config->services[s].name, ret_names[n++].text,
				       sizeof(ret_names->text));
		}
	}
	return n;
}

/* "{service}" and "shop" clash if a service shop exists. */
static int check_slo_names(struct document *doc, const struct config *config)
{
	size_t n = config->n_slos + count_wildcards(config) * config->n_services;
	_cleanup_free_ struct full_name *names = calloc(n + 1, sizeof(*names));
	const struct full_name *again = NULL, *earlier = NULL;

	if (!names)
		return -ENOMEM;
	n = find_full_names(config, names);
	qsort(names, n, sizeof(*names), compare_full_names);
	for (size_t i = 1; i < n; i++) {
		if (!strcmp(names[i].text, names[i - 1].text) &&
		    (!again || names[i].slo < again->slo)) {
			again = &names[i];
			earlier = &names[i - 1];
		}
	}
	return again ? refuse_name(doc, config, again->slo, earlier) : 0;
}

int config_check_slos(struct document *doc, const struct config *config, bool services_known)
{
	int ret = 0;

	for (size_t i = 0; i < config->n_slos && may_go_on(ret); i++) {
		if (!config->slos[i].refused)
			ret = first_failure(ret, check_slo(doc, config, i, services_known));
	}
	ret = first_failure(ret, check_slos_per_service(doc, config));
	return first_failure(ret, check_slo_names(doc, config));
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks keys against each other, and warns of settings without effect. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "config/schema.h"
#include "match/pattern.h"

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
	char path[DOCUMENT_PATH_BYTES], text[sizeof(doc->error->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!slo->file)
		return document_refuse_at(doc, PATH("slos[%zu].%s", i, key), "%s", text);
	return document_refuse_in(doc, slo->file, slo->line, PATH("SLO \"%s\": %s", slo->name, key),
				  "%s", text);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* A string and its place in a list, to sort by the string. */
struct named {
	const char *text;
	size_t index;
};

static int compare_texts(const void *a, const void *b)
{
	const struct named *in_a = a, *in_b = b;
	int order = strcmp(in_a->text, in_b->text);

	return order ? order : in_a->index < in_b->index ? -1 : in_a->index > in_b->index;
}

static int compare_templates(const void *a, const void *b)
{
	const struct named *in_a = a, *in_b = b;
	int order = route_specificity_cmp(in_a->text, in_b->text);

	return order ? order : in_a->index < in_b->index ? -1 : in_a->index > in_b->index;
}

/* Returns 1 and the index of the first text that repeats an earlier one; 0: none does; -ENOMEM. */
static int find_again(char *const *texts, size_t n, int (*compare)(const void *, const void *),
		      size_t *ret_index)
{
	_cleanup_free_ struct named *sorted = calloc(n + 1, sizeof(*sorted));
	struct named *again = NULL;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct named){.text = texts[i], .index = i};
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 1; i < n; i++) {
		struct named earlier = {.text = sorted[i - 1].text};
		struct named here = {.text = sorted[i].text};

		if (compare(&earlier, &here) == 0 && (!again || sorted[i].index < again->index))
			again = &sorted[i];
	}
	if (again)
		*ret_index = again->index;
	return again != NULL;
}

static int check_routes(struct document *doc, const struct config *config, size_t i)
{
	const struct config_service *service = &config->services[i];
	char path[DOCUMENT_PATH_BYTES];
	size_t again;
	int found = find_again(service->routes, service->n_routes, compare_templates, &again);

	if (found > 0)
		return document_refuse_at(doc, PATH("services[%zu].routes[%zu]", i, again),
					  "expected each entry once, got \"%s\" again",
					  service->routes[again]);
	return found;
}

static int check_distinct(struct document *doc, const struct config *config, size_t i,
			  char *const *texts, size_t n, int (*compare)(const void *, const void *),
			  const char *key)
{
	char path[DOCUMENT_PATH_BYTES];
	size_t again;
	int found = find_again(texts, n, compare, &again);

	if (found > 0)
		return refuse_slo(doc, config, i, PATH("%s[%zu]", key, again),
				  "expected each entry once, got \"%s\" again", texts[again]);
	return found;
}

static int check_match(struct document *doc, const struct config *config, size_t i)
{
	const struct config_match *match = &config->services[i].match;
	char path[DOCUMENT_PATH_BYTES];

	if (!match->port && !match->process && !match->exe)
		return document_refuse_at(doc, PATH("services[%zu].match", i),
					  "expected at least one of port, process, exe, got none");
	for (size_t j = 0; j < i; j++) {
		const struct config_match *earlier = &config->services[j].match;

		if (match->port == earlier->port &&
		    is_same_text(match->process, earlier->process) &&
		    is_same_text(match->exe, earlier->exe))
			return document_refuse_at(
				doc, PATH("services[%zu].match", i),
				"expected a match of its own, got that of services[%zu]", j);
	}
	return 0;
}

static int check_services(struct document *doc, const struct config *config)
{
	char path[DOCUMENT_PATH_BYTES];
	int r = 0;

	for (size_t i = 0; i < config->n_services && !r; i++) {
		const struct config_service *service = &config->services[i];

		for (size_t j = 0; j < i; j++) {
			if (!strcmp(service->name, config->services[j].name))
				return document_refuse_at(
					doc, PATH("services[%zu].name", i),
					"expected a unique name, got \"%s\" as in "
					"services[%zu]",
					service->name, j);
		}
		r = check_match(doc, config, i);
		if (!r)
			r = check_routes(doc, config, i);
	}
	return r;
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

static int check_eligible_routes(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	const struct config_service *service = config_service_named(config, slo->service);
	char path[DOCUMENT_PATH_BYTES];

	for (size_t r = 0; r < slo->eligible.n_routes; r++) {
		if (!has_route(service, slo->eligible.routes[r]))
			return refuse_slo(doc, config, i, PATH("eligible.routes[%zu]", r),
					  "expected a route of service \"%s\", got \"%s\"",
					  slo->service, slo->eligible.routes[r]);
	}
	return check_distinct(doc, config, i, slo->eligible.routes, slo->eligible.n_routes,
			      compare_texts, "eligible.routes");
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

static int check_times(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	int r = check_window(doc, config, i);

	if (r)
		return r;
	if (slo->slice_seconds * MIN_SLICES > slo->window_seconds)
		return refuse_slo(doc, config, i, "budgeting.timeslices.slice",
				  "expected at most a tenth of the window (%gs), got %gs",
				  (double)slo->window_seconds / MIN_SLICES,
				  (double)slo->slice_seconds);
	if (slo->good.latency_ns > config->agent.unanswered_after_ns)
		return refuse_slo(doc, config, i, "good.latency",
				  "expected at most agent.unanswered_after (%gs), got %gs",
				  (double)config->agent.unanswered_after_ns / DURATION_S_NS,
				  (double)slo->good.latency_ns / DURATION_S_NS);
	return 0;
}

static int check_slo(struct document *doc, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	int r;

	if (!config_slo_is_wildcard(slo) && !config_service_named(config, slo->service))
		return refuse_slo(
			doc, config, i, "service",
			"expected the name of a service in services, or \"*\", got \"%s\"",
			slo->service);
	r = check_mark(doc, config, i);
	if (!r)
		r = check_times(doc, config, i);
	if (!r)
		r = check_eligible_routes(doc, config, i);
	if (!r)
		r = check_distinct(doc, config, i, slo->eligible.exclude_paths,
				   slo->eligible.n_exclude_paths, compare_templates,
				   "eligible.exclude.paths");
	if (!r)
		r = check_distinct(doc, config, i, slo->eligible.exclude_user_agents,
				   slo->eligible.n_exclude_user_agents, compare_texts,
				   "eligible.exclude.user_agents");
	return r;
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
		const struct config_service *service =
			config_service_named(config, config->slos[i].service);
		/* the last count is that of SLOs for "*", which no service owns */
		size_t at = service ? (size_t)(service - config->services) : config->n_services;

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

		ret_names[n].slo = i;
		snprintf(ret_names[n++].text, sizeof(ret_names->text), "%s", slo->name);
		for (size_t s = 0; s < n_services; s++) {
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

int config_check(struct document *doc, struct config *config)
{
	int r = check_services(doc, config);

	for (size_t i = 0; i < config->n_slos && !r; i++)
		r = check_slo(doc, config, i);
	for (size_t i = 0; i < config->n_slos; i++)
		config->slos[i].eligible.late_after_ns =
			config->slos[i].good.latency_ns ?: config->agent.unanswered_after_ns;
	if (!r)
		r = check_slos_per_service(doc, config);
	if (!r)
		r = check_slo_names(doc, config);
	if (!r)
		r = config_check_maintenance(doc, config);
	if (!r)
		r = config_check_alerts(config);
	if (!r && config->agent.admin_group && !getgrnam(config->agent.admin_group))
		r = config_warn(config,
				"agent.admin_group: this host has no group \"%s\": root alone may "
				"change what the agent does",
				config->agent.admin_group);
	if (!r && !config->n_slos)
		r = config_warn(config, "slos: none given, requests are counted but not judged");
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What must fit together between keys, and what this version leaves undone. */
#include "config_schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dfa.h"
#include "duration.h"
#include "util.h"

#define SERVICE_MARK "{service}"

/* A path in the file: a macro, because it lives on the caller's stack. */
#define PATH(...)                                                                                  \
	({                                                                                         \
		snprintf(path, sizeof(path), __VA_ARGS__);                                         \
		path;                                                                              \
	})

__attribute__((format(printf, 2, 3))) static int add_warning(struct config *config,
							     const char *format, ...)
{
	char text[WALK_PATH_BYTES];
	char **warnings;
	va_list args;
	char *copy;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	copy = dup_text(text, strlen(text));
	if (!copy)
		return -ENOMEM;
	warnings = realloc(config->warnings, (config->n_warnings + 1) * sizeof(*warnings));
	if (!warnings) {
		free(copy);
		return -ENOMEM;
	}
	config->warnings = warnings;
	config->warnings[config->n_warnings++] = copy;
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* One string of a list, so that sorting does not lose its place. */
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

static int check_distinct(struct walk *walk, char *const *texts, size_t n,
			  int (*compare)(const void *, const void *), const char *list)
{
	_cleanup_free_ struct named *sorted = calloc(n + 1, sizeof(*sorted));
	struct named *again = NULL;
	char path[WALK_PATH_BYTES];

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
		return walk_refuse_at(walk, PATH("%s[%zu]", list, again->index),
				      "expected each entry once, got \"%s\" again", again->text);
	return 0;
}

static int check_match(struct walk *walk, const struct config *config, size_t i)
{
	const struct config_match *match = &config->services[i].match;
	char path[WALK_PATH_BYTES];

	if (!match->port && !match->process && !match->exe)
		return walk_refuse_at(walk, PATH("services[%zu].match", i),
				      "expected at least one of port, process, exe, got none");
	for (size_t j = 0; j < i; j++) {
		const struct config_match *earlier = &config->services[j].match;

		if (match->port == earlier->port &&
		    is_same_text(match->process, earlier->process) &&
		    is_same_text(match->exe, earlier->exe))
			return walk_refuse_at(
				walk, PATH("services[%zu].match", i),
				"expected a match of its own, got that of services[%zu]", j);
	}
	return 0;
}

static int check_services(struct walk *walk, const struct config *config)
{
	char path[WALK_PATH_BYTES];
	int err = 0;

	for (size_t i = 0; i < config->n_services && !err; i++) {
		const struct config_service *service = &config->services[i];

		for (size_t j = 0; j < i; j++) {
			if (strcmp(service->name, config->services[j].name) == 0)
				return walk_refuse_at(walk, PATH("services[%zu].name", i),
						      "expected a unique name, got \"%s\" as in "
						      "services[%zu]",
						      service->name, j);
		}
		err = check_match(walk, config, i);
		if (!err)
			err = check_distinct(walk, service->routes, service->n_routes,
					     compare_templates, PATH("services[%zu].routes", i));
	}
	return err;
}

static bool is_for_all(const struct config_slo *slo)
{
	return strcmp(slo->service, "*") == 0;
}

static size_t find_service(const struct config *config, const char *name)
{
	size_t i = 0;

	while (i < config->n_services && strcmp(config->services[i].name, name) != 0)
		i++;
	return i;
}

/* {service} tells the SLOs of "*" apart; in any other name it would never be filled in. */
static int check_mark(struct walk *walk, const struct config_slo *slo, size_t i)
{
	const char *mark = strstr(slo->name, SERVICE_MARK);
	char path[WALK_PATH_BYTES];

	if (is_for_all(slo) && (!mark || strstr(mark + 1, SERVICE_MARK)))
		return walk_refuse_at(walk, PATH("slos[%zu].name", i),
				      "expected {service} once in the name of an SLO for service "
				      "\"*\", got \"%s\"",
				      slo->name);
	if (!is_for_all(slo) && mark)
		return walk_refuse_at(
			walk, PATH("slos[%zu].name", i),
			"expected no {service} in the name unless service is \"*\", got "
			"\"%s\"",
			slo->name);
	return 0;
}

static int check_eligible_routes(struct walk *walk, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	size_t s = find_service(config, slo->service);
	char path[WALK_PATH_BYTES];

	for (size_t r = 0; r < slo->eligible.n_routes; r++) {
		const char *route = slo->eligible.routes[r];
		size_t known = 0, n = is_for_all(slo) ? 0 : config->services[s].n_routes;

		while (known < n && strcmp(config->services[s].routes[known], route) != 0)
			known++;
		if (known == n && strcmp(route, "_other") != 0)
			return walk_refuse_at(walk, PATH("slos[%zu].eligible.routes[%zu]", i, r),
					      "expected a route of service \"%s\", got \"%s\"",
					      slo->service, route);
	}
	return check_distinct(walk, slo->eligible.routes, slo->eligible.n_routes, compare_texts,
			      PATH("slos[%zu].eligible.routes", i));
}

static int check_times(struct walk *walk, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	const yaml_node_t *window;
	char path[WALK_PATH_BYTES];

	window = walk_find(walk, PATH("slos[%zu].window", i));
	if (window && walk_find(walk, PATH("slos[%zu].calendar", i)))
		return walk_refuse_at(walk, path, "expected either window or calendar, got both");
	if (slo->good.latency_ns > config->agent.unanswered_after_ns)
		return walk_refuse_at(walk, PATH("slos[%zu].good.latency", i),
				      "expected at most agent.unanswered_after (%gs), got %gs",
				      (double)config->agent.unanswered_after_ns / DURATION_S_NS,
				      (double)slo->good.latency_ns / DURATION_S_NS);
	return 0;
}

static int check_slo(struct walk *walk, const struct config *config, size_t i)
{
	const struct config_slo *slo = &config->slos[i];
	char path[WALK_PATH_BYTES];
	int err;

	if (!is_for_all(slo) && find_service(config, slo->service) == config->n_services)
		return walk_refuse_at(
			walk, PATH("slos[%zu].service", i),
			"expected the name of a service in services, or \"*\", got \"%s\"",
			slo->service);
	err = check_mark(walk, slo, i);
	if (!err)
		err = check_times(walk, config, i);
	if (!err)
		err = check_eligible_routes(walk, config, i);
	if (!err)
		err = check_distinct(walk, slo->eligible.exclude_paths,
				     slo->eligible.n_exclude_paths, compare_templates,
				     PATH("slos[%zu].eligible.exclude.paths", i));
	if (!err)
		err = check_distinct(walk, slo->eligible.exclude_user_agents,
				     slo->eligible.n_exclude_user_agents, compare_texts,
				     PATH("slos[%zu].eligible.exclude.user_agents", i));
	return err;
}

static int check_slos_per_service(struct walk *walk, const struct config *config)
{
	_cleanup_free_ size_t *counts = calloc(config->n_services + 1, sizeof(*counts));
	char path[WALK_PATH_BYTES];
	size_t for_all = 0;

	if (!counts)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_slos; i++)
		for_all += is_for_all(&config->slos[i]);
	for (size_t i = 0; i < config->n_slos; i++) {
		/* those for "*" are judged in the last place, where no service's own are */
		size_t s = find_service(config, config->slos[i].service);
		bool own = s < config->n_services;

		if (++counts[s] + (own ? for_all : 0) > CONFIG_MAX_SLOS_PER_SERVICE)
			return walk_refuse_at(
				walk, PATH("slos[%zu].service", i),
				"expected at most %d SLOs for service \"%s\"%s, got more",
				CONFIG_MAX_SLOS_PER_SERVICE, config->slos[i].service,
				own && for_all ? " and \"*\" together" : "");
	}
	return 0;
}

/* An SLO's name as it is for one service. */
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

/* Also with {service} filled in: "{service}" and "shop" clash if a service shop exists. */
static int check_slo_names(struct walk *walk, const struct config *config)
{
	_cleanup_free_ struct full_name *names = NULL;
	const struct full_name *again = NULL, *earlier = NULL;
	char path[WALK_PATH_BYTES];
	size_t for_all = 0, n = 0;

	for (size_t i = 0; i < config->n_slos; i++)
		for_all += is_for_all(&config->slos[i]);
	names = calloc(config->n_slos + for_all * config->n_services + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_slos; i++) {
		const char *name = config->slos[i].name;
		const char *mark = strstr(name, SERVICE_MARK);

		names[n].slo = i;
		snprintf(names[n++].text, sizeof(names->text), "%s", name);
		for (size_t s = 0; mark && s < config->n_services; s++) {
			names[n].slo = i;
			snprintf(names[n++].text, sizeof(names->text), "%.*s%s%s",
				 (int)(mark - name), name, config->services[s].name,
				 mark + strlen(SERVICE_MARK));
		}
	}
	qsort(names, n, sizeof(*names), compare_full_names);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(names[i].text, names[i - 1].text) == 0 &&
		    (!again || names[i].slo < again->slo)) {
			again = &names[i];
			earlier = &names[i - 1];
		}
	}
	if (again)
		return walk_refuse_at(walk, PATH("slos[%zu].name", again->slo),
				      "expected a unique name, got \"%s\" as in slos[%zu]",
				      again->text, earlier->slo);
	return 0;
}

static int check_notify(struct walk *walk)
{
	const yaml_node_t *target;
	char path[WALK_PATH_BYTES];

	for (size_t i = 0; (target = walk_find(walk, PATH("notify[%zu]", i))); i++) {
		size_t n =
			(size_t)(target->data.mapping.pairs.top - target->data.mapping.pairs.start);

		if (n != 1)
			return walk_refuse_at(
				walk, path,
				"expected one of alertmanager, webhook, command, got %s",
				n ? "several" : "none");
	}
	return 0;
}

static int add_warnings(struct walk *walk, struct config *config)
{
	char path[WALK_PATH_BYTES];
	bool alerts = false;
	int err = 0;

	if (!config->n_slos)
		err = add_warning(config, "slos: none given, requests are counted but not judged");
	for (size_t i = 0; i < config->n_slos && !err; i++) {
		alerts |= walk_find(walk, PATH("slos[%zu].alerts", i)) != NULL;
		if (config->slos[i].calendar_month)
			err = add_warning(config,
					  "slos[%zu].calendar: accepted, but this version judges a "
					  "rolling window of 30d instead",
					  i);
		if (!err && config->slos[i].slice_seconds)
			err = add_warning(config,
					  "slos[%zu].budgeting: accepted, but this version counts "
					  "occurrences instead of timeslices",
					  i);
	}
	if (!err && alerts)
		err = add_warning(config, "alerts: accepted, but this version raises no alerts");
	if (!err && walk_find(walk, "notify"))
		err = add_warning(config,
				  "notify: accepted, but this version sends no notifications");
	return err;
}

int config_check(struct walk *walk, struct config *config)
{
	int err = check_services(walk, config);

	for (size_t i = 0; i < config->n_slos && !err; i++)
		err = check_slo(walk, config, i);
	if (!err)
		err = check_slos_per_service(walk, config);
	if (!err)
		err = check_slo_names(walk, config);
	if (!err)
		err = check_notify(walk);
	if (!err)
		err = add_warnings(walk, config);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks services against each other. */
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "config/distinct.h"

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_same_match(const struct config_match *a, const struct config_match *b)
{
	return a->port == b->port && is_same_text(a->process, b->process) &&
	       is_same_text(a->exe, b->exe) && is_same_text(a->user, b->user) &&
	       is_same_text(a->unit, b->unit) && is_same_text(a->cgroup, b->cgroup) &&
	       is_same_text(a->container, b->container) &&
	       !strcmp(config_match_netns(a), config_match_netns(b));
}

static int check_routes(struct document *doc, const struct config *config, size_t i)
{
	const struct config_service *service = &config->services[i];
	char path[DOCUMENT_PATH_BYTES];
	size_t again;
	int found = config_find_again(service->routes, service->n_routes, config_compare_templates,
				      &again);

	if (found > 0)
		return document_refuse_at(doc, PATH("services[%zu].routes[%zu]", i, again),
					  "expected each entry once, got \"%s\" again",
					  service->routes[again]);
	return found;
}

static int check_match(struct document *doc, const struct config *config, size_t i)
{
	const struct config_match *match = &config->services[i].match;
	char path[DOCUMENT_PATH_BYTES];

	if (!match->port && !match->process && !match->exe && !match->user &&
	    !config_match_is_placed(match))
		return document_refuse_at(
			doc, PATH("services[%zu].match", i),
			"expected at least one of port, process, exe, user, unit, "
			"cgroup, container, got none");
	for (size_t j = 0; j < i; j++) {
		const struct config_match *earlier = &config->services[j].match;

		if (is_same_match(match, earlier))
			return document_refuse_at(
				doc, PATH("services[%zu].match", i),
				"expected a match of its own, got that of services[%zu]", j);
	}
	return 0;
}

static int check_name(struct document *doc, const struct config *config, size_t i)
{
	const struct config_service *service = &config->services[i];
	char path[DOCUMENT_PATH_BYTES];

	for (size_t j = 0; j < i && service->name; j++) {
		const char *earlier = config->services[j].name;

		if (earlier && !strcmp(service->name, earlier))
			return document_refuse_at(doc, PATH("services[%zu].name", i),
						  "expected a unique name, got \"%s\" as in "
						  "services[%zu]",
						  service->name, j);
	}
	return 0;
}

int config_check_services(struct document *doc, const struct config *config)
{
	int ret = 0;

	for (size_t i = 0; i < config->n_services && may_go_on(ret); i++) {
		ret = first_failure(ret, check_name(doc, config, i));
		if (config->services[i].refused)
			continue;
		ret = first_failure(ret, check_match(doc, config, i));
		ret = first_failure(ret, check_routes(doc, config, i));
	}
	return ret;
}

bool config_knows_services(struct document *doc, const struct config *config)
{
	const yaml_node_t *node = document_find(doc, "services");

	if (node && (node->type != YAML_SEQUENCE_NODE ||
		     (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) !=
			     config->n_services))
		return false;
	for (size_t i = 0; i < config->n_services; i++) {
		if (!config->services[i].name)
			return false;
	}
	return true;
}

const char *config_suggest_service(const struct config *config, const char *got,
				   char ret[static SUGGESTION_BYTES])
{
	struct suggestion suggestion = suggestion_for(got);

	for (size_t i = 0; i < config->n_services; i++) {
		if (config->services[i].name)
			suggestion_try(&suggestion, config->services[i].name);
	}
	return suggestion_text(&suggestion, ret);
}

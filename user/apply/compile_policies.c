/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/compile_policies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static bool slo_names_route(const struct config_slo *slo, const char *route)
{
	for (size_t i = 0; i < slo->eligible.n_routes; i++) {
		if (!strcmp(slo->eligible.routes[i], route))
			return true;
	}
	return slo->eligible.n_routes == 0;
}

/* The SLOs of one service, in the order of their numbers in its policy. */
struct service_slos {
	const struct config_slo *slos[POLICY_SLOS_MAX];
	size_t n;
};

static __u64 mask_by_route(const struct service_slos *slos, const char *route)
{
	__u64 mask = 0;

	for (size_t i = 0; i < slos->n; i++) {
		if (slo_names_route(slos->slos[i], route))
			mask |= 1ULL << i;
	}
	return mask;
}

/* The patterns that the paths of a service are matched by. */
struct path_patterns {
	const struct config_service *service; /* NULL: found services, which have no routes */
	const struct service_slos *slos;
	struct pattern *patterns; /* the routes, then what SLO i excludes as group i + 1 */
	__u32 *route_ids;
	size_t n_routes;
	size_t n;
};

static void path_patterns_clear(struct path_patterns *paths)
{
	free(paths->patterns);
	free(paths->route_ids);
}

static int path_patterns_init(struct path_patterns *paths, const struct tables_ids *ids)
{
	size_t at = 0;

	paths->n = paths->n_routes = paths->service ? paths->service->n_routes : 0;
	for (size_t i = 0; i < paths->slos->n; i++)
		paths->n += paths->slos->slos[i]->eligible.n_exclude_paths;
	paths->patterns = calloc(paths->n + 1, sizeof(*paths->patterns));
	paths->route_ids = calloc(paths->n_routes + 1, sizeof(*paths->route_ids));
	if (!paths->patterns || !paths->route_ids)
		return -ENOMEM;
	for (; at < paths->n_routes; at++) {
		char *route = paths->service->routes[at];

		paths->patterns[at] = (struct pattern){route, PATTERN_ROUTE, 0};
		paths->route_ids[at] = ids->route(ids->context, route);
		if (!paths->route_ids[at])
			return -ENOSPC;
	}
	for (size_t i = 0; i < paths->slos->n; i++) {
		const struct config_slo *slo = paths->slos->slos[i];

		for (size_t k = 0; k < slo->eligible.n_exclude_paths; k++)
			paths->patterns[at++] = (struct pattern){slo->eligible.exclude_paths[k],
								 PATTERN_ROUTE, i + 1};
	}
	return 0;
}

/* The route and the SLOs of a path that matches the patterns in `set`. */
static struct accept path_accept(const struct path_patterns *paths,
				 const struct automaton *automaton, __u32 set)
{
	size_t best = paths->n_routes; /* none */
	const char *route = "_other";
	struct accept accept;

	for (size_t p = 0; p < paths->n_routes; p++) {
		const char *other = paths->service->routes[p];

		if (automaton_set_has(automaton, set, p) &&
		    (best == paths->n_routes || route_specificity_cmp(other, route) < 0)) {
			best = p;
			route = other;
		}
	}
	accept = (struct accept){
		.value = best < paths->n_routes ? paths->route_ids[best] : ROUTE_OTHER,
		.slo_mask = mask_by_route(paths->slos, route),
	};
	for (size_t p = paths->n_routes; p < paths->n; p++) {
		if (automaton_set_has(automaton, set, p))
			accept.slo_mask &= ~(1ULL << (paths->patterns[p].group - 1));
	}
	return accept;
}

static int compile_paths(struct compiler *c, const struct config_service *service,
			 const struct service_slos *slos, struct policy *policy)
{
	_cleanup_(path_patterns_clear) struct path_patterns paths = {.service = service,
								     .slos = slos};
	_cleanup_(automaton_clear) struct automaton automaton = {};
	__u32 first_accept;
	int r = path_patterns_init(&paths, c->ids);

	policy->other_mask = mask_by_route(slos, "_other");
	if (r || !paths.n)
		return r;
	r = compiler_match(c, paths.patterns, paths.n, "routes and excluded paths",
			   service ? service->name : "found services", &automaton);
	r = r ?: compiler_append(c, &automaton, &policy->path_start, &first_accept);
	for (__u32 set = 1; !r && c->out.accepts && set < automaton.n_sets; set++)
		c->out.accepts[first_accept + set - 1] = path_accept(&paths, &automaton, set);
	return r;
}

static int compile_agents(struct compiler *c, const char *whose, const struct service_slos *slos,
			  struct policy *policy)
{
	_cleanup_free_ struct pattern *patterns = NULL;
	_cleanup_(automaton_clear) struct automaton automaton = {};
	size_t n = 0, at = 0;
	__u32 first_accept;
	int r;

	for (size_t i = 0; i < slos->n; i++)
		n += slos->slos[i]->eligible.n_exclude_user_agents;
	if (!n)
		return 0;
	patterns = calloc(n, sizeof(*patterns));
	if (!patterns)
		return -ENOMEM;
	for (size_t i = 0; i < slos->n; i++) {
		for (size_t k = 0; k < slos->slos[i]->eligible.n_exclude_user_agents; k++)
			patterns[at++] =
				(struct pattern){slos->slos[i]->eligible.exclude_user_agents[k],
						 PATTERN_GLOB, i + 1};
	}
	r = compiler_match(c, patterns, n, "excluded user agents", whose, &automaton);
	if (r)
		return r;
	r = compiler_append(c, &automaton, &policy->ua_start, &first_accept);
	if (r)
		return r;
	for (size_t set = 1; set < automaton.n_sets; set++) {
		struct accept *accept = &c->out.accepts[first_accept + set - 1];

		accept->slo_mask = ~0ULL;
		for (size_t p = 0; p < n; p++) {
			if (automaton_set_has(&automaton, set, p))
				accept->slo_mask &= ~(1ULL << (patterns[p].group - 1));
		}
	}
	return 0;
}

static void add_threshold(struct policy *policy, __u64 ns)
{
	unsigned int bucket = hist_bucket(ns);

	for (__u32 i = 0; i < policy->n_thresholds; i++) {
		if (policy->thresholds[i].ns == ns)
			return;
	}
	policy->thresholds[policy->n_thresholds++] =
		(struct policy_threshold){.ns = ns, .bucket = bucket};
	policy->threshold_buckets[bucket / 64] |= 1ULL << (bucket % 64);
}

static void add_slo(struct policy *policy, struct service_slos *slos, const struct config_slo *slo,
		    const struct tables_slo *at)
{
	/* a request whose method nobody has seen counts wherever it may belong */
	__u64 methods = (slo->eligible.methods | 1ULL << HTTP_METHOD_UNKNOWN) &
			~slo->eligible.exclude_methods;
	size_t n = slos->n++;

	slos->slos[n] = slo;
	policy->slos[n] = (struct policy_slo){at->criteria, at->counts};
	for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
		if (methods >> m & 1)
			policy->method_mask[m] |= 1ULL << n;
	}
	if (slo->good.latency_ns)
		add_threshold(policy, slo->good.latency_ns);
	policy->n_slos = slos->n;
}

int compile_policy(struct compiler *c, size_t service, struct policy *policy)
{
	const struct config_service *configured =
		service == TABLES_FOUND ? NULL : &c->config->services[service];
	const char *name = configured ? configured->name : "found services";
	struct service_slos slos = {};
	int r;

	*policy = (struct policy){.samples = !configured || !configured->samples_off};
	for (size_t i = 0; i < c->n_slos; i++) {
		if (c->slos[i].config_service != service)
			continue;
		if (slos.n == POLICY_SLOS_MAX)
			return error_set(c->error, -EINVAL,
					 "%s: %s: expected at most %d SLOs, got more",
					 c->config->file, name, POLICY_SLOS_MAX);
		add_slo(policy, &slos, &c->config->slos[c->slos[i].config_slo], &c->slos[i]);
	}
	if (configured) {
		policy->service = c->ids->service(c->ids->context, configured->name);
		if (!policy->service)
			return -ENOSPC;
	}
	r = compile_paths(c, configured, &slos, policy);
	return r ?: compile_agents(c, name, &slos, policy);
}

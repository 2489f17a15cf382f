/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/compile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "match/automaton.h"

struct compiler {
	const struct config *config;
	const struct tables_slo *slos;
	size_t n_slos;
	struct tables_region region;
	const struct tables_ids *ids;
	struct error *error;
	struct tables out;
};

static int grow(void *array_at, size_t *n, size_t add, size_t size)
{
	void **array = array_at;
	size_t now = *n, want = now + add;
	void *grown = realloc(*array, want * size ?: 1);

	if (!grown)
		return -ENOMEM;
	memset((char *)grown + now * size, 0, add * size);
	*array = grown;
	*n = want;
	return 0;
}

void tables_clear(struct tables *tables)
{
	free(tables->states);
	free(tables->cells);
	free(tables->accepts);
	free(tables->sets);
	free(tables->ports);
	free(tables->policies);
	*tables = (struct tables){};
}

struct slo_criteria tables_criteria(const struct config_slo *slo)
{
	struct slo_criteria criteria = {
		.latency_ns = slo->good.latency_ns ?: ~0ULL,
		.min_body_bytes = slo->good.min_body_bytes,
	};

	memcpy(criteria.status, slo->good.status, sizeof(criteria.status));
	return criteria;
}

int tables_slos(const struct config *config, struct tables_slo **ret, size_t *ret_n)
{
	_cleanup_free_ struct tables_slo *slos = NULL;
	size_t n = 0, max = config->n_slos * (config->n_services + 1);

	slos = calloc(max ?: 1, sizeof(*slos));
	if (!slos)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_slos; i++) {
		bool all = config_slo_is_wildcard(&config->slos[i]);

		for (size_t s = 0; s < config->n_services; s++) {
			if (all || !strcmp(config->slos[i].service, config->services[s].name))
				slos[n++] =
					(struct tables_slo){.config_slo = i, .config_service = s};
		}
		if (all)
			slos[n++] = (struct tables_slo){.config_slo = i,
							.config_service = TABLES_FOUND};
	}
	*ret = TAKE_PTR(slos);
	*ret_n = n;
	return 0;
}

/* Appends an automaton to the tables; its accept set k goes to c->out.accepts[*ret_accepts + k - 1]. */
static int append_automaton(struct compiler *c, const struct automaton *automaton, __u32 *ret_start,
			    __u32 *ret_accepts)
{
	/* the automaton's state 0 is the dead one, which all automata share */
	__u32 state_offset = c->region.states - 1 + c->out.n_states;
	__u32 cell_offset = c->region.cells + c->out.n_cells;
	__u32 accept_offset = c->region.accepts - 1 + c->out.n_accepts;
	size_t state = c->out.n_states, cell = c->out.n_cells;
	int r;

	*ret_accepts = c->out.n_accepts;
	*ret_start = DFA_DEAD;
	if (automaton->start == DFA_DEAD)
		return 0;
	r = grow(&c->out.states, &c->out.n_states, automaton->n_states - 1, sizeof(*c->out.states));
	r = r ?: grow(&c->out.cells, &c->out.n_cells, automaton->n_cells, sizeof(*c->out.cells));
	r = r
		    ?: grow(&c->out.accepts, &c->out.n_accepts, automaton->n_sets - 1,
			    sizeof(*c->out.accepts));
	if (r)
		return r;
	automaton_place(automaton, state_offset, cell_offset, accept_offset, c->out.states + state,
			c->out.cells + cell);
	*ret_start = state_offset + automaton->start;
	return 0;
}

static int compile_patterns(struct compiler *c, const struct pattern *patterns, size_t n,
			    const char *what, const char *whose, struct automaton *ret)
{
	int r = automaton_compile(patterns, n, AUTOMATON_MAX_STATES, ret);

	if (r == -E2BIG)
		return error_set(
			c->error, -EINVAL,
			"%s: %s of %s: together too complex to match in one pass: use fewer `*`",
			c->config->file, what, whose);
	return r;
}

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
	r = compile_patterns(c, paths.patterns, paths.n, "routes and excluded paths",
			     service ? service->name : "found services", &automaton);
	r = r ?: append_automaton(c, &automaton, &policy->path_start, &first_accept);
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
	r = compile_patterns(c, patterns, n, "excluded user agents", whose, &automaton);
	if (r)
		return r;
	r = append_automaton(c, &automaton, &policy->ua_start, &first_accept);
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
	__u64 methods = slo->eligible.methods & ~slo->eligible.exclude_methods;
	size_t n = slos->n++;

	slos->slos[n] = slo;
	policy->slos[n] = (struct policy_slo){at->criteria, at->counts};
	for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
		if (methods >> m & 1)
			policy->method_mask[m] |= 1ULL << n;
	}
	if (slo->eligible.client_abort)
		policy->client_abort_mask |= 1ULL << n;
	if (slo->good.latency_ns)
		add_threshold(policy, slo->good.latency_ns);
	policy->n_slos = slos->n;
}

static int compile_policy(struct compiler *c, size_t service, struct policy *policy)
{
	const struct config_service *configured =
		service == TABLES_FOUND ? NULL : &c->config->services[service];
	const char *name = configured ? configured->name : "found services";
	struct service_slos slos = {};
	int r;

	*policy = (struct policy){};
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

static void set_add(struct service_set *set, size_t service)
{
	set->words[service / 64] |= 1ULL << (service % 64);
}

/* True if the service, whose index is `number`, belongs in a set. */
typedef bool (*wanted_fn)(const struct config_match *match, size_t number, const void *argument);

/* Appends the set of the services that are wanted; *ret is the set's absolute number. */
static int add_set(struct compiler *c, wanted_fn wanted, const void *argument, __u32 *ret)
{
	int r = grow(&c->out.sets, &c->out.n_sets, 1, sizeof(*c->out.sets));

	if (r)
		return r;
	for (size_t s = 0; s < c->config->n_services; s++) {
		if (wanted(&c->config->services[s].match, s, argument))
			set_add(&c->out.sets[c->out.n_sets - 1], s);
	}
	*ret = c->region.sets + c->out.n_sets - 1;
	return 0;
}

static bool port_fits(const struct config_match *match, size_t number, const void *port)
{
	(void)number;
	return !match->port || match->port == *(const __u16 *)port;
}

static int compile_ports(struct compiler *c)
{
	__u16 none = 0;
	int r = add_set(c, port_fits, &none, &c->out.live.any_port);

	for (size_t s = 0; !r && s < c->config->n_services; s++) {
		__u16 port = c->config->services[s].match.port;
		bool known = !port;

		for (size_t i = 0; i < c->out.n_ports; i++)
			known = known || c->out.ports[i].port == port;
		if (known)
			continue;
		r = grow(&c->out.ports, &c->out.n_ports, 1, sizeof(*c->out.ports));
		if (r)
			return r;
		c->out.ports[c->out.n_ports - 1].port = port;
		r = add_set(c, port_fits, &port, &c->out.ports[c->out.n_ports - 1].set);
	}
	return r;
}

/* Chooses the services whose glob on one property is matched, and those that have no such glob. */
struct glob_fit {
	char *const *(*glob)(const struct config_match *match);
	const struct automaton *automaton;
	__u32 set;
};

static char *const *glob_process(const struct config_match *match)
{
	return &match->process;
}

static char *const *glob_exe(const struct config_match *match)
{
	return &match->exe;
}

static bool glob_fits(const struct config_match *match, size_t number, const void *argument)
{
	const struct glob_fit *fit = argument;

	if (!*fit->glob(match))
		return true;
	return fit->automaton && automaton_set_has(fit->automaton, fit->set, number);
}

static int compile_globs(struct compiler *c, struct glob_fit fit, const char *what,
			 __u32 *ret_start, __u32 *ret_any)
{
	size_t n = c->config->n_services;
	_cleanup_free_ struct pattern *patterns = calloc(n ?: 1, sizeof(*patterns));
	_cleanup_(automaton_clear) struct automaton automaton = {};
	__u32 first_accept;
	bool any = false;
	int r;

	r = add_set(c, glob_fits, &fit, ret_any);
	if (r)
		return r;
	if (!patterns)
		return -ENOMEM;
	/* one pattern a service, in its place; where there is no glob, one that matches nothing */
	for (size_t s = 0; s < n; s++) {
		char *glob = *fit.glob(&c->config->services[s].match);

		any = any || glob;
		patterns[s] = (struct pattern){glob ?: "", PATTERN_GLOB, 0};
	}
	*ret_start = DFA_DEAD;
	if (!any)
		return 0;
	r = compile_patterns(c, patterns, n, what, "all services", &automaton);
	if (r)
		return r;
	r = append_automaton(c, &automaton, ret_start, &first_accept);
	fit.automaton = &automaton;
	for (fit.set = 1; !r && fit.set < automaton.n_sets; fit.set++)
		r = add_set(c, glob_fits, &fit, &c->out.accepts[first_accept + fit.set - 1].value);
	return r;
}

static int compile_all(struct compiler *c)
{
	size_t n = c->config->n_services;
	int r;

	r = grow(&c->out.policies, &c->out.n_policies, n + 1, sizeof(*c->out.policies));
	for (size_t s = 0; !r && s <= n; s++)
		r = compile_policy(c, s < n ? s : TABLES_FOUND, &c->out.policies[s]);
	if (r)
		return r;
	c->out.live.n_services = n;
	r = compile_ports(c);
	if (r)
		return r;
	r = compile_globs(c, (struct glob_fit){.glob = glob_process}, "match.process",
			  &c->out.live.process_start, &c->out.live.any_process);
	if (r)
		return r;
	return compile_globs(c, (struct glob_fit){.glob = glob_exe}, "match.exe",
			     &c->out.live.exe_start, &c->out.live.any_exe);
}

int tables_compile(const struct config *config, const struct tables_slo *slos, size_t n_slos,
		   const struct tables_region *region, const struct tables_ids *ids,
		   struct tables *ret, struct tables_region *ret_need, struct error *ret_error)
{
	struct compiler c = {
		.config = config,
		.slos = slos,
		.n_slos = n_slos,
		.ids = ids,
		.error = ret_error,
	};
	struct tables_region need = {};
	int r;

	/* index 0 of states and accepts stands for none */
	c.region = region ? *region : (struct tables_region){.states = 1, .accepts = 1};
	r = compile_all(&c);
	if (r) {
		tables_clear(&c.out);
		return r;
	}
	need.max_states = c.out.n_states;
	need.max_cells = c.out.n_cells;
	need.max_accepts = c.out.n_accepts;
	need.max_sets = c.out.n_sets;
	*ret_need = need;
	if (region &&
	    (need.max_states > region->max_states || need.max_cells > region->max_cells ||
	     need.max_accepts > region->max_accepts || need.max_sets > region->max_sets)) {
		tables_clear(&c.out);
		return -E2BIG;
	}
	*ret = c.out;
	return 0;
}

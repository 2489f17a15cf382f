/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configurations compiled into tables, judged by walking these as the kernel programs do: by
 * absolute numbers, of which every one must fall into the region. And judged as the words of the
 * headers say, for comparison.
 */
#ifndef SLIPROBE_TESTS_COMPILE_FIXTURE_H
#define SLIPROBE_TESTS_COMPILE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "apply/compile.h"
#include "base/ids.h"
#include "config/load.h"
#include "match/automaton.h"
#include "tests/unit/fixtures/naive_match.h"

enum {
	NO_SERVICE = -1,
	FIRST_CRITERIA = 100, /* slots given to the SLOs, in their order */
	FIRST_COUNTS = 500,
};

/* ---- a configuration and what became of it ---- */

struct world {
	struct config config;
	struct tables_slo *slos;
	size_t n_slos;
	struct ids *services, *routes;
	struct tables_region region; /* with NULL, what that stands for */
	struct tables tables;
};

static inline __u32 name_number(void *names, const char *name)
{
	return ids_number(names, name);
}

static inline __u32 service_id(void *context, const char *name)
{
	return name_number(((struct world *)context)->services, name);
}

static inline __u32 route_id(void *context, const char *name)
{
	return name_number(((struct world *)context)->routes, name);
}

static inline void world_init(struct world *w, const char *yaml)
{
	struct error error = {};

	*w = (struct world){};
	if (config_parse(yaml, strlen(yaml), "t.yaml", &w->config, &error))
		fail_msg("%s", error.text);
	assert_int_equal(tables_slos(&w->config, &w->slos, &w->n_slos), 0);
	for (size_t i = 0; i < w->n_slos; i++) {
		assert_int_equal(w->slos[i].criteria, 0);
		assert_int_equal(w->slos[i].counts, 0);
		w->slos[i].criteria = FIRST_CRITERIA + i;
		w->slos[i].counts = FIRST_COUNTS + i;
	}
	assert_int_equal(ids_new(SERVICE_CONFIGURED_MAX, &w->services), 0);
	assert_int_equal(ids_new(ROUTES_MAX, &w->routes), 0);
}

static inline void world_clear(struct world *w)
{
	tables_clear(&w->tables);
	ids_free(w->services);
	ids_free(w->routes);
	free(w->slos);
	config_clear(&w->config);
}

static inline int compile(struct world *w, const struct tables_region *region, struct tables *ret,
			  struct tables_region *ret_need, struct error *ret_error)
{
	struct tables_ids ids = {.service = service_id, .route = route_id, .context = w};

	return tables_compile(&w->config, w->slos, w->n_slos, region, &ids, ret, ret_need,
			      ret_error);
}

static inline struct tables_region need_of(struct world *w)
{
	struct error error = {};
	struct tables_region need;
	struct tables tables;

	if (compile(w, NULL, &tables, &need, &error))
		fail_msg("%s", error.text);
	assert_int_equal(need.max_states, tables.n_states);
	assert_int_equal(need.max_cells, tables.n_cells);
	assert_int_equal(need.max_accepts, tables.n_accepts);
	assert_int_equal(need.max_sets, tables.n_sets);
	tables_clear(&tables);
	return need;
}

/* Compiles anew: round 0 without a region, 1 for one at the arrays' start, 2 for one further on. */
enum { ROUNDS = 3 };

static inline void world_compile(struct world *w, int round)
{
	static const struct tables_region firsts[ROUNDS] = {
		{.states = 1, .accepts = 1},
		{.states = 1, .accepts = 1},
		{.states = 1009, .cells = 70001, .accepts = 313, .sets = 97},
	};
	struct tables_region need = need_of(w), again;
	struct error error = {};

	w->region = need;
	w->region.states = firsts[round].states;
	w->region.cells = firsts[round].cells;
	w->region.accepts = firsts[round].accepts;
	w->region.sets = firsts[round].sets;
	tables_clear(&w->tables);
	if (compile(w, round ? &w->region : NULL, &w->tables, &again, &error))
		fail_msg("%s", error.text);
	assert_memory_equal(&again, &need, sizeof(need));
	assert_int_equal(w->tables.n_policies, w->config.n_services + 1);
	assert_int_equal(w->tables.live.n_services, w->config.n_services);
}

/* ---- as the kernel judges: bpf/kernel/dfa.bpf.h, bpf/kernel/policy.bpf.h, bpf/who/match.bpf.h ---- */

static inline __u32 step(const struct world *w, __u32 state, unsigned char byte)
{
	const struct dfa_state *from;
	const struct dfa_cell *cell;

	if (state == DFA_DEAD)
		return DFA_DEAD;
	assert_in_range(state, w->region.states, w->region.states + w->tables.n_states - 1);
	from = &w->tables.states[state - w->region.states];
	assert_in_range(from->base + byte, w->region.cells,
			w->region.cells + w->tables.n_cells - 1);
	cell = &w->tables.cells[from->base + byte - w->region.cells];
	return cell->check == state ? cell->next : from->dflt;
}

static inline const struct accept *accept_of(const struct world *w, __u32 state)
{
	__u32 accept;

	if (state == DFA_DEAD)
		return NULL;
	assert_in_range(state, w->region.states, w->region.states + w->tables.n_states - 1);
	accept = w->tables.states[state - w->region.states].accept;
	if (!accept)
		return NULL;
	assert_in_range(accept, w->region.accepts, w->region.accepts + w->tables.n_accepts - 1);
	return &w->tables.accepts[accept - w->region.accepts];
}

static inline const struct accept *match(const struct world *w, __u32 start, const char *text)
{
	for (; *text; text++)
		start = step(w, start, (unsigned char)*text);
	return accept_of(w, start);
}

struct verdict {
	__u32 route;
	__u64 slo_mask;
};

static inline struct verdict judge(const struct world *w, size_t policy_number,
				   enum http_method method, const char *path, const char *agent)
{
	const struct policy *policy = &w->tables.policies[policy_number];
	const struct accept *accept = match(w, policy->path_start, path);
	struct verdict verdict = {ROUTE_OTHER, policy->other_mask};

	if (accept)
		verdict = (struct verdict){accept->value, accept->slo_mask};
	verdict.slo_mask &= policy->method_mask[method];
	accept = match(w, policy->ua_start, agent);
	if (accept)
		verdict.slo_mask &= accept->slo_mask;
	return verdict;
}

static inline const struct service_set *set_at(const struct world *w, __u32 number)
{
	assert_in_range(number, w->region.sets, w->region.sets + w->tables.n_sets - 1);
	return &w->tables.sets[number - w->region.sets];
}

static inline int service_match(const struct world *w, __u16 port, const char *process,
				const char *exe)
{
	const struct live *live = &w->tables.live;
	const struct accept *accept;
	__u32 ports = live->any_port;
	const struct service_set *sets[3];

	for (size_t i = 0; i < w->tables.n_facts; i++) {
		if (w->tables.facts[i].kind == FACT_PORT && w->tables.facts[i].value.ino == port)
			ports = w->tables.facts[i].set;
	}
	sets[0] = set_at(w, ports);
	accept = match(w, live->text_start[TEXT_PROCESS], process);
	sets[1] = set_at(w, accept ? accept->value : live->any_text[TEXT_PROCESS]);
	accept = match(w, live->text_start[TEXT_EXE], exe);
	sets[2] = set_at(w, accept ? accept->value : live->any_text[TEXT_EXE]);
	for (int i = 0; i < SERVICE_SET_WORDS; i++) {
		__u64 word = sets[0]->words[i] & sets[1]->words[i] & sets[2]->words[i];

		if (word)
			return i * 64 + __builtin_ctzll(word);
	}
	return NO_SERVICE;
}

/* ---- as the words of the headers say ---- */

static inline bool any_matches(char *const *patterns, size_t n, enum pattern_syntax syntax,
			       const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (naive_match(patterns[i], syntax, text, strlen(text)))
			return true;
	}
	return false;
}

static inline bool naive_eligible(const struct config_slo *slo, const char *route,
				  enum http_method method, const char *path, const char *agent)
{
	bool named = !slo->eligible.n_routes;

	for (size_t i = 0; i < slo->eligible.n_routes; i++)
		named |= !strcmp(slo->eligible.routes[i], route);
	return named && slo->eligible.methods >> method & 1 &&
	       !(slo->eligible.exclude_methods >> method & 1) &&
	       !any_matches(slo->eligible.exclude_paths, slo->eligible.n_exclude_paths,
			    PATTERN_ROUTE, path) &&
	       !any_matches(slo->eligible.exclude_user_agents, slo->eligible.n_exclude_user_agents,
			    PATTERN_GLOB, agent);
}

static const char *naive_route(const struct config_service *service, const char *path)
{
	const char *best = NULL;

	for (size_t i = 0; i < service->n_routes; i++) {
		if (naive_match(service->routes[i], PATTERN_ROUTE, path, strlen(path)) &&
		    (!best || route_specificity_cmp(service->routes[i], best) < 0))
			best = service->routes[i];
	}
	return best ?: "_other";
}

static inline void check_verdict(const struct world *w, size_t service, enum http_method method,
				 const char *path, const char *agent)
{
	struct verdict verdict = judge(w, service, method, path, agent);
	const char *route = naive_route(&w->config.services[service], path);
	const char *got = ids_name(w->routes, verdict.route) ?: "_other";
	const char *name = w->config.services[service].name;
	__u64 mask = 0;
	int n = 0;

	for (size_t i = 0; i < w->config.n_slos; i++) {
		const struct config_slo *slo = &w->config.slos[i];

		if (strcmp(slo->service, name) != 0 && strcmp(slo->service, "*") != 0)
			continue;
		if (naive_eligible(slo, route, method, path, agent))
			mask |= 1ULL << n;
		n++;
	}
	if (strcmp(got, route) != 0 || verdict.slo_mask != mask)
		fail_msg(
			"service %zu method %d path %s agent \"%s\": expected %s %llx, got %s %llx",
			service, method, path, agent, route, (unsigned long long)mask, got,
			(unsigned long long)verdict.slo_mask);
}

static inline int naive_service(const struct config *config, __u16 port, const char *process,
				const char *exe)
{
	for (size_t s = 0; s < config->n_services; s++) {
		const struct config_match *wanted = &config->services[s].match;

		if ((!wanted->port || wanted->port == port) &&
		    (!wanted->process ||
		     naive_match(wanted->process, PATTERN_GLOB, process, strlen(process))) &&
		    (!wanted->exe || naive_match(wanted->exe, PATTERN_GLOB, exe, strlen(exe))))
			return (int)s;
	}
	return NO_SERVICE;
}

/* ---- requests ---- */

static const char shop_yaml[] =
	"services:\n"
	"  - name: shop\n"
	"    match: {port: 8080}\n"
	"    routes: [\"/\", \"/items/**\", \"/items/*\", \"/items/new\", \"/*/new\", \"/healthz\"]\n"
	"  - name: bare\n"
	"    match: {process: bare}\n"
	"slos:\n"
	"  - name: everything\n" /* SLO 0 of shop */
	"    service: shop\n"
	"    objective: 99\n"
	"  - name: items\n" /* 1 */
	"    service: shop\n"
	"    objective: 99\n"
	"    eligible: {routes: [\"/items/*\", \"/items/new\"], methods: [GET, POST, PUT],\n"
	"      exclude: {methods: [PUT, DELETE]}}\n"
	"    good: {latency: 100ms}\n"
	"    client_abort: bad\n"
	"  - name: \"{service} reads\"\n" /* 2, and the first of bare and of those found */
	"    service: \"*\"\n"
	"    objective: 99.9\n"
	"    eligible: {exclude: {methods: [POST], paths: [\"/healthz\", \"/items/secret\"],\n"
	"      user_agents: [\"kube-probe/*\", \"*bot*\"]}}\n"
	"    good: {latency: 1s}\n"
	"  - name: strays\n" /* 3 */
	"    service: shop\n"
	"    objective: 99\n"
	"    eligible: {routes: [_other, \"/\"], exclude: {user_agents: [\"*bot\"]}}\n"
	"    good: {latency: 100ms}\n"
	"    client_abort: bad\n"
	"  - name: \"{service} pages\"\n" /* 4, and the second of bare and of those found */
	"    service: \"*\"\n"
	"    objective: 90\n"
	"    eligible: {methods: [GET], exclude: {paths: [\"/**/x\", \"/items/**\"]}}\n"
	"    good: {latency: 100001us}\n"
	"    client_abort: bad\n";

enum { SHOP, BARE, FOUND };

#endif

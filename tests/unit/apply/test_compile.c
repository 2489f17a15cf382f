/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configurations compiled into tables, judged by walking these as the kernel programs do: by
 * absolute numbers, of which every one must fall into the region.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "match/automaton.h"
#include "base/ids.h"
#include "apply/compile.h"
#include "config/load.h"
#include "tests/unit/fixtures/malloc_fail.h"
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

static __u32 name_number(void *names, const char *name)
{
	return ids_number(names, name);
}

static __u32 service_id(void *context, const char *name)
{
	return name_number(((struct world *)context)->services, name);
}

static __u32 route_id(void *context, const char *name)
{
	return name_number(((struct world *)context)->routes, name);
}

static void world_init(struct world *w, const char *yaml)
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

static void world_clear(struct world *w)
{
	tables_clear(&w->tables);
	ids_free(w->services);
	ids_free(w->routes);
	free(w->slos);
	config_clear(&w->config);
}

static int compile(struct world *w, const struct tables_region *region, struct tables *ret,
		   struct tables_region *ret_need, struct error *ret_error)
{
	struct tables_ids ids = {.service = service_id, .route = route_id, .context = w};

	return tables_compile(&w->config, w->slos, w->n_slos, region, &ids, ret, ret_need,
			      ret_error);
}

static struct tables_region need_of(struct world *w)
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

static void world_compile(struct world *w, int round)
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

/* ---- the kernel's side: bpf/automaton.bpf.h, request.bpf.h, identity.bpf.h ---- */

static __u32 step(const struct world *w, __u32 state, unsigned char byte)
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

static const struct accept *accept_of(const struct world *w, __u32 state)
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

static const struct accept *match(const struct world *w, __u32 start, const char *text)
{
	for (; *text; text++)
		start = step(w, start, (unsigned char)*text);
	return accept_of(w, start);
}

struct verdict {
	__u32 route;
	__u64 slo_mask;
};

static struct verdict judge(const struct world *w, size_t policy_number, enum http_method method,
			    const char *path, const char *agent)
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

static const struct service_set *set_at(const struct world *w, __u32 number)
{
	assert_in_range(number, w->region.sets, w->region.sets + w->tables.n_sets - 1);
	return &w->tables.sets[number - w->region.sets];
}

static int service_match(const struct world *w, __u16 port, const char *process, const char *exe)
{
	const struct live *live = &w->tables.live;
	const struct accept *accept;
	__u32 ports = live->any_port;
	const struct service_set *sets[3];

	for (size_t i = 0; i < w->tables.n_ports; i++) {
		if (w->tables.ports[i].port == port)
			ports = w->tables.ports[i].set;
	}
	sets[0] = set_at(w, ports);
	accept = match(w, live->process_start, process);
	sets[1] = set_at(w, accept ? accept->value : live->any_process);
	accept = match(w, live->exe_start, exe);
	sets[2] = set_at(w, accept ? accept->value : live->any_exe);
	for (int i = 0; i < SERVICE_SET_WORDS; i++) {
		__u64 word = sets[0]->words[i] & sets[1]->words[i] & sets[2]->words[i];

		if (word)
			return i * 64 + __builtin_ctzll(word);
	}
	return NO_SERVICE;
}

/* ---- the same, from the words of the headers ---- */

static bool any_matches(char *const *patterns, size_t n, enum pattern_syntax syntax,
			const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (naive_match(patterns[i], syntax, text, strlen(text)))
			return true;
	}
	return false;
}

static bool naive_eligible(const struct config_slo *slo, const char *route, enum http_method method,
			   const char *path, const char *agent)
{
	bool named = !slo->eligible.n_routes;

	for (size_t i = 0; i < slo->eligible.n_routes; i++)
		named |= strcmp(slo->eligible.routes[i], route) == 0;
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

static void check_verdict(const struct world *w, size_t service, enum http_method method,
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

static int naive_service(const struct config *config, __u16 port, const char *process,
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

TEST(slos_in_configured_order)
{
	static const struct {
		size_t slo, service;
	} rows[] = {
		{0, SHOP}, {1, SHOP}, {2, SHOP}, {2, BARE},	    {2, TABLES_FOUND},
		{3, SHOP}, {4, SHOP}, {4, BARE}, {4, TABLES_FOUND},
	};
	struct world w;

	world_init(&w, shop_yaml);
	assert_int_equal(w.n_slos, 9);
	for (size_t i = 0; i < w.n_slos; i++) {
		assert_int_equal(w.slos[i].config_slo, rows[i].slo);
		assert_true(w.slos[i].config_service == rows[i].service);
	}
	world_clear(&w);
}

TEST(requests_are_judged_as_configured)
{
	static const struct {
		size_t policy;
		enum http_method method;
		const char *path, *agent, *route;
		__u64 mask;
	} rows[] = {
		{SHOP, HTTP_METHOD_GET, "/", "", "/", 0x1d},
		{SHOP, HTTP_METHOD_POST, "/", "", "/", 0x9},
		{SHOP, HTTP_METHOD_GET, "/", "Googlebot", "/", 0x11},
		{SHOP, HTTP_METHOD_GET, "/", "Googlebot/2", "/", 0x19},
		{SHOP, HTTP_METHOD_GET, "/", "kube-probe/1.29", "/", 0x19},
		{SHOP, HTTP_METHOD_GET, "/", "kube-probe", "/", 0x1d},
		/* the most specific template that matches names the route */
		{SHOP, HTTP_METHOD_GET, "/items/new", "", "/items/new", 0x7},
		{SHOP, HTTP_METHOD_GET, "/items/old", "", "/items/*", 0x7},
		{SHOP, HTTP_METHOD_GET, "/items/", "", "/items/**", 0x5},
		{SHOP, HTTP_METHOD_GET, "/items/a/b", "", "/items/**", 0x5},
		{SHOP, HTTP_METHOD_GET, "/carts/new", "", "/*/new", 0x15},
		{SHOP, HTTP_METHOD_GET, "/healthz", "", "/healthz", 0x11},
		/* excluded on a route, and where no template matches */
		{SHOP, HTTP_METHOD_GET, "/items/secret", "", "/items/*", 0x3},
		{SHOP, HTTP_METHOD_GET, "/stray", "", "_other", 0x1d},
		{SHOP, HTTP_METHOD_GET, "/stray/x", "", "_other", 0xd},
		{SHOP, HTTP_METHOD_GET, "/a/b/x", "bot", "_other", 0x1},
		{SHOP, HTTP_METHOD_GET, "", "", "_other", 0x1d},
		/* methods: listed, listed and taken away again, not listed */
		{SHOP, HTTP_METHOD_POST, "/items/new", "", "/items/new", 0x3},
		{SHOP, HTTP_METHOD_PUT, "/items/new", "", "/items/new", 0x5},
		{SHOP, HTTP_METHOD_DELETE, "/items/new", "", "/items/new", 0x5},
		{SHOP, HTTP_METHOD_OTHER, "/stray", "", "_other", 0xd},
		{SHOP, HTTP_METHOD_QUERY, "/stray", "", "_other", 0xd},
		/* "*": no templates, but exclusions */
		{BARE, HTTP_METHOD_GET, "/", "", "_other", 0x3},
		{BARE, HTTP_METHOD_POST, "/", "", "_other", 0},
		{BARE, HTTP_METHOD_GET, "/healthz", "", "_other", 0x2},
		{BARE, HTTP_METHOD_GET, "/healthz/x", "", "_other", 0x1},
		{BARE, HTTP_METHOD_GET, "/items/secret", "", "_other", 0},
		{BARE, HTTP_METHOD_GET, "/", "a bot b", "_other", 0x2},
		{FOUND, HTTP_METHOD_GET, "/", "", "_other", 0x3},
		{FOUND, HTTP_METHOD_HEAD, "/", "", "_other", 0x1},
		{FOUND, HTTP_METHOD_GET, "/healthz", "", "_other", 0x2},
		{FOUND, HTTP_METHOD_GET, "/items/secret", "", "_other", 0},
		{FOUND, HTTP_METHOD_GET, "/", "bot", "_other", 0x2},
	};
	struct world w;

	world_init(&w, shop_yaml);
	for (int round = 0; round < ROUNDS; round++) {
		world_compile(&w, round);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct verdict verdict = judge(&w, rows[i].policy, rows[i].method,
						       rows[i].path, rows[i].agent);
			const char *route = ids_name(w.routes, verdict.route) ?: "_other";

			if (strcmp(route, rows[i].route) != 0 || verdict.slo_mask != rows[i].mask)
				fail_msg(
					"round %d row %zu: %s \"%s\": expected %s %llx, got %s %llx",
					round, i, rows[i].path, rows[i].agent, rows[i].route,
					(unsigned long long)rows[i].mask, route,
					(unsigned long long)verdict.slo_mask);
		}
	}
	world_clear(&w);
}

static void assert_slo(const struct policy *policy, size_t n, size_t number)
{
	assert_int_equal(policy->slos[n].criteria, FIRST_CRITERIA + number);
	assert_int_equal(policy->slos[n].counts, FIRST_COUNTS + number);
}

TEST(policies_hold_slos_and_thresholds)
{
	static const size_t shop_slos[] = {0, 1, 2, 5, 6};
	const struct policy *shop, *bare, *found;
	struct world w;

	world_init(&w, shop_yaml);
	world_compile(&w, 2);
	shop = &w.tables.policies[SHOP];
	bare = &w.tables.policies[BARE];
	found = &w.tables.policies[FOUND];

	assert_string_equal(ids_name(w.services, shop->service), "shop");
	assert_string_equal(ids_name(w.services, bare->service), "bare");
	assert_int_equal(found->service, SERVICE_NONE);

	assert_int_equal(shop->n_slos, 5);
	for (size_t i = 0; i < 5; i++)
		assert_slo(shop, i, shop_slos[i]);
	assert_int_equal(bare->n_slos, 2);
	assert_slo(bare, 0, 3);
	assert_slo(bare, 1, 7);
	assert_int_equal(found->n_slos, 2);
	assert_slo(found, 0, 4);
	assert_slo(found, 1, 8);

	assert_int_equal(shop->client_abort_mask, 0x1a);
	assert_int_equal(bare->client_abort_mask, 0x2);
	assert_int_equal(found->client_abort_mask, 0x2);

	/* 2^(-27/8) s = 96.4 ms < 100 ms <= 2^(-26/8) s = 105.1 ms: bucket -26 + 160 */
	assert_int_equal(shop->n_thresholds, 3);
	assert_int_equal(shop->thresholds[0].ns, 100000000);
	assert_int_equal(shop->thresholds[0].bucket, 134);
	assert_int_equal(shop->thresholds[1].ns, 1000000000);
	assert_int_equal(shop->thresholds[1].bucket, 160);
	assert_int_equal(shop->thresholds[2].ns, 100001000);
	assert_int_equal(shop->thresholds[2].bucket, 134);
	for (size_t i = 0; i < 2; i++) {
		const struct policy *policy = &w.tables.policies[BARE + i];

		assert_int_equal(policy->n_thresholds, 2);
		assert_int_equal(policy->thresholds[0].ns, 1000000000);
		assert_int_equal(policy->thresholds[0].bucket, 160);
		assert_int_equal(policy->thresholds[1].ns, 100001000);
		assert_int_equal(policy->thresholds[1].bucket, 134);
	}
	world_clear(&w);
}

TEST(route_ids_are_by_name)
{
	static const char yaml[] = "services:\n"
				   "  - {name: a, match: {port: 1}, routes: [\"/x\", \"/y\"]}\n"
				   "  - {name: b, match: {port: 2}, routes: [\"/y\", \"/z\"]}\n";
	struct world w;
	__u32 y;

	world_init(&w, yaml);
	world_compile(&w, 2);
	y = judge(&w, 0, HTTP_METHOD_GET, "/y", "").route;
	assert_int_not_equal(y, ROUTE_OTHER);
	assert_int_equal(judge(&w, 1, HTTP_METHOD_GET, "/y", "").route, y);
	assert_int_equal(judge(&w, 1, HTTP_METHOD_GET, "/x", "").route, ROUTE_OTHER);
	assert_null(ids_name(w.routes, 4));
	/* no SLOs: nothing is eligible, and there is nothing but routes to match */
	assert_int_equal(judge(&w, 0, HTTP_METHOD_GET, "/y", "").slo_mask, 0);
	assert_int_equal(w.tables.policies[0].ua_start, DFA_DEAD);
	assert_int_equal(w.tables.policies[2].path_start, DFA_DEAD);
	assert_int_equal(w.tables.policies[2].n_slos, 0);
	world_clear(&w);
}

TEST(nothing_configured)
{
	struct world w;

	world_init(&w, config_default_yaml);
	for (int round = 0; round < ROUNDS; round++) {
		world_compile(&w, round);
		assert_int_equal(w.tables.n_states, 0);
		assert_int_equal(w.tables.n_ports, 0);
		assert_int_equal(w.tables.live.process_start, DFA_DEAD);
		assert_int_equal(w.tables.live.exe_start, DFA_DEAD);
		assert_int_equal(service_match(&w, 80, "nginx", "/usr/sbin/nginx"), NO_SERVICE);
		assert_int_equal(w.tables.policies[0].n_slos, 1);
		assert_int_equal(judge(&w, 0, HTTP_METHOD_GET, "/", "curl").slo_mask, 1);
	}
	world_clear(&w);
}

TEST(criteria)
{
	static const char yaml[] = "services: [{name: a, match: {port: 1}}]\n"
				   "slos:\n"
				   "  - {name: x, service: a, objective: 99}\n"
				   "  - {name: y, service: a, objective: 99, good: {latency: 5ms,\n"
				   "     status: [127, 128, 5xx], min_body: 3k}}\n";
	struct slo_criteria x, y;
	struct world w;

	world_init(&w, yaml);
	x = tables_criteria(&w.config.slos[0]);
	y = tables_criteria(&w.config.slos[1]);
	assert_true(x.latency_ns == ~0ULL);
	assert_int_equal(x.min_body_bytes, 0);
	assert_int_equal(y.latency_ns, 5000000);
	assert_int_equal(y.min_body_bytes, 3000);
	for (unsigned int s = 0; s < 64 * SLO_STATUS_WORDS; s++) {
		assert_int_equal(x.status[s / 64] >> s % 64 & 1, s >= 100 && s < 500);
		assert_int_equal(y.status[s / 64] >> s % 64 & 1,
				 s == 127 || s == 128 || (s >= 500 && s < 600));
	}
	world_clear(&w);
}

/* ---- random policies ---- */

static const char *const some_templates[] = {
	"/",	"/a",	 "/b",	"/*",  "/**",	 "/a/*",    "/a/**", "/a/b",
	"/*/b", "/**/b", "/a*", "/*a", "/a/*/b", "/**/a/b", "/ab",   "/*/*",
};
static const char *const some_agents[] = {"*", "a", "a*", "*a", "*b*", "?b", "ab", "b*a"};
static const char *const some_methods[] = {"GET", "POST", "PUT", "_OTHER"};

/* A list of `n` of `from`, all different. */
static void print_some(FILE *out, const char *const *from, unsigned int n_from, unsigned int n)
{
	unsigned int left = n;

	fputc('[', out);
	for (unsigned int i = 0; i < n_from && left; i++) {
		if (random_below(n_from - i) >= left)
			continue;
		fprintf(out, "%s\"%s\"", left == n ? "" : ", ", from[i]);
		left--;
	}
	fputc(']', out);
}

static char *random_policies(void)
{
	const unsigned int n_templates = sizeof(some_templates) / sizeof(some_templates[0]);
	const char *templates[2][8];
	char *yaml = NULL;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	assert_non_null(out);
	fprintf(out, "services:\n");
	for (unsigned int s = 0; s < 2; s++) {
		unsigned int first = random_below(n_templates), stride = 1 + 2 * random_below(4);

		fprintf(out, "  - {name: s%u, match: {port: %u}, routes: [", s, s + 1);
		for (unsigned int i = 0; i < 8; i++) {
			templates[s][i] = some_templates[(first + i * stride) % n_templates];
			fprintf(out, "%s\"%s\"", i ? ", " : "", templates[s][i]);
		}
		fprintf(out, "]}\n");
	}
	fprintf(out, "slos:\n");
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int s = random_below(3);

		fprintf(out, "  - {objective: 99, name: \"o%u%s\", ", i, s < 2 ? "" : "{service}");
		fprintf(out, s < 2 ? "service: s%u, " : "service: \"*\", ", s);
		fprintf(out, "eligible: {methods: ");
		print_some(out, some_methods, 4, 2 + random_below(3));
		if (s < 2 && random_below(2)) {
			fprintf(out, ", routes: ");
			print_some(out, templates[s], 8, 1 + random_below(6));
		} else if (random_below(4) == 0) {
			fprintf(out, ", routes: [_other]");
		}
		fprintf(out, ", exclude: {paths: ");
		print_some(out, some_templates, n_templates, random_below(4));
		fprintf(out, ", user_agents: ");
		print_some(out, some_agents, 8, random_below(3));
		if (random_below(2)) {
			fprintf(out, ", methods: ");
			print_some(out, some_methods, 4, 1);
		}
		fprintf(out, "}}}\n");
	}
	assert_int_equal(fclose(out), 0);
	return yaml;
}

TEST(random_policies_agree_with_naive)
{
	static const char *const paths[] = {"",	      "/",    "/a",	"/b",	  "/ab",
					    "/ba",    "/a/",  "/a/b",	"/a/a",	  "/b/b",
					    "/a/b/",  "//b",  "/a/a/b", "/b/a/b", "/a/b/a/b",
					    "/c/d/e", "/a//b"};
	static const char *const agents[] = {"", "a", "b", "ab", "ba", "bb", "aab", "c"};
	static const enum http_method methods[] = {HTTP_METHOD_GET, HTTP_METHOD_POST,
						   HTTP_METHOD_PUT, HTTP_METHOD_OTHER,
						   HTTP_METHOD_DELETE};

	random_state = 20240817;
	for (int i = 0; i < 60; i++) {
		char *yaml = random_policies();
		struct world w;

		world_init(&w, yaml);
		world_compile(&w, i % ROUNDS);
		for (size_t s = 0; s < 2; s++)
			for (size_t m = 0; m < 5; m++)
				for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
					for (size_t a = 0; a < 8; a++)
						check_verdict(&w, s, methods[m], paths[p],
							      agents[a]);
		world_clear(&w);
		free(yaml);
	}
}

/* ---- services ---- */

TEST(services_by_hand)
{
	static const char yaml[] =
		"services:\n"
		"  - {name: both, match: {port: 80, process: \"nginx*\"}}\n"
		"  - {name: exe, match: {exe: \"/opt/*/bin/app\"}}\n"
		"  - {name: port, match: {port: 80}}\n"
		"  - {name: all three, match: {port: 81, process: \"*\", exe: \"*/x\"}}\n"
		"  - {name: process, match: {process: \"?ginx\"}}\n";
	static const struct {
		__u16 port;
		const char *process, *exe;
		int service;
	} rows[] = {
		{80, "nginx", "/usr/sbin/nginx", 0},
		{80, "nginx-debug", "/opt/a/bin/app", 0},
		{80, "app", "/opt/a/bin/app", 1},
		{80, "app", "/opt/a/b/bin/app", 1},
		{80, "app", "/opt/bin/app", 2},
		{80, "", "", 2},
		{81, "", "/y/x", 3},
		{81, "nginx", "/x", 3},
		{81, "nginx", "/y", 4},
		{82, "nginx", "/y/x", 4},
		{82, "nginx2", "/y/x", NO_SERVICE},
		{82, "", "", NO_SERVICE},
		{0, "app", "/opt/a/bin/app", 1},
	};
	struct world w;

	world_init(&w, yaml);
	for (int round = 0; round < ROUNDS; round++) {
		world_compile(&w, round);
		assert_int_equal(w.tables.n_ports, 2);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			int service = service_match(&w, rows[i].port, rows[i].process, rows[i].exe);

			if (service != rows[i].service)
				fail_msg("round %d row %zu: expected service %d, got %d", round, i,
					 rows[i].service, service);
		}
	}
	world_clear(&w);
}

static const char *const some_processes[] = {"", "a", "b*", "*a", "?b", "a?b*", "*ab", "abc", "*"};
static const char *const some_exes[] = {"",	"/a",	"/b/*",	 "*/a", "/a/**b",
					"/?/b", "*a*b", "/a/b/", "/*c?"};

/* `n` services in random order, with matches that all differ. */
static char *random_services(unsigned int n, unsigned int n_ports)
{
	unsigned int n_all = (n_ports + 1) * 9 * 9;
	unsigned int *all = calloc(n_all, sizeof(*all));
	char *yaml = NULL;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	assert_non_null(all);
	assert_non_null(out);
	for (unsigned int i = 0; i < n_all; i++)
		all[i] = i;
	fprintf(out, "services:\n");
	for (unsigned int i = 0; i < n;) {
		unsigned int at = random_below(n_all), pick = all[at];
		unsigned int port = pick / 81, process = pick / 9 % 9, exe = pick % 9;

		all[at] = all[--n_all];
		if (!pick)
			continue;
		fprintf(out, "  - {name: s%u, match: {role: server", i++);
		if (port)
			fprintf(out, ", port: %u", 1000 + port);
		if (process)
			fprintf(out, ", process: \"%s\"", some_processes[process]);
		if (exe)
			fprintf(out, ", exe: \"%s\"", some_exes[exe]);
		fprintf(out, "}}\n");
	}
	assert_int_equal(fclose(out), 0);
	free(all);
	return yaml;
}

static void check_services(const struct world *w, unsigned int n_ports, bool *met)
{
	static const char *const processes[] = {"",    "a",   "b",   "ab",   "ba",  "bb",
						"abc", "acb", "cab", "aabb", "bab", "c"};
	static const char *const exes[] = {"",	     "/a",   "/b",     "/a/b",	  "/b/a",
					   "/b/c/a", "/c/b", "/a/c/b", "/a/b/",	  "/x/ca",
					   "/a/b/b", "/bc/", "/cc",    "/c/c/cb", "x"};

	for (unsigned int port = 0; port <= n_ports + 1; port++)
		for (size_t p = 0; p < sizeof(processes) / sizeof(processes[0]); p++)
			for (size_t e = 0; e < sizeof(exes) / sizeof(exes[0]); e++) {
				int expected = naive_service(&w->config, 1000 + port, processes[p],
							     exes[e]);
				int got = service_match(w, 1000 + port, processes[p], exes[e]);

				if (got != expected)
					fail_msg(
						"port %u process \"%s\" exe \"%s\": expected %d, got "
						"%d",
						1000 + port, processes[p], exes[e], expected, got);
				if (got != NO_SERVICE)
					met[got / 64] = true;
			}
	/* no bit for a service that is not configured */
	for (size_t set = 0; set < w->tables.n_sets; set++)
		for (size_t s = w->config.n_services; s < SERVICE_SET_WORDS * 64; s++)
			assert_int_equal(w->tables.sets[set].words[s / 64] >> s % 64 & 1, 0);
}

TEST(random_services_agree_with_naive)
{
	static const struct {
		unsigned int n, n_ports;
	} rows[] = {{1, 1},   {2, 1},	{5, 2},	  {20, 3},   {63, 4},	{64, 8},
		    {65, 12}, {200, 9}, {300, 5}, {800, 30}, {1024, 40}};
	unsigned int n_words = 0;
	bool met[SERVICE_SET_WORDS] = {};

	random_state = 99;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *yaml = random_services(rows[i].n, rows[i].n_ports);
		struct world w;

		world_init(&w, yaml);
		assert_int_equal(w.config.n_services, rows[i].n);
		for (int round = 0; round < ROUNDS; round++) {
			world_compile(&w, round);
			assert_true(w.tables.n_ports <= rows[i].n_ports);
			check_services(&w, rows[i].n_ports, met);
		}
		world_clear(&w);
		free(yaml);
	}
	for (size_t i = 0; i < SERVICE_SET_WORDS; i++)
		n_words += met[i];
	assert_true(n_words > 8); /* else the services come too early for the words to matter */
}

/* ---- failures ---- */

static const struct tables untouched = {.n_states = 77};

TEST(region_too_small)
{
	const struct tables_region at = {.states = 50, .cells = 60, .accepts = 70, .sets = 80};
	struct tables_region region, need, exact;
	struct error error = {};
	__u32 *max[] = {&region.max_states, &region.max_cells, &region.max_accepts,
			&region.max_sets};
	struct world w;

	world_init(&w, shop_yaml);
	exact = need_of(&w);
	for (size_t i = 0; i <= sizeof(max) / sizeof(max[0]); i++) {
		struct tables tables = untouched;
		int r;

		region = exact;
		region.states = at.states;
		region.cells = at.cells;
		region.accepts = at.accepts;
		region.sets = at.sets;
		if (i < sizeof(max) / sizeof(max[0]))
			--*max[i];
		memset(&need, 0xff, sizeof(need));
		r = compile(&w, &region, &tables, &need, &error);
		assert_memory_equal(&need, &exact, sizeof(need));
		if (i < sizeof(max) / sizeof(max[0])) {
			assert_int_equal(r, -E2BIG);
			assert_memory_equal(&tables, &untouched, sizeof(tables));
		} else {
			assert_int_equal(r, 0);
			tables_clear(&tables);
		}
	}
	world_clear(&w);
}

TEST(ids_run_out)
{
	enum { SERVICES = 2, ROUTES = 6 };
	static const struct {
		__u32 services, routes;
		int r;
	} rows[] = {
		{SERVICES, ROUTES, 0},
		{SERVICES - 1, ROUTES, -ENOSPC},
		{SERVICES, ROUTES - 1, -ENOSPC},
		{0, 0, -ENOSPC},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tables tables = untouched;
		struct error error = {};
		struct tables_region need;
		struct world w;

		world_init(&w, shop_yaml);
		ids_free(w.services);
		ids_free(w.routes);
		assert_int_equal(ids_new(rows[i].services, &w.services), 0);
		assert_int_equal(ids_new(rows[i].routes, &w.routes), 0);
		assert_int_equal(compile(&w, NULL, &tables, &need, &error), rows[i].r);
		if (rows[i].r)
			assert_memory_equal(&tables, &untouched, sizeof(tables));
		else
			tables_clear(&tables);
		world_clear(&w);
	}
}

TEST(too_many_slos_of_a_service)
{
	static const char yaml[] = "services: [{name: a, match: {port: 1}}]\n"
				   "slos: [{name: x, service: a, objective: 99}]\n";
	struct tables tables = untouched;
	struct error error = {};
	struct tables_region need;
	struct world w;

	world_init(&w, yaml);
	free(w.slos);
	w.n_slos = POLICY_SLOS_MAX + 1;
	w.slos = calloc(w.n_slos, sizeof(*w.slos));
	assert_non_null(w.slos);
	assert_int_equal(compile(&w, NULL, &tables, &need, &error), -EINVAL);
	assert_string_equal(error.text, "t.yaml: a: expected at most 64 SLOs, got more");
	assert_memory_equal(&tables, &untouched, sizeof(tables));
	w.n_slos = POLICY_SLOS_MAX;
	assert_int_equal(compile(&w, NULL, &tables, &need, &error), 0);
	assert_int_equal(tables.policies[0].n_slos, POLICY_SLOS_MAX);
	assert_true(tables.policies[0].other_mask == ~0ULL);
	tables_clear(&tables);
	world_clear(&w);
}

/* To tell which of 40 "*x*" were met needs a state for each of 2^40 subsets. */
TEST(too_complex_to_match)
{
	struct tables tables = untouched;
	struct error error = {};
	struct tables_region need;
	struct world w;
	char *yaml = NULL;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	assert_non_null(out);
	fprintf(out, "services: [{name: a, match: {port: 1}}]\nslos:\n");
	for (int i = 0; i < 40; i++)
		fprintf(out,
			"  - {name: x%d, service: a, objective: 99,\n"
			"     eligible: {exclude: {user_agents: [\"*%c%c*\"]}}}\n",
			i, 'a' + i / 8, 'a' + i % 8);
	assert_int_equal(fclose(out), 0);
	world_init(&w, yaml);
	assert_int_equal(compile(&w, NULL, &tables, &need, &error), -EINVAL);
	assert_string_equal(error.text,
			    "t.yaml: excluded user agents of a: together too complex to "
			    "match in one pass: use fewer `*`");
	assert_memory_equal(&tables, &untouched, sizeof(tables));
	world_clear(&w);
	free(yaml);
}

TEST(every_failed_allocation_is_clean)
{
	static const char yaml[] =
		"services:\n"
		"  - {name: a, match: {port: 1, process: \"a*\"}, routes: [\"/x\"]}\n"
		"  - {name: b, match: {exe: \"/b\"}}\n"
		"slos:\n"
		"  - {name: \"{service}\", service: \"*\", objective: 99,\n"
		"     eligible: {exclude: {user_agents: [b], paths: [\"/p\"]}}}\n";
	struct tables_slo *slos = NULL;
	size_t n_slos = 77;
	struct world w;
	unsigned long n;
	int r;

	world_init(&w, yaml);
	need_of(&w); /* gives out the ids, which take memory too */
	for (n = 1;; n++) {
		struct tables tables = untouched;
		struct error error = {};
		struct tables_region need;

		n_allocations = 0;
		fail_at = n;
		r = compile(&w, NULL, &tables, &need, &error);
		fail_at = 0;
		if (!r) {
			tables_clear(&tables);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_memory_equal(&tables, &untouched, sizeof(tables));
	}
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 20);

	n_allocations = 0;
	fail_at = 1;
	r = tables_slos(&w.config, &slos, &n_slos);
	fail_at = 0;
	assert_int_equal(r, -ENOMEM);
	assert_null(slos);
	assert_int_equal(n_slos, 77);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slos_in_configured_order),
		cmocka_unit_test(requests_are_judged_as_configured),
		cmocka_unit_test(policies_hold_slos_and_thresholds),
		cmocka_unit_test(route_ids_are_by_name),
		cmocka_unit_test(nothing_configured),
		cmocka_unit_test(criteria),
		cmocka_unit_test(random_policies_agree_with_naive),
		cmocka_unit_test(services_by_hand),
		cmocka_unit_test(random_services_agree_with_naive),
		cmocka_unit_test(region_too_small),
		cmocka_unit_test(ids_run_out),
		cmocka_unit_test(too_many_slos_of_a_service),
		cmocka_unit_test(too_complex_to_match),
		cmocka_unit_test(every_failed_allocation_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

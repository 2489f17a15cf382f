/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole configurations compiled, and the ways in which that fails. */
#include <errno.h>
#include <stdio.h>

#include "tests/unit/apply/compile_fixture.h"
#include "tests/unit/fixtures/malloc_fail.h"

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
		assert_int_equal(w.tables.n_facts, 0);
		for (int text = 0; text < SERVICE_TEXTS; text++)
			assert_int_equal(w.tables.live.text_start[text], DFA_DEAD);
		assert_int_equal(service_match(&w, 80, "nginx", "/usr/sbin/nginx"), NO_SERVICE);
		assert_int_equal(w.tables.policies[0].n_slos, 1);
		assert_int_equal(judge(&w, 0, HTTP_METHOD_GET, "/", "curl").slo_mask, 1);
	}
	world_clear(&w);
}

TEST(criteria)
{
	static const char yaml[] =
		"services: [{name: a, match: {port: 1}}]\n"
		"slos:\n"
		"  - {name: x, service: a, objective: 99}\n"
		"  - {name: y, service: a, objective: 99, good: {latency: 5ms, latency_of: first_byte,\n"
		"     status: [127, 128, 5xx], grpc_status: [0, 12], min_body: 3k}}\n"
		"  - {name: z, service: a, objective: 99, client_abort: bad}\n"
		"  - {name: i, service: a, objective: 99, client_abort: ignore}\n"
		"agent: {unanswered_after: 7s}\n";
	struct slo_criteria x, y, z, i;
	struct world w;

	world_init(&w, yaml);
	x = tables_criteria(&w.config.slos[0]);
	y = tables_criteria(&w.config.slos[1]);
	z = tables_criteria(&w.config.slos[2]);
	i = tables_criteria(&w.config.slos[3]);
	/* late is more than the threshold, as good is at most that */
	assert_int_equal(x.client_abort_from_ns, 7000000001);
	assert_int_equal(y.client_abort_from_ns, 5000001);
	assert_int_equal(z.client_abort_from_ns, 0);
	assert_true(i.client_abort_from_ns == ~0ULL);
	assert_true(x.latency_ns == ~0ULL);
	assert_int_equal(x.min_body_bytes, 0);
	assert_int_equal(x.latency_of, LATENCY_OF_TOTAL);
	assert_int_equal(y.latency_of, LATENCY_OF_FIRST_BYTE);
	assert_int_equal(x.grpc, GRPC_GOOD);
	assert_int_equal(y.grpc, 1 << GRPC_OK | 1 << GRPC_UNIMPLEMENTED);
	assert_int_equal(y.latency_ns, 5000000);
	assert_int_equal(y.min_body_bytes, 3000);
	for (unsigned int s = 0; s < 64 * SLO_STATUS_WORDS; s++) {
		assert_int_equal(x.status[s / 64] >> s % 64 & 1, s >= 100 && s < 500);
		assert_int_equal(y.status[s / 64] >> s % 64 & 1,
				 s == 127 || s == 128 || (s >= 500 && s < 600));
	}
	world_clear(&w);
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
		cmocka_unit_test(route_ids_are_by_name),
		cmocka_unit_test(nothing_configured),
		cmocka_unit_test(criteria),
		cmocka_unit_test(region_too_small),
		cmocka_unit_test(ids_run_out),
		cmocka_unit_test(too_many_slos_of_a_service),
		cmocka_unit_test(too_complex_to_match),
		cmocka_unit_test(every_failed_allocation_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies: which route a request is of, and which SLOs it is eligible for. */
#include <stdio.h>

#include "tests/unit/apply/compile_fixture.h"
#include "tests/unit/fixtures/random.h"

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
		/* nobody has seen the method: it may be any that is listed */
		{SHOP, HTTP_METHOD_UNKNOWN, "/items/new", "", "/items/new", 0x7},
		{FOUND, HTTP_METHOD_UNKNOWN, "/", "", "_other", 0x3},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_judged_as_configured),
		cmocka_unit_test(policies_hold_slos_and_thresholds),
		cmocka_unit_test(random_policies_agree_with_naive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

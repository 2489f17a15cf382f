/* SPDX-License-Identifier: GPL-2.0-only */
/* Which service a listening endpoint is of, by port, process and executable. */
#include <stdio.h>

#include "tests/unit/apply/compile_fixture.h"
#include "tests/unit/fixtures/random.h"

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
		assert_int_equal(w.tables.n_facts, 2);
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
			assert_true(w.tables.n_facts <= rows[i].n_ports);
			check_services(&w, rows[i].n_ports, met);
		}
		world_clear(&w);
		free(yaml);
	}
	for (size_t i = 0; i < SERVICE_SET_WORDS; i++)
		n_words += met[i];
	assert_true(n_words > 8); /* else the services come too early for the words to matter */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_by_hand),
		cmocka_unit_test(random_services_agree_with_naive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Which service a process is of by its user, its place among cgroups, its executable and its namespaces. */
#include "tests/unit/apply/who_fixture.h"

struct row {
	struct who who;
	const char *service; /* NULL: none */
};

static void check_rows(const char *yaml, const struct row *rows, size_t n)
{
	struct world w;

	world_init(&w, yaml);
	for (int round = 0; round < ROUNDS; round++) {
		world_compile(&w, round);
		for (size_t i = 0; i < n * 2; i++) {
			const struct row *row = &rows[i / 2];
			int service = match_who(&w, &row->who, i % 2);
			const char *got = service < 0 ? "none" : w.config.services[service].name;

			if (strcmp(got, row->service ?: "none") != 0)
				fail_msg("round %d row %zu: expected %s, got %s", round, i / 2,
					 row->service ?: "none", got);
		}
	}
	world_clear(&w);
}

#define CHECK_ROWS(yaml, rows) check_rows(yaml, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- each key ---- */

TEST(a_user_is_a_name_or_a_number)
{
	static const char yaml[] = "services:\n"
				   "- {name: roots, match: {process: p, user: root}}\n"
				   "- {name: its, match: {process: p, user: 65534}}\n"
				   "- {name: last, match: {process: p, user: 4294967294}}\n"
				   "- {name: other, match: {process: p, port: 80}}\n"
				   "- {name: number, match: {process: q, user: 0}}\n";
	static const struct row rows[] = {
		{{.process = "p", .uid = 0}, "roots"},
		{{.process = "p", .uid = 65534}, "its"},
		{{.process = "p", .uid = 4294967294U}, "last"},
		{{.process = "p", .uid = 1000, .port = 80}, "other"},
		{{.process = "p", .uid = 1000}, NULL},
		{{.process = "q", .uid = 0}, "number"},
		{{.process = "q", .uid = 65534}, NULL},
	};

	CHECK_ROWS(yaml, rows);
}

/* Not even root, who has the number 0. */
TEST(a_user_who_is_not_known_is_nobody)
{
	static const char yaml[] = "services:\n"
				   "- {name: theirs, match: {port: 80, user: no-such-user}}\n"
				   "- {name: roots, match: {port: 80, user: root}}\n"
				   "- {name: any, match: {port: 80}}\n";
	static const struct row rows[] = {
		{{.port = 80, .process = "p", .uid = 0}, "roots"},
		{{.port = 80, .process = "p", .uid = 1}, "any"},
		{{.port = 81, .process = "p", .uid = 0}, NULL},
	};

	CHECK_ROWS(yaml, rows);
}

#define BLUE "/run/netns/blue"

TEST(a_network_namespace_is_the_hosts_or_any_or_one_at_a_path)
{
	static const char yaml[] = "services:\n"
				   "- {name: blue, match: {port: 80, netns: " BLUE "}}\n"
				   "- {name: host, match: {port: 80}}\n"
				   "- {name: named, match: {port: 81, netns: host}}\n"
				   "- {name: any, match: {port: 82, netns: any}}\n"
				   "- {name: rest, match: {process: p, netns: any}}\n";
	static const struct row rows[] = {
		{{.port = 80, .process = "x"}, "host"},
		{{.port = 80, .process = "x", .netns = BLUE}, "blue"},
		{{.port = 80, .process = "x", .netns = "/run/netns/red"}, NULL},
		{{.port = 80, .process = "p", .netns = "/run/netns/red"}, "rest"},
		{{.port = 81, .process = "x"}, "named"},
		{{.port = 81, .process = "x", .netns = BLUE}, NULL},
		{{.port = 82, .process = "x"}, "any"},
		{{.port = 82, .process = "x", .netns = BLUE}, "any"},
		{{.port = 82, .process = "x", .netns = "/run/netns/red"}, "any"},
	};

	CHECK_ROWS(yaml, rows);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(places_are_matched_by_globs)
{
	static const char yaml[] =
		"services:\n"
		"- {name: unit, match: {unit: nginx.service}}\n"
		"- {name: template, match: {unit: \"app@*.service\"}}\n"
		"- {name: whole, match: {container: " ID ", port: 80}}\n"
		"- {name: short, match: {container: 0123456789ab, port: 81}}\n"
		"- {name: glob, match: {container: \"01*cdef\", port: 82}}\n"
		"- {name: pods, match: {cgroup: \"/kubepods.slice/*\"}}\n"
		"- {name: both, match: {unit: \"a*\", cgroup: \"*/a.service\"}}\n";
	static const struct row rows[] = {
		{{.process = "p", .unit = "nginx.service"}, "unit"},
		{{.process = "p", .unit = "nginx.service2"}, NULL},
		{{.process = "p", .unit = "app@1.service"}, "template"},
		{{.process = "p", .unit = "app.service"}, NULL},
		{{.process = "p", .port = 80, .container = ID}, "whole"},
		{{.process = "p", .port = 81, .container = ID}, "short"},
		{{.process = "p", .port = 82, .container = ID}, "glob"},
		{{.process = "p", .port = 83, .container = ID}, NULL},
		{{.process = "p", .port = 80, .container = "1" ID}, NULL},
		{{.process = "p", .port = 81, .container = "1123456789ab"}, NULL},
		{{.process = "p", .cgroup = "/kubepods.slice/a/b"}, "pods"},
		{{.process = "p", .cgroup = "/system.slice/kubepods.slice/a"}, NULL},
		{{.process = "p", .cgroup = "/x/a.service", .unit = "a.service"}, "both"},
		{{.process = "p", .cgroup = "/x/a.service"}, NULL},
		{{.process = "p", .unit = "a.service"}, NULL},
		{{.process = "p"}, NULL},
	};

	CHECK_ROWS(yaml, rows);
}

/* Even "*" asks for a unit and a container: a process that has none does not match. */
TEST(a_glob_matches_no_missing_text)
{
	static const char yaml[] = "services:\n"
				   "- {name: units, match: {unit: \"*\"}}\n"
				   "- {name: containers, match: {container: \"*\"}}\n"
				   "- {name: host, match: {port: 80}}\n";
	static const struct row rows[] = {
		{{.port = 80, .process = "p"}, "host"},
		{{.port = 80, .process = "p", .unit = "a.service"}, "units"},
		{{.port = 80, .process = "p", .container = ID}, "containers"},
		{{.port = 81, .process = "p"}, NULL},
	};

	CHECK_ROWS(yaml, rows);
}

/* What only the host's root decides proves more than mounts and namespaces do. */
TEST(a_place_lifts_the_rules_of_namespaces)
{
	static const char yaml[] = "services:\n"
				   "- {name: unit, match: {unit: u.service}}\n"
				   "- {name: cgroup, match: {cgroup: /c}}\n"
				   "- {name: container, match: {container: 0123456789ab}}\n"
				   "- {name: home, match: {unit: h.service, netns: host}}\n"
				   "- {name: blue, match: {unit: b.service, netns: " BLUE "}}\n"
				   "- {name: port, match: {port: 80}}\n"
				   "- {name: roams, match: {port: 81, netns: any}}\n";
	static const struct row rows[] = {
		{{.process = "p", .unit = "u.service", .netns = BLUE}, "unit"},
		{{.process = "p", .unit = "u.service", .netns = "/x", .mounts = FOREIGN}, "unit"},
		{{.process = "p", .cgroup = "/c", .netns = "/x", .mounts = FOREIGN}, "cgroup"},
		{{.process = "p", .container = ID, .netns = "/x", .mounts = FOREIGN}, "container"},
		{{.process = "p", .unit = "h.service", .mounts = FOREIGN}, "home"},
		{{.process = "p", .unit = "h.service", .netns = BLUE}, NULL},
		{{.process = "p", .unit = "b.service", .netns = BLUE, .mounts = FOREIGN}, "blue"},
		{{.process = "p", .unit = "b.service"}, NULL},
		{{.process = "p", .port = 80}, "port"},
		{{.process = "p", .port = 80, .mounts = FOREIGN}, NULL},
		{{.process = "p", .port = 80, .mounts = PRIVATE}, "port"},
		{{.process = "p", .port = 80, .netns = BLUE}, NULL},
		{{.process = "p", .port = 81, .netns = BLUE}, "roams"},
		{{.process = "p", .port = 81, .netns = BLUE, .mounts = FOREIGN}, NULL},
	};

	CHECK_ROWS(yaml, rows);
}

TEST(a_path_holds_where_its_mounts_do)
{
	static const char yaml[] = "services:\n"
				   "- {name: placed, match: {exe: /bin/app, unit: u.service}}\n"
				   "- {name: literal, match: {exe: /bin/app}}\n"
				   "- {name: link, match: {exe: /opt/link}}\n"
				   "- {name: glob, match: {exe: \"/srv/*\"}}\n"
				   "- {name: port, match: {port: 80}}\n";
	static const struct row rows[] = {
		/* by the path, or by the file that the path leads to */
		{{.process = "p", .exe = "/bin/app"}, "literal"},
		{{.process = "p", .exe = "/usr/bin/app", .file = "/bin/app"}, "literal"},
		{{.process = "p", .exe = "/opt/target", .file = "/opt/link"}, "link"},
		{{.process = "p", .exe = "/opt/target"}, NULL},
		{{.process = "p", .exe = NULL, .file = "/bin/app"}, NULL},
		{{.process = "p", .exe = NULL, .port = 80}, "port"},
		/* over a private mount's path another file may lie */
		{{.process = "p", .exe = "/bin/app", .mounts = PRIVATE}, NULL},
		{{.process = "p", .exe = "/bin/app", .file = "/bin/app", .mounts = PRIVATE},
		 "literal"},
		{{.process = "p", .exe = "/srv/x", .mounts = PRIVATE}, "glob"},
		{{.process = "p", .exe = "/bin/app", .port = 80, .mounts = PRIVATE}, "port"},
		/* others' mounts prove no path, but a port is one all the same */
		{{.process = "p", .exe = "/srv/x", .mounts = FOREIGN_EXE}, NULL},
		{{.process = "p", .exe = "/bin/app", .file = "/bin/app", .mounts = FOREIGN_EXE},
		 NULL},
		{{.process = "p", .exe = "/srv/x", .port = 80, .mounts = FOREIGN_EXE}, "port"},
		{{.process = "p", .exe = "/srv/x", .port = 80, .mounts = FOREIGN}, NULL},
		/* beside a place the path is matched, wherever it leads */
		{{.process = "p", .exe = "/bin/app", .unit = "u.service"}, "placed"},
		{{.process = "p", .exe = "/bin/app", .unit = "u.service", .mounts = FOREIGN},
		 "placed"},
		{{.process = "p", .exe = "/bin/app", .unit = "u.service", .mounts = FOREIGN_EXE},
		 "placed"},
		{{.process = "p", .exe = "/bin/app", .unit = "u.service", .mounts = PRIVATE},
		 "placed"},
		{{.process = "p", .exe = "/bin/evil", .unit = "u.service", .mounts = FOREIGN},
		 NULL},
		{{.process = "p", .exe = "/bin/evil", .unit = "u.service"}, NULL},
	};

	CHECK_ROWS(yaml, rows);
}

TEST(the_first_service_that_fits_wins)
{
	static const char yaml[] = "services:\n"
				   "- {name: a, match: {port: 80, user: 5, unit: u.service}}\n"
				   "- {name: b, match: {port: 80, unit: \"u*\"}}\n"
				   "- {name: c, match: {user: 5}}\n"
				   "- {name: d, match: {port: 80}}\n"
				   "- {name: e, match: {port: 80, netns: any}}\n"
				   "- {name: f, match: {cgroup: \"*\"}}\n";
	static const struct row rows[] = {
		{{.port = 80, .process = "p", .uid = 5, .unit = "u.service", .cgroup = "/"}, "a"},
		{{.port = 80, .process = "p", .uid = 6, .unit = "u.service", .cgroup = "/"}, "b"},
		{{.port = 80, .process = "p", .uid = 5, .cgroup = "/"}, "c"},
		{{.port = 80, .process = "p", .uid = 6, .cgroup = "/"}, "d"},
		{{.port = 80, .process = "p", .uid = 5, .netns = BLUE, .cgroup = "/"}, "e"},
		{{.port = 81, .process = "p", .uid = 5, .netns = BLUE, .cgroup = "/"}, "f"},
		{{.port = 81, .process = "p", .uid = 5, .netns = BLUE}, NULL},
	};

	CHECK_ROWS(yaml, rows);
}

/* A service that lacks a key fits whatever the key would look at: it is in each of the key's sets. */
TEST(a_service_without_a_key_is_in_all_its_sets)
{
	static const char yaml[] =
		"services:\n"
		"- {name: keyed, match: {user: 5, netns: " BLUE ", unit: u, cgroup: /c,"
		" container: 0123456789ab, exe: /bin/app}}\n"
		"- {name: bare, match: {port: 80, netns: any}}\n";
	struct world w;
	size_t n_without = 0;

	world_init(&w, yaml);
	world_compile(&w, 2);
	for (size_t i = 0; i < w.tables.n_facts; i++)
		assert_int_equal(set_at(&w, w.tables.facts[i].set)->words[0], 3);
	assert_int_equal(w.tables.n_facts, 2);
	for (enum service_text text = 0; text < SERVICE_TEXTS; text++) {
		const __u64 any = set_at(&w, w.tables.live.any_text[text])->words[0];

		assert_int_equal(any, text == TEXT_PROCESS ? 3 : 2);
		n_without += w.tables.live.text_start[text] == DFA_DEAD;
	}
	assert_int_equal(n_without, 1); /* none asks for the process */
	assert_int_equal(set_at(&w, w.tables.live.any_port)->words[0], 1);
	assert_int_equal(set_at(&w, w.tables.live.any_user)->words[0], 2);
	assert_int_equal(set_at(&w, w.tables.live.any_netns)->words[0], 2);
	assert_int_equal(set_at(&w, w.tables.live.any_mounts)->words[0], 1);
	assert_int_equal(set_at(&w, w.tables.live.any_exe_mounts)->words[0], 3);
	assert_int_equal(set_at(&w, w.tables.live.any_exe_file)->words[0], 3);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_is_a_name_or_a_number),
		cmocka_unit_test(a_user_who_is_not_known_is_nobody),
		cmocka_unit_test(a_network_namespace_is_the_hosts_or_any_or_one_at_a_path),
		cmocka_unit_test(places_are_matched_by_globs),
		cmocka_unit_test(a_glob_matches_no_missing_text),
		cmocka_unit_test(a_place_lifts_the_rules_of_namespaces),
		cmocka_unit_test(a_path_holds_where_its_mounts_do),
		cmocka_unit_test(the_first_service_that_fits_wins),
		cmocka_unit_test(a_service_without_a_key_is_in_all_its_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

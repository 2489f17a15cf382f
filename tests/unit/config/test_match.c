/* SPDX-License-Identifier: GPL-2.0-only */
/* What a service is matched by, as it is read: users, namespaces, and places among cgroups. */
#include <stdio.h>

#include "tests/unit/fixtures/test.h"
#include "config_fixture.h"

TEST(a_place_and_a_namespace_say_where_a_service_matches)
{
	static const struct {
		const char *match, *netns;
		bool is_placed;
	} rows[] = {
		{"port: 80", "host", false},
		{"exe: /bin/a, user: root", "host", false},
		{"port: 80, netns: any", "any", false},
		{"port: 80, netns: /n", "/n", false},
		{"unit: a.service", "any", true},
		{"cgroup: \"*\", port: 80", "any", true},
		{"container: \"*\"", "any", true},
		{"container: \"*\", netns: host", "host", true},
		{"unit: \"*\", netns: /n", "/n", true},
	};
	char text[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;

		snprintf(text, sizeof(text), "services: [{name: a, match: {%s}}]\n", rows[i].match);
		config = parse_good(text);
		assert_string_equal(config_match_netns(&config.services[0].match), rows[i].netns);
		assert_int_equal(config_match_is_placed(&config.services[0].match),
				 rows[i].is_placed);
		config_clear(&config);
	}
}

TEST(users_are_read_as_numbers)
{
	static const struct {
		const char *user;
		uint32_t uid;
	} rows[] = {{"root", 0}, {"0", 0}, {"65534", 65534}, {"4294967294", 4294967294U}};
	char text[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config_match *match;
		struct config config;

		snprintf(text, sizeof(text), "services: [{name: a, match: {user: %s}}]\n",
			 rows[i].user);
		config = parse_good(text);
		match = &config.services[0].match;
		assert_true(match->user_known);
		assert_int_equal(match->uid, rows[i].uid);
		assert_string_equal(match->user, rows[i].user);
		config_clear(&config);
	}
}

#define USER "expected a user's name or number, got "
#define NETNS                                                                                      \
	"expected host, any, or the path of a network namespace, such as /run/netns/blue, got "
#define UNIT "expected a glob on a systemd unit, such as nginx.service, got "
#define CGROUP "expected a glob on the path of a cgroup, such as /kubepods.slice/*, got "
#define CONTAINER "expected a container's id, its first 12 digits or more, or a glob on it, got "
#define ZEROS                                                                                      \
	"0000000000000000000000000000000000000000000000000000000000000000" /* an id's length */

TEST(bad_values_are_refused_in_exact_words)
{
	static const struct {
		const char *key, *value, *message;
	} rows[] = {
		{"user", "\"\"", USER "\"\""},
		{"user", "4294967295", USER "\"4294967295\""}, /* nobody has it: -1 */
		{"user", "99999999999999999999", USER "\"99999999999999999999\""},
		{"user", "\"a,b\"", USER "\"a,b\""},
		{"user", "0:0", USER "\"0:0\""},
		{"user", "[root]", USER "a list"},
		{"netns", "\"\"", NETNS "\"\""},
		{"netns", "Host", NETNS "\"Host\""},
		{"netns", "run/netns/blue", NETNS "\"run/netns/blue\""},
		{"netns", "[any]", NETNS "a list"},
		{"unit", "\"\"", UNIT "\"\""},
		{"unit", "system.slice/a.service", UNIT "\"system.slice/a.service\""},
		{"unit", "[a.service]", UNIT "a list"},
		{"cgroup", "\"\"", CGROUP "\"\""},
		{"cgroup", "system.slice", CGROUP "\"system.slice\""},
		{"cgroup", "{a: b}", CGROUP "a mapping"},
		{"container", "\"\"", CONTAINER "\"\""},
		{"container", "0123456789a", CONTAINER "\"0123456789a\""},
		{"container", "0123456789AB", CONTAINER "\"0123456789AB\""},
		{"container", "\"docker-*\"", CONTAINER "\"docker-*\""},
		{"container", ZEROS "0", CONTAINER "\"" ZEROS "...\""},
		{"container", "[0123456789ab]", CONTAINER "a list"},
		{"contaner", "0123456789ab",
		 "unknown key (did you mean \"container\"?), expected one of port, process, exe, "
		 "user, netns, unit, cgroup, container, role"},
	};
	char text[256], message[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			 "services:\n- name: a\n  match:\n    port: 1\n    %s: %s\n", rows[i].key,
			 rows[i].value);
		snprintf(message, sizeof(message), "t.yaml:5: services[0].match.%s: %s",
			 rows[i].key, rows[i].message);
		assert_refused(text, strlen(text), message);
	}
}

TEST(the_same_match_in_other_words_is_refused)
{
	static const char *const rows[][2] = {
		{"port: 1", "port: 1, netns: host"},
		{"unit: a.service", "unit: a.service, netns: any"},
		{"user: 0, cgroup: \"*\"", "cgroup: \"*\", user: 0"},
		{"container: 0123456789ab", "container: \"0123456789ab*\""},
	};
	char text[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			 "services:\n- {name: a, match: {%s}}\n- {name: b, match: {%s}}\n",
			 rows[i][0], rows[i][1]);
		assert_refused(text, strlen(text),
			       "t.yaml:3: services[1].match: expected a match of its own, got that "
			       "of services[0]");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_and_a_namespace_say_where_a_service_matches),
		cmocka_unit_test(users_are_read_as_numbers),
		cmocka_unit_test(bad_values_are_refused_in_exact_words),
		cmocka_unit_test(the_same_match_in_other_words_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

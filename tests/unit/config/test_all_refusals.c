/* SPDX-License-Identifier: GPL-2.0-only */
/* All that is wrong with a file, and what can hardly be meant. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "config_fixture.h"

#define METHODS                                                                                    \
	"GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, QUERY, _OTHER, _unknown"
#define SLO_KEYS                                                                                   \
	"name, service, objective, window, calendar, time_zone, budgeting, eligible, good, "       \
	"client_abort, alerts, description, labels"
#define SHOP "services: [{name: shop, match: {port: 80}, routes: [/item, \"/b/*\"]}]\n"

/* Joined by newlines; to be freed. */
static char *lines_of(char *const *texts, size_t n)
{
	char *joined;
	size_t len;
	FILE *out = open_memstream(&joined, &len);

	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\n", texts[i]);
	fclose(out);
	return joined;
}

static int check(const char *text, struct config *config, struct refusals *refusals)
{
	char path[] = "/tmp/sliprobe-check-XXXXXX";
	int fd = mkstemp(path), r;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	r = config_check_file(path, "t.yaml", config, refusals);
	unlink(path);
	return r;
}

static void assert_all_refused(const char *text, const char *expected)
{
	struct config config = {};
	struct error first = {};
	struct refusals refusals = {.first = &first};
	char *lines;

	assert_int_equal(check(text, &config, &refusals), -EINVAL);
	lines = lines_of(refusals.texts, refusals.n_texts);
	assert_string_equal(lines, expected);
	assert_int_equal(refusals.n, refusals.n_texts);
	assert_string_equal(refusals.texts[0], first.text);
	free(lines);
	refusals_clear(&refusals);
}

static void assert_warned(const char *text, const char *expected)
{
	struct config config = {};
	struct error first = {};
	struct refusals refusals = {.first = &first};
	char *lines;

	if (check(text, &config, &refusals))
		fail_msg("%s", first.text);
	lines = lines_of(config.warnings, config.n_warnings);
	assert_string_equal(lines, expected);
	free(lines);
	config_clear(&config);
	refusals_clear(&refusals);
}

TEST(one_look_tells_all)
{
	assert_all_refused(
		"agent: {interval: 0s, sokcet: /x}\n"
		"services:\n"
		"- {name: shop, match: {port: 80}, routes: [a, \"/b\", \"/b\"]}\n"
		"- {name: cart, match: {port: 0}}\n"
		"slos:\n"
		"- {name: n, service: shop, objective: 100, good: {status: [99], latency: 5}}\n"
		"- {name: m, service: shop, objektive: 99}\n"
		"- {name: k, service: cart, objective: 99, eligible: {methods: [get, GETT, X]}}\n"
		"notify: [{webhook: {}}, email]\n",
		"t.yaml:1: agent.interval: expected a duration from 1s to 1m, got \"0s\"\n"
		"t.yaml:1: agent.sokcet: unknown key (did you mean \"socket\"?), expected one of "
		"socket, state_dir, interval, unanswered_after, admin_group, metrics_listen, page_listen, page_listen_anywhere, page_hosts\n"
		"t.yaml:3: services[0].routes[0]: expected a path template that starts with '/' and "
		"has no space, '?' or '#', got \"a\"\n"
		"t.yaml:4: services[1].match.port: expected a port number from 1 to 65535, got \"0\"\n"
		"t.yaml:6: slos[0].objective: expected a percentage above 0 and below 100, got "
		"\"100\"\n"
		"t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, "
		"\"2xx\" or \"100-499\", got \"99\"\n"
		"t.yaml:6: slos[0].good.latency: expected a duration from 1us to 1h, got \"5\" "
		"without a unit (ms, s, m, h, d)\n"
		"t.yaml:7: slos[1].objektive: unknown key (did you mean \"objective\"?), expected one "
		"of " SLO_KEYS "\n"
		"t.yaml:8: slos[2].eligible.methods[0]: expected one of " METHODS
		", got \"get\"; did you mean \"GET\"?\n"
		"t.yaml:8: slos[2].eligible.methods[1]: expected one of " METHODS
		", got \"GETT\"; did you mean \"GET\"?\n"
		"t.yaml:8: slos[2].eligible.methods[2]: expected one of " METHODS ", got \"X\"\n"
		"t.yaml:9: notify[0].webhook: expected one of url and url_file, got none\n"
		"t.yaml:9: notify[1]: expected journal or a mapping with one of alertmanager, "
		"webhook, command, journal, got \"email\"\n");
}

/* What was refused in one place is no reason for complaints in another. */
TEST(a_refusal_has_no_followers)
{
	/* the service's name is known, its routes are not */
	assert_all_refused("services: [{name: shop, match: {port: x}}]\n"
			   "slos: [{name: n, service: shop, objective: 99, "
			   "eligible: {routes: [/a]}}]\n",
			   "t.yaml:1: services[0].match.port: expected a port number from 1 to "
			   "65535, got \"x\"\n");
	/* no name is: it may be any */
	assert_all_refused(
		"services: [{nam: shop, match: {port: 1}}]\n"
		"slos: [{name: n, service: shop, objective: 99}]\n"
		"maintenance: [{name: a, weekly: Sun 02:00, duration: 1h, "
		"services: [shop]}]\n",
		"t.yaml:1: services[0].nam: unknown key (did you mean \"name\"?), expected "
		"one of name, match, routes, about, samples\n");
	assert_all_refused("services: shop\n"
			   "slos: [{name: n, service: shop, objective: 99}]\n",
			   "t.yaml:1: services: expected a list of services, got \"shop\"\n");
	assert_all_refused(
		SHOP "slos: [{nam: n, service: shop, objective: 99}]\n"
		     "maintenance: [{name: a, weekly: Sun 02:00, duration: 1h, "
		     "slos: [n]}]\n",
		"t.yaml:2: slos[0].nam: unknown key (did you mean \"name\"?), expected one "
		"of " SLO_KEYS "\n");
}

TEST(names_are_suggested)
{
	assert_all_refused(
		SHOP
		"slos:\n"
		"- {name: n, service: shpo, objective: 99}\n"
		"- {name: cheat, service: shop, objective: 99, eligible: {routes: [/itme, /zzz]}}\n"
		"maintenance:\n"
		"- {name: a, weekly: Sun 02:00, duration: 1h, services: [sop], slos: [cheap]}\n",
		"t.yaml:3: slos[0].service: expected the name of a service in services, or \"*\", got "
		"\"shpo\"; did you mean \"shop\"?\n"
		"t.yaml:4: slos[1].eligible.routes[0]: expected a route of service \"shop\", got "
		"\"/itme\"; did you mean \"/item\"?\n"
		"t.yaml:4: slos[1].eligible.routes[1]: expected a route of service \"shop\", got "
		"\"/zzz\"\n"
		"t.yaml:6: maintenance[0].services[0]: expected the name of a service in services, "
		"got \"sop\"; did you mean \"shop\"?\n"
		"t.yaml:6: maintenance[0].slos[0]: expected the name of an SLO as it is written in "
		"slos, got \"cheap\"; did you mean \"cheat\"?\n");
}

TEST(a_flood_is_cut_and_counted)
{
	char text[8192] = "services:\n";
	struct config config = {};
	struct error first = {};
	struct refusals refusals = {.first = &first};

	for (int i = 0; i < 150; i++)
		strcat(text, "- {name: a, x: 1}\n");
	assert_int_equal(check(text, &config, &refusals), -EINVAL);
	assert_int_equal(refusals.n_texts, REFUSALS_MAX);
	assert_true(refusals.n >= 300);
	refusals_clear(&refusals);
}

TEST(what_can_hardly_be_meant_is_warned_of)
{
	assert_warned(
		SHOP "slos: [{name: n, service: shop, objective: 0.99}]\n",
		"t.yaml:2: slos[0].objective: 0.99 is 0.99 %, so that nearly all requests may "
		"fail: was 99 meant?\n");
	assert_warned(SHOP "slos: [{name: n, service: shop, objective: 99, "
			   "good: {status: [2xx, 503]}}]\n",
		      "t.yaml:2: slos[0].good.status: a server's error (503) counts as good\n");
	assert_warned(
		SHOP "slos: [{name: n, service: shop, objective: 99, "
		     "good: {grpc_status: [OK, 14]}}]\n",
		"t.yaml:2: slos[0].good.grpc_status: a server's error (UNAVAILABLE) counts as "
		"good\n");
	assert_warned(SHOP "slos: [{name: n, service: shop, objective: 99, "
			   "good: {grpc_status: [NOT_FOUND, INTERNAL]}}]\n",
		      "t.yaml:2: slos[0].good.grpc_status: OK is not among the statuses that are "
		      "good: no gRPC request that succeeds is good\n");
	assert_warned(
		"services: [{name: shop, match: {port: 80}, "
		"routes: [\"/a/:id\", \"/b$\", \"/(c|d)\", \"/e/{id}\", \"/f.*\"]}]\n"
		"slos: [{name: n, service: shop, objective: 99}]\n",
		"t.yaml:1: services[0].routes[0]: \":name\" is taken literally: write * or {name} "
		"for one segment\n"
		"t.yaml:1: services[0].routes[1]: this is no regular expression: * stands for one "
		"segment, ** for the rest\n"
		"t.yaml:1: services[0].routes[2]: this is no regular expression: * stands for one "
		"segment, ** for the rest\n");
	assert_warned(
		SHOP "slos: [{name: n, service: shop, objective: 99}]\n"
		     "notify: [{command: {argv: [/nonexistent/on-burn]}}]\n",
		"t.yaml:3: notify[0].command.argv[0]: /nonexistent/on-burn cannot be run here: "
		"No such file or directory\n");
}

TEST(services_that_get_no_request_are_warned_of)
{
	static const char *const hidden[][2] = {
		{"port: 80", "port: 80, process: nginx"},
		{"process: \"nginx*\"", "process: nginx"},
		{"process: \"*\"", "process: \"a*\""},
		{"exe: \"/usr/*/java\"", "exe: /usr/bin/java, port: 1"},
		{"process: \"*\"", "port: 80"},
		{"user: root", "user: root, port: 80"},
		{"port: 80, netns: any", "port: 80"},
		{"port: 80, netns: any", "port: 80, netns: /run/netns/blue"},
		{"port: 80, netns: /n", "port: 80, netns: /n, user: root"},
		{"unit: \"*\"", "unit: nginx.service"},
		{"unit: \"*\"", "unit: \"a*\", netns: host"},
		{"cgroup: \"/a/*\"", "cgroup: /a/b, unit: b"},
		{"container: \"*\"", "container: 0123456789ab, port: 80"},
	};
	static const char *const own[][2] = {
		{"port: 80", "port: 81"},
		{"port: 80", "process: nginx"},
		{"process: nginx", "process: \"nginx*\""},
		{"process: \"a*\"", "process: \"*a\""},
		{"exe: \"/a[b]\"", "exe: /ab"},
		{"user: root", "port: 80"},
		{"user: root", "user: 65534"},
		{"port: 80", "port: 80, netns: any"},
		{"port: 80", "port: 80, netns: /run/netns/blue"},
		{"port: 80", "port: 80, unit: nginx.service"},
		{"port: 80, netns: any", "port: 80, unit: nginx.service"},
		{"unit: \"*\", netns: host", "unit: nginx.service"},
		/* not every process has such a thing */
		{"exe: \"*\"", "port: 80"},
		{"unit: \"*\"", "port: 80"},
		{"cgroup: \"*\"", "port: 80"},
		{"container: \"*\"", "port: 80"},
		{"container: \"*\"", "unit: docker.service"},
	};
	char text[256];

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		snprintf(text, sizeof(text),
			 "services: [{name: a, match: {%s}}, {name: b, match: {%s}}]\n"
			 "slos: [{name: n, service: a, objective: 99}]\n",
			 hidden[i][0], hidden[i][1]);
		assert_warned(text,
			      "t.yaml:1: services[1].match: service \"b\" gets no request: "
			      "whatever it matches is service \"a\" already, which stands before "
			      "it\n");
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		snprintf(text, sizeof(text),
			 "services: [{name: a, match: {%s}}, {name: b, match: {%s}}]\n"
			 "slos: [{name: n, service: a, objective: 99}]\n",
			 own[i][0], own[i][1]);
		assert_warned(text, "");
	}
}

/* Another host may know it: no refusal. */
TEST(a_user_who_is_not_known_is_warned_of)
{
	static const char slo[] = "slos: [{name: n, service: shop, objective: 99}]\n";
	char text[256];

	snprintf(text, sizeof(text),
		 "services:\n- name: shop\n  match:\n    user: no-such-user\n%s", slo);
	assert_warned(text, "t.yaml:4: services[0].match.user: no user \"no-such-user\" is known "
			    "here: the service gets no request\n");
	snprintf(text, sizeof(text), "services: [{name: shop, match: {user: root}}]\n%s", slo);
	assert_warned(text, "");
	snprintf(text, sizeof(text), "services: [{name: shop, match: {user: 4294967294}}]\n%s",
		 slo);
	assert_warned(text, "");
}

TEST(exclusions_without_effect_are_warned_of)
{
	static const char slo[] =
		SHOP "slos: [{name: n, service: shop, objective: 99, eligible: {%s"
		     "exclude: {paths: [\"%s\"]}}}]\n";
	static const struct {
		const char *routes, *path;
		bool warned;
	} cases[] = {
		{"routes: [/item], ", "/healthz", true},
		{"routes: [/item], ", "/item", false},
		{"routes: [/item], ", "/*", false},
		{"routes: [/item], ", "/**", false},
		{"routes: [\"/b/*\"], ", "/b/c", false},
		{"routes: [\"/b/*\"], ", "/b", true},
		{"routes: [\"/b/*\"], ", "/b/c/d", true},
		{"routes: [_other], ", "/healthz", false},
		{"", "/healthz", false},
	};
	char text[512], expected[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), slo, cases[i].routes, cases[i].path);
		snprintf(expected, sizeof(expected),
			 "t.yaml:2: slos[0].eligible.exclude.paths[0]: \"%s\" is on none of the "
			 "eligible routes: nothing is excluded\n",
			 cases[i].path);
		assert_warned(text, cases[i].warned ? expected : "");
	}
}

TEST(a_percent_sign_is_no_fault)
{
	struct config config =
		parse_good(SHOP "slos: [{name: n, service: shop, objective: 99.9%}]\n");

	assert_true(config.slos[0].objective == 0.999);
	config_clear(&config);
}

#define OPENSLO                                                                                    \
	"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: n}\n"                                 \
	"spec:\n"                                                                                  \
	"  service: elsewhere\n"                                                                   \
	"  indicator: {spec: {ratioMetric: {counter: true,\n"                                      \
	"    good: {metricSource: {type: sliprobe, spec: {}}},\n"                                  \
	"    total: {metricSource: {type: sliprobe, spec: {eligible: {routes: [/a]}}}}}}}\n"       \
	"  timeWindow: [{duration: 30d, isRolling: true}]\n"                                       \
	"  budgetingMethod: Occurrences\n"

TEST(openslo_files_by_themselves)
{
	assert_warned(OPENSLO "  objectives: [{target: 0.99}]\n", "");
	assert_all_refused(
		OPENSLO "  objectives: [{target: 99}]\n"
			"---\n" OPENSLO "  objectives: [{targt: 0.9}]\n",
		"t.yaml:15: SLO \"n\": metadata.name: expected a name that is unique in the "
		"file\n"
		"t.yaml:11: SLO \"n\": spec.objectives[0].target: expected a number above 0 "
		"and below 1, got \"99\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_look_tells_all),
		cmocka_unit_test(a_refusal_has_no_followers),
		cmocka_unit_test(names_are_suggested),
		cmocka_unit_test(a_flood_is_cut_and_counted),
		cmocka_unit_test(what_can_hardly_be_meant_is_warned_of),
		cmocka_unit_test(services_that_get_no_request_are_warned_of),
		cmocka_unit_test(a_user_who_is_not_known_is_warned_of),
		cmocka_unit_test(exclusions_without_effect_are_warned_of),
		cmocka_unit_test(a_percent_sign_is_no_fault),
		cmocka_unit_test(openslo_files_by_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

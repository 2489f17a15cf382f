/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration file: what is taken, and the exact words of each refusal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "config_fixture.h"
#include "config_refusals.h"
#include "tests/unit/fixtures/malloc_fail.h"

static const char full_yaml[] =
	"agent:\n"
	"  socket: /tmp/s.sock\n"
	"  state_dir: /tmp/state\n"
	"  interval: 1.5s\n"
	"  unanswered_after: 2m\n"
	"services:\n"
	"  - name: shop\n"
	"    match: {port: 8080, process: \"nginx*\", exe: /usr/sbin/*, role: server}\n"
	"    routes: [\"/cart/*\", \"/checkout\", \"/items/**\"]\n"
	"    about:\n"
	"      owner: team-shop\n"
	"      purpose: |\n"
	"        sells\n"
	"        things\n"
	"      mitigation: \"roll back\"\n"
	"      runbook: https://example.com/shop\n"
	"  - name: Läden\n"
	"    match: {process: java, user: root, netns: /run/netns/blue, unit: \"java@*\", "
	"cgroup: \"/a/*\", container: 0123456789ab}\n"
	"slos:\n"
	"  - name: checkout\n"
	"    service: shop\n"
	"    objective: 99.9\n"
	"    window: 90d\n"
	"    budgeting: occurrences\n"
	"    eligible:\n"
	"      routes: [\"/checkout\", \"/cart/*\", _other]\n"
	"      methods: [GET, POST, _OTHER]\n"
	"      exclude: {paths: [\"/healthz\"], user_agents: [\"kube-probe/*\", \"wrk*\"]}\n"
	"    good:\n"
	"      status: [\"200-299\", 304, 1xx, \"404\"]\n"
	"      grpc_status: [OK, 5, \"16\", _absent]\n"
	"      latency: 100ms\n"
	"      latency_of: first_byte\n"
	"      min_body: 2k\n"
	"    client_abort: bad\n"
	"    alerts: default\n"
	"  - name: monthly\n"
	"    service: shop\n"
	"    objective: 99\n"
	"    window: {calendar: month, time_zone: Europe/Berlin}\n"
	"    alerts: [{no-data: {after: 30m}}, {burn: {budget: 2%, window: 1h}}]\n"
	"  - {name: sliced, service: shop, objective: \"95.5\", calendar: month,\n"
	"     budgeting: {timeslices: {slice: 1m, target: 95}}}\n"
	"  - name: all-{service}\n"
	"    description: \"No customer\\nwaits.\"\n"
	"    labels: {team: shop, tier_1: 2, _x: \"a \\\"b\\\"\"}\n"
	"    service: \"*\"\n"
	"    objective: 99.99\n"
	"notify:\n"
	"  - alertmanager: {url: \"http://127.0.0.1:9093\"}\n"
	"  - webhook: {url: \"https://127.0.0.1:8000/hook\"}\n"
	"  - command: {argv: [/bin/sh, -v]}\n"
	"  - journal\n"
	"alerting: {remind: 1d}\n"
	"maintenance:\n"
	"  - {name: backup, weekly: \"Sun 02:00\", duration: 2h, services: [shop]}\n"
	"  - {name: move, start: 2026-03-01T02:00:00Z, duration: 2h, slos: [checkout]}\n";

static void assert_statuses(const struct config_slo *slo, unsigned int from, unsigned int to,
			    bool good)
{
	for (unsigned int s = from; s <= to; s++)
		assert_int_equal(slo->good.status[s / 64] >> (s % 64) & 1, good);
}

TEST(full_file_is_read)
{
	struct config config = parse_good(full_yaml);
	const struct config_service *shop = &config.services[0];
	const struct config_slo *slo = &config.slos[0];

	assert_string_equal(config.file, "t.yaml");
	assert_string_equal(config.agent.socket, "/tmp/s.sock");
	assert_string_equal(config.agent.state_dir, "/tmp/state");
	assert_int_equal(config.agent.interval_ns, 1500000000);
	assert_int_equal(config.agent.unanswered_after_ns, 120000000000);

	assert_int_equal(config.n_services, 2);
	assert_string_equal(shop->name, "shop");
	assert_int_equal(shop->match.port, 8080);
	assert_string_equal(shop->match.process, "nginx*");
	assert_string_equal(shop->match.exe, "/usr/sbin/*");
	assert_int_equal(shop->n_routes, 3);
	assert_string_equal(shop->routes[0], "/cart/*");
	assert_string_equal(shop->routes[2], "/items/**");
	assert_string_equal(shop->about.owner, "team-shop");
	assert_string_equal(shop->about.purpose, "sells\nthings\n");
	assert_string_equal(shop->about.mitigation, "roll back");
	assert_string_equal(shop->about.runbook, "https://example.com/shop");
	assert_string_equal(config.services[1].name, "Läden");
	assert_int_equal(config.services[1].match.port, 0);
	assert_null(config.services[1].match.exe);
	assert_string_equal(config.services[1].match.user, "root");
	assert_true(config.services[1].match.user_known);
	assert_string_equal(config.services[1].match.netns, "/run/netns/blue");
	assert_string_equal(config.services[1].match.unit, "java@*");
	assert_string_equal(config.services[1].match.cgroup, "/a/*");
	assert_string_equal(config.services[1].match.container, "0123456789ab*");
	assert_null(shop->match.user);
	assert_null(shop->match.netns);
	assert_null(config.services[1].about.owner);

	assert_int_equal(config.n_slos, 4);
	assert_null(slo->description);
	assert_int_equal(slo->n_labels, 0);
	assert_string_equal(config.slos[3].description, "No customer\nwaits.");
	assert_int_equal(config.slos[3].n_labels, 3);
	assert_string_equal(config.slos[3].labels[1].name, "tier_1");
	assert_string_equal(config.slos[3].labels[1].value, "2");
	assert_string_equal(config.slos[3].labels[2].value, "a \"b\"");
	assert_string_equal(slo->name, "checkout");
	assert_string_equal(slo->service, "shop");
	assert_true(slo->objective == 0.999);
	assert_int_equal(slo->window_seconds, 90 * 86400);
	assert_false(slo->calendar_month);
	assert_int_equal(slo->slice_seconds, 0);
	assert_int_equal(slo->eligible.n_routes, 3);
	assert_string_equal(slo->eligible.routes[2], "_other");
	assert_int_equal(slo->eligible.methods,
			 1U << HTTP_METHOD_GET | 1U << HTTP_METHOD_POST | 1U << HTTP_METHOD_OTHER);
	assert_int_equal(slo->eligible.n_exclude_paths, 1);
	assert_string_equal(slo->eligible.exclude_paths[0], "/healthz");
	assert_int_equal(slo->eligible.n_exclude_user_agents, 2);
	assert_string_equal(slo->eligible.exclude_user_agents[1], "wrk*");
	assert_int_equal(slo->eligible.client_abort, CLIENT_ABORT_BAD);
	assert_statuses(slo, 0, 99, false);
	assert_statuses(slo, 100, 299, true);
	assert_statuses(slo, 300, 303, false);
	assert_statuses(slo, 304, 304, true);
	assert_statuses(slo, 305, 403, false);
	assert_statuses(slo, 404, 404, true);
	assert_statuses(slo, 405, 639, false);
	assert_int_equal(slo->good.grpc_status, 1U << GRPC_OK | 1U << GRPC_NOT_FOUND |
							1U << GRPC_UNAUTHENTICATED |
							1U << GRPC_ABSENT);
	assert_int_equal(slo->good.latency_ns, 100000000);
	assert_int_equal(slo->good.latency_of, LATENCY_OF_FIRST_BYTE);
	assert_int_equal(slo->good.min_body_bytes, 2000);

	slo = &config.slos[1];
	assert_true(slo->calendar_month);
	assert_string_equal(slo->time_zone, "Europe/Berlin");
	assert_int_equal(slo->window_seconds, 31 * 86400);
	assert_int_equal(slo->eligible.methods, (1U << HTTP_METHOD_COUNT) - 1);
	assert_int_equal(slo->eligible.client_abort, CLIENT_ABORT_LATE);
	assert_true(slo->eligible.late_after_ns == 120000000000);
	assert_statuses(slo, 0, 99, false);
	assert_statuses(slo, 100, 499, true);
	assert_statuses(slo, 500, 639, false);
	assert_int_equal(slo->good.grpc_status, GRPC_GOOD);
	assert_int_equal(slo->good.latency_ns, 0);
	assert_int_equal(slo->good.latency_of, LATENCY_OF_TOTAL);
	assert_int_equal(slo->good.min_body_bytes, 0);

	slo = &config.slos[2];
	assert_true(slo->objective == 0.955);
	assert_true(slo->calendar_month);
	assert_string_equal(slo->time_zone, "UTC");
	assert_int_equal(slo->slice_seconds, 60);
	assert_true(slo->slice_target == 0.95);
	assert_string_equal(config.slos[3].service, "*");

	for (size_t i = 0; i < config.n_warnings; i++)
		print_message("%s\n", config.warnings[i]);
	assert_int_equal(config.n_warnings, 1);
	assert_string_equal(config.warnings[0], "t.yaml:31: slos[0].good.grpc_status: a server's "
						"error (_absent) counts as good");
	config_clear(&config);
	assert_null(config.services);
	config_clear(&config);
}

TEST(default_is_valid)
{
	struct config config = parse_good(config_default_yaml);
	struct config bare = parse_good("services: []\n");

	assert_int_equal(config.n_services, 0);
	assert_int_equal(config.n_slos, 1);
	assert_int_equal(config.n_warnings, 0);
	assert_string_equal(config.slos[0].name, "{service}");
	assert_string_equal(config.slos[0].service, "*");
	assert_true(config.slos[0].objective == 0.999);
	assert_int_equal(config.slos[0].window_seconds, 2592000);
	assert_int_equal(config.slos[0].good.latency_ns, 1000000000);
	assert_statuses(&config.slos[0], 100, 499, true);
	assert_statuses(&config.slos[0], 500, 639, false);
	assert_string_equal(config.agent.socket, "/run/sliprobe/status.sock");

	/* what it spells out is what a file without it gets */
	assert_string_equal(config.agent.socket, bare.agent.socket);
	assert_string_equal(config.agent.state_dir, bare.agent.state_dir);
	assert_int_equal(config.agent.interval_ns, bare.agent.interval_ns);
	assert_int_equal(config.agent.unanswered_after_ns, bare.agent.unanswered_after_ns);
	assert_int_equal(bare.n_warnings, 1);
	assert_string_equal(bare.warnings[0],
			    "slos: none given, requests are counted but not judged");
	config_clear(&config);
	config_clear(&bare);
}

TEST(good_variants)
{
	static const char *const good[] = {
		"agent: {}\n",
		"--- # a comment\nslos: []\n...\n",
		"\xef\xbb\xbf# with a byte order mark\nservices: []\n",
		"\xef\xbb\xbfservices: []\nslos: []\n",
		"\"agent\": {\"interval\": '1m'}\n",
		"slos: &anchor []\n",
		"services: [{name: a, match: {port: 1}}, {name: b, match: {port: 65535}}]\n",
		"services: [{name: a, match: {port: 1}}, {name: b, match: {port: 1, process: x}}]\n",
		"services: [{name: 123, match: {exe: \"*/x\"}, routes: []}]\n",
		"services: [{name: a, match: {process: \"*fifteen-bytes-x*\"}}]\n",
		"slos: [{name: \"{service}-a\", service: \"*\", objective: 0.0001},\n"
		"       {name: \"{service}-b\", service: \"*\", objective: 99.99999}]\n",
		"slos: [{name: \"{service}\", service: \"*\", objective: 50, eligible: {routes: [_other]}}]\n",
		"agent: {unanswered_after: 1s}\n"
		"slos: [{name: \"{service}\", service: \"*\", objective: 50, good: {latency: 1000ms}}]\n",
		"slos: [{name: \"{service}\", service: \"*\", objective: 50, good: {min_body: 0}}]\r\n",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct config config = parse_good(good[i]);

		config_clear(&config);
	}
}

TEST(refused_in_exact_words)
{
	for (size_t i = 0; i < sizeof(config_refusals) / sizeof(*config_refusals); i++)
		assert_refused(config_refusals[i].text, strlen(config_refusals[i].text),
			       config_refusals[i].message);
}

TEST(files_are_loaded)
{
	char directory[] = "/tmp/test_config.XXXXXX", path[64], message[192];
	struct config untouched = {.n_services = 4711}, config = untouched;
	struct error error = {};
	int fd;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/c.yaml", directory);

	assert_int_equal(config_load(path, &config, &error), -ENOENT);
	snprintf(message, sizeof(message), "%s: cannot be opened: No such file or directory", path);
	assert_string_equal(error.text, message);
	assert_int_equal(config_load(directory, &config, &error), -EISDIR);
	snprintf(message, sizeof(message), "%s: cannot be read: Is a directory", directory);
	assert_string_equal(error.text, message);
	assert_memory_equal(&config, &untouched, sizeof(config));

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, full_yaml, strlen(full_yaml)), strlen(full_yaml));
	assert_int_equal(config_load(path, &config, &error), 0);
	assert_string_equal(config.file, path);
	assert_int_equal(config.n_slos, 4);
	config_clear(&config);

	assert_int_equal(write(fd, "x: 1\n", 5), 5);
	assert_int_equal(config_load(path, &config, &error), -EINVAL);
	snprintf(message, sizeof(message),
		 "%s:58: x: unknown key, expected one of agent, services, "
		 "slos, slo_files, notify, alerting, maintenance, samples, tls",
		 path);
	assert_string_equal(error.text, message);
	close(fd);
	unlink(path);
	rmdir(directory);
}

/* Warnings, and every kind of allocation; then a file that is refused. */
TEST(every_failed_allocation_is_clean)
{
	static const char refused[] = ONE_SERVICE "slos: [{name: n, service: b, objective: 9}]\n";
	const char *const texts[] = {full_yaml, refused};

	for (int t = 0; t < 2; t++) {
		struct config untouched = {.n_services = 4711}, config;
		struct error error;
		unsigned long n = 0;
		int r;

		do {
			config = untouched;
			n_allocations = 0;
			fail_at = ++n;
			r = parse(texts[t], &config, &error);
			fail_at = 0;
			if (r)
				assert_memory_equal(&config, &untouched, sizeof(config));
			if (r == -ENOMEM)
				assert_string_equal(error.text, "t.yaml: out of memory");
		} while (r == -ENOMEM);
		assert_int_equal(r, t ? -EINVAL : 0);
		print_message("%lu allocations\n", n - 1);
		assert_true(n > 3);
		if (!r)
			config_clear(&config);
	}
}

static size_t mutate(char *text, size_t len, size_t room)
{
	static const char *const scraps[] = {
		"[",	   "]",	 "{",		"}",	     ": ",    ", ",    "\n",	"  ",
		"- ",	   "\"", "'",		"&a ",	     "*a",    "!!x ",  "|\n",	">\n",
		"? ",	   "#",	 "%",		"\t",	     "\\",    "~",     "\xff",	"\xc3\xa9",
		"slos:\n", "0",	 "99999999999", "{service}", "\"*\"", "---\n", "...\n", "<<: ",
	};
	size_t at = random_below(len), end = at + random_below(len - at + 1);
	const char *scrap = scraps[random_below(sizeof(scraps) / sizeof(*scraps))];
	size_t n = strlen(scrap);

	switch (random_below(4)) {
	case 0:
		text[at] = (char)random_below(256);
		return len;
	case 1: /* cut */
		if (end - at > 40)
			end = at + 40;
		memmove(text + at, text + end, len - end);
		return len - (end - at);
	case 2: /* repeat */
		n = end - at < 60 ? end - at : 60;
		if (len + n > room)
			return len;
		memmove(text + at + n, text + at, len - at);
		return len + n;
	default:
		if (len + n > room)
			return len;
		memmove(text + at + n, text + at, len - at);
		memcpy(text + at, scrap, n);
		return len + n;
	}
}

TEST(mutated_files_do_no_harm)
{
	size_t n_good = 0, n_rounds = 6000;

	for (size_t round = 0; round < n_rounds; round++) {
		char text[4096];
		size_t len = strlen(full_yaml), n = 1 + random_below(3);
		struct config config = {};
		struct error error = {};
		int r;

		memcpy(text, full_yaml, len);
		while (n-- && len)
			len = mutate(text, len, sizeof(text));
		r = config_parse(text, len, "t.yaml", &config, &error);
		assert_true(r == 0 || r == -EINVAL);
		if (r) {
			assert_int_equal(strncmp(error.text, "t.yaml:", 7), 0);
			assert_true(strstr(error.text, "expected") ||
				    strstr(error.text, "supported"));
		} else {
			n_good++;
			assert_true(config.n_slos <= CONFIG_MAX_SLOS);
		}
		config_clear(&config);
	}
	print_message("%zu of %zu mutations were valid\n", n_good, n_rounds);
	assert_true(n_good >= 50 && n_good < n_rounds);
}

TEST(the_name_for_a_service_has_it_filled_in)
{
	static const struct {
		const char *name, *service, *expected;
	} rows[] = {
		{"{service}", "shop", "shop"},
		{"{service}-up", "shop", "shop-up"},
		{"all-{service}", "nginx:8080@4026531840", "all-nginx:8080@4026531840"},
		{"a {service} b", "shop", "a shop b"},
		{"checkout", "shop", "checkout"},
		{"{service", "shop", "{service"},
		{"{Service}", "shop", "{Service}"},
		{"{{service}}", "shop", "{shop}"},
		{"100%s {service} %d", "50%", "100%s 50% %d"},
		{"{service}", "", ""},
		{"", "shop", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *name = slo_name_for(rows[i].name, rows[i].service);

		assert_non_null(name);
		assert_string_equal(name, rows[i].expected);
		free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_file_is_read),
		cmocka_unit_test(default_is_valid),
		cmocka_unit_test(good_variants),
		cmocka_unit_test(refused_in_exact_words),
		cmocka_unit_test(files_are_loaded),
		cmocka_unit_test(every_failed_allocation_is_clean),
		cmocka_unit_test(the_name_for_a_service_has_it_filled_in),
		cmocka_unit_test(mutated_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

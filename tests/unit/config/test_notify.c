/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receivers, reminders, maintenance and SLO files in the configuration.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "config/schema.h"
#include "base/duration.h"
#include "config_malloc_fail.h"

enum {
	PAGE = 1U << SEVERITY_PAGE,
	TICKET = 1U << SEVERITY_TICKET,
	NOTICE = 1U << SEVERITY_NOTICE,
	HOUR = 3600,
};

/* 2026-03-01T02:00:00Z */
#define MARCH INT64_C(1772330400)

static void assert_receiver(const struct config_receiver *receiver, enum config_receiver_kind kind,
			    const char *url, uint64_t timeout_seconds, uint32_t severities)
{
	assert_int_equal(receiver->kind, kind);
	if (url)
		assert_string_equal(receiver->url, url);
	else
		assert_null(receiver->url);
	assert_int_equal(receiver->timeout_ns, timeout_seconds * DURATION_S_NS);
	assert_int_equal(receiver->severities, severities);
}

TEST(what_a_webhook_sends_is_read)
{
	struct config config = parse_good(
		"notify:\n"
		"- webhook: {url: \"http://a/\", body: '{\"text\": \"{line}\"}', headers: [\"X-A: b c\"]}\n"
		"- webhook: {url: \"http://b/\", content_type: text/plain, body: \"{summary} {{slo}}\"}\n"
		"- webhook:\n"
		"    url: \"http://c/\"\n"
		"    body: {\"text\": \"{slo}\", n: [1, 2.5, true, null, \"1\", x y]}\n");
	const struct config_receiver *r = config.receivers;
	struct config twice =
		parse_good("notify:\n"
			   "- webhook: {url: \"http://a/\", body: {to: a}}\n"
			   "- webhook: {url: \"http://a/\", body: {to: b}}\n"
			   "- webhook: {url: \"http://a/\", body: {to: b}, headers: [\"A: b\"]}\n"
			   "- webhook: {url: \"http://a/\"}\n");

	assert_int_equal(twice.n_receivers, 4);
	config_clear(&twice);
	assert_string_equal(r[0].body, "{\"text\": \"{line}\"}");
	assert_null(r[0].content_type);
	assert_int_equal(r[0].n_headers, 1);
	assert_string_equal(r[0].headers[0], "X-A: b c");
	assert_string_equal(r[1].body, "{summary} {{slo}}");
	assert_string_equal(r[1].content_type, "text/plain");
	assert_string_equal(r[2].body,
			    "{\"text\":\"{slo}\",\"n\":[1,2.5,true,null,\"1\",\"x y\"]}");
	config_clear(&config);
}

TEST(every_receiver_is_read)
{
	struct config config =
		parse_good("notify:\n"
			   "- alertmanager: {url: \"http://127.0.0.1:9093\"}\n"
			   "- alertmanager: {url: \"https://am.example/prefix//\", timeout: 1s}\n"
			   "- webhook: {url: \"http://127.0.0.1:8000/hook/?a=b\", timeout: 5m,\n"
			   "            severities: [page, ticket, notice, page]}\n"
			   "- command: {argv: [/bin/true]}\n"
			   "- command: {argv: [/bin/true, -v, \"a b\"], severities: [notice]}\n"
			   "- journal\n");
	const struct config_receiver *r = config.receivers;
	struct config journal = parse_good("notify: [{journal: {severities: [page]}}]\n");
	struct config bare = parse_good("notify: [{journal: {}}]\n");

	assert_int_equal(config.n_receivers, 6);
	assert_receiver(&r[0], RECEIVER_ALERTMANAGER, "http://127.0.0.1:9093", 10, PAGE | TICKET);
	assert_receiver(&r[1], RECEIVER_ALERTMANAGER, "https://am.example/prefix", 1,
			PAGE | TICKET);
	assert_receiver(&r[2], RECEIVER_WEBHOOK, "http://127.0.0.1:8000/hook/?a=b", 300,
			PAGE | TICKET | NOTICE);
	assert_receiver(&r[3], RECEIVER_COMMAND, NULL, 10, PAGE | TICKET);
	assert_int_equal(r[3].n_argv, 1);
	assert_string_equal(r[3].argv[0], "/bin/true");
	assert_receiver(&r[4], RECEIVER_COMMAND, NULL, 10, NOTICE);
	assert_int_equal(r[4].n_argv, 3);
	assert_string_equal(r[4].argv[2], "a b");
	assert_receiver(&r[5], RECEIVER_JOURNAL, NULL, 10, PAGE | TICKET);
	assert_receiver(&journal.receivers[0], RECEIVER_JOURNAL, NULL, 10, PAGE);
	assert_receiver(&bare.receivers[0], RECEIVER_JOURNAL, NULL, 10, PAGE | TICKET);
	config_clear(&config);
	assert_null(config.receivers);
	config_clear(&journal);
	config_clear(&bare);
}

TEST(reminders_come_after_4_h_unless_said)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} cases[] = {
		{config_default_yaml, 4 * HOUR},
		{"agent: {}\n", 4 * HOUR},
		{"alerting: {}\n", 4 * HOUR},
		{"alerting: {remind: 1m}\n", 60},
		{"alerting: {remind: 7d}\n", 7 * 24 * HOUR},
		{"alerting: {remind: never}\n", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config config = parse_good(cases[i].text);

		assert_int_equal(config.remind_seconds, cases[i].seconds);
		config_clear(&config);
	}
}

#define ONE_SLO                                                                                    \
	"services: [{name: a, match: {port: 1}}, {name: b, match: {port: 2}}]\n"                   \
	"slos: [{name: n, service: a, objective: 99}, {name: m, service: b, objective: 99}]\n"

TEST(maintenance_is_read)
{
	struct config config = parse_good(
		ONE_SLO "maintenance:\n"
			"- {name: once, start: 2026-03-01T02:00:00Z, end: 2026-03-01T04:30:00Z}\n"
			"- {name: long, start: \"2026-03-01T02:00:00Z\", duration: 90m,\n"
			"   services: [a, b], slos: [m], exclude: eligible}\n"
			"- {name: sunday, weekly: \"Sun 02:00\", duration: 6d, exclude: alerts}\n"
			"- {name: saturday, weekly: \"Sat 23:59\", duration: 1m,\n"
			"   time_zone: Europe/Berlin}\n");
	const struct config_maintenance *m = config.maintenance;

	assert_int_equal(config.n_maintenance, 4);
	assert_string_equal(m[0].name, "once");
	assert_true(m[0].start_unix_seconds == MARCH);
	assert_true(m[0].end_unix_seconds == MARCH + 9000);
	assert_false(m[0].weekly);
	assert_false(m[0].exclude_eligible);
	assert_int_equal(m[0].n_services + m[0].n_slos, 0);
	assert_null(m[0].time_zone);
	assert_true(m[1].start_unix_seconds == MARCH);
	assert_true(m[1].end_unix_seconds == MARCH + 5400);
	assert_true(m[1].exclude_eligible);
	assert_int_equal(m[1].n_services, 2);
	assert_string_equal(m[1].services[1], "b");
	assert_int_equal(m[1].n_slos, 1);
	assert_string_equal(m[1].slos[0], "m");
	assert_true(m[2].weekly);
	assert_int_equal(m[2].weekday, 0);
	assert_int_equal(m[2].minute_of_day, 120);
	assert_int_equal(m[2].duration_seconds, 6 * 24 * HOUR);
	assert_string_equal(m[2].time_zone, "UTC");
	assert_false(m[2].exclude_eligible);
	assert_int_equal(m[3].weekday, 6);
	assert_int_equal(m[3].minute_of_day, 24 * 60 - 1);
	assert_int_equal(m[3].duration_seconds, 60);
	assert_string_equal(m[3].time_zone, "Europe/Berlin");
	config_clear(&config);
	assert_null(config.maintenance);
}

TEST(maintenance_may_name_services_not_found_yet)
{
	struct config config =
		parse_good("slos: [{name: \"{service}\", service: \"*\", objective: 99}]\n"
			   "maintenance: [{name: x, weekly: \"Mon 00:00\", duration: 1h,\n"
			   "               services: [\"nginx:8080\"], slos: [\"{service}\"]}]\n");

	assert_string_equal(config.maintenance[0].services[0], "nginx:8080");
	config_clear(&config);
}

#define COMMAND(keys) "notify: [{command: {" keys "}}]\n"
#define WEBHOOK(keys) "notify: [{webhook: {url: 'http://x', " keys "}}]\n"
#define WEEKLY(keys) ONE_SLO "maintenance: [{name: x, weekly: 'Sun 02:00', " keys "}]\n"
#define ONCE(keys) ONE_SLO "maintenance: [{name: x, start: 2026-03-01T02:00:00Z, " keys "}]\n"
#define WEEKDAY(text) ONE_SLO "maintenance: [{name: x, weekly: '" text "', duration: 1h}]\n"
#define WEEKDAY_REFUSED(text)                                                                      \
	"t.yaml:3: maintenance[0].weekly: expected a weekday and time such as \"Sun 02:00\", got " \
	"\"" text "\""

static const struct {
	const char *text;
	const char *message;
} refusals[] = {
	{"notify: [{alertmanager: {url: \"http://x/?a\"}}]\n",
	 "t.yaml:1: notify[0].alertmanager.url: expected a URL such as http://127.0.0.1:9093 "
	 "without '?' or '#', got \"http://x/...\""},
	{"notify: [{webhook: {url: \"http://\"}}]\n",
	 "t.yaml:1: notify[0].webhook.url: expected a URL that starts with http:// or https://, "
	 "got \"http://\""},
	{"notify: [{webhook: {url: \"https:///x\"}}]\n",
	 "t.yaml:1: notify[0].webhook.url: expected a URL that starts with http:// or https://, "
	 "got \"https:///...\""},
	{"notify: [{webhook: {url: \"http://a b\"}}]\n",
	 "t.yaml:1: notify[0].webhook.url: expected a URL that starts with http:// or https://, "
	 "got \"http://a b\""},
	{WEBHOOK("timeout: 999ms"),
	 "t.yaml:1: notify[0].webhook.timeout: expected a duration from 1s to 5m, got \"999ms\""},
	{WEBHOOK("timeout: 301s"),
	 "t.yaml:1: notify[0].webhook.timeout: expected a duration from 1s to 5m, got \"301s\""},
	{WEBHOOK("severities: []"),
	 "t.yaml:1: notify[0].webhook.severities: expected at least 1 in the list, got 0"},
	{WEBHOOK("severities: page"), "t.yaml:1: notify[0].webhook.severities: expected a list of "
				      "page, ticket, notice, got \"page\""},
	{WEBHOOK("severities: [page, warning]"),
	 "t.yaml:1: notify[0].webhook.severities[1]: expected page, ticket or notice, got "
	 "\"warning\""},
	{WEBHOOK("retry: 3"), "t.yaml:1: notify[0].webhook.retry: unknown key, expected one of "
			      "name, url, url_file, body, content_type, headers, header_file, "
			      "timeout, severities"},
	/* nothing that may be a secret is quoted, wherever it stands */
	{"notify: [{webhook: {url: \"htps://me:secret@x/y\"}}]\n",
	 "t.yaml:1: notify[0].webhook.url: expected a URL that starts with http:// or https://, "
	 "got \"htps:///...\""},
	{"notify: [{webhook: \"https://x/secret\"}]\n",
	 "t.yaml:1: notify[0].webhook: expected a mapping, got \"https://x/...\""},
	{"notify: [\"https://x/secret\"]\n",
	 "t.yaml:1: notify[0]: expected journal or a mapping with one of alertmanager, webhook, "
	 "command, journal, got \"https://x/...\""},
	{WEBHOOK("headers: [\"Authorization secret\"]"),
	 "t.yaml:1: notify[0].webhook.headers[0]: expected a header such as \"X-Token: abc\" other "
	 "than Content-Type, Content-Length and Host, got what is not shown, as it may be a secret"},
	{WEBHOOK("headers: secret"),
	 "t.yaml:1: notify[0].webhook.headers: expected a list of headers such as \"X-Token: abc\", "
	 "got what is not shown, as it may be a secret"},
	{COMMAND("argv: /bin/x secret"),
	 "t.yaml:1: notify[0].command.argv: expected a list of a command and its arguments, got "
	 "what is not shown, as it may be a secret"},
	{COMMAND("argv: [curl -H secret]"),
	 "t.yaml:1: notify[0].command.argv[0]: expected an absolute path, got \"curl\""},
	{"notify:\n- webhook:\n    timeout: 1s\n",
	 "t.yaml:3: notify[0].webhook: expected one of url and url_file, got none"},
	{WEBHOOK("url_file: /x"),
	 "t.yaml:1: notify[0].webhook: expected one of url and url_file, got both"},
	{"notify: [{webhook: {url_file: x}}]\n",
	 "t.yaml:1: notify[0].webhook.url_file: expected the absolute path of a file with that URL, "
	 "got \"x\""},
	{"notify:\n- webhook:\n    url_file: /nonexistent/a\n",
	 "t.yaml:3: notify[0].webhook.url_file: /nonexistent/a: cannot be opened: No such file or "
	 "directory"},
	{"notify: [{alertmanager: {url: 'http://x', header_file: /dev/null}}]\n",
	 "t.yaml:1: notify[0].alertmanager.header_file: /dev/null: expected a regular file"},
	{COMMAND("argv: [true]"),
	 "t.yaml:1: notify[0].command.argv[0]: expected an absolute path, got \"true\""},
	{COMMAND("timeout: 1s"), "t.yaml:1: notify[0].command.argv: expected a list of a command "
				 "and its arguments, got nothing"},
	{"notify: [{journal: {timeout: 1s}}]\n",
	 "t.yaml:1: notify[0].journal.timeout: unknown key, expected severities"},
	{"notify: [{journal: null}]\n",
	 "t.yaml:1: notify[0].journal: expected a mapping, got \"null\""},
	{"notify: [journal, {journal: {severities: [page]}}]\n",
	 "t.yaml:1: notify[1]: expected each receiver once, got notify[0] again"},
	{"notify:\n"
	 "- alertmanager: {url: 'http://x'}\n"
	 "- webhook: {url: 'http://x'}\n"
	 "- alertmanager: {url: 'http://x/', timeout: 1s}\n",
	 "t.yaml:4: notify[2]: expected each receiver once, got notify[0] again"},
	{"notify:\n"
	 "- command: {argv: [/a, b]}\n"
	 "- command: {argv: [/a, c]}\n"
	 "- command: {argv: [/a]}\n"
	 "- command: {argv: [/a, c]}\n",
	 "t.yaml:5: notify[3]: expected each receiver once, got notify[1] again"},
	{"alerting: x\n", "t.yaml:1: alerting: expected a mapping, got \"x\""},
	{"alerting: {remind: 59s}\n", "t.yaml:1: alerting.remind: expected never or a duration "
				      "from 1m to 7d in whole seconds, got \"59s\""},
	{"alerting: {remind: 8d}\n", "t.yaml:1: alerting.remind: expected never or a duration "
				     "from 1m to 7d in whole seconds, got \"8d\""},
	{"slo_files: x\n", "t.yaml:1: slo_files: expected a list of globs, got \"x\""},
	{"slo_files: [x/*.yaml]\n",
	 "t.yaml:1: slo_files[0]: expected a glob on an absolute path, got \"x/*.yaml\""},
	{"maintenance: x\n", "t.yaml:1: maintenance: expected a list of maintenance windows, got "
			     "\"x\""},
	{ONE_SLO "maintenance: [{weekly: 'Sun 02:00', duration: 1h}]\n",
	 "t.yaml:3: maintenance[0].name: expected a name of at most 63 bytes without '/' or '\"', "
	 "got nothing"},
	{WEEKDAY("Sunday 02:00"), WEEKDAY_REFUSED("Sunday 02:00")},
	{WEEKDAY("sun 02:00"), WEEKDAY_REFUSED("sun 02:00")},
	{WEEKDAY("Sun 24:00"), WEEKDAY_REFUSED("Sun 24:00")},
	{WEEKDAY("Sun 02:60"), WEEKDAY_REFUSED("Sun 02:60")},
	{WEEKDAY("Sun 2:000"), WEEKDAY_REFUSED("Sun 2:000")},
	{WEEKDAY("Sun_02:00"), WEEKDAY_REFUSED("Sun_02:00")},
	{WEEKLY("exclude: alerts"),
	 "t.yaml:3: maintenance[0]: expected a duration beside weekly, got none"},
	{WEEKLY("duration: 59s"), "t.yaml:3: maintenance[0].duration: expected a duration from 1m "
				  "to 366d in whole seconds, got \"59s\""},
	{WEEKLY("duration: 7d"),
	 "t.yaml:3: maintenance[0].duration: expected at most 6d beside weekly, got more"},
	{WEEKLY("duration: 1h, start: 2026-03-01T02:00:00Z"),
	 "t.yaml:3: maintenance[0]: expected either weekly or start, got both"},
	{WEEKLY("duration: 1h, end: 2026-03-01T02:00:00Z"),
	 "t.yaml:3: maintenance[0]: expected either weekly or end, got both"},
	{WEEKLY("duration: 1h, time_zone: Berlin"),
	 "t.yaml:3: maintenance[0].time_zone: expected a time zone the system knows, such as "
	 "Europe/Berlin, got \"Berlin\""},
	{WEEKLY("duration: 1h, exclude: all"),
	 "t.yaml:3: maintenance[0].exclude: expected alerts or eligible, got \"all\""},
	{ONE_SLO "maintenance: [{name: x, duration: 1h}]\n",
	 "t.yaml:3: maintenance[0]: expected start or weekly, got none"},
	{ONE_SLO "maintenance: [{name: x, start: tomorrow, duration: 1h}]\n",
	 "t.yaml:3: maintenance[0].start: expected a time such as 2026-03-01T02:00:00Z, got "
	 "\"tomorrow\""},
	{ONCE("slos: [n]"), "t.yaml:3: maintenance[0]: expected one of end, duration, got none"},
	{ONCE("end: 2026-03-01T03:00:00Z, duration: 1h"),
	 "t.yaml:3: maintenance[0]: expected one of end, duration, got both"},
	{ONCE("end: 2026-03-01T02:00:00Z"),
	 "t.yaml:3: maintenance[0].end: expected a time after start, got \"2026-03-01T02:00:00Z\""},
	{ONCE("duration: 1h, time_zone: UTC"),
	 "t.yaml:3: maintenance[0].time_zone: expected no time zone unless weekly is given"},
	{ONCE("duration: 1h, services: [a, c]"),
	 "t.yaml:3: maintenance[0].services[1]: expected the name of a service in services, got "
	 "\"c\""},
	{ONCE("duration: 1h, slos: [o]"),
	 "t.yaml:3: maintenance[0].slos[0]: expected the name of an SLO as it is written in slos, "
	 "got \"o\""},
	{WEEKLY("duration: 1h}, {name: x, weekly: 'Mon 02:00', duration: 1h"),
	 "t.yaml:3: maintenance[1].name: expected a unique name, got \"x\" as in maintenance[0]"},
};

TEST(refused_in_exact_words)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		assert_refused(refusals[i].text, strlen(refusals[i].text), refusals[i].message);
}

TEST(globs_without_a_match_are_warned_of)
{
	struct config config =
		parse_good(ONE_SLO "slo_files: [/nonexistent/*.yaml, /nonexistent/b]\n");

	assert_int_equal(config.n_slo_files, 2);
	assert_string_equal(config.slo_files[0], "/nonexistent/*.yaml");
	assert_int_equal(config.n_warnings, 2);
	assert_string_equal(config.warnings[0],
			    "slo_files: nothing matches \"/nonexistent/*.yaml\"");
	assert_string_equal(config.warnings[1], "slo_files: nothing matches \"/nonexistent/b\"");
	config_clear(&config);
	assert_null(config.slo_files);
}

TEST(only_regular_slo_files_are_opened)
{
	static const char text[] = "slo_files: [/dev/nul?]\n";

	assert_refused(text, strlen(text), "/dev/null: expected a regular file");
}

/* A main file with SLO n of service a, and another SLO that came from "o.yaml". */
static void check_with(const char *name, const char *service, struct error *ret_error)
{
	static const char text[] = "services: [{name: a, match: {port: 1}}]\n"
				   "slos: [{name: n, service: a, objective: 99}]\n";
	struct refusals all = {.first = ret_error};
	struct document doc = {.file = "t.yaml", .refusals = &all};
	struct config config = {};
	struct config_slo *slos;
	int r;

	assert_int_equal(document_open(&doc, text, strlen(text)), 0);
	assert_int_equal(config_read(&doc, &config), 0);
	config.agent.unanswered_after_ns = DURATION_M_NS;
	slos = realloc(config.slos, 2 * sizeof(*slos));
	assert_non_null(slos);
	slos[1] = (struct config_slo){
		.file = strdup("o.yaml"),
		.line = 7,
		.name = strdup(name),
		.service = strdup(service),
		.objective = 0.9,
		.window_seconds = HOUR,
	};
	config.slos = slos;
	config.n_slos = 2;
	*ret_error = (struct error){};
	r = config_check(&doc, &config);
	assert_int_equal(r, ret_error->text[0] ? -EINVAL : 0);
	refusals_clear(&all);
	config_clear(&config);
	document_close(&doc);
}

TEST(slos_of_other_files_are_blamed_there)
{
	struct error error;

	check_with("o", "a", &error);
	assert_string_equal(error.text, "");
	check_with("o", "b", &error);
	assert_string_equal(error.text,
			    "o.yaml:7: SLO \"o\": service: expected the name of a service in "
			    "services, or \"*\", got \"b\"");
	check_with("n", "a", &error);
	assert_string_equal(
		error.text,
		"o.yaml:7: SLO \"n\": name: expected a unique name, got \"n\" as in slos[0]");
}

TEST(every_failed_allocation_is_clean)
{
	static const char text[] =
		ONE_SLO "notify:\n"
			"- journal\n"
			"- alertmanager: {url: 'http://x/'}\n"
			"- command: {argv: [/bin/sh, b], severities: [page]}\n"
			"maintenance:\n"
			"- {name: a, weekly: 'Sun 02:00', duration: 1h, services: [a]}\n"
			"- {name: b, weekly: 'Sun 02:00', duration: 1h, time_zone: Europe/Berlin}\n"
			"- {name: c, start: 2026-03-01T02:00:00Z, duration: 1h, slos: [n, m]}\n"
			"slo_files: [/nonexistent/*.yaml]\n";

	assert_true(fail_each_allocation_of(text) > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_webhook_sends_is_read),
		cmocka_unit_test(every_receiver_is_read),
		cmocka_unit_test(reminders_come_after_4_h_unless_said),
		cmocka_unit_test(maintenance_is_read),
		cmocka_unit_test(maintenance_may_name_services_not_found_yet),
		cmocka_unit_test(refused_in_exact_words),
		cmocka_unit_test(globs_without_a_match_are_warned_of),
		cmocka_unit_test(only_regular_slo_files_are_opened),
		cmocka_unit_test(slos_of_other_files_are_blamed_there),
		cmocka_unit_test(every_failed_allocation_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Bodies of webhooks: placeholders and their values, and the examples of the documentation. */
#include "tests/unit/fixtures/test.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/load.h"
#include "config/source.h"
#include "notify/message_body.h"

#define NASTY "it's \"50 %\"\n\\ {id} & 100 \xe2\x82\xac"

static json_t *nasty_message(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:[s, s], s:[],"
			 " s:[{s:s, s:s, s:{s:f}, s:[{s:f}, {s:f}, {s:n}]}, {s:s}],"
			 " s:{s:s, s:s, s:s, s:s}, s:s}",
			 "id", "4f1d", "kind", "joined", "status", "firing", "severity", "ticket",
			 "service", "shop", "services", (json_int_t)1, "host", "web-1",
			 "started_at", "2026-02-28T12:00:00Z", "sent_at", "2026-02-28T12:10:00Z",
			 "summary", NASTY, "description", "several\nlines " NASTY, "joined", "pay",
			 "b", "left", "slos", "name", "pay", "failing_since",
			 "2026-02-28T11:59:00Z", "budget", "remaining_ratio", 0.4213, "alerts",
			 "burn_long", 14.5, "burn_long", 20.25, "burn_long", "name", "b", "about",
			 "owner", "me", "importance", NASTY, "mitigation", "m", "runbook",
			 "https://x/?a=b", "command", "slictl slo 'pay'");
}

static void assert_body(const char *body, enum body_format format, const char *expected)
{
	json_t *message = nasty_message();
	_cleanup_free_ char *text = NULL;

	assert_non_null(message);
	text = message_body(message, body, format);
	assert_string_equal(text, expected);
	json_decref(message);
}

TEST(placeholders_stand_for_the_message_s_values)
{
	assert_body("{id} {kind} {status} {severity} {level} {action} {service} {services} {host}",
		    BODY_AS_TEXT, "4f1d joined firing ticket warning trigger shop 1 web-1");
	assert_body("{slo}|{slos}|{joined}|{left}|{since}|{started_at}|{sent_at}", BODY_AS_TEXT,
		    "pay|pay, b|pay, b||2026-02-28T11:59:00Z|2026-02-28T12:00:00Z|"
		    "2026-02-28T12:10:00Z");
	assert_body("{burn_rate} {budget_left}", BODY_AS_JSON, "20.25 42.13");
	assert_body("{owner}|{purpose}|{mitigation}|{runbook}|{command}", BODY_AS_TEXT,
		    "me||m|https://x/?a=b|slictl slo 'pay'");
	assert_body("{line}", BODY_AS_TEXT,
		    "TICKET shop: joined: it's \"50 %\" \\ {id} & 100 \xe2\x82\xac");
}

TEST(other_braces_are_literal)
{
	assert_body("{\"a\": {\"b\": [{}, \"{id}\"]}} { id} {1} {", BODY_AS_JSON,
		    "{\"a\": {\"b\": [{}, \"4f1d\"]}} { id} {1} {");
	assert_body("{{id}} {{{id}}} {{none.such}}}", BODY_AS_JSON, "{id} {{id}} {none.such}}");
	assert_body("{", BODY_AS_JSON, "{");
	assert_body("", BODY_AS_JSON, "");
}

TEST(values_are_escaped_for_where_they_go)
{
	assert_body("\"{summary}\"", BODY_AS_JSON,
		    "\"it's \\\"50 %\\\"\\n\\\\ {id} & 100 \xe2\x82\xac\"");
	assert_body(
		"a={summary}&b={slos}&c={budget_left}", BODY_AS_FORM,
		"a=it%27s%20%2250%20%25%22%0A%5C%20%7Bid%7D%20%26%20100%20%E2%82%AC&b=pay%2C%20b"
		"&c=42.13");
	assert_body("{summary}", BODY_AS_TEXT, NASTY);
}

TEST(what_is_not_known_is_empty_or_null)
{
	json_t *message = json_object();
	char *text = message_body(message, "[\"{slo}{owner}{since}\", {burn_rate}]", BODY_AS_JSON);

	assert_string_equal(text, "[\"\", null]");
	free(text);
	json_decref(message);
}

TEST(the_format_goes_by_the_content_type)
{
	assert_int_equal(body_format_of(NULL), BODY_AS_JSON);
	assert_int_equal(body_format_of("application/json; charset=utf-8"), BODY_AS_JSON);
	assert_int_equal(body_format_of("application/cloudevents+JSON"), BODY_AS_JSON);
	assert_int_equal(body_format_of("application/x-www-form-urlencoded"), BODY_AS_FORM);
	assert_int_equal(body_format_of("text/plain"), BODY_AS_TEXT);
}

/* A message may hold any text: the line is cut to a length, maybe amid a character. */
TEST(a_long_text_is_still_json)
{
	json_t *message = nasty_message(), *read;
	char *long_text = malloc(100001), *text;

	for (int i = 0; i < 100000; i += 2)
		memcpy(long_text + i, "\xc3\xa4", 2);
	long_text[100000] = '\0';
	for (int skipped = 0; skipped < 2; skipped++) {
		json_object_set_new(message, "service", json_string(skipped ? "ab" : "a"));
		json_object_set_new(message, "summary", json_string(long_text));
		text = message_body(message, "{\"text\": \"{line}\"}", BODY_AS_JSON);
		read = json_loads(text, 0, NULL);
		assert_true(strlen(json_string_value(json_object_get(read, "text"))) > 1000);
		json_decref(read);
		free(text);
	}
	free(long_text);
	json_decref(message);
}

/* ---- the documentation ---- */

static char *read_page(void)
{
	FILE *page = fopen("docs/notifications.md", "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(page);
	assert_in_range(fread(text, 1, (1 << 16) - 1, page), 1000, (1 << 16) - 2);
	fclose(page);
	return text;
}

/* What the examples keep in files of their own. */
static int open_example(void *context, const char *path)
{
	static const char header[] = "Authorization: Bearer x\n",
			  url[] = "https://chat.example.com/x\n";
	const char *text = strstr(path, "slack") ? url : header;
	const int fd = memfd_create("example", MFD_CLOEXEC);

	(void)context;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static const struct source_ops examples = {.open = open_example};

static void check_example(const char *yaml, size_t len, int *n_json)
{
	struct config config = {};
	struct error error = {};
	json_t *message = nasty_message();

	if (config_parse(yaml, len, "docs/notifications.md", &config, &error))
		fail_msg("%s", error.text);
	for (size_t i = 0; i < config.n_receivers; i++) {
		const struct config_receiver *receiver = &config.receivers[i];
		const enum body_format format = body_format_of(receiver->content_type);
		char *text;
		json_t *json;

		if (!receiver->body)
			continue;
		text = message_body(message, receiver->body, format);
		json = json_loads(text, 0, NULL);

		if (format == BODY_AS_JSON) {
			assert_true(json_is_object(json));
			assert_non_null(strstr(text, "it's \\\"50 %\\\""));
			++*n_json;
		} else {
			assert_non_null(strstr(text, "it%27s%20%2250%20%25%22"));
		}
		json_decref(json);
		free(text);
	}
	json_decref(message);
	config_clear(&config);
}

TEST(each_example_of_the_documentation_is_taken_and_is_json)
{
	_cleanup_free_ char *page = read_page();
	const char *at = page;
	int n = 0, n_json = 0;

	source_set(&examples, NULL);
	while ((at = strstr(at, "```yaml\n"))) {
		const char *end;

		at += strlen("```yaml\n");
		end = strstr(at, "\n```\n");
		assert_non_null(end);
		check_example(at, (size_t)(end - at) + 1, &n_json);
		n++;
	}
	source_set(NULL, NULL);
	assert_int_equal(n, 5);
	assert_int_equal(n_json, 4);
}

TEST(each_placeholder_is_in_the_documentation)
{
	_cleanup_free_ char *page = read_page();

	for (int i = 0; i < BODY_FIELD_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "`{%s}`", body_field_name(i));
		if (!strstr(page, name))
			fail_msg("%s", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placeholders_stand_for_the_message_s_values),
		cmocka_unit_test(other_braces_are_literal),
		cmocka_unit_test(values_are_escaped_for_where_they_go),
		cmocka_unit_test(what_is_not_known_is_empty_or_null),
		cmocka_unit_test(the_format_goes_by_the_content_type),
		cmocka_unit_test(a_long_text_is_still_json),
		cmocka_unit_test(each_example_of_the_documentation_is_taken_and_is_json),
		cmocka_unit_test(each_placeholder_is_in_the_documentation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

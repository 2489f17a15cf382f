/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration file: how much of everything it may hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "config_fixture.h"

/* `head`, then n times `item` with its number put in, then `tail`; to be freed. */
static char *repeat(const char *head, const char *item, size_t n, const char *tail)
{
	size_t room = strlen(head) + n * (strlen(item) + 20) + strlen(tail) + 1;
	char *text = malloc(room);
	size_t len;

	assert_non_null(text);
	len = (size_t)sprintf(text, "%s", head);
	for (size_t i = 0; i < n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		len += (size_t)snprintf(text + len, room - len, item, i, i);
#pragma GCC diagnostic pop
	}
	snprintf(text + len, room - len, "%s", tail);
	return text;
}

static void assert_limit(const char *head, const char *item, size_t most, const char *tail,
			 const char *message)
{
	char *text = repeat(head, item, most, tail);
	struct config config = parse_good(text);

	config_clear(&config);
	free(text);
	text = repeat(head, item, most + 1, tail);
	assert_refused(text, strlen(text), message);
	free(text);
}

TEST(limits_are_exact)
{
	assert_limit("services:\n", "- {name: s%zu, match: {process: p%zu}}\n", CONFIG_MAX_SERVICES,
		     "", "t.yaml:2: services: expected at most 1024 in the list, got 1025");
	assert_limit("services:\n- name: a\n  match: {port: 1}\n  routes:\n", "  - /r%zu\n",
		     CONFIG_MAX_ROUTES, "",
		     "t.yaml:5: services[0].routes: expected at most 1024 in the list, got 1025");
	assert_limit(
		"services: [{name: a, match: {port: 1}}]\nslos:\n",
		"- {name: n%zu, service: a, objective: 9}\n", CONFIG_MAX_SLOS_PER_SERVICE, "",
		"t.yaml:67: slos[64].service: expected at most 64 SLOs for service \"a\", got more");
	assert_limit(
		"slos:\n", "- {name: \"{service}%zu\", service: \"*\", objective: 9}\n",
		CONFIG_MAX_SLOS_PER_SERVICE, "",
		"t.yaml:66: slos[64].service: expected at most 64 SLOs for service \"*\", got more");
	assert_limit(
		"services: [{name: a, match: {port: 1}}]\n"
		"slos:\n"
		"- {name: \"all-{service}\", service: \"*\", objective: 9}\n",
		"- {name: n%zu, service: a, objective: 9}\n", CONFIG_MAX_SLOS_PER_SERVICE - 1, "",
		"t.yaml:67: slos[64].service: expected at most 64 SLOs for service \"a\" and \"*\" "
		"together, got more");
}

TEST(names_have_63_bytes)
{
	char text[256], name[CONFIG_MAX_NAME + 1];
	struct config config;

	memset(name, 'n', CONFIG_MAX_NAME);
	name[CONFIG_MAX_NAME] = '\0';
	snprintf(text, sizeof(text), "services: [{name: %s, match: {port: 1}}]\n", name);
	config = parse_good(text);
	assert_string_equal(config.services[0].name, name);
	config_clear(&config);
}

TEST(large_input_is_refused)
{
	static char text[CONFIG_MAX_BYTES + 1];
	struct config config;
	struct error error;

	memset(text, '#', sizeof(text));
	memcpy(text, "slos: []\n", 9);
	assert_refused(text, sizeof(text), "t.yaml: expected at most 4194304 bytes, got more");
	assert_int_equal(config_parse(text, sizeof(text) - 1, "t.yaml", &config, &error), 0);
	config_clear(&config);

	memset(text, '[', sizeof(text) - 1);
	assert_refused(text, sizeof(text) - 1,
		       "t.yaml:1: expected at most 32 levels of nesting, got more");
	for (size_t i = 1; i < sizeof(text) - 2; i += 2)
		memcpy(text + i, "a,", 2);
	assert_refused(text, sizeof(text) - 1,
		       "t.yaml:1: expected at most 524288 values, got more");
	assert_refused("agent: {}\n\0", 11,
		       "t.yaml:2: expected text, got control character U+0000");
}

TEST(message_fits_any_file_name)
{
	char name[2000];
	struct config config;
	struct error error = {};

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(config_parse("x", 1, name, &config, &error), -EINVAL);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(names_have_63_bytes),
		cmocka_unit_test(large_input_is_refused),
		cmocka_unit_test(message_fits_any_file_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Secrets in the configuration, and in files of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"

#include "tests/unit/config/config_fixture.h"

enum { OTHER_GROUP = 4242 };

/* A directory, and files in it. */
struct place {
	char dir[40];
	char main[64], url[64], headers[64];
};

static void write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static struct place make_place(void)
{
	struct place place = {.dir = "/tmp/test_secrets.XXXXXX"};

	assert_non_null(mkdtemp(place.dir));
	snprintf(place.main, sizeof(place.main), "%s/c.yaml", place.dir);
	snprintf(place.url, sizeof(place.url), "%s/url", place.dir);
	snprintf(place.headers, sizeof(place.headers), "%s/headers", place.dir);
	return place;
}

static void remove_place(const struct place *place)
{
	unlink(place->main);
	unlink(place->url);
	unlink(place->headers);
	assert_int_equal(rmdir(place->dir), 0);
}

static void write_main(const struct place *place, const char *kind, mode_t mode)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "notify:\n- %s:\n    url_file: %s\n    headers: [\"X-Given: 1\"]\n"
		 "    header_file: %s\n",
		 kind, place->url, place->headers);
	write_file(place->main, text, strlen(text), mode);
}

static struct config load_good(const char *path)
{
	struct config config;
	struct error error = {};

	if (config_load(path, &config, &error))
		fail_msg("%s", error.text);
	return config;
}

TEST(a_url_and_headers_are_read_from_files)
{
	const struct place place = make_place();
	static const struct {
		const char *kind, *text, *url;
	} cases[] = {
		{"webhook", "https://h/services/secret", "https://h/services/secret"},
		{"webhook", "https://h/services/secret\n", "https://h/services/secret"},
		{"webhook", "https://h/services/secret\r\n", "https://h/services/secret"},
		{"alertmanager", "http://h:9093/\n", "http://h:9093"},
	};
	static const char headers[] = "Authorization: Bearer x\r\n\nX-B: y";

	write_file(place.headers, headers, strlen(headers), 0600);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;
		const struct config_receiver *receiver;

		write_file(place.url, cases[i].text, strlen(cases[i].text), 0600);
		write_main(&place, cases[i].kind, 0600);
		config = load_good(place.main);
		receiver = config.receivers;
		assert_string_equal(receiver->url, cases[i].url);
		assert_int_equal(receiver->n_headers, 3);
		assert_int_equal(receiver->n_headers_given, 1);
		assert_string_equal(receiver->headers[0], "X-Given: 1");
		assert_string_equal(receiver->headers[1], "Authorization: Bearer x");
		assert_string_equal(receiver->headers[2], "X-B: y");
		assert_int_equal(config.n_warnings, 1); /* no SLOs */
		config_clear(&config);
	}
	remove_place(&place);
}

TEST(what_is_in_a_file_is_refused_with_its_line_and_not_quoted)
{
	static const char url[] = "https://h", header[] = "X-A: b";
	const struct place place = make_place();
	const struct {
		const char *url, *headers;
		size_t len; /* of the one that is refused */
		const char *key, *message;
	} cases[] = {
		{"", header, 0, "url_file",
		 ":1: expected a URL that starts with http:// or "
		 "https://, and nothing else, got nothing"},
		{"secret\n", header, 7, "url_file",
		 ":1: expected a URL that starts with http:// or https://, and nothing else, got "
		 "what is not shown, as it may be a secret"},
		{"https://h/secret\nhttps://i\n", header, 27, "url_file",
		 ":1: expected a URL that starts with http:// or https://, and nothing else, got "
		 "what is not shown, as it may be a secret"},
		{"https://h/\0secret", header, 17, "url_file", ": expected text, got a NUL byte"},
		{url, "X-A: b\n\nsecret\n", 15, "header_file",
		 ":3: expected a header such as \"X-Token: abc\" other than Content-Type, "
		 "Content-Length and Host, got what is not shown, as it may be a secret"},
		{url, "Host: secret\n", 13, "header_file",
		 ":1: expected a header such as \"X-Token: abc\" other than Content-Type, "
		 "Content-Length and Host, got what is not shown, as it may be a secret"},
		{url, "X-A: b\rX-B: secret\n", 19, "header_file",
		 ":1: expected a header such as \"X-Token: abc\" other than Content-Type, "
		 "Content-Length and Host, got what is not shown, as it may be a secret"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const bool of_url = !strcmp(cases[i].key, "url_file");
		struct config config;
		struct error error = {};
		char message[512];

		write_file(place.url, cases[i].url, of_url ? cases[i].len : strlen(url), 0600);
		write_file(place.headers, cases[i].headers, of_url ? strlen(header) : cases[i].len,
			   0600);
		write_main(&place, "webhook", 0600);
		assert_int_equal(config_load(place.main, &config, &error), -EINVAL);
		snprintf(message, sizeof(message), "%s:%d: notify[0].webhook.%s: %s%s", place.main,
			 of_url ? 3 : 5, cases[i].key, of_url ? place.url : place.headers,
			 cases[i].message);
		assert_string_equal(error.text, message);
		assert_null(strstr(error.text, "secret\n"));
	}
	remove_place(&place);
}

TEST(at_most_32_headers_together)
{
	const struct place place = make_place();
	struct config config;
	struct error error = {};
	char text[512] = "";

	for (int i = 0; i < 32; i++)
		strcat(text, "X-A: b\n");
	write_file(place.url, "http://h", 8, 0600);
	write_file(place.headers, text, strlen(text) - 7, 0600);
	write_main(&place, "webhook", 0600);
	config = load_good(place.main);
	assert_int_equal(config.receivers[0].n_headers, 32);
	config_clear(&config);
	write_file(place.headers, text, strlen(text), 0600);
	assert_int_equal(config_load(place.main, &config, &error), -EINVAL);
	assert_non_null(strstr(error.text, ":32: expected at most 32 headers, got more"));
	remove_place(&place);
}

/* ---- who may read them ---- */

static size_t warnings_with(const struct config *config, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_warnings; i++)
		n += strstr(config->warnings[i], text) != NULL;
	return n;
}

TEST(secrets_that_others_may_read_are_warned_of)
{
	static const struct {
		mode_t mode;
		gid_t gid;
		bool exposed;
	} modes[] = {
		{0600, 0, false},	   {0640, 0, false}, {0644, 0, true},
		{0640, OTHER_GROUP, true}, {0604, 0, true},  {0600, OTHER_GROUP, false},
	};
	const struct place place = make_place();

	if (geteuid())
		skip();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct config config;

		write_file(place.url, "http://h", 8, modes[i].mode);
		write_file(place.headers, "X-A: b", 6, modes[i].mode);
		write_main(&place, "webhook", modes[i].mode);
		assert_int_equal(chown(place.url, 0, modes[i].gid), 0);
		assert_int_equal(chown(place.headers, 0, modes[i].gid), 0);
		assert_int_equal(chown(place.main, 0, modes[i].gid), 0);
		config = load_good(place.main);
		assert_int_equal(warnings_with(&config, "others than root"),
				 modes[i].exposed ? 3 : 0);
		assert_int_equal(warnings_with(&config, "c.yaml:4: notify[0].webhook.headers: a "
							"secret that others than root and the "
							"group sliprobe may read: chmod the file "
							"0640, or put the secret into one of its "
							"own (header_file)"),
				 modes[i].exposed);
		assert_int_equal(warnings_with(&config, "c.yaml:3: notify[0].webhook.url_file: "),
				 modes[i].exposed);
		config_clear(&config);
	}
	remove_place(&place);
}

TEST(only_what_may_be_a_secret_is_warned_of)
{
	static const struct {
		const char *receiver;
		bool secret;
	} cases[] = {
		{"webhook: {url: 'http://h'}", false},
		{"webhook: {url: 'http://h/'}", false},
		{"webhook: {url: 'http://h/x'}", true},
		{"webhook: {url: 'http://h?x'}", true},
		{"webhook: {url: 'http://me:x@h'}", true},
		{"webhook: {url: 'http://h', headers: ['A: b']}", true},
		{"alertmanager: {url: 'http://h/prefix'}", false},
		{"alertmanager: {url: 'http://me:x@h/prefix'}", true},
		{"alertmanager: {url: 'http://h', headers: ['A: b']}", true},
		{"command: {argv: [/bin/true, x]}", false},
		{"journal: {}", false},
	};
	const struct place place = make_place();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;
		char text[256];

		snprintf(text, sizeof(text), "notify: [{%s}]\n", cases[i].receiver);
		write_file(place.main, text, strlen(text), 0644);
		config = load_good(place.main);
		if (warnings_with(&config, "others than root") != cases[i].secret)
			fail_msg("%s", cases[i].receiver);
		config_clear(&config);
	}
	remove_place(&place);
}

TEST(who_only_looks_at_a_configuration_needs_no_secrets)
{
	const struct place place = make_place();
	struct config config;
	struct error error = {};

	write_main(&place, "alertmanager", 0600);
	assert_int_equal(config_load(place.main, &config, &error), -EINVAL);
	assert_int_equal(config_load_elsewhere(place.main, &config, &error), 0);
	assert_null(config.receivers[0].url);
	assert_int_equal(config.receivers[0].n_headers, 1);
	assert_int_equal(warnings_with(&config, "cannot be opened here, so that what is in it is "
						"not checked"),
			 2);
	config_clear(&config);
	/* what is there is checked */
	write_file(place.url, "x", 1, 0600);
	assert_int_equal(config_load_elsewhere(place.main, &config, &error), -EINVAL);
	remove_place(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_and_headers_are_read_from_files),
		cmocka_unit_test(what_is_in_a_file_is_refused_with_its_line_and_not_quoted),
		cmocka_unit_test(at_most_32_headers_together),
		cmocka_unit_test(secrets_that_others_may_read_are_warned_of),
		cmocka_unit_test(only_what_may_be_a_secret_is_warned_of),
		cmocka_unit_test(who_only_looks_at_a_configuration_needs_no_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

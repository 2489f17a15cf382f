/* SPDX-License-Identifier: GPL-2.0-only */
/* The page, and its listener: who may read it, and that nobody changes anything there. */
#include "server_fixture.h"

static const struct server_options page_options = {
	SERVER_PAGE, {PEER_NO_GROUP, PEER_NO_USER}, NULL, "web1.example.com"};

static void assert_has_no(const char *text)
{
	if (strstr(answer, text))
		fail_msg("%s in %.500s", text, answer);
}

TEST(the_page_is_served_with_its_policy)
{
	struct fixture *f = *state;

	get(f, "/");
	assert_code(200);
	assert_has("Content-Type: text/html; charset=utf-8\r\n");
	assert_has("Content-Security-Policy: default-src 'none'; script-src 'sha256-");
	assert_has(
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n");
	assert_has("X-Content-Type-Options: nosniff\r\n");
	assert_has("Referrer-Policy: no-referrer\r\n");
	assert_has("Cache-Control: no-store\r\n");
	assert_memory_equal(body(), "<!doctype html>", 15);
	get(f, "/x");
	assert_code(404);
	assert_has("X-Content-Type-Options: nosniff\r\n");
	assert_has_no("Content-Security-Policy");
	get_with(f, "POST", "/", "Content-Length: 0\r\n");
	assert_code(405);
	get_with(f, "HEAD", "/", "");
	assert_code(200);
}

TEST(a_browser_changes_nothing)
{
	static const char *const headers[] = {
		"Content-Length: 0\r\nOrigin: http://localhost:8080\r\n",
		"Content-Length: 0\r\nOrigin: null\r\n",
		"Content-Length: 0\r\nSec-Fetch-Site: cross-site\r\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		get_with(f, "POST", "/v1/reload", headers[i]);
		assert_code(403);
		get_with(f, "DELETE", "/v1/silences/abc", headers[i]);
		assert_code(403);
	}
	assert_int_equal(f->agent.reloads, 0);
	get_with(f, "GET", "/v1/status", "Origin: http://localhost:8080\r\n");
	assert_code(200);
	get_with(f, "POST", "/v1/reload", "Content-Length: 0\r\n");
	assert_code(200);
	assert_int_equal(f->agent.reloads, 1);
}

/* A name of others that leads here. */
TEST(a_host_of_others_is_refused)
{
	struct fixture *f = *state;

	ask(f, "GET /v1/status HTTP/1.1\r\nHost: evil.example:8080\r\nConnection: close\r\n\r\n");
	assert_code(421);
	assert_int_equal(f->agent.snapshots, 0);
	ask(f, "POST /v1/reload HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n"
	       "Connection: close\r\n\r\n");
	assert_code(421);
	assert_int_equal(f->agent.reloads, 0);
	ask(f, "GET /v1/status HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n");
	assert_code(200);
}

TEST(the_listener_is_for_reading_alone)
{
	static const char *const read[] = {
		"/",	      "/v1/status",	      "/v1/services", "/v1/slos/checkout",
		"/v1/alerts", "/v1/history/checkout", "/metrics",     "/healthz",
		"/readyz",
	};
	static const char *const change[] = {
		"/v1/silences", "/v1/silences/abc", "/v1/reload", "/v1/notify-test", "/", "/none",
	};
	struct fixture *f = *state;

	open_tcp_server(f, &page_options);
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
		char request[256];

		snprintf(
			request, sizeof(request),
			"GET %s HTTP/1.1\r\nHost: web1.example.com:9466\r\nConnection: close\r\n\r\n",
			read[i]);
		ask(f, request);
		assert_code(200);
		get(f, read[i]); /* as "x" */
		assert_code(421);
	}
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		char request[256];

		snprintf(
			request, sizeof(request),
			"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
			change[i]);
		ask(f, request);
		assert_code(403);
		snprintf(request, sizeof(request),
			 "DELETE %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			 change[i]);
		ask(f, request);
		assert_code(403);
	}
	assert_int_equal(f->agent.reloads + f->agent.tests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(the_page_is_served_with_its_policy),
		WITH_SETUP(a_browser_changes_nothing),
		WITH_SETUP(a_host_of_others_is_refused),
		WITH_SETUP(the_listener_is_for_reading_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

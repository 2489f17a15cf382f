/* SPDX-License-Identifier: GPL-2.0-only */
/* The answers at each address. */
#include "server_fixture.h"

#include <grp.h>
#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>

TEST(every_route_answers)
{
	struct fixture *f = *state;

	get(f, "/v1/status");
	assert_code(200);
	assert_has("Content-Type: application/json\r\n");
	assert_int_equal(strncmp(body(), "{\"agent\": {", 11), 0);
	get(f, "/v1/services");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"services\": [", 14), 0);
	get(f, "/v1/slos/checkout");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"name\": \"checkout\"", 19), 0);
	assert_int_equal(f->agent.snapshots, 3);
	get(f, "/healthz");
	assert_code(200);
	assert_string_equal(body(), "ok\n");
	get(f, "/healthz?verbose=1");
	assert_code(200);
	assert_int_equal(f->agent.snapshots, 3);
	get(f, "/v1/alerts");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"active\": [], ", 15), 0);
	get(f, "/v1/history/checkout");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"name\": \"checkout\", ", 21), 0);
	get(f, "/v1/history/checkou");
	assert_code(404);
}

TEST(incidents_and_changes_are_told)
{
	static const char *const bad[] = {"limit=0", "limit=513", "limit=1x", "since=x", "until=x"};
	struct fixture *f = *state;
	char url[64];

	get(f, "/v1/incidents");
	assert_code(200);
	assert_string_equal(body(), "{\"incidents\": []}\n");
	assert_int_equal(f->agent.incidents_limit, 100);
	get(f, "/v1/incidents?limit=512&slo=checkout&since=2h");
	assert_code(200);
	assert_int_equal(f->agent.incidents_limit, 512);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(url, sizeof(url), "/v1/incidents?%s", bad[i]);
		get(f, url);
		assert_code(400);
	}
	get(f, "/v1/incidents/7");
	assert_code(200);
	assert_string_equal(body(), "{\"number\": 7}\n");
	get(f, "/v1/incidents/8");
	assert_code(404);
	get(f, "/v1/incidents/7x");
	assert_code(404);
	get(f, "/v1/changes?since=2h");
	assert_code(200);
	assert_string_equal(body(), "{\"changes\": []}\n");
	get(f, "/v1/changes?until=x");
	assert_code(400);
}

TEST(former_definitions_are_told_one_by_one)
{
	static const char *const bad[] = {"0", "", "x", "1x", "-1", "12345"};
	struct fixture *f = *state;
	char url[64];

	get(f, "/v1/history/checkout?former=2");
	assert_code(200);
	assert_has("\"former\": 2, \"formers\": 2");
	get(f, "/v1/history/checkout?former=3");
	assert_code(404);
	get(f, "/v1/history/checkou?former=1");
	assert_code(404);
	assert_has("no history under a former definition");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(url, sizeof(url), "/v1/history/checkout?former=%s", bad[i]);
		get(f, url);
		assert_code(400);
		assert_has("former: expected 1");
	}
}

TEST(services_are_told_for_a_span_of_time)
{
	struct fixture *f = *state;

	get(f, "/v1/services");
	assert_code(200);
	assert_true(isnan(f->agent.query.window_seconds) && isnan(f->agent.query.since_unix));
	assert_has("\"window\": {\"from\": ");
	get(f, "/v1/services?window=15m&since=1893553445");
	assert_code(400); /* it is to come */
	get(f, "/v1/services?window=15m&since=1000000000&service=shop");
	assert_code(200);
	assert_true(f->agent.query.window_seconds == 900);
	assert_true(f->agent.query.since_unix == 1e9);
	assert_null(strstr(body(), "\"idle\""));
	get(f, "/v1/services?service=nope");
	assert_code(404);
	get(f, "/v1/services?window=15");
	assert_code(400);
	assert_has("window: expected a duration");
	f->agent.periods_r = -ENOMEM;
	get(f, "/v1/services");
	assert_code(503);
}

TEST(a_history_has_rows_if_it_is_asked_for)
{
	struct fixture *f = *state;
	const struct rows_query *query = &f->agent.rows_query;

	get(f, "/v1/history/shop?by=minute&utc_offset=3600&since=1000000000&kind=service");
	assert_code(200);
	assert_has("\"kind\": \"service\"");
	assert_has("\"rows\": []");
	assert_true(query->by == ROWS_BY_MINUTE && query->service);
	assert_true(query->utc_offset_seconds == 3600 && query->since_unix == 1e9);
	assert_true(isnan(query->until_unix));
	get(f, "/v1/history/shop"); /* a service has nothing else */
	assert_code(200);
	assert_true(query->by == ROWS_BY_AUTO && !query->service);
	get(f, "/v1/history/nope?by=hour");
	assert_code(404);
	get(f, "/v1/history/shop?by=week");
	assert_code(400);
	assert_has("by: expected minute, hour or day");
	get(f, "/v1/history/shop?status=6000");
	assert_code(400);
	get(f, "/v1/history/shop?status=server_abort");
	assert_code(200);
	get(f, "/v1/history/shop?utc_offset=nan");
	assert_code(400);
	get(f, "/v1/history/shop?until=never");
	assert_code(400);
	assert_has("until: expected");
}

TEST(ready_means_that_the_agent_can_be_read)
{
	struct fixture *f = *state;

	get(f, "/readyz");
	assert_code(200);
	assert_string_equal(body(), "ok\n");
	assert_int_equal(f->agent.with_series, 0);
	f->agent.snapshot_r = -EIO;
	get(f, "/readyz");
	assert_code(503);
	assert_string_equal(body(), "{\"error\": \"not ready\"}\n");
	get(f, "/healthz");
	assert_code(200);
}

TEST(names_are_percent_decoded)
{
	struct fixture *f = *state;

	get(f, "/v1/slos/check%6fut");
	assert_code(200);
	get(f, "/v1/slos/unused%20%22%5C%0A%FF");
	assert_code(200);
	assert_has("{\"name\": \"unused \\\"\\\\\\n\\\\xff\"");
	get(f, "/v1/slos/checkou");
	assert_code(404);
	get(f, "/v1/slos/checkout%2F");
	assert_code(404);
	get(f, "/v1/slos/");
	assert_code(404);
}

/* The agent is asked for no more than is shown. */
TEST(services_may_be_left_out)
{
	struct fixture *f = *state;

	get(f, "/v1/status?services=no");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"agent\": {", 11), 0);
	assert_has("\"coverage\": {");
	assert_has("\"slos\": [{");
	assert_has("\"store\": {");
	assert_null(strstr(body(), "\"services\""));
	get(f, "/v1/slos/checkout");
	assert_has("\"owner\": \"team-shop\"");
	assert_int_equal(f->agent.snapshots, 2);
	assert_int_equal(f->agent.with_series, 0);
	get(f, "/v1/status?services=yes");
	assert_has("\"services\": [{");
	get(f, "/v1/status?services");
	assert_has("\"services\": [{");
	get(f, "/v1/services?services=no");
	assert_has("\"services\": [{");
	get(f, "/metrics");
	assert_code(200);
	assert_int_equal(f->agent.snapshots, 6);
	assert_int_equal(f->agent.with_series, 4);
}

TEST(metrics_in_the_format_asked_for)
{
	struct fixture *f = *state;

	get(f, "/metrics");
	assert_code(200);
	assert_has("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_has("# TYPE sliprobe_slo_events_total counter\n");
	get_with(f, "GET", "/metrics", "Accept: */*\r\n");
	assert_has("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	/* as Prometheus asks */
	get_with(f, "GET", "/metrics",
		 "Accept: application/openmetrics-text;version=1.0.0,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n");
	assert_code(200);
	assert_has("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
	assert_has("# TYPE sliprobe_slo_events counter\n");
	assert_string_equal(answer + strlen(answer) - 6, "# EOF\n");
	/* the greater weight wins; between equals, who names it gets it */
	get_with(f, "GET", "/metrics",
		 "Accept: application/openmetrics-text;q=0.3, text/plain;q=0.5\r\n");
	assert_has("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	get_with(f, "GET", "/metrics", "Accept: application/openmetrics-text;q=0, */*\r\n");
	assert_has("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	get_with(f, "GET", "/metrics", "Accept: text/plain, application/openmetrics-text\r\n");
	assert_has("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
}

TEST(refusals_are_json)
{
	struct fixture *f = *state;

	get(f, "/nowhere");
	assert_code(404);
	assert_has("Content-Type: application/json\r\n");
	assert_int_equal(strncmp(body(), "{\"error\": \"", 11), 0);
	get(f, "//");
	assert_code(404);
	get(f, "/v1/statusx");
	assert_code(404);
	get_with(f, "DELETE", "/v1/status", "");
	assert_code(405);
	assert_has("Allow: GET, HEAD\r\n");
	assert_int_equal(strncmp(body(), "{\"error\": \"", 11), 0);
	get(f, "/v1/reload");
	assert_code(405);
	assert_has("Allow: POST\r\n");
	f->agent.snapshot_r = -EIO;
	get(f, "/v1/status");
	assert_code(503);
	assert_string_equal(body(), "{\"error\": \"Input/output error\"}\n");
	get(f, "/metrics");
	assert_code(503);
}

TEST(reload)
{
	struct fixture *f = *state;

	get_with(f, "POST", "/v1/reload", "Content-Length: 0\r\n");
	assert_code(200);
	assert_string_equal(body(), "{\"reloaded\": true, \"config\": \"f.yaml\", \"services\": 0, "
				    "\"slos\": 2, \"applied\": [\"agent.interval: 5s\"], "
				    "\"takes_restart\": [], \"warnings\": []}\n");
	f->agent.reload_r = -EINVAL;
	get_with(f, "POST", "/v1/reload", "Content-Length: 0\r\n");
	assert_code(422);
	assert_string_equal(body(), "{\"error\": \"f.yaml:3: slos: expected \\\"a list\\\"\"}\n");
	assert_int_equal(f->agent.reloads, 2);
}

TEST(head_is_get_without_body)
{
	struct fixture *f = *state;
	char length[64];

	get(f, "/v1/status");
	snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body()));
	get_with(f, "HEAD", "/v1/status", "");
	assert_code(200);
	assert_has(length);
	assert_string_equal(body(), "");
	get_with(f, "HEAD", "/v1/reload", "");
	assert_code(405);
	assert_int_equal(f->agent.reloads, 0);
}

TEST(silences)
{
	struct fixture *f = *state;

	ask(f, "POST /v1/silences HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	       "Content-Length: 2\r\n\r\n{}");
	assert_code(200);
	assert_string_equal(
		body(),
		"{\"id\": \"abc\", \"until\": \"2026-03-01T02:00:00Z\", \"extended\": true}\n");
	ask(f, "POST /v1/silences HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	       "Content-Length: 1\r\n\r\n{");
	assert_code(400);
	assert_string_equal(body(), "{\"error\": \"expected {}\"}\n");
	get_with(f, "DELETE", "/v1/silences/abc", "");
	assert_code(200);
	assert_string_equal(body(), "{}\n");
	get_with(f, "DELETE", "/v1/silences/abd", "");
	assert_code(404);
	get_with(f, "DELETE", "/v1/silences", "");
	assert_code(405);
	f->agent.silence_r = -ENOSPC;
	ask(f, "POST /v1/silences HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	       "Content-Length: 2\r\n\r\n{}");
	assert_code(409);
	assert_string_equal(body(), "{\"error\": \"too many\"}\n");
}

/* The child is another user; it ends with the sanitizers' books open. */
static void post_as_nobody(struct fixture *f, const char *target)
{
	pid_t pid;
	int status;

	assert_int_equal(chmod(f->directory, 0777), 0);
	chmod(f->path, 0777);
	pid = fork();
	if (!pid) {
		int fd;
		char request[128];

		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(1);
		fd = dial(f);
		snprintf(request, sizeof(request),
			 "%s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", target);
		say(fd, request);
		usleep(200000);
		_exit(recv(fd, answer, 12, 0) == 12 && !memcmp(answer, "HTTP/1.1 403", 12) ? 0 : 2);
	}
	for (int i = 0; i < 100 && !waitpid(pid, &status, WNOHANG); i++)
		turn(f, 10);
	assert_int_equal(status, 0);
}

TEST(what_is_refused_is_noted_with_who_asked)
{
	static const struct {
		const char *request, *noted;
	} cases[] = {
		{"POST /v1/reload", "uid 65534: reload"},
		{"POST /v1/silences", "uid 65534: silence"},
		{"DELETE /v1/silences/abc", "uid 65534: end of a silence"},
		{"POST /v1/notify-test", "uid 65534: test message"},
	};
	struct fixture *f = *state;

	if (geteuid())
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		post_as_nobody(f, cases[i].request);
		assert_string_equal(f->agent.refused, cases[i].noted);
	}
	assert_int_equal(f->agent.reloads, 0);
}

TEST(test_messages)
{
	struct fixture *f = *state;

	ask(f, "POST /v1/notify-test HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	       "Content-Length: 3\r\n\r\n{ }");
	assert_code(200);
	assert_string_equal(body(), "{\"receivers\": 3}\n");
	ask(f, "POST /v1/notify-test HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	       "Content-Length: 0\r\n\r\n");
	assert_code(429);
	assert_string_equal(body(), "{\"error\": \"webhook is behind\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(every_route_answers),
		WITH_SETUP(incidents_and_changes_are_told),
		WITH_SETUP(former_definitions_are_told_one_by_one),
		WITH_SETUP(services_are_told_for_a_span_of_time),
		WITH_SETUP(a_history_has_rows_if_it_is_asked_for),
		WITH_SETUP(ready_means_that_the_agent_can_be_read),
		WITH_SETUP(names_are_percent_decoded),
		WITH_SETUP(services_may_be_left_out),
		WITH_SETUP(metrics_in_the_format_asked_for),
		WITH_SETUP(refusals_are_json),
		WITH_SETUP(reload),
		WITH_SETUP(head_is_get_without_body),
		WITH_SETUP(silences),
		WITH_SETUP(what_is_refused_is_noted_with_who_asked),
		WITH_SETUP(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

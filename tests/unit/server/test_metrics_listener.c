/* SPDX-License-Identifier: GPL-2.0-only */
/* The listener for metrics: what it shares, and with how many. */
#include "server_fixture.h"

TEST(it_shares_metrics_and_health_alone)
{
	static const char *const hidden[] = {
		"/",	      "/v1/status",	      "/v1/services", "/v1/slos/checkout",
		"/v1/alerts", "/v1/history/checkout", "/v1/silences", "/v1/silences/abc",
		"/v1/reload", "/v1/notify-test",
	};
	struct fixture *f = *state;

	open_metrics_server(f);
	get(f, "/metrics");
	assert_code(200);
	assert_has("# TYPE sliprobe_slo_events_total counter\n");
	get(f, "/healthz");
	assert_code(200);
	get(f, "/readyz");
	assert_code(200);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		get(f, hidden[i]);
		assert_code(404);
		get_with(f, "POST", hidden[i], "Content-Length: 0\r\n");
		assert_code(404);
		get_with(f, "DELETE", hidden[i], "");
		assert_code(404);
	}
	get_with(f, "POST", "/metrics", "Content-Length: 0\r\n");
	assert_code(405);
	assert_int_equal(f->agent.reloads, 0);
}

/* Descriptors are the agent's: strangers get few of them. */
TEST(at_most_64_stay_connected)
{
	enum { CLIENTS = 70 };
	struct fixture *f = *state;
	size_t closed = 0;
	int fds[CLIENTS];
	char c;

	open_metrics_server(f);
	for (size_t i = 0; i < CLIENTS; i++) {
		fds[i] = dial(f);
		turn(f, 10);
	}
	get(f, "/healthz");
	assert_code(200);
	for (size_t i = 0; i < CLIENTS; i++) {
		closed += recv(fds[i], &c, 1, 0) == 0;
		close(fds[i]);
	}
	assert_int_equal(closed, CLIENTS - 64 + 1);
}

TEST(a_port_that_cannot_be_had)
{
	struct fixture *f = *state;
	struct listener second = {.fd = 12345};
	char text[32];

	open_metrics_server(f);
	snprintf(text, sizeof(text), "127.0.0.1:%d", f->port);
	assert_int_equal(listener_open_tcp(text, &second), -EADDRINUSE);
	assert_int_equal(listener_open_tcp("192.0.2.1:9464", &second), -EADDRNOTAVAIL);
	assert_int_equal(listener_open_tcp("nowhere", &second), -EINVAL);
	assert_int_equal(second.fd, 12345);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(it_shares_metrics_and_health_alone),
		WITH_SETUP(at_most_64_stay_connected),
		WITH_SETUP(a_port_that_cannot_be_had),
	};

	raise_descriptor_limit();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

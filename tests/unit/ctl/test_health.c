/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl health, asking a fake agent, one that is not ready, none, and one that nobody can reach for a while. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

static const struct fake_reply healthy[] = {{"GET /healthz", 200, "ok\n", 0},
					    {"GET /readyz", 503, "{\"error\": \"not ready\"}\n", 0},
					    {}};

TEST(the_exit_status_is_the_answer)
{
	struct fake_agent agent;

	fake_start(&agent, healthy);
	expect_spoken(ctl_health, agent.path, false, "health", 0, "ok\n", "");
	expect_spoken(ctl_health, agent.path, true, "health", 0, "{\"healthy\":true}\n", "");
	expect_spoken(ctl_health, agent.path, false, "health --ready", 1, "",
		      "slictl: not ready\n");
	assert_string_equal(agent.asked, "GET /healthz\nGET /healthz\nGET /readyz\n");
	fake_stop(&agent);
	expect_spoken(ctl_health, "/nowhere", false, "health", 3, "",
		      "slictl: no agent answers on /nowhere (No such file or directory).\n"
		      "Start it with \"systemctl start sliprobe\" or \"sliprobed\", or name its "
		      "socket with --socket.\n");
}

/* Answers whoever has connected, after a while. */
static void *accept_late(void *context)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
	const struct timespec pause = {.tv_nsec = 300000000};
	const int *listener = context;
	int fd;

	nanosleep(&pause, NULL);
	while ((fd = accept(*listener, NULL, NULL)) >= 0) {
		assert_int_equal(send(fd, answer, strlen(answer), MSG_NOSIGNAL), strlen(answer));
		shutdown(fd, SHUT_WR);
		close(fd);
	}
	return NULL;
}

TEST(a_full_backlog_is_waited_for)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/health-XXXXXX"};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fds[8];
	pthread_t thread;
	size_t n = 0;

	assert_int_equal(close(mkstemp(address.sun_path)), 0);
	unlink(address.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	for (;; n++) {
		fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fds[n], (struct sockaddr *)&address, sizeof(address)))
			break;
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(pthread_create(&thread, NULL, accept_late, &listener), 0);
	expect_spoken(ctl_health, address.sun_path, false, "health", 0, "ok\n", "");
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	for (size_t i = 0; i <= n; i++)
		close(fds[i]);
	close(listener);
	unlink(address.sun_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_status_is_the_answer),
		cmocka_unit_test(a_full_backlog_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "agent/services.h"

enum {
	NO_PID = 0x7fffffff, /* above any pid: nothing is read of it */
};

static struct endpoint_key key_of(__u32 netns, __u16 port, const char *process)
{
	struct endpoint_key key = {.netns = netns, .port = port};

	memcpy(key.process, process, strnlen(process, sizeof(key.process)));
	return key;
}

static const struct service *seen(struct services *services, __u32 id, const char *configured_name,
				  struct endpoint_key key, __u32 pid, const char *exe)
{
	struct endpoint endpoint = {.tgid = pid};

	snprintf(endpoint.exe, sizeof(endpoint.exe), "%s", exe);
	assert_int_equal(service_seen(services, id, configured_name, &key, &endpoint), 0);
	assert_non_null(services_by_id(services, id));
	return services_by_id(services, id);
}

/* ---- names ---- */

TEST(found_services_are_named_after_process_and_port)
{
	struct services services = {};
	const struct service *service;

	service = seen(&services, SERVICE_FOUND + 1, NULL, key_of(4026531840U, 8080, "nginx"),
		       NO_PID, "/usr/sbin/nginx");
	assert_int_equal(service->id, SERVICE_FOUND + 1);
	assert_string_equal(service->name, "nginx:8080");
	assert_string_equal(service->process, "nginx");
	assert_string_equal(service->exe, "/usr/sbin/nginx");
	assert_int_equal(service->port, 8080);
	assert_int_equal(service->pid, NO_PID);
	assert_int_equal(service->netns, 4026531840U);
	assert_null(service->container);

	/* the same name elsewhere, and names that only look alike */
	service = seen(&services, SERVICE_FOUND + 2, NULL, key_of(4026532001U, 8080, "nginx"),
		       NO_PID, "/usr/sbin/nginx");
	assert_string_equal(service->name, "nginx:8080@4026532001");
	service = seen(&services, SERVICE_FOUND + 3, NULL, key_of(4026532001U, 80, "nginx"), NO_PID,
		       "/usr/sbin/nginx");
	assert_string_equal(service->name, "nginx:80");
	service = seen(&services, SERVICE_FOUND + 4, NULL, key_of(4026532002U, 65535, "nginx"),
		       NO_PID, "/usr/sbin/nginx");
	assert_string_equal(service->name, "nginx:65535");
	service = seen(&services, SERVICE_FOUND + 5, NULL, key_of(4026532002U, 8080, "nginx"),
		       NO_PID, "/usr/sbin/nginx");
	assert_string_equal(service->name, "nginx:8080@4026532002");
	assert_int_equal(services.n, 5);

	/* a name once given stays */
	service = seen(&services, SERVICE_FOUND + 2, NULL, key_of(4026532001U, 8080, "nginx"),
		       NO_PID - 1, "/usr/sbin/nginx");
	assert_string_equal(service->name, "nginx:8080@4026532001");
	assert_int_equal(services.n, 5);
	services_clear(&services);
	assert_int_equal(services.n, 0);
	assert_null(services.list);
}

TEST(process_name_may_fill_its_bytes)
{
	struct services services = {};
	const struct service *service;

	service = seen(&services, SERVICE_FOUND + 1, NULL, key_of(1, 80, "0123456789abcdef"),
		       NO_PID, "/x");
	assert_string_equal(service->name, "0123456789abcdef:80");
	assert_string_equal(service->process, "0123456789abcde");
	service = seen(&services, SERVICE_FOUND + 2, NULL, key_of(2, 80, "0123456789abcdef"),
		       NO_PID, "/x");
	assert_string_equal(service->name, "0123456789abcdef:80@2");
	services_clear(&services);
}

TEST(names_of_found_services_are_text_whatever_the_bytes)
{
	struct services services = {};
	const struct service *service;

	service = seen(&services, SERVICE_FOUND + 1, NULL, key_of(1, 80, "a\xff\xc3\xbc"), NO_PID,
		       "/x");
	assert_string_equal(service->name, "a\\xff\xc3\xbc:80");
	/* as the kernel cuts it */
	service = seen(&services, SERVICE_FOUND + 2, NULL, key_of(1, 80, "0123456789abcd\xc3"),
		       NO_PID, "/x");
	assert_string_equal(service->name, "0123456789abcd\\xc3:80");
	services_clear(&services);
}

TEST(exe_may_fill_its_bytes)
{
	struct services services = {};
	struct endpoint_key key = key_of(1, 80, "x");
	struct endpoint endpoint = {.tgid = NO_PID};

	memset(endpoint.exe, 'e', sizeof(endpoint.exe));
	assert_int_equal(service_seen(&services, 5000, NULL, &key, &endpoint), 0);
	assert_int_equal(strlen(services_by_id(&services, 5000)->exe), EXE_BYTES);
	services_clear(&services);
}

TEST(configured_services_have_their_own_name)
{
	struct services services = {};
	struct service *service = NULL, *again = NULL;

	assert_null(services_by_id(&services, 1));
	assert_int_equal(services_add(&services, 1, "nginx:8080", &service), 0);
	assert_string_equal(service->name, "nginx:8080");
	assert_int_equal(service->id, 1);
	assert_int_equal(service->pid, 0);
	assert_null(service->exe);
	assert_int_equal(services_add(&services, 1, "other", &again), 0);
	assert_ptr_equal(again, service);
	assert_string_equal(again->name, "nginx:8080");
	assert_int_equal(services.n, 1);

	/* what is known of its endpoint comes when it is seen */
	assert_ptr_equal(seen(&services, 1, "nginx:8080", key_of(7, 81, "web"), NO_PID, "/web"),
			 service);
	assert_string_equal(service->name, "nginx:8080");
	assert_string_equal(service->process, "web");
	assert_int_equal(service->port, 81);

	/* a found one does not take it; one not added before is made under its name */
	assert_string_equal(seen(&services, SERVICE_FOUND, NULL, key_of(9, 8080, "nginx"), NO_PID,
				 "/nginx")
				    ->name,
			    "nginx:8080@9");
	assert_string_equal(
		seen(&services, 2, "shop", key_of(9, 82, "shopd"), NO_PID, "/shopd")->name, "shop");
	assert_int_equal(services.n, 3);

	/* a found one gives way to a name that comes to be configured */
	seen(&services, SERVICE_FOUND + 1, NULL, key_of(9, 90, "cat"), NO_PID, "/cat");
	assert_int_equal(services_add(&services, 3, "cat:90", &service), 0);
	assert_string_equal(service->name, "cat:90");
	assert_string_equal(services_by_id(&services, SERVICE_FOUND + 1)->name, "cat:90@9");
	services_clear(&services);
}

TEST(details_follow_the_first_endpoint)
{
	struct services services = {};
	const struct service *service;

	service = seen(&services, 1, "a", key_of(7, 80, "old"), (__u32)getpid(), "/old");
	/* another port, or the same one in another namespace, while the first one's process lives */
	assert_ptr_equal(seen(&services, 1, "a", key_of(7, 81, "side"), NO_PID, "/side"), service);
	seen(&services, 1, "a", key_of(8, 80, "side"), NO_PID, "/side");
	assert_int_equal(service->port, 80);
	assert_int_equal(service->netns, 7);
	assert_int_equal(service->pid, getpid());
	assert_string_equal(service->exe, "/old");
	assert_string_equal(service->process, "old");
	/* the same process has become another program */
	seen(&services, 1, "a", key_of(7, 80, "exec"), (__u32)getpid(), "/exec");
	assert_string_equal(service->exe, "/exec");
	assert_string_equal(service->process, "exec");
	/* another process on the first one's port; as it is gone, any other endpoint takes over */
	seen(&services, 1, "a", key_of(7, 80, "new"), NO_PID, "/new");
	assert_int_equal(service->pid, NO_PID);
	assert_string_equal(service->exe, "/new");
	seen(&services, 1, "a", key_of(9, 81, "next"), NO_PID - 1, "/next");
	assert_int_equal(service->port, 81);
	assert_int_equal(service->netns, 9);
	assert_string_equal(service->process, "next");
	services_clear(&services);
}

/* ---- rate ---- */

static void assert_rate(const struct service *service, double now, __u64 requests, double value)
{
	struct maybe rate = service_rate(service, now, requests);

	assert_true(rate.known);
	if (fabs(rate.value - value) > 1e-12 * fmax(1, value))
		fail_msg("%.17g is not %.17g", rate.value, value);
}

static void assert_no_rate(const struct service *service, double now, __u64 requests)
{
	assert_false(service_rate(service, now, requests).known);
}

TEST(rate_by_hand)
{
	struct service service = {};

	assert_no_rate(&service, 1000, 500);
	service_rate_step(&service, 1000, 500);
	assert_no_rate(&service, 1000, 500);
	assert_no_rate(&service, 1000.25, 501); /* too short to say */
	assert_rate(&service, 1000.5, 501, 2);
	assert_rate(&service, 1004, 500, 0);
	assert_rate(&service, 1004, 530, 7.5);
	service_rate_step(&service, 1010, 600);
	assert_rate(&service, 1010, 600, 10); /* from the oldest step of the minute */
	service_rate_step(&service, 1020, 600);
	service_rate_step(&service, 1030, 660);
	assert_rate(&service, 1040, 700, 5);
	/* from the last step that is a minute back or more */
	assert_rate(&service, 1060, 800, 5);
	assert_rate(&service, 1060.25, 902, 402 / 60.25);
	assert_rate(&service, 1070, 900, 5);
	assert_rate(&service, 1080, 900, 5);
	assert_rate(&service, 1090, 720, 1);
	assert_rate(&service, 1130, 860, 2);
}

/* Every 10 s for an hour: the oldest steps give way, and a burst is gone after a minute. */
TEST(rate_over_the_last_minute)
{
	struct service service = {};
	__u64 requests = 0;

	for (int t = 0; t <= 3600; t += 10) {
		if (t > 0)
			requests += t == 1800 ? 6000 : 20;
		service_rate_step(&service, t, requests);
		if (t >= 60)
			assert_rate(&service, t, requests,
				    t >= 1800 && t < 1860 ? (5 * 20 + 6000) / 60.0 : 2);
		else if (t > 0)
			assert_rate(&service, t, requests, 2);
	}
	assert_int_equal(service.rate.n, 361);
}

TEST(services_go)
{
	struct services services = {};
	struct endpoint_key key = {.netns = 7, .port = 80, .process = "nginx"};
	struct endpoint endpoint = {.tgid = NO_PID};

	for (__u32 id = 1; id <= 3; id++) {
		key.port = (__u16)(80 + id);
		assert_int_equal(service_seen(&services, id, NULL, &key, &endpoint), 0);
	}
	key.port = 82;
	assert_false(services_wait(&services, 9, &key));
	services_by_id(&services, 2)->stay = SERVICE_GONE;
	assert_true(services_wait(&services, 9, &key));
	assert_false(services_wait(&services, 2, &key));
	key.netns = 8;
	assert_false(services_wait(&services, 9, &key));
	services_remove(&services, 2);
	services_remove(&services, 2);
	assert_int_equal(services.n, 2);
	assert_null(services_by_id(&services, 2));
	assert_non_null(services_by_id(&services, 3));
	services_clear(&services);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_services_are_named_after_process_and_port),
		cmocka_unit_test(process_name_may_fill_its_bytes),
		cmocka_unit_test(names_of_found_services_are_text_whatever_the_bytes),
		cmocka_unit_test(exe_may_fill_its_bytes),
		cmocka_unit_test(configured_services_have_their_own_name),
		cmocka_unit_test(details_follow_the_first_endpoint),
		cmocka_unit_test(services_go),
		cmocka_unit_test(rate_by_hand),
		cmocka_unit_test(rate_over_the_last_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

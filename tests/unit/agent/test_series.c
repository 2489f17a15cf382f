/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/malloc_fail.h"
#include "agent/series.h"

enum { SHOP = 3, FOUND = SERVICE_FOUND + 7, UNKNOWN = SERIES_SERVICES - 1 };

struct known {
	struct services services;
	struct ids *routes;
};

static int setup(void **state)
{
	static struct known known;
	struct service *service;

	known = (struct known){};
	assert_int_equal(services_add(&known.services, SHOP, "shop", &service), 0);
	assert_int_equal(services_add(&known.services, FOUND, "nginx:80", &service), 0);
	assert_int_equal(ids_new(10, &known.routes), 0);
	assert_int_equal(ids_number(known.routes, "/cart"), 1);
	*state = &known;
	return 0;
}

static int teardown(void **state)
{
	struct known *known = *state;

	services_clear(&known->services);
	ids_free(known->routes);
	return 0;
}

static int add(struct series_list *series, struct series_key key, __u64 requests)
{
	return series_add(series, 1, &key, &(const struct series_value){.requests = requests});
}

TEST(a_series_has_names_for_its_numbers)
{
	const struct known *known = *state;
	struct series_list series;

	assert_int_equal(series_init(&series, &known->services, known->routes), 0);
	assert_int_equal(
		add(&series,
		    (struct series_key){
			    .service = SHOP,
			    .route = 1,
			    .status = 503,
			    .method = HTTP_METHOD_POST,
			    .role_outcome = series_role_outcome(ROLE_SERVER, OUTCOME_COMPLETE),
		    },
		    5),
		0);
	assert_int_equal(
		add(&series,
		    (struct series_key){
			    .service = FOUND,
			    .route = 9,
			    .role_outcome = series_role_outcome(ROLE_CLIENT, OUTCOME_UNANSWERED),
		    },
		    7),
		0);
	assert_int_equal(series.n, 2);
	assert_string_equal(series.list[0].service, "shop");
	assert_string_equal(series.list[0].route, "/cart");
	assert_string_equal(series.list[0].method, "POST");
	assert_string_equal(series.list[0].outcome, "complete");
	assert_int_equal(series.list[0].status, 503);
	assert_int_equal(series.list[0].role, ROLE_SERVER);
	assert_int_equal(series.list[0].requests, 5);
	assert_string_equal(series.list[1].service, "nginx:80");
	assert_string_equal(series.list[1].route, "_other");
	assert_string_equal(series.list[1].outcome, "unanswered");
	assert_int_equal(series.list[1].role, ROLE_CLIENT);
	series_clear(&series);
}

TEST(a_services_requests_are_those_of_all_its_series)
{
	const struct known *known = *state;
	struct series_list series;

	assert_int_equal(series_init(&series, &known->services, known->routes), 0);
	for (__u16 status = 200; status < 600; status++)
		assert_int_equal(add(&series, (struct series_key){SHOP, 1, status, 1, 0}, 2), 0);
	assert_int_equal(add(&series, (struct series_key){FOUND, 1, 200, 1, 0}, 3), 0);
	assert_int_equal(series.n, 401);
	assert_int_equal(series.requests[SHOP], 800);
	assert_int_equal(series.requests[FOUND], 3);
	assert_int_equal(series.requests[SHOP + 1], 0);
	series_clear(&series);
}

/* Its endpoint was met after the services were last looked for; it is there at the next step. */
TEST(an_unknown_service_is_counted_but_has_no_series)
{
	const struct known *known = *state;
	struct series_list series;

	assert_int_equal(series_init(&series, &known->services, known->routes), 0);
	assert_int_equal(add(&series, (struct series_key){.service = UNKNOWN, .method = 1}, 4), 0);
	assert_int_equal(series.n, 0);
	assert_int_equal(series.requests[UNKNOWN], 4);
	series_clear(&series);
}

TEST(a_word_of_a_newer_kernel_side_has_no_series)
{
	const struct known *known = *state;
	struct series_list series;

	assert_int_equal(series_init(&series, &known->services, known->routes), 0);
	assert_int_equal(add(&series,
			     (struct series_key){.service = SHOP, .method = HTTP_METHOD_COUNT}, 4),
			 0);
	assert_int_equal(add(&series,
			     (struct series_key){.service = SHOP, .role_outcome = OUTCOME_COUNT},
			     4),
			 0);
	assert_int_equal(series.n, 0);
	assert_int_equal(series.requests[SHOP], 8);
	series_clear(&series);
}

static void nth_allocation_fails(const struct known *known, int n, int *ret_r)
{
	struct series_list series;

	n_allocations = 0;
	fail_at = (unsigned long)n;
	*ret_r = series_init(&series, &known->services, known->routes);
	for (__u16 status = 200; !*ret_r && status < 500; status++)
		*ret_r = add(&series, (struct series_key){SHOP, 1, status, 1, 0}, 2);
	fail_at = 0;
	series_clear(&series);
}

TEST(out_of_memory_is_said)
{
	int n = 0, r;

	do {
		nth_allocation_fails(*state, ++n, &r);
		if (r)
			assert_int_equal(r, -ENOMEM);
	} while (r);
	assert_int_equal(n, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_series_has_names_for_its_numbers),
		WITH_SETUP(a_services_requests_are_those_of_all_its_series),
		WITH_SETUP(an_unknown_service_is_counted_but_has_no_series),
		WITH_SETUP(a_word_of_a_newer_kernel_side_has_no_series),
		WITH_SETUP(out_of_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Services and their SLOs from the endpoints that the kernel has met, which are given here. */
#include <errno.h>
#include <string.h>

#include "tests/unit/apply/applied_fixture.h"
#include "agent/discover.h"

static const char shop_and_any[] =
	"services:\n"
	"  - {name: shop, match: {port: 80}}\n"
	"slos:\n"
	"  - {name: checkout, service: shop, objective: 99, window: 7d}\n"
	"  - {name: \"{service}-up\", service: \"*\", objective: 99, "
	"window: 7d}\n";

struct host {
	struct applied applied;
	struct services services;
	struct endpoints endpoints;
};

static int setup(void **state)
{
	static struct host host;

	host = (struct host){};
	assert_int_equal(applied_init(&host.applied), 0);
	put_in_force(&host.applied, &none_in_use, shop_and_any);
	*state = &host;
	return 0;
}

static int teardown(void **state)
{
	struct host *host = *state;

	endpoints_clear(&host->endpoints);
	services_clear(&host->services);
	applied_clear(&host->applied);
	return 0;
}

/* The kernel's endpoint of that id, met by a process of the name. */
static void meet(struct host *host, __u32 id, __u32 service, const char *process, __u16 port)
{
	struct endpoint_key key = {.netns = 1000 + id, .port = port};
	struct endpoint endpoint = {
		.id = id, .number = id, .service = (__u16)service, .tgid = 0x7fffffff};

	memcpy(key.process, process, strlen(process));
	assert_int_equal(endpoints_add(&host->endpoints, &key, &endpoint), 0);
}

static void discover(struct host *host)
{
	assert_int_equal(discover_configured(&host->services, &host->applied), 0);
	assert_int_equal(discover_endpoints(&host->endpoints, &host->services, &host->applied), 0);
}

static const char *name_of(const struct host *host, __u32 id)
{
	const struct service *service = services_by_id(&host->services, id);

	return service ? service->name : NULL;
}

TEST(configured_services_are_there_before_they_are_met)
{
	struct host *host = *state;

	discover(host);
	assert_int_equal(host->services.n, 1);
	assert_string_equal(host->services.list[0]->name, "shop");
	assert_int_equal(host->services.list[0]->port, 0);
	assert_int_equal(host->applied.tracks.n_found, 0);
	discover(host);
	assert_int_equal(host->services.n, 1);
}

TEST(an_endpoint_of_a_configured_service_is_its_own)
{
	struct host *host = *state;

	meet(host, 1, ids_number(host->applied.numbers.services, "shop"), "nginx", 80);
	discover(host);
	assert_int_equal(host->services.n, 1);
	assert_int_equal(host->services.list[0]->port, 80);
	assert_string_equal(host->services.list[0]->process, "nginx");
	assert_int_equal(host->applied.tracks.n_found, 0);
}

TEST(a_found_service_has_a_track_for_each_wildcard)
{
	struct host *host = *state;
	const struct track_entry *found;

	meet(host, 7, SERVICE_FOUND + 7, "redis", 6379);
	discover(host);
	assert_string_equal(name_of(host, SERVICE_FOUND + 7), "redis:6379");
	assert_int_equal(host->applied.tracks.n_found, 1);
	found = &host->applied.tracks.found[0];
	assert_string_equal(found->track->name, "redis:6379-up");
	assert_string_equal(found->track->service, "redis:6379");
	assert_int_equal(found->endpoint, 7);
	assert_int_equal(found->track->counts, found->base + 7);
	discover(host);
	assert_int_equal(host->applied.tracks.n_found, 1);
}

TEST(a_service_being_registered_waits_for_the_next_time)
{
	struct host *host = *state;

	meet(host, 7, SERVICE_NONE, "redis", 6379);
	discover(host);
	assert_int_equal(host->services.n, 1);
	assert_int_equal(host->applied.tracks.n_found, 0);
}

/* The first one that was found has the plain name, in whatever order the kernel's table is read. */
TEST(names_do_not_depend_on_the_order_of_reading)
{
	struct host *host = *state;

	meet(host, 9, SERVICE_FOUND + 9, "app", 8080);
	meet(host, 3, SERVICE_FOUND + 3, "app", 8080);
	meet(host, 5, SERVICE_FOUND + 5, "app", 8080);
	discover(host);
	assert_string_equal(name_of(host, SERVICE_FOUND + 3), "app:8080");
	assert_string_equal(name_of(host, SERVICE_FOUND + 5), "app:8080@1005");
	assert_string_equal(name_of(host, SERVICE_FOUND + 9), "app:8080@1009");
	assert_int_equal(host->applied.tracks.n_found, 3);
	assert_string_equal(host->applied.tracks.found[0].track->service, "app:8080");
}

/* Known from disk, its track is bound to the kernel's counters when its endpoint is met. */
TEST(a_track_from_disk_is_met_again)
{
	struct host *host = *state;
	const struct wildcard *wildcard = &host->applied.tracks.wildcards[0];
	const struct track_entry *found;

	assert_int_equal(applied_found_before(&host->applied, "redis:6379-up", "redis:6379",
					      wildcard->definition),
			 0);
	assert_int_equal(host->applied.tracks.n_found, 1);
	assert_int_equal(host->applied.tracks.found[0].track->counts, TRACK_NO_COUNTS);
	meet(host, 7, SERVICE_FOUND + 7, "redis", 6379);
	discover(host);
	assert_int_equal(host->applied.tracks.n_found, 1);
	found = &host->applied.tracks.found[0];
	assert_int_equal(found->endpoint, 7);
	assert_int_equal(found->track->counts, wildcard->base + 7);
}

/* Its last counts are waited for, and its name with them. */
TEST(an_endpoint_that_comes_again_waits_for_its_name)
{
	struct host *host = *state;
	const struct endpoint_key key = {.netns = 1007, .port = 6379, .process = "redis"};
	const struct endpoint again = {.id = 8, .number = 8, .service = SERVICE_FOUND + 8};

	meet(host, 7, SERVICE_FOUND + 7, "redis", 6379);
	discover(host);
	services_by_id(&host->services, SERVICE_FOUND + 7)->stay = SERVICE_GONE;
	endpoints_clear(&host->endpoints);
	assert_int_equal(endpoints_add(&host->endpoints, &key, &again), 0);
	discover(host);
	assert_null(name_of(host, SERVICE_FOUND + 8));
	services_remove(&host->services, SERVICE_FOUND + 7);
	applied_lost(&host->applied, 7);
	discover(host);
	assert_string_equal(name_of(host, SERVICE_FOUND + 8), "redis:6379");
	assert_int_equal(host->applied.tracks.n_found, 1);
	assert_int_equal(host->applied.tracks.found[0].endpoint, 8);
}

TEST(those_without_an_id_are_one_service)
{
	struct host *host = *state;

	for (int i = 0; i < 2; i++)
		assert_int_equal(discover_overflow(&host->services, &host->applied), 0);
	assert_string_equal(name_of(host, SERVICE_FOUND), "_overflow");
	assert_int_equal(host->applied.tracks.n_found, 1);
	assert_string_equal(host->applied.tracks.found[0].track->name, "_overflow-up");
	assert_int_equal(host->applied.tracks.found[0].track->counts,
			 host->applied.tracks.wildcards[0].base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(configured_services_are_there_before_they_are_met),
		WITH_SETUP(an_endpoint_of_a_configured_service_is_its_own),
		WITH_SETUP(a_found_service_has_a_track_for_each_wildcard),
		WITH_SETUP(a_service_being_registered_waits_for_the_next_time),
		WITH_SETUP(names_do_not_depend_on_the_order_of_reading),
		WITH_SETUP(a_track_from_disk_is_met_again),
		WITH_SETUP(an_endpoint_that_comes_again_waits_for_its_name),
		WITH_SETUP(those_without_an_id_are_one_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

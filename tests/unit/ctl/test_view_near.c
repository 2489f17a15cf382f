/* SPDX-License-Identifier: GPL-2.0-only */
/* Who serves, and what keeps a found service from being a configured one. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/view_near.h"

typedef void print_fn(const json_t *service, FILE *out);

static void near(const json_t *service, FILE *out)
{
	ctl_print_near(service, false, out);
}

static void expect(print_fn *print, const char *service, const char *expected)
{
	json_t *json = json_loads(service, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(json);
	assert_non_null(out);
	print(json, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

TEST(of_the_network_alone_netns_would_name_it)
{
	expect(near, "{\"near\": {\"service\": \"shop\", \"lacks\": [\"network_namespace\"]}}",
	       "  not matched: it would be service shop but for its network namespace, which is not "
	       "the host's (netns, unit, cgroup or container in its match would name it)\n");
}

/* netns says nothing of mounts. */
TEST(of_mounts_netns_would_not)
{
	expect(near, "{\"near\": {\"service\": \"shop\", \"lacks\": [\"mount_namespace\"]}}",
	       "  not matched: it would be service shop but for its mount namespace, which is not "
	       "the host's (unit, cgroup or container in its match would name it)\n");
	expect(near,
	       "{\"near\": {\"service\": \"shop\", \"lacks\": [\"network_namespace\", "
	       "\"mount_namespace\"]}}",
	       "  not matched: it would be service shop but for its network namespace and its mount "
	       "namespace, which are not the host's (unit, cgroup or container in its match would "
	       "name it)\n");
}

TEST(what_nothing_keeps_has_no_line)
{
	expect(near, "{\"near\": null}", "");
	expect(near, "{}", "");
}

TEST(the_owner_is_told_as_far_as_it_is_known)
{
	expect(ctl_print_owner, "{}", "");
	expect(ctl_print_owner, "{\"user\": null, \"uid\": 65534}", ", user (uid 65534)");
	expect(ctl_print_owner,
	       "{\"user\": \"www-data\", \"uid\": 33, \"netns\": 4026532300, "
	       "\"network_namespace\": \"other\", \"mount_namespace\": \"other\"}",
	       ", user www-data (uid 33), netns 4026532300 (not the host's), mounts not the host's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_network_alone_netns_would_name_it),
		cmocka_unit_test(of_mounts_netns_would_not),
		cmocka_unit_test(what_nothing_keeps_has_no_line),
		cmocka_unit_test(the_owner_is_told_as_far_as_it_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

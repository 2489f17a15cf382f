/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of pinned links, and which of them are taken over. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "helper/pins.h"

static struct pins_name name(__u32 profile, __u32 index, __u32 of)
{
	return (struct pins_name){
		.key = {.file = {.ino = 0xabc000 + profile, .dev = 0xfe << 20 | 1},
			.profile = profile},
		.returns = index < of / 2,
		.index = index,
		.sites = 3,
		.of = of,
	};
}

TEST(names_are_read_as_written)
{
	struct pins_name one = name(511, 1, 2), back;
	char text[PINS_NAME_BYTES];

	one.key.file.ino = ~0ULL;
	one.key.file.dev = one.key.file.generation = one.key.tgid = ~0U;
	one.key.start = ~0ULL;
	one.sites = one.of = SITES_MAX;
	one.index = SITES_MAX - 1;
	pins_name_text(&one, text);
	assert_true(strlen(text) < PINS_NAME_BYTES - 1);
	assert_int_equal(pins_name_parse(text, &back), 0);
	assert_memory_equal(&back.key, &one.key, sizeof(one.key));
	assert_int_equal(back.index, one.index);
	assert_int_equal(back.returns, one.returns);
	one = name(7, 0, 2);
	pins_name_text(&one, text);
	assert_string_equal(text, "link_tls_fe00001_abc007_0_0_0_7_r0_3_2");
}

TEST(other_names_are_left_alone)
{
	struct pins_name ret;

	assert_int_equal(pins_name_parse("link_tp_send", &ret), -ENOENT);
	assert_int_equal(pins_name_parse("map_conns", &ret), -ENOENT);
	assert_int_equal(pins_name_parse("", &ret), -ENOENT);
}

TEST(names_that_only_look_like_it_are_known)
{
	static const char *const bad[] = {
		"link_tls_",
		"link_tls_x",
		"link_tls_fe00001_abc007_0_0_0_7_r0_3",
		"link_tls_fe00001_abc007_0_0_0_7_r0_3_2_",
		"link_tls_fe00001_abc007_0_0_0_7_r0_3_2x",
		"link_tls_fe00001_abc007_0_0_0_7_x0_3_2",
		"link_tls_FE00001_abc007_0_0_0_7_r0_3_2",
		"link_tls_0fe00001_abc007_0_0_0_7_r0_3_2",
		"link_tls_ fe00001_abc007_0_0_0_7_r0_3_2",
		"link_tls_fe00001_0_0_0_0_7_r0_3_2", /* no file */
		"link_tls_fe00001_abc007_0_0_0_0_r0_3_2", /* no profile */
		"link_tls_fe00001_abc007_0_0_0_512_r0_3_2",
		"link_tls_fe00001_abc007_0_0_0_-7_r0_3_2",
		"link_tls_fe00001_abc007_0_5_0_7_r0_3_2", /* a process without a start */
		"link_tls_fe00001_abc007_0_0_5_7_r0_3_2",
		"link_tls_fe00001_abc007_0_0_0_7_r2_3_2", /* the third of two */
		"link_tls_fe00001_abc007_0_0_0_7_r0_0_2",
		"link_tls_fe00001_abc007_0_0_0_7_r0_3_1",
		"link_tls_fe00001_abc007_0_0_0_7_r0_3_257",
		"link_tls_fe00001_abc007_0_0_0_7_r0_3_99999999999999999999",
	};
	struct pins_name ret;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (pins_name_parse(bad[i], &ret) != -EINVAL)
			fail_msg("%s", bad[i]);
	}
}

TEST(whole_sets_are_taken)
{
	struct pins_name names[] = {name(7, 1, 2), name(3, 2, 4), name(3, 0, 4),
				    name(7, 0, 2), name(3, 3, 4), name(3, 1, 4)};
	bool take[6] = {};

	pins_plan(names, 6, take);
	for (__u32 i = 0; i < 6; i++) {
		assert_true(take[i]);
		assert_int_equal(names[i].key.profile, i < 4 ? 3 : 7);
		assert_int_equal(names[i].index, i < 4 ? i : i - 4);
	}
}

TEST(others_are_not)
{
	bool take[4];
	struct pins_name lacks[] = {name(3, 0, 4), name(3, 1, 4), name(3, 3, 4)};
	struct pins_name sizes[] = {name(3, 0, 2), name(3, 1, 3)};
	struct pins_name roles[] = {name(3, 0, 2), name(3, 1, 2)};
	struct pins_name files[] = {name(3, 0, 2), name(3, 1, 2), name(3, 0, 2), name(3, 1, 2)};

	memset(take, 1, sizeof(take));
	pins_plan(lacks, 3, take);
	assert_false(take[0] || take[1] || take[2]);
	memset(take, 1, sizeof(take));
	pins_plan(sizes, 2, take);
	assert_false(take[0] || take[1]);
	memset(take, 1, sizeof(take));
	roles[0].returns = false;
	pins_plan(roles, 2, take);
	assert_false(take[0] || take[1]);
	memset(take, 1, sizeof(take));
	files[2].key.file.ino = files[3].key.file.ino = 5; /* two files of one profile */
	pins_plan(files, 4, take);
	assert_false(take[0] || take[1] || take[2] || take[3]);
}

TEST(processes_share_the_profile_of_their_executable)
{
	struct pins_name names[] = {name(3, 0, 2), name(3, 1, 2), name(3, 0, 2), name(3, 1, 2),
				    name(3, 0, 2)};
	bool take[5] = {};

	names[0].key.tgid = names[1].key.tgid = 10;
	names[2].key.tgid = names[3].key.tgid = 11;
	names[4].key.tgid = 12;
	for (size_t i = 0; i < 5; i++)
		names[i].key.start = 99;
	pins_plan(names, 5, take);
	assert_true(take[0] && take[1] && take[2] && take[3]);
	assert_false(take[4]);
}

TEST(nothing_is_nothing)
{
	pins_plan(NULL, 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_as_written),
		cmocka_unit_test(other_names_are_left_alone),
		cmocka_unit_test(names_that_only_look_like_it_are_known),
		cmocka_unit_test(whole_sets_are_taken),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(processes_share_the_profile_of_their_executable),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests_name("pins", tests, NULL, NULL);
}

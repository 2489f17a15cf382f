/* SPDX-License-Identifier: GPL-2.0-only */
/* The plan of a take-over, by what a former agent has left. */
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "agent/takeover_plan.h"
#include "apply/note.h"

static const char this_build[] = "0123456789abcdef";
static const char other_build[] = "0123456789abcdee";

static json_t *note_of(const char *build)
{
	const struct note_head head = {
		.build = build,
		.instance = "00112233445566778899aabbccddeeff",
		.attached_boottime_seconds = 12.5,
	};
	json_t *body = json_object(), *note = note_wrap(&head, body);

	assert_non_null(note);
	json_decref(body);
	return note;
}

/* Takes the note. `why`: NULL for none. */
static void assert_plan(struct takeover_found found, json_t *note, enum probe_hook wanted_hook,
			enum takeover_plan plan, const char *why)
{
	const struct takeover_wanted wanted = {.build = this_build, .hook = wanted_hook};
	const char *given = "nothing";

	found.note = note;
	assert_int_equal(takeover_plan(&found, &wanted, &given), plan);
	if (why)
		assert_string_equal(given, why);
	else
		assert_null(given);
	json_decref(note);
}

TEST(what_this_build_left_is_taken_over)
{
	const struct takeover_found found = {.hook = PROBE_HOOK_FEXIT};

	assert_plan(found, note_of(this_build), PROBE_HOOK_AUTO, TAKEOVER_TAKE_OVER, NULL);
	assert_plan(found, note_of(this_build), PROBE_HOOK_FEXIT, TAKEOVER_TAKE_OVER, NULL);
}

TEST(another_build_or_hook_is_handed_over)
{
	const struct takeover_found found = {.hook = PROBE_HOOK_FEXIT};
	static const char build_differs[] = "the kernel side of this version is another one";

	assert_plan(found, note_of(other_build), PROBE_HOOK_AUTO, TAKEOVER_HAND_OVER,
		    build_differs);
	assert_plan(found, note_of(other_build), PROBE_HOOK_TRACEPOINT, TAKEOVER_HAND_OVER,
		    build_differs);
	assert_plan(found, note_of(this_build), PROBE_HOOK_TRACEPOINT, TAKEOVER_HAND_OVER,
		    "other hooks are asked for");
}

static void assert_tls_plan(bool loaded, bool refused, enum takeover_tls wanted_tls,
			    enum takeover_plan plan, const char *why)
{
	json_t *note = note_of(this_build);
	const struct takeover_found found = {.note = note, .tls = loaded, .tls_refused = refused};
	const struct takeover_wanted wanted = {.build = this_build, .tls = wanted_tls};
	const char *given = "nothing";

	assert_int_equal(takeover_plan(&found, &wanted, &given), plan);
	if (why)
		assert_string_equal(given, why);
	else
		assert_null(given);
	json_decref(note);
}

TEST(programs_on_tls_libraries_come_and_go_with_the_configuration)
{
	assert_tls_plan(true, false, TAKEOVER_TLS_LOADED, TAKEOVER_TAKE_OVER, NULL);
	assert_tls_plan(false, false, TAKEOVER_TLS_NONE, TAKEOVER_TAKE_OVER, NULL);
	assert_tls_plan(false, false, TAKEOVER_TLS_LOADED, TAKEOVER_HAND_OVER,
			"TLS is measured from now on");
	assert_tls_plan(true, false, TAKEOVER_TLS_NONE, TAKEOVER_HAND_OVER,
			"TLS is no longer measured");
}

TEST(without_a_helper_or_where_the_kernel_refused_them_they_stay_as_they_are)
{
	assert_tls_plan(true, false, TAKEOVER_TLS_EITHER, TAKEOVER_TAKE_OVER, NULL);
	assert_tls_plan(false, false, TAKEOVER_TLS_EITHER, TAKEOVER_TAKE_OVER, NULL);
	assert_tls_plan(false, true, TAKEOVER_TLS_LOADED, TAKEOVER_TAKE_OVER, NULL);
}

TEST(programs_on_tls_in_the_kernel_come_when_the_kernel_has_it)
{
	struct takeover_found found = {.note = note_of(this_build), .tls = true};
	struct takeover_wanted wanted = {.build = this_build, .tls = TAKEOVER_TLS_LOADED};
	const char *why = "nothing";

	assert_int_equal(takeover_plan(&found, &wanted, &why), TAKEOVER_TAKE_OVER);
	wanted.ktls = true;
	assert_int_equal(takeover_plan(&found, &wanted, &why), TAKEOVER_HAND_OVER);
	assert_string_equal(why, "TLS in the kernel is measured from now on");
	found.ktls = true;
	assert_int_equal(takeover_plan(&found, &wanted, &why), TAKEOVER_TAKE_OVER);
	found.ktls = false;
	wanted.tls = TAKEOVER_TLS_EITHER;
	assert_int_equal(takeover_plan(&found, &wanted, &why), TAKEOVER_TAKE_OVER);
	json_decref((json_t *)found.note);
}

/* An agent that was killed while it pinned, or while it removed its pins. */
TEST(i2_i4_pins_that_are_missing_are_discarded)
{
	const struct takeover_found found = {.unopened = "link_tp_send: No such file"};

	assert_plan(found, NULL, PROBE_HOOK_AUTO, TAKEOVER_DISCARD, "link_tp_send: No such file");
	assert_plan(found, note_of(this_build), PROBE_HOOK_AUTO, TAKEOVER_DISCARD,
		    "link_tp_send: No such file");
}

TEST(i3_pins_without_a_note_are_discarded)
{
	assert_plan((struct takeover_found){}, NULL, PROBE_HOOK_AUTO, TAKEOVER_DISCARD,
		    "there is no note on it");
}

TEST(a_note_of_another_version_is_discarded)
{
	static const char *const texts[] = {"{}", "[]", "{\"format\": 2}", "null"};
	json_t *newer = note_of(this_build);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_plan((struct takeover_found){}, json_loads(texts[i], JSON_DECODE_ANY, NULL),
			    PROBE_HOOK_AUTO, TAKEOVER_DISCARD, "it is of another version");
	json_object_set_new(newer, "format", json_integer(NOTE_FORMAT + 1));
	assert_plan((struct takeover_found){}, newer, PROBE_HOOK_AUTO, TAKEOVER_DISCARD,
		    "it is of another version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_this_build_left_is_taken_over),
		cmocka_unit_test(another_build_or_hook_is_handed_over),
		cmocka_unit_test(programs_on_tls_libraries_come_and_go_with_the_configuration),
		cmocka_unit_test(
			without_a_helper_or_where_the_kernel_refused_them_they_stay_as_they_are),
		cmocka_unit_test(programs_on_tls_in_the_kernel_come_when_the_kernel_has_it),
		cmocka_unit_test(i2_i4_pins_that_are_missing_are_discarded),
		cmocka_unit_test(i3_pins_without_a_note_are_discarded),
		cmocka_unit_test(a_note_of_another_version_is_discarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

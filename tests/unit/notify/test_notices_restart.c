/* SPDX-License-Identifier: GPL-2.0-only */
/* Notices over restarts of the agent, and without memory. */
#include "tests/unit/fixtures/malloc_fail.h"
#include "tests/unit/notify/notices_fixture.h"

TEST(restart_repeats_and_forgets_nothing)
{
	struct notices *notices = fresh();
	struct log log = {0};
	char id[40];

	TOLD(notices, 10, &log, "T+a:x/t P+b:x/p", ALERT("a", "x", "t", TICKET),
	     ALERT("b", "x", "p", PAGE));
	TOLD(notices, 15, &log, "Pea:x/p", ALERT("a", "x", "t", TICKET), ALERT("a", "x", "p", PAGE),
	     ALERT("b", "x", "p", PAGE));
	snprintf(id, sizeof(id), "%s", log.ids[PAGE]);
	notices = reload(notices);
	TOLD(notices, 20, &log, "", ALERT("a", "x", "t", TICKET), ALERT("a", "x", "p", PAGE),
	     ALERT("b", "x", "p", PAGE));
	notices = reload(notices);
	/* held back before the restart, fires again after it */
	TOLD(notices, 30, &log, "P-a:x/p T+a:x/t P-b:x/p", ALERT("a", "x", "t", TICKET));
	notices = reload(notices);
	TOLD(notices, 29 + REMIND_SECONDS, &log, "", ALERT("a", "x", "t", TICKET));
	TOLD(notices, 30 + REMIND_SECONDS, &log, "Tra:x/t", ALERT("a", "x", "t", TICKET));
	notices_free(notices);
}

TEST(state_of_an_older_agent_is_taken_over)
{
	json_t *saved = json_loads(
		"{\"version\": 1, \"now\": 20.0, \"notices\": [{\"id\": \"1\", \"service\": \"a\", "
		"\"severity\": \"page\", \"started\": 10.0, \"last\": 15.0, \"held\": false, "
		"\"told\": [{\"slo\": \"x\", \"rule\": \"p\"}], "
		"\"now\": [{\"slo\": \"x\", \"rule\": \"q\"}]}, {\"id\": \"2\", \"service\": \"a\", "
		"\"severity\": \"ticket\", \"started\": 5.0, \"last\": 5.0, \"held\": true, "
		"\"told\": [{\"slo\": \"x\", \"rule\": \"t\"}], "
		"\"now\": [{\"slo\": \"x\", \"rule\": \"t\"}]}]}",
		0, NULL);
	struct notices *notices = fresh();
	struct log log = {0};

	assert_int_equal(notices_load(notices, saved), 0);
	TOLD(notices, 30, &log, "", ALERT("a", "x", "p", PAGE), ALERT("a", "x", "t", TICKET));
	notices = reload(notices);
	TOLD(notices, 40, &log, "P-a:x/p T+a:x/t", ALERT("a", "x", "t", TICKET));
	assert_true(log.started[0] == 5);
	assert_string_equal(log.ids[TICKET], "2");
	json_decref(saved);
	notices_free(notices);
}

TEST(unreadable_state_is_refused_whole)
{
#define GOOD                                                                                       \
	"{\"id\":\"1\",\"service\":\"a\",\"severity\":\"page\",\"started\":1.0,\"last\":1.0,"      \
	"\"held\":false,\"told\":[{\"slo\":\"x\",\"rule\":\"p\"}],\"now\":[{\"slo\":\"x\","        \
	"\"rule\":\"p\"}]}"
#define WITH(list) "{\"version\":1,\"now\":5.0,\"notices\":[" list "]}"
	static const char *const bad[] = {
		"{}",
		"[]",
		"{\"version\":2,\"now\":5.0,\"notices\":[]}",
		"{\"version\":1,\"now\":5.0,\"notices\":{}}",
		"{\"version\":1,\"notices\":[]}",
		WITH("1"),
		WITH(GOOD ",{}"),
		WITH(GOOD "," GOOD),
		WITH(GOOD ",{\"id\":\"\",\"service\":\"b\",\"severity\":\"page\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[{\"slo\":\"x\",\"rule\":\"p\"}],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
		WITH(GOOD ",{\"id\":\"2\",\"service\":\"b\",\"severity\":\"fatal\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[{\"slo\":\"x\",\"rule\":\"p\"}],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
		WITH(GOOD ",{\"id\":\"2\",\"service\":\"b\",\"severity\":\"page\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
		WITH(GOOD ",{\"id\":\"2\",\"service\":\"b\",\"severity\":\"page\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[{\"slo\":\"x\"}],"
			  "\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
		WITH(GOOD ",{\"id\":\"2\",\"service\":\"b\",\"severity\":\"page\",\"started\":1.0,"
			  "\"last\":1.0,\"held\":false,\"told\":[{\"slo\":\"x\",\"rule\":\"p\","
			  "\"held\":1}],\"now\":[{\"slo\":\"x\",\"rule\":\"p\"}]}"),
	};
	struct notices *notices = fresh();
	json_t *saved;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		saved = json_loads(bad[i], 0, NULL);
		assert_non_null(saved);
		assert_int_equal(notices_load(notices, saved), -EINVAL);
		assert_int_equal(n_open(notices), 0);
		json_decref(saved);
	}
	saved = json_loads(WITH(GOOD), 0, NULL);
	assert_int_equal(notices_load(notices, saved), 0);
	assert_int_equal(n_open(notices), 1);
	assert_int_equal(notices_load(notices, saved), -EINVAL); /* not an empty one */
	assert_int_equal(n_open(notices), 1);
	json_decref(saved);
	notices_free(notices);
}

/* Walks every allocation that a step, a save and a load make. */
TEST(out_of_memory_loses_no_message)
{
	struct notices *notices = fresh();
	struct log log = {0};
	unsigned long n;
	json_t *saved;
	int r;

	json_set_alloc_funcs(malloc, free);
	for (n = 1;; n++) {
		n_allocations = 0;
		fail_at = n;
		r = STEP(notices, 10, &log, ALERT("a", "x", "t", TICKET),
			 ALERT("b", "x", "p", PAGE));
		fail_at = 0;
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(n > 5);
	assert_int_equal(n_open(notices), 2);
	for (n = 1, saved = NULL; !saved; n++) {
		n_allocations = 0;
		fail_at = n;
		saved = notices_save(notices);
		fail_at = 0;
	}
	assert_true(n > 5);
	notices_free(notices);
	/* json_unpack() goes on without memory that it could do without: it is left out */
	json_set_alloc_funcs(__real_malloc, free);
	for (n = 1, notices = NULL;; n++) {
		notices = fresh();
		n_allocations = 0;
		fail_at = n;
		r = notices_load(notices, saved);
		fail_at = 0;
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(n_open(notices), 0);
		notices_free(notices);
	}
	assert_true(n > 5);
	assert_int_equal(n_open(notices), 2);
	json_decref(saved);
	notices_free(notices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restart_repeats_and_forgets_nothing),
		cmocka_unit_test(state_of_an_older_agent_is_taken_over),
		cmocka_unit_test(unreadable_state_is_refused_whole),
		cmocka_unit_test(out_of_memory_loses_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

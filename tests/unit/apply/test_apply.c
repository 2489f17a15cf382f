/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order in which a change is written, noted, made live and put in force. The kernel side is
 * stood for by a list of what it was asked to do.
 */
#include <errno.h>

#include "tests/unit/apply/applied_fixture.h"
#include "kernel/probe.h"

static const char one[] = "services:\n  - {name: shop, match: {port: 80}}\n"
			  "slos:\n  - {name: up, service: shop, objective: 99}\n";
static const char other[] = "services:\n  - {name: cart, match: {port: 81}}\n"
			    "slos:\n  - {name: up, service: cart, objective: 99}\n";

struct probe {
	char asked[512];
	int write_result;
	int persist_result;
	__u32 generation;
};

static void asked(struct probe *probe, const char *what, __u32 generation)
{
	size_t len = strlen(probe->asked);

	snprintf(probe->asked + len, sizeof(probe->asked) - len, "%s %u, ", what, generation);
}

struct tables_region probe_region(const struct probe *probe, __u32 generation)
{
	struct tables_region room = room_for_all();

	(void)probe;
	return tables_region_of(&room, generation);
}

int probe_write_tables(struct probe *probe, const struct tables_change *change)
{
	asked(probe, "write", change->generation);
	return probe->write_result;
}

void probe_series_most(struct probe *probe, __u32 service, size_t n_routes)
{
	(void)probe;
	assert_true(service > 0 && service < SERVICE_FOUND && n_routes < ROUTES_MAX);
}

void probe_live(struct probe *probe, __u32 generation)
{
	asked(probe, "live", generation);
}

void probe_forget_facts(struct probe *probe, __u32 generation)
{
	asked(probe, "forget facts", generation);
}

int probe_write_set(struct probe *probe, __u32 number, const struct service_set *set)
{
	(void)probe;
	(void)number;
	(void)set;
	return 0;
}

int probe_write_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact)
{
	(void)probe;
	(void)generation;
	(void)fact;
	return 0;
}

int probe_drop_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact)
{
	return probe_write_fact(probe, generation, fact);
}

int probe_find_file(const struct probe *probe, const char *path, struct file_id *ret)
{
	(void)probe;
	(void)path;
	(void)ret;
	return -ENOENT;
}

int probe_find_netns(const struct probe *probe, const char *path, int *ret_fd, __u32 *ret)
{
	(void)probe;
	(void)path;
	(void)ret_fd;
	(void)ret;
	return -ENOENT;
}

__u32 probe_host_netns(const struct probe *probe, int which)
{
	(void)probe;
	return which + 1;
}

__u32 probe_generation(const struct probe *probe)
{
	return probe->generation;
}

int probe_read_policy(struct probe *probe, __u32 number, struct policy *ret)
{
	asked(probe, "policy", number);
	*ret = (struct policy){.n_slos = 1, .slos = {{.criteria = 7, .counts = 7}}};
	return 0;
}

static struct applied applied;
static struct probe probe;
static json_t *noted;

static int persist(void *context, __u32 generation, const json_t *note)
{
	asked(context, "note", generation);
	json_decref(noted);
	noted = json_deep_copy(note);
	return ((struct probe *)context)->persist_result;
}

static int setup(void **state)
{
	int r = applied_init(&applied);

	(void)state;
	probe = (struct probe){};
	applied.persist = persist;
	applied.persist_context = &probe;
	return r;
}

static int teardown(void **state)
{
	(void)state;
	applied_clear(&applied);
	json_decref(noted);
	noted = NULL;
	return 0;
}

static void apply(const char *yaml, int expected, const char *expected_text)
{
	struct error error = {};
	struct config config;

	probe.asked[0] = 0;
	configure(yaml, &config);
	assert_int_equal(applied_apply(&applied, &probe, &none_in_use, &config, &error), expected);
	assert_string_equal(error.text, expected_text);
	/* taken over, or still the caller's */
	assert_int_equal(config.n_slos, expected ? 1 : 0);
	config_clear(&config);
}

TEST(a_change_is_written_then_noted_then_live)
{
	apply(one, 0, "");
	assert_string_equal(probe.asked, "write 1, note 1, live 1, forget facts 0, ");
	apply(other, 0, "");
	assert_string_equal(probe.asked, "write 2, note 2, live 2, forget facts 1, ");
	assert_int_equal(applied.in_force.generation, 2);
	assert_string_equal(track_named(&applied, "up")->service, "cart");
}

TEST(a_change_that_cannot_be_written_is_neither_noted_nor_live)
{
	apply(one, 0, "");
	probe.write_result = -ENOMEM;
	apply(other, -ENOMEM, "t.yaml: cannot be applied: Cannot allocate memory");
	assert_string_equal(probe.asked, "write 2, forget facts 2, ");
	assert_int_equal(applied.in_force.generation, 1);
	assert_string_equal(track_named(&applied, "up")->service, "shop");
}

TEST(a_change_that_cannot_be_noted_is_not_live)
{
	apply(one, 0, "");
	probe.persist_result = -ENOSPC;
	apply(other, -ENOSPC, "t.yaml: cannot be noted: No space left on device");
	assert_string_equal(probe.asked, "write 2, note 2, forget facts 2, ");
	assert_int_equal(applied.in_force.generation, 1);
	assert_string_equal(track_named(&applied, "up")->service, "shop");
	probe.persist_result = 0;
	apply(other, 0, "");
	assert_string_equal(probe.asked, "write 2, note 2, live 2, forget facts 1, ");
}

TEST(a_restored_configuration_reads_the_policies_that_matter)
{
	struct policies_in_use in_use = {};
	struct applied next;

	apply(one, 0, "");
	probe.generation = 1;
	probe.asked[0] = 0;
	policies_in_use_add(&in_use, 9);
	assert_int_equal(applied_init(&next), 0);
	assert_int_equal(applied_restore(&next, &probe, &in_use, noted), 0);
	assert_string_equal(probe.asked, "policy 1, policy 2, policy 9, ");
	assert_int_equal(next.tracks.n_ending, 1);
	applied_clear(&next);
	/* the note must be on the generation that is live */
	probe.generation = 2;
	probe.asked[0] = 0;
	assert_int_equal(applied_init(&next), 0);
	assert_int_equal(applied_restore(&next, &probe, &in_use, noted), -EINVAL);
	assert_string_equal(probe.asked, "");
	applied_clear(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_change_is_written_then_noted_then_live),
		WITH_SETUP(a_change_that_cannot_be_written_is_neither_noted_nor_live),
		WITH_SETUP(a_change_that_cannot_be_noted_is_not_live),
		WITH_SETUP(a_restored_configuration_reads_the_policies_that_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

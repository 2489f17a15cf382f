/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What services are matched by on the host, followed as it changes. The kernel side is stood for by what paths lead
 * to, and by the facts and sets that it was told.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/apply/compile_fixture.h"
#include "apply/lookups.h"
#include "kernel/probe.h"

enum { GENERATION = 7, MAX_PATHS = 4, MAX_FACTS = 16, MAX_SETS = 64 };

struct probe {
	struct {
		const char *path;
		int result;
		struct file_id leads_to;
	} paths[MAX_PATHS];
	__u32 host_netns[2];
	struct tables_fact facts[MAX_FACTS];
	size_t n_facts;
	struct service_set sets[MAX_SETS];
	int n_told; /* of sets and facts */
	int fail_after; /* of those, all further ones fail */
	int fd; /* the last that was given to keep a namespace; -1: none yet */
};

static int find(const struct probe *probe, const char *path, struct file_id *ret)
{
	for (size_t i = 0; i < MAX_PATHS; i++) {
		if (!probe->paths[i].path || strcmp(probe->paths[i].path, path) != 0)
			continue;
		if (!probe->paths[i].result)
			*ret = probe->paths[i].leads_to;
		return probe->paths[i].result;
	}
	return -ENOENT;
}

int probe_find_file(const struct probe *probe, const char *path, struct file_id *ret)
{
	return find(probe, path, ret);
}

int probe_find_netns(const struct probe *probe, const char *path, int *ret_fd, __u32 *ret)
{
	struct file_id file;
	int r = find(probe, path, &file);

	if (r)
		return r;
	*ret_fd = open("/dev/null", O_PATH | O_CLOEXEC);
	*ret = (__u32)file.ino;
	((struct probe *)probe)->fd = *ret_fd;
	return 0;
}

__u32 probe_host_netns(const struct probe *probe, int which)
{
	return probe->host_netns[which];
}

static int told(struct probe *probe)
{
	return ++probe->n_told > probe->fail_after ? -ENOMEM : 0;
}

static bool is_same_fact(const struct tables_fact *a, const struct tables_fact *b)
{
	return a->kind == b->kind && !memcmp(&a->value, &b->value, sizeof(a->value));
}

int probe_write_set(struct probe *probe, __u32 number, const struct service_set *set)
{
	assert_true(number < MAX_SETS);
	if (told(probe))
		return -ENOMEM;
	probe->sets[number] = *set;
	return 0;
}

int probe_drop_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact)
{
	assert_int_equal(generation, GENERATION);
	if (told(probe))
		return -ENOMEM;
	for (size_t i = 0; i < probe->n_facts; i++) {
		if (is_same_fact(&probe->facts[i], fact))
			probe->facts[i--] = probe->facts[--probe->n_facts];
	}
	return 0;
}

int probe_write_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact)
{
	int r = probe_drop_fact(probe, generation, fact);

	if (r)
		return r;
	assert_true(probe->n_facts < MAX_FACTS);
	probe->facts[probe->n_facts++] = *fact;
	return 0;
}

/* ---- a configuration, and what the kernel side knows of it ---- */

static struct world world;
static struct lookups lookups;
static struct probe probe;

static void configure(const char *yaml)
{
	probe = (struct probe){.host_netns = {1, 2}, .fail_after = 1000, .fd = -1};
	world_init(&world, yaml);
	world_compile(&world, 0);
	assert_int_equal(lookups_take(&lookups, &world.tables), 0);
}

static int forget(void **state)
{
	(void)state;
	lookups_clear(&lookups);
	world_clear(&world);
	return 0;
}

static void lead(int place, const char *path, int result, struct file_id leads_to)
{
	probe.paths[place].path = path;
	probe.paths[place].result = result;
	probe.paths[place].leads_to = leads_to;
}

static void lead_to(int place, const char *path, __u64 ino)
{
	lead(place, path, 0, (struct file_id){.ino = ino});
}

static void refresh(void)
{
	assert_int_equal(lookups_refresh(&lookups, &probe, GENERATION), 0);
}

/* The services of a fact, by the first letters of their names; "-": it is no fact. */
static void expect_file(enum fact_kind kind, struct file_id value, const char *expected)
{
	const struct tables_fact wanted = {.kind = kind, .value = value};
	const struct service_set *set = NULL;
	char names[32] = "-", *end = names;

	for (size_t i = 0; i < probe.n_facts; i++) {
		if (is_same_fact(&probe.facts[i], &wanted))
			set = &probe.sets[probe.facts[i].set];
	}
	for (size_t s = 0; set && s < world.config.n_services; s++) {
		if (set->words[s / 64] >> (s % 64) & 1)
			*end++ = world.config.services[s].name[0];
		*end = '\0';
	}
	assert_string_equal(names, expected);
}

static void expect(enum fact_kind kind, __u64 ino, const char *expected)
{
	expect_file(kind, (struct file_id){.ino = ino}, expected);
}

/* ---- executables ---- */

TEST(an_executable_is_followed_through_upgrades)
{
	configure("services:\n"
		  "- {name: a, match: {exe: /opt/app}}\n"
		  "- {name: b, match: {exe: \"/opt/*\"}}\n"
		  "- {name: c, match: {exe: /opt/app, port: 80}}\n");
	refresh(); /* it is not there yet */
	assert_int_equal(probe.n_facts, 2); /* the host's namespaces */
	lead_to(0, "/opt/app", 10);
	refresh();
	expect(FACT_FILE, 10, "ac");
	lead_to(0, "/opt/app", 11);
	refresh();
	expect(FACT_FILE, 10, "-");
	expect(FACT_FILE, 11, "ac");
	lead(0, "/opt/app", -ENOENT, (struct file_id){});
	refresh();
	expect(FACT_FILE, 11, "-");
	lead_to(0, "/opt/app", 12);
	refresh();
	expect(FACT_FILE, 12, "ac");
	assert_int_equal(probe.n_facts, 3);
}

TEST(a_number_used_again_is_another_file)
{
	const struct file_id first = {.ino = 10, .dev = 1, .generation = 1};
	const struct file_id second = {.ino = 10, .dev = 1, .generation = 2};
	const struct file_id elsewhere = {.ino = 10, .dev = 2, .generation = 2};

	configure("services: [{name: a, match: {exe: /opt/app}}]\n");
	lead(0, "/opt/app", 0, first);
	refresh();
	expect_file(FACT_FILE, first, "a");
	lead(0, "/opt/app", 0, second);
	refresh();
	expect_file(FACT_FILE, first, "-");
	expect_file(FACT_FILE, second, "a");
	lead(0, "/opt/app", 0, elsewhere);
	refresh();
	expect_file(FACT_FILE, second, "-");
	expect_file(FACT_FILE, elsewhere, "a");
}

TEST(what_may_not_be_looked_at_stays_as_it_was)
{
	static const int gone[] = {-ENOENT, -ENOTDIR, -ELOOP, -EINVAL};
	static const int hidden[] = {-EACCES, -EPERM, -EMFILE, -EIO, -ENOTSUP};

	configure("services: [{name: a, match: {exe: /opt/app}}]\n");
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		lead_to(0, "/opt/app", 10);
		refresh();
		lead(0, "/opt/app", hidden[i], (struct file_id){});
		refresh();
		expect(FACT_FILE, 10, "a");
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		lead_to(0, "/opt/app", 10);
		refresh();
		lead(0, "/opt/app", gone[i], (struct file_id){});
		refresh();
		expect(FACT_FILE, 10, "-");
	}
}

TEST(nothing_is_told_where_nothing_has_changed)
{
	int n;

	configure("services: [{name: a, match: {exe: /opt/app, netns: /run/netns/blue}}]\n");
	lead_to(0, "/opt/app", 10);
	lead_to(1, "/run/netns/blue", 20);
	refresh();
	n = probe.n_told;
	refresh();
	assert_int_equal(probe.n_told, n);
}

/* Paths of several services may lead to one file, and each of them to another one later. */
TEST(paths_may_lead_to_the_same_file)
{
	configure("services:\n"
		  "- {name: a, match: {exe: /opt/v1/app}}\n"
		  "- {name: b, match: {exe: /opt/v2/app}}\n"
		  "- {name: c, match: {exe: /opt/current/app}}\n");
	lead_to(0, "/opt/v1/app", 10);
	lead_to(1, "/opt/v2/app", 11);
	refresh();
	expect(FACT_FILE, 10, "a");
	expect(FACT_FILE, 11, "b");
	lead_to(2, "/opt/current/app", 10);
	refresh();
	expect(FACT_FILE, 10, "ac");
	expect(FACT_FILE, 11, "b");
	lead_to(2, "/opt/current/app", 11);
	refresh();
	expect(FACT_FILE, 10, "a");
	expect(FACT_FILE, 11, "bc");
	lead(2, "/opt/current/app", -ENOENT, (struct file_id){});
	refresh();
	expect(FACT_FILE, 10, "a");
	expect(FACT_FILE, 11, "b");
	/* the path whose set the fact was in goes, the other stays */
	lead_to(2, "/opt/current/app", 10);
	refresh();
	lead(0, "/opt/v1/app", -ENOENT, (struct file_id){});
	refresh();
	expect(FACT_FILE, 10, "c");
}

TEST(what_could_not_be_told_is_told_at_the_next_step)
{
	configure("services: [{name: a, match: {exe: /opt/app}}]\n");
	lead_to(0, "/opt/app", 10);
	refresh();
	lead_to(0, "/opt/app", 11);
	for (int n = 0; n < 6; n++) { /* three facts, each with its set */
		probe.n_told = 0;
		probe.fail_after = n;
		assert_int_equal(lookups_refresh(&lookups, &probe, GENERATION), -ENOMEM);
	}
	probe.fail_after = 1000;
	refresh();
	expect(FACT_FILE, 10, "-");
	expect(FACT_FILE, 11, "a");
}

/* ---- network namespaces ---- */

TEST(the_hosts_namespaces_are_the_first_processes_and_the_agents)
{
	configure("services:\n"
		  "- {name: a, match: {port: 80}}\n"
		  "- {name: b, match: {port: 80, netns: any}}\n"
		  "- {name: c, match: {unit: c.service}}\n"
		  "- {name: d, match: {unit: d.service, netns: host}}\n"
		  "- {name: e, match: {port: 80, netns: /run/netns/blue}}\n");
	refresh();
	expect(FACT_NETNS, 1, "abcd");
	expect(FACT_NETNS, 2, "abcd");
	assert_int_equal(probe.n_facts, 2);
	/* a path may lead to the host's own */
	lead_to(0, "/run/netns/blue", 2);
	refresh();
	expect(FACT_NETNS, 1, "abcd");
	expect(FACT_NETNS, 2, "abcde");
	lead_to(0, "/run/netns/blue", 3);
	refresh();
	expect(FACT_NETNS, 2, "abcd");
	expect(FACT_NETNS, 3, "bce");
}

TEST(a_number_of_both_kinds_is_two_facts)
{
	configure("services:\n"
		  "- {name: a, match: {exe: /opt/app}}\n"
		  "- {name: b, match: {port: 80, netns: any}}\n");
	lead_to(0, "/opt/app", 2);
	refresh();
	expect(FACT_FILE, 2, "a");
	expect(FACT_NETNS, 2, "ab");
}

TEST(an_unknown_namespace_of_the_host_is_nobodys)
{
	configure("services: [{name: a, match: {port: 80}}]\n");
	probe.host_netns[0] = 0;
	refresh();
	expect(FACT_NETNS, 0, "-");
	expect(FACT_NETNS, 2, "a");
	assert_int_equal(probe.n_facts, 1);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* A namespace is held by its descriptor, lest its number be given to another one while services go by it. */
TEST(a_namespace_is_followed_and_held)
{
	int first;

	configure("services:\n"
		  "- {name: a, match: {port: 80, netns: /run/netns/blue}}\n"
		  "- {name: b, match: {port: 81, netns: /run/netns/blue}}\n"
		  "- {name: c, match: {port: 81, netns: any}}\n");
	refresh();
	assert_int_equal(probe.fd, -1);
	lead_to(0, "/run/netns/blue", 20);
	refresh();
	expect(FACT_NETNS, 20, "abc");
	first = probe.fd;
	assert_true(is_open(first));
	lead_to(0, "/run/netns/blue", 21);
	refresh();
	expect(FACT_NETNS, 20, "-");
	expect(FACT_NETNS, 21, "abc");
	assert_true(is_open(probe.fd));
	assert_false(is_open(first));
	lead(0, "/run/netns/blue", -EACCES, (struct file_id){});
	refresh();
	expect(FACT_NETNS, 21, "abc");
	assert_true(is_open(probe.fd));
	lead(0, "/run/netns/blue", -EINVAL, (struct file_id){}); /* a file in its place */
	refresh();
	expect(FACT_NETNS, 21, "-");
	assert_false(is_open(probe.fd));
	lead_to(0, "/run/netns/blue", 22);
	refresh();
	expect(FACT_NETNS, 22, "abc");
	lookups_clear(&lookups);
	assert_false(is_open(probe.fd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_executable_is_followed_through_upgrades, forget),
		cmocka_unit_test_teardown(a_number_used_again_is_another_file, forget),
		cmocka_unit_test_teardown(what_may_not_be_looked_at_stays_as_it_was, forget),
		cmocka_unit_test_teardown(nothing_is_told_where_nothing_has_changed, forget),
		cmocka_unit_test_teardown(paths_may_lead_to_the_same_file, forget),
		cmocka_unit_test_teardown(what_could_not_be_told_is_told_at_the_next_step, forget),
		cmocka_unit_test_teardown(
			the_hosts_namespaces_are_the_first_processes_and_the_agents, forget),
		cmocka_unit_test_teardown(a_number_of_both_kinds_is_two_facts, forget),
		cmocka_unit_test_teardown(an_unknown_namespace_of_the_host_is_nobodys, forget),
		cmocka_unit_test_teardown(a_namespace_is_followed_and_held, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes and services by chance: which service a process is of, compared with what the words say. */
#include <stdio.h>

#include "tests/unit/apply/who_fixture.h"
#include "tests/unit/fixtures/random.h"

static const char *const exes[] = {NULL, "/a", "/b", "/a*", "*"};
static const char *const netnses[] = {NULL, "host", "any", "/n/1", "/n/2"};
static const char *const users[] = {NULL, "0", "1", "no-such-user"};
static const char *const globs[] = {NULL, "*", "/1", "/?2"};

static bool fits_text(const char *glob, const char *text)
{
	return !glob || (text && naive_match(glob, PATTERN_GLOB, text, strlen(text)));
}

static bool fits_exe(const struct config_match *wanted, const struct who *who, bool placed)
{
	bool literal, same;

	if (!wanted->exe)
		return true;
	if (!who->exe || (who->mounts == FOREIGN_EXE && !placed))
		return false;
	literal = !strpbrk(wanted->exe, "*?");
	same = literal && who->file && !strcmp(who->file, wanted->exe);
	if (who->mounts == PRIVATE && literal && !placed)
		return same;
	return same || fits_text(wanted->exe, who->exe);
}

static bool fits_netns(const struct config_match *wanted, const struct who *who, bool placed)
{
	const char *netns = wanted->netns ?: placed ? "any" : "host";

	if (!strcmp(netns, "any"))
		return true;
	return !strcmp(netns, who->netns ?: "host");
}

static int naive_who(const struct config *config, const struct who *who)
{
	for (size_t s = 0; s < config->n_services; s++) {
		const struct config_match *wanted = &config->services[s].match;
		bool placed = wanted->unit || wanted->cgroup;
		bool user = !wanted->user || (strcmp(wanted->user, "no-such-user") != 0 &&
					      strtoul(wanted->user, NULL, 10) == who->uid);

		if ((!wanted->port || wanted->port == who->port) && user &&
		    fits_exe(wanted, who, placed) && fits_netns(wanted, who, placed) &&
		    fits_text(wanted->cgroup, who->cgroup) && fits_text(wanted->unit, who->unit) &&
		    (who->mounts != FOREIGN || placed))
			return (int)s;
	}
	return NO_SERVICE;
}

#define ANY_OF(list) ((list)[random_below(sizeof(list) / sizeof((list)[0]))])

static void write_key(FILE *out, const char *key, const char *value)
{
	if (value)
		fprintf(out, ", %s: \"%s\"", key, value);
}

/* No match is like another, by the number of stars, of which one does. */
static char *random_services(unsigned int n)
{
	char *yaml = NULL;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	fprintf(out, "services:\n");
	for (unsigned int i = 0; i < n; i++) {
		const char *unit = ANY_OF(globs);

		fprintf(out, "- {name: s%u, match: {port: %u", i, 1 + i % 3);
		fprintf(out, ", process: \"*%.*s\"", (int)(i / 3), "************");
		write_key(out, "exe", ANY_OF(exes));
		write_key(out, "netns", ANY_OF(netnses));
		write_key(out, "user", ANY_OF(users));
		write_key(out, "cgroup", ANY_OF(globs));
		write_key(out, "unit", unit && unit[0] == '/' ? unit + 1 : unit);
		fprintf(out, "}}\n");
	}
	fclose(out);
	return yaml;
}

static struct who random_who(void)
{
	static const char *const own_exes[] = {NULL, "/a", "/b", "/ab", "/c"};
	static const char *const files[] = {NULL, "/a", "/b"};
	static const char *const own_netnses[] = {NULL, "/n/1", "/n/2", "/n/3"};
	static const char *const cgroups[] = {NULL, "/1", "/12", "/"};
	static const char *const units[] = {NULL, "1", "12", "u"};

	return (struct who){
		.port = 1 + random_below(4),
		.process = "p",
		.exe = ANY_OF(own_exes),
		.file = ANY_OF(files),
		.uid = random_below(3),
		.netns = ANY_OF(own_netnses),
		.cgroup = ANY_OF(cgroups),
		.unit = ANY_OF(units),
		.mounts = random_below(4),
	};
}

/* Without an executable among the matches nobody looks by whose mounts it was opened. */
static bool has_exe(const struct config *config)
{
	for (size_t s = 0; s < config->n_services; s++) {
		if (config->services[s].match.exe)
			return true;
	}
	return false;
}

TEST(random_processes_agree_with_naive)
{
	unsigned int n_matched = 0, n_not = 0;

	random_seed(21);
	for (int i = 0; i < 60; i++) {
		char *yaml = random_services(1 + random_below(30));
		struct world w;

		world_init(&w, yaml);
		world_compile(&w, 2);
		for (int k = 0; k < 1000 && has_exe(&w.config); k++) {
			const struct who who = random_who();
			int expected = naive_who(&w.config, &who);
			int got = match_who(&w, &who, k % 2);

			if (got != expected)
				fail_msg(
					"%sport %d exe %s file %s uid %u netns %s cgroup %s unit %s "
					"mounts %d: expected s%d, got s%d",
					yaml, who.port, who.exe, who.file, who.uid, who.netns,
					who.cgroup, who.unit, who.mounts, expected, got);
			*(got == NO_SERVICE ? &n_not : &n_matched) += 1;
		}
		world_clear(&w);
		free(yaml);
	}
	assert_true(n_matched > 5000 && n_not > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_processes_agree_with_naive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

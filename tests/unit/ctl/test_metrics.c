/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl metrics, asking a fake agent. */
#include <dirent.h>
#include <sys/stat.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

static const struct fake_reply answers[] = {{"GET /metrics", 200, "a_total 1\n", 0}, {}};
static const struct fake_reply refuses[] = {
	{"GET /metrics", 503, "{\"error\": \"Input/output error\"}", 0}, {}};

static void assert_file(const char *path, const char *text)
{
	char read[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(read, 1, sizeof(read) - 1, file), strlen(text));
	fclose(file);
	assert_string_equal(read, text);
}

/* Nothing but the socket and `extra` files. */
static void assert_files(const char *dir, size_t extra)
{
	DIR *listing = opendir(dir);
	size_t n = 0;

	while (readdir(listing))
		n++;
	closedir(listing);
	assert_int_equal(n, 2 + 1 + extra);
}

TEST(metrics_are_printed_as_they_come)
{
	struct fake_agent agent;

	fake_start(&agent, answers);
	expect_spoken(ctl_metrics, agent.path, false, "metrics", 0, "a_total 1\n", "");
	fake_stop(&agent);
	expect_spoken(ctl_metrics, agent.path, false, "metrics", 3, "", NULL);
}

TEST(a_file_is_replaced_whole_or_not_at_all)
{
	struct fake_agent agent;
	char line[128], path[64];
	struct stat stat_buf;
	FILE *old;

	fake_start(&agent, answers);
	snprintf(path, sizeof(path), "%s/m.prom", agent.dir);
	old = fopen(path, "w");
	fputs("a_total 0 and a longer line\n", old);
	fclose(old);
	snprintf(line, sizeof(line), "metrics --output %s", path);
	expect_spoken(ctl_metrics, agent.path, false, line, 0, "", "");
	assert_file(path, "a_total 1\n");
	assert_int_equal(stat(path, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0644);
	agent.replies = refuses;
	expect_spoken(ctl_metrics, agent.path, false, line, 2, "", "slictl: Input/output error\n");
	assert_file(path, "a_total 1\n");
	agent.replies = answers;
	assert_files(agent.dir, 1);
	/* a directory cannot be replaced by a file: the file beside it goes again */
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_spoken(ctl_metrics, agent.path, false, line, 2, "", NULL);
	assert_files(agent.dir, 1);
	rmdir(path);
	expect_spoken(ctl_metrics, agent.path, false, "metrics --output /none/m.prom", 2, "",
		      "slictl: cannot write /none/m.prom: No such file or directory\n");
	fake_stop(&agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_are_printed_as_they_come),
		cmocka_unit_test(a_file_is_replaced_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

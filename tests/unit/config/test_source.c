/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the files of a configuration come from. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"

#include "base/cleanup.h"
#include "config/source.h"
#include "tests/unit/config/config_fixture.h"

/* ---- somebody who opens in this process's place ---- */

struct stand_in {
	const char *dir; /* that all paths lie in for it */
	unsigned int opened, globbed;
};

static int stand_in_open(void *context, const char *path)
{
	struct stand_in *stand_in = context;
	char inside[256];

	stand_in->opened++;
	snprintf(inside, sizeof(inside), "%s%s", stand_in->dir, path);
	return source_own.open(NULL, inside);
}

static int stand_in_glob(void *context, const char *pattern, struct source_paths *ret)
{
	struct stand_in *stand_in = context;

	stand_in->globbed++;
	assert_string_equal(pattern, "/secret/*.yaml");
	ret->list = calloc(1, sizeof(*ret->list));
	ret->list[0] = strdup("/o.yaml");
	ret->n = 1;
	return 0;
}

static const struct source_ops stand_in_ops = {stand_in_open, stand_in_glob};

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

TEST(all_files_come_from_who_stands_in)
{
	char dir[] = "/tmp/test_source.XXXXXX";
	struct stand_in stand_in = {.dir = dir};
	struct config config = {};
	struct error error = {};

	assert_non_null(mkdtemp(dir));
	write_file(dir, "main.yaml", "slo_files: [\"/secret/*.yaml\"]\n");
	write_file(dir, "o.yaml",
		   "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n");
	source_set(&stand_in_ops, &stand_in);
	assert_int_equal(config_load("/main.yaml", &config, &error), 0);
	source_set(NULL, NULL);
	assert_int_equal(stand_in.opened, 2);
	assert_int_equal(stand_in.globbed, 1);
	config_clear(&config);

	assert_int_equal(config_load("/main.yaml", &config, &error), -ENOENT);
	assert_int_equal(stand_in.opened, 2);
}

/* ---- files that nobody writes to ---- */

TEST(a_pipe_without_a_writer_holds_up_nobody)
{
	char dir[] = "/tmp/test_source.XXXXXX", path[64], text[128], message[128];
	struct config config = {};
	struct error error = {};

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pipe", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(3);
	assert_int_equal(config_load(path, &config, &error), -EINVAL);
	snprintf(text, sizeof(text), "slo_files: [%s]\n", path);
	snprintf(message, sizeof(message), "%s: expected a regular file", path);
	assert_refused(text, strlen(text), message);
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_files_come_from_who_stands_in),
		cmocka_unit_test(a_pipe_without_a_writer_holds_up_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

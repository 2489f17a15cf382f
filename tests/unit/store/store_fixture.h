/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory of its own for each test of the store, and a store in it. */
#ifndef SLIPROBE_TESTS_STORE_FIXTURE_H
#define SLIPROBE_TESTS_STORE_FIXTURE_H

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "store/store.h"

#define T0 1800000000 /* a multiple of an hour */

static char base_dir[64]; /* of the test */
static char state_dir[80]; /* of the store: not made yet */
static char database[112];
static struct error notice;

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static int make_base_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(base_dir, sizeof(base_dir), "%.40s/sliprobe-store-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(base_dir))
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", base_dir);
	snprintf(database, sizeof(database), "%s/sliprobe.db", state_dir);
	return 0;
}

static int remove_base_dir(void **state)
{
	(void)state;
	return nftw(base_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, make_base_dir, remove_base_dir)

static inline struct store *open_store(void)
{
	struct store *store = NULL;
	int r = store_open(state_dir, &store, &notice);

	if (r)
		fail_msg("store_open(): %s: %s", strerror(-r), notice.text);
	return store;
}

/* For a database nothing is wrong with. */
static inline struct store *open_good(void)
{
	struct store *store = open_store();

	assert_string_equal(notice.text, "");
	return store;
}

static inline struct store *reopen(struct store *store)
{
	store_close(store);
	return open_good();
}

static inline void assert_value(struct store *store, const char *name, const char *expected)
{
	char *value = NULL;

	assert_int_equal(store_get_value(store, name, &value), expected ? 0 : -ENOENT);
	if (expected)
		assert_string_equal(value, expected);
	free(value);
}

#endif

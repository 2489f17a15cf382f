/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands in the place of the store's files and is none of ours is neither waited for nor written to. */
#include "tests/unit/store/files_fixture.h"

#include <sys/socket.h>
#include <sys/un.h>

enum { NOBODY = 65534 };

static char elsewhere[128];

static const char *beside(const char *suffix)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s%s", database, suffix);
	return path;
}

static void put_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void put_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void put_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_elsewhere(void)
{
	int fd;

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", base_dir);
	fd = open(elsewhere, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(write(fd, "precious", 8), 8);
	close(fd);
}

static void put_link(const char *path)
{
	make_elsewhere();
	assert_int_equal(symlink(elsewhere, path), 0);
}

static void put_dangling_link(const char *path)
{
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", base_dir);
	assert_int_equal(symlink(elsewhere, path), 0);
}

static void put_hard_link(const char *path)
{
	make_elsewhere();
	assert_int_equal(link(elsewhere, path), 0);
}

static void put_anothers(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_equal(fchown(fd, NOBODY, NOBODY), 0);
	close(fd);
}

static void assert_elsewhere(bool exists)
{
	struct stat status;

	assert_int_equal(stat(elsewhere, &status), exists ? 0 : -1);
	if (exists)
		assert_int_equal(status.st_size, 8);
}

/* With something in the place of a file beside it, the database opens, and has what it had. */
static void assert_set_aside(void (*put)(const char *path), const char *what)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char expected[64], name[600];
		struct stat status;
		struct store *store = open_good();

		assert_int_equal(store_put_value(store, "a", "1"), 0);
		store_close(store);
		if (put == put_hard_link && !i)
			continue;
		put(beside(suffixes[i]));
		store = NULL;
		alarm(10);
		assert_int_equal(store_open(state_dir, &store, &notice), 0);
		alarm(0);
		snprintf(expected, sizeof(expected), "sliprobe.db%s is %s, and was set aside as",
			 suffixes[i], what);
		assert_non_null(strstr(notice.text, expected));
		assert_non_null(strstr(notice.text, suffixes[i]));
		assert_value(store, "a", "1");
		store_close(store);
		snprintf(name, sizeof(name), "%s/%s", state_dir,
			 strstr(notice.text, "set aside as ") + strlen("set aside as "));
		assert_int_equal(lstat(name, &status), 0);
		if (put == put_link || put == put_hard_link) {
			assert_elsewhere(true);
			unlink(elsewhere);
		}
	}
}

TEST(a_fifo_beside_it)
{
	assert_set_aside(put_fifo, "a FIFO");
}

TEST(a_socket_beside_it)
{
	assert_set_aside(put_socket, "a socket");
}

TEST(a_directory_beside_it)
{
	assert_set_aside(put_directory, "a directory");
}

TEST(a_link_beside_it)
{
	assert_set_aside(put_link, "a symbolic link");
}

TEST(a_hard_link_beside_it)
{
	assert_set_aside(put_hard_link, "another file, too, by a hard link");
}

TEST(a_file_of_another_user_beside_it)
{
	if (geteuid())
		return;
	assert_set_aside(put_anothers, "a file of user 65534");
}

static void assert_left(const char *what)
{
	struct store *store = NULL;
	char expected[256];

	alarm(10);
	assert_int_equal(store_open(state_dir, &store, &notice), -ENOTSUP);
	alarm(0);
	assert_null(store);
	snprintf(expected, sizeof(expected), "%s is %s and was left as it is: counting goes on",
		 database, what);
	assert_ptr_equal(strstr(notice.text, expected), notice.text);
	assert_int_not_equal(store_open_to_read(state_dir, &store), 0);
}

TEST(a_link_in_its_place_makes_no_file_elsewhere)
{
	assert_int_equal(mkdir(state_dir, 0750), 0);
	put_dangling_link(database);
	assert_left("a symbolic link, which is not followed");
	assert_elsewhere(false);
	assert_int_equal(unlink(database), 0);
	put_link(database);
	assert_left("a symbolic link, which is not followed");
	assert_elsewhere(true);
}

TEST(a_file_of_another_user_in_its_place)
{
	if (geteuid())
		return;
	assert_int_equal(mkdir(state_dir, 0750), 0);
	put_anothers(database);
	assert_left("a file of user 65534, not the agent's");
}

TEST(what_is_no_file_in_its_place_is_set_aside)
{
	void (*const puts[])(const char *) = {put_fifo, put_socket, put_directory};

	assert_int_equal(mkdir(state_dir, 0750), 0);
	for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++) {
		struct store *store = NULL;

		puts[i](database);
		alarm(10);
		assert_int_equal(store_open(state_dir, &store, &notice), 0);
		alarm(0);
		assert_non_null(strstr(notice.text, "was set aside as"));
		store_close(store);
		assert_int_equal(unlink(database), 0);
	}
}

TEST(what_is_no_file_in_the_place_of_the_lock)
{
	void (*const puts[])(const char *) = {put_fifo, put_socket, put_directory,
					      put_dangling_link};
	char lock[128];

	assert_int_equal(mkdir(state_dir, 0750), 0);
	snprintf(lock, sizeof(lock), "%s/lock", state_dir);
	for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++) {
		struct store *store = NULL;

		puts[i](lock);
		alarm(10);
		assert_int_equal(store_open(state_dir, &store, &notice), -ENOTSUP);
		alarm(0);
		assert_non_null(strstr(notice.text, "/lock is no regular file"));
		assert_int_equal(remove(lock), 0);
	}
	assert_elsewhere(false);
}

TEST(a_hard_link_to_it_is_told)
{
	struct store *store = open_good();

	store_close(store);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", base_dir);
	assert_int_equal(link(database, elsewhere), 0);
	assert_int_equal(store_open(state_dir, &store, &notice), 0);
	assert_non_null(strstr(notice.text, "is the same file as 1 other"));
	store_close(store);
}

/* A look at the WAL while it runs must not wait, either. */
TEST(a_fifo_in_the_place_of_the_wal_while_it_is_open)
{
	struct store *store = open_good();

	assert_int_equal(store_put_value(store, "a", "1"), 0);
	assert_int_equal(unlink(beside("-wal")), 0);
	put_fifo(beside("-wal"));
	alarm(10);
	assert_true(store_vanished(store));
	store_close(store);
	alarm(0);
}

TEST(the_lock_holds_without_its_file)
{
	struct store *first = open_good(), *second = NULL;
	char lock[128];

	snprintf(lock, sizeof(lock), "%s/lock", state_dir);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(store_open(state_dir, &second, &notice), -EBUSY);
	store_close(first);
	store_close(open_good());
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void assert_modes(mode_t mode)
{
	char lock[160];

	snprintf(lock, sizeof(lock), "%s/lock", state_dir);
	assert_int_equal(mode_of(database), mode);
	assert_int_equal(mode_of(beside("-wal")), mode);
	assert_int_equal(mode_of(beside("-shm")), mode);
	assert_int_equal(mode_of(lock), mode);
}

/* Whatever the umask, and what an older agent has left. */
TEST(its_files_are_for_the_group_to_read_at_most)
{
	const mode_t before = umask(0);
	char lock[160], damaged[160];
	struct store *store = open_store();

	assert_modes(0640);
	snprintf(lock, sizeof(lock), "%s/lock", state_dir);
	snprintf(damaged, sizeof(damaged), "%s", beside(".damaged-20260101T000000Z"));
	write_at(damaged, 0, "x", 1);
	assert_int_equal(chmod(damaged, 0666), 0);
	assert_int_equal(chmod(database, 0666), 0);
	assert_int_equal(chmod(beside("-wal"), 0646), 0);
	assert_int_equal(chmod(beside("-shm"), 0644), 0);
	assert_int_equal(chmod(lock, 0777), 0);
	store = reopen(store);
	assert_modes(0640);
	assert_int_equal(mode_of(damaged), 0640);
	/* a stricter one stays */
	assert_int_equal(chmod(database, 0600), 0);
	store = reopen(store);
	assert_int_equal(mode_of(database), 0600);
	store_close(store);
	unlink(damaged);
	umask(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_fifo_beside_it),
		STORE_TEST(a_socket_beside_it),
		STORE_TEST(a_directory_beside_it),
		STORE_TEST(a_link_beside_it),
		STORE_TEST(a_hard_link_beside_it),
		STORE_TEST(a_file_of_another_user_beside_it),
		STORE_TEST(a_link_in_its_place_makes_no_file_elsewhere),
		STORE_TEST(a_file_of_another_user_in_its_place),
		STORE_TEST(what_is_no_file_in_its_place_is_set_aside),
		STORE_TEST(what_is_no_file_in_the_place_of_the_lock),
		STORE_TEST(a_hard_link_to_it_is_told),
		STORE_TEST(a_fifo_in_the_place_of_the_wal_while_it_is_open),
		STORE_TEST(the_lock_holds_without_its_file),
		STORE_TEST(its_files_are_for_the_group_to_read_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

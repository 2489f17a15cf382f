/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket's file and its lock. */
#include <sys/stat.h>

#include "server_fixture.h"

TEST(second_instance_is_refused)
{
	struct fixture *f = *state;
	struct listener second = {.fd = 12345};

	assert_int_equal(listener_open(f->path, &second), -EADDRINUSE);
	assert_int_equal(second.fd, 12345);
	get(f, "/healthz");
	assert_code(200);
}

TEST(stale_files_are_replaced)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char lock_path[96];
	struct stat stat_buf;
	int fd;

	snprintf(lock_path, sizeof(lock_path), "%s.lock", f->path);
	close_server(f);
	/* a killed agent leaves these */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(address.sun_path, f->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	close(open(lock_path, O_CREAT | O_RDWR, 0600));
	assert_int_equal(open_server(f), 0);
	get(f, "/healthz");
	assert_code(200);
	assert_int_equal(stat(f->path, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0660);
	close_server(f);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(access(lock_path, F_OK), -1);
	/* a file that is no socket is not ours */
	close(open(f->path, O_CREAT | O_RDWR, 0600));
	assert_int_equal(open_server(f), -EEXIST);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(access(lock_path, F_OK), -1);
	unlink(f->path);
}

TEST(bad_paths)
{
	struct listener listener = LISTENER_NONE;
	char path[256];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[108] = 0;
	assert_int_equal(listener_open(path, &listener), -ENAMETOOLONG);
	snprintf(path, sizeof(path), "/dev/null/s.sock");
	assert_int_equal(listener_open(path, &listener), -ENOTDIR);
	assert_int_equal(listener.fd, -1);
}

static size_t count_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 2048; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(nothing_leaks)
{
	struct fixture *f = *state;
	size_t before;
	int fds[10];

	close_server(f);
	before = count_descriptors();
	for (int round = 0; round < 5; round++) {
		assert_int_equal(open_server(f), 0);
		for (size_t i = 0; i < 10; i++) {
			fds[i] = dial(f);
			say(fds[i], "GET /v1/status HTTP/1.1\r\n\r\nGET");
			turn(f, 0);
		}
		close_server(f);
		for (size_t i = 0; i < 10; i++)
			close(fds[i]);
		assert_int_equal(count_descriptors(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(second_instance_is_refused),
		WITH_SETUP(stale_files_are_replaced),
		WITH_SETUP(bad_paths),
		WITH_SETUP(nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may change what the agent does: processes of other users and groups connect. */
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "server/peer.h"

enum { NOBODY = 65534, ADMINS = 4242, OTHERS = 4243 };

struct identity {
	uid_t uid;
	gid_t gid;
	size_t n_groups;
	gid_t groups[2];
};

static void be(const struct identity *who)
{
	if (setgroups(who->n_groups, who->groups) || setgid(who->gid) || setuid(who->uid))
		_exit(1);
}

/* What the kernel says of a process of that identity, once it has connected. */
static bool may_change(const struct identity *who, gid_t admins, char *ret_name, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = "/tmp/sliprobe-peer-XXXXXX"};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, status;
	bool ret;
	pid_t pid;

	assert_int_equal(close(mkstemp(address.sun_path)), 0);
	unlink(address.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(address.sun_path, 0777), 0);
	assert_int_equal(listen(listener, 1), 0);
	pid = fork();
	if (!pid) {
		be(who);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0);
	}
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	ret = peer_may_change(fd, admins);
	peer_name(fd, ret_name, size);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(fd);
	close(listener);
	unlink(address.sun_path);
	return ret;
}

TEST(root_and_the_admins_alone)
{
	static const struct {
		struct identity who;
		gid_t admins;
		bool may;
		const char *name;
	} cases[] = {
		{{.uid = 0, .gid = 0}, PEER_NO_GROUP, true, "uid 0"},
		{{.uid = 0, .gid = OTHERS}, ADMINS, true, "uid 0"},
		{{.uid = NOBODY, .gid = ADMINS}, ADMINS, true, "uid 65534"},
		{{NOBODY, OTHERS, 1, {ADMINS}}, ADMINS, true, "uid 65534"},
		{{NOBODY, OTHERS, 2, {OTHERS, ADMINS}}, ADMINS, true, "uid 65534"},
		{{NOBODY, OTHERS, 2, {OTHERS, 0}}, ADMINS, false, "uid 65534"},
		{{.uid = NOBODY, .gid = 0}, ADMINS, false, "uid 65534"},
		{{NOBODY, ADMINS, 1, {ADMINS}}, PEER_NO_GROUP, false, "uid 65534"},
		{{.uid = 1000, .gid = 1000}, PEER_NO_GROUP, false, "uid 1000"},
	};
	char name[32];

	if (geteuid())
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (may_change(&cases[i].who, cases[i].admins, name, sizeof(name)) != cases[i].may)
			fail_msg("case %zu", i);
		assert_string_equal(name, cases[i].name);
	}
}

TEST(what_is_no_unix_socket_may_nothing)
{
	char name[32];

	assert_false(peer_may_change(-1, ADMINS));
	peer_name(-1, name, sizeof(name));
	assert_string_equal(name, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_the_admins_alone),
		cmocka_unit_test(what_is_no_unix_socket_may_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

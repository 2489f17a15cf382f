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
	if (seteuid(0) || setgroups(who->n_groups, who->groups) || setgid(who->gid) ||
	    setuid(who->uid))
		_exit(1);
}

/* What the kernel says of a process of that identity, once it has connected. */
static bool may_change(const struct identity *who, const struct peer_rights *rights,
		       struct asker *ret_asker)
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
	ret = peer_may_change(fd, rights);
	*ret_asker = peer_asker(fd);
	assert_int_equal(ret_asker->pid, pid);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(fd);
	close(listener);
	unlink(address.sun_path);
	return ret;
}

static void assert_right(const struct identity *who, gid_t admins, uid_t owner, bool may)
{
	const struct peer_rights rights = {admins, owner};
	struct asker asker;

	if (may_change(who, &rights, &asker) != may)
		fail_msg("uid %u, gid %u, admins %u, owner %u", who->uid, who->gid, admins, owner);
	assert_true(asker.known);
	assert_int_equal(asker.uid, who->uid);
}

TEST(root_the_owner_and_the_admins_alone)
{
	static const struct {
		struct identity who;
		gid_t admins;
		uid_t owner;
		bool may;
	} cases[] = {
		{{.uid = 0, .gid = 0}, PEER_NO_GROUP, PEER_NO_USER, true},
		{{.uid = 0, .gid = OTHERS}, ADMINS, PEER_NO_USER, true},
		{{.uid = NOBODY, .gid = ADMINS}, ADMINS, PEER_NO_USER, true},
		{{NOBODY, OTHERS, 1, {ADMINS}}, ADMINS, PEER_NO_USER, true},
		{{NOBODY, OTHERS, 2, {OTHERS, ADMINS}}, ADMINS, PEER_NO_USER, true},
		{{NOBODY, OTHERS, 2, {OTHERS, 0}}, ADMINS, PEER_NO_USER, false},
		{{.uid = NOBODY, .gid = 0}, ADMINS, PEER_NO_USER, false},
		{{NOBODY, ADMINS, 1, {ADMINS}}, PEER_NO_GROUP, PEER_NO_USER, false},
		{{.uid = 1000, .gid = 1000}, PEER_NO_GROUP, PEER_NO_USER, false},
		{{.uid = 1000, .gid = 1000}, PEER_NO_GROUP, 1000, true},
		{{.uid = 1001, .gid = 1000}, PEER_NO_GROUP, 1000, false},
		/* ids that cannot be translated are all the same, and nobody's */
		{{.uid = NOBODY, .gid = OTHERS}, PEER_NO_GROUP, NOBODY, false},
		{{1000, NOBODY, 1, {NOBODY}}, NOBODY, PEER_NO_USER, false},
	};

	if (geteuid())
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_right(&cases[i].who, cases[i].admins, cases[i].owner, cases[i].may);
}

/* As the commands that the agent runs. */
TEST(the_agents_own_user_may_nothing_whatever_its_groups)
{
	const struct identity own = {1000, ADMINS, 1, {ADMINS}};

	if (geteuid())
		skip();
	assert_int_equal(setegid(ADMINS), 0);
	assert_int_equal(seteuid(1000), 0);
	assert_right(&own, ADMINS, PEER_NO_USER, false);
	assert_right(&own, ADMINS, 1000, true);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
}

TEST(what_is_no_unix_socket_may_nothing)
{
	const struct peer_rights rights = {ADMINS, 0};
	char text[ASKER_BYTES];
	const struct asker asker = peer_asker(-1);

	assert_false(peer_may_change(-1, &rights));
	assert_false(asker.known);
	asker_text(&asker, text);
	assert_string_equal(text, "somebody unknown");
}

TEST(who_asks_is_named_by_uid_name_and_process)
{
	char text[ASKER_BYTES];

	asker_text(&(const struct asker){true, 0, 4711}, text);
	assert_string_equal(text, "uid 0 (root), process 4711");
	asker_text(&(const struct asker){true, 4004004, 0}, text);
	assert_string_equal(text, "uid 4004004");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_the_owner_and_the_admins_alone),
		cmocka_unit_test(the_agents_own_user_may_nothing_whatever_its_groups),
		cmocka_unit_test(what_is_no_unix_socket_may_nothing),
		cmocka_unit_test(who_asks_is_named_by_uid_name_and_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Of the kernel's linux/landlock.h, whose Debian version is older than kernels that this runs on. */
struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

enum {
	CREATE_VERSION = 1,
	RULE_PATH = 1,
	/* rights, as bits */
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	TRUNCATE = 1 << 14,
	OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE,
	BIND_TCP = 1 << 0,
	SCOPE_ABSTRACT_SOCKET = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
};

/* All rights on files that a version knows: what is not handled is not refused. */
static uint64_t handled_by(int abi)
{
	static const int bits[] = {0, 13, 14, 15, 15, 16};
	const int last = sizeof(bits) / sizeof(bits[0]) - 1;

	return (UINT64_C(1) << bits[abi < last ? abi : last]) - 1;
}

static uint64_t rights_of(enum landlock_use use)
{
	switch (use) {
	case LANDLOCK_READ:
		return READ_FILE | READ_DIR;
	case LANDLOCK_WRITE:
		return OF_FILES | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG;
	case LANDLOCK_REMOVE:
		return REMOVE_DIR | REMOVE_FILE;
	}
	return 0;
}

static int add(int ruleset_fd, const struct landlock_rule *rule, uint64_t handled)
{
	_cleanup_close_ int fd = open(rule->path, O_PATH | O_CLOEXEC);
	struct path_rule path = {.allowed = rights_of(rule->use) & handled, .parent_fd = fd};
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return 0;
	if (!S_ISDIR(status.st_mode))
		path.allowed &= OF_FILES;
	return syscall(SYS_landlock_add_rule, ruleset_fd, RULE_PATH, &path, 0) ? -errno : 0;
}

int landlock_confine(const struct landlock_rule *rules, size_t n)
{
	const int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	struct ruleset ruleset = {};
	_cleanup_close_ int fd = -1;
	size_t size;
	int r = 0;

	if (abi <= 0)
		return abi ? -errno : -EOPNOTSUPP;
	ruleset.fs = handled_by(abi);
	ruleset.net = abi >= 4 ? BIND_TCP : 0;
	ruleset.scoped = abi >= 6 ? SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL : 0;
	size = abi >= 6 ? sizeof(ruleset) : abi >= 4 ? 16 : 8;
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n && !r; i++)
		r = add(fd, &rules[i], ruleset.fs);
	if (!r && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		r = -errno;
	if (!r && syscall(SYS_landlock_restrict_self, fd, 0))
		r = -errno;
	return r ?: abi;
}

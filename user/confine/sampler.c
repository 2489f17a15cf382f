/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/privilege.h"
#include "confine/filter.h"
#include "confine/landlock.h"
#include "confine/syscalls.h"

enum {
	NICE = 5, /* counting goes first */
	DATA_MAX_BYTES = 384 << 20, /* as docs/samples.md says */
};

static void go_first_for_memory(void)
{
	static const char score[] = "500";
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, score, sizeof(score) - 1) < 0)
		return;
}

int confine_sampler_user(void)
{
	struct privilege_user user;
	int r;

	go_first_for_memory();
	setpriority(PRIO_PROCESS, 0, NICE);
	privilege_user(&user);
	r = privilege_become(&user, false);
	return r && r != -EPERM ? r : privilege_drop();
}

int confine_sampler_parent(int dir_fd)
{
	char dir[64];
	const struct landlock_rule rules[] = {
		{dir, LANDLOCK_WRITE},
		{"/dev/urandom", LANDLOCK_READ},
	};

	snprintf(dir, sizeof(dir), "/proc/self/fd/%d", dir_fd);
	/* without one of the two it runs all the same, as the agent does */
	landlock_confine(rules, sizeof(rules) / sizeof(rules[0]));
	syscalls_confine_sampler_parent();
	return 0;
}

int confine_sampler_worker(int dir_fd)
{
	const struct rlimit data = {DATA_MAX_BYTES, DATA_MAX_BYTES};

	(void)dir_fd;
	/* a build with AddressSanitizer has terabytes of it */
	if (!SANITIZED)
		setrlimit(RLIMIT_DATA, &data);
	syscalls_confine_sampler();
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/helper.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/privilege.h"
#include "confine/filter.h"
#include "confine/syscalls.h"

enum { DATA_MAX_BYTES = 256 << 20 };

static void limit(int what, rlim_t soft, rlim_t hard)
{
	const struct rlimit value = {soft, hard};

	setrlimit(what, &value);
}

/* It writes no file. A perf event takes a descriptor. */
static void set_limits(void)
{
	struct rlimit files;

	limit(RLIMIT_CORE, 0, 0);
	if (!getrlimit(RLIMIT_NOFILE, &files))
		limit(RLIMIT_NOFILE, files.rlim_max, files.rlim_max);
	/* a build with AddressSanitizer writes its reports, and has terabytes of memory */
	if (SANITIZED)
		return;
	limit(RLIMIT_FSIZE, 0, 0);
	limit(RLIMIT_DATA, DATA_MAX_BYTES, DATA_MAX_BYTES);
}

int confine_helper_parent(bool admin)
{
	static const unsigned int held[] = {CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE,
					    CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN};
	struct privilege_user user;
	int r;

	set_limits();
	privilege_user(&user);
	r = privilege_become_holding(&user, held, N(held) - !admin);
	if (r)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* without a filter it runs all the same, as the agent does, and says so */
	syscalls_confine_helper_parent();
	return 0;
}

bool confine_helper_worker(void)
{
	return !syscalls_confine_helper();
}

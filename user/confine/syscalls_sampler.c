/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <sys/prctl.h>

#include "confine/filter.h"
#include "confine/syscalls.h"

/* Of a database, and of memory that is handed on. */
static const int of_files[] = {
	SCMP_SYS(open),	     SCMP_SYS(openat),	  SCMP_SYS(pwrite64),	SCMP_SYS(preadv),
	SCMP_SYS(pwritev),   SCMP_SYS(rename),	  SCMP_SYS(renameat),	SCMP_SYS(renameat2),
	SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync),	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),     SCMP_SYS(fchmod),	  SCMP_SYS(umask),	SCMP_SYS(fadvise64),
	SCMP_SYS(msync),     SCMP_SYS(mkdir),	  SCMP_SYS(mkdirat),	SCMP_SYS(memfd_create),
	SCMP_SYS(dup2),	     SCMP_SYS(dup3),	  SCMP_SYS(membarrier), SCMP_SYS(select),
	SCMP_SYS(pselect6),
};

/* How much the one that works may take. */
static const int of_the_parent[] = {
	SCMP_SYS(setpriority),
	SCMP_SYS(getpriority),
	SCMP_SYS(prlimit64),
	SCMP_SYS(setrlimit),
};

static int allow_work(scmp_filter_ctx filter)
{
	static const uint64_t options[] = {PR_SET_NAME, PR_SET_VMA};
	int r = filter_allow_common(filter);

	r = r ?: filter_allow_all(filter, of_files, N(of_files));
	r = r ?: filter_allow_memory(filter);
	r = r ?: filter_allow_ioctls(filter);
	return r     ?:
		       filter_allow_values(filter, SCMP_SYS(prctl), 0, 0xffffffff, options,
					   N(options));
}

static int allow_parent(scmp_filter_ctx filter)
{
	static const uint64_t options[] = {PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_GET_SECCOMP};
	int r = allow_work(filter);

	r = r ?: filter_allow_children(filter);
	r = r ?: filter_allow_all(filter, of_the_parent, N(of_the_parent));
	return r     ?:
		       filter_allow_values(filter, SCMP_SYS(prctl), 0, 0xffffffff, options,
					   N(options));
}

int syscalls_confine_sampler_parent(void)
{
	return filter_confine(allow_parent);
}

static int allow_worker(scmp_filter_ctx filter)
{
	return allow_work(filter) ?: filter_allow_limits(filter);
}

int syscalls_confine_sampler(void)
{
	return filter_confine(allow_worker);
}

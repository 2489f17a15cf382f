/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "confine/filter.h"
#include "confine/syscalls.h"

/* openat2(2) has its flags in memory, where no filter sees them: that nothing is written is the limit of files' sizes. */
static const int of_work[] = {
	SCMP_SYS(openat2),
	SCMP_SYS(perf_event_open),
};

/* What starting, watching and ending a process takes, and confining it further. */
static const int of_the_parent[] = {
	SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(kill), SCMP_SYS(pidfd_open), SCMP_SYS(seccomp),
};

/* Links, pins, and entries of maps: no program is loaded, no map made. */
static const uint64_t of_bpf[] = {
	BPF_LINK_CREATE,	BPF_OBJ_PIN,	     BPF_OBJ_GET,
	BPF_MAP_LOOKUP_ELEM,	BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM,
	BPF_OBJ_GET_INFO_BY_FD,
};

static int allow_work(scmp_filter_ctx filter)
{
	static const uint64_t reading[] = {0}, requests[] = {FS_IOC_GETVERSION};
	const uint64_t writing =
		O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
	int r = filter_allow_common(filter);

	r = r ?: filter_allow_all(filter, of_work, N(of_work));
	r = r ?: filter_allow_memory(filter);
	r = r ?: filter_allow_ioctls(filter);
	r = r ?: filter_allow_values(filter, SCMP_SYS(bpf), 0, 0xffffffff, of_bpf, N(of_bpf));
	r = r ?: filter_allow_values(filter, SCMP_SYS(openat), 2, writing, reading, N(reading));
	return r     ?:
		       filter_allow_values(filter, SCMP_SYS(ioctl), 1, 0xffffffff, requests,
					   N(requests));
}

static int allow_parent(scmp_filter_ctx filter)
{
	static const uint64_t forks[] = {CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD};
	static const uint64_t options[] = {PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP,
					   PR_GET_SECCOMP, PR_SET_PDEATHSIG};
	int r = allow_work(filter);

	r = r ?: filter_allow_all(filter, of_the_parent, N(of_the_parent));
	r = r ?: filter_allow_values(filter, SCMP_SYS(clone), 0, 0xffffffff, forks, N(forks));
	return r     ?:
		       filter_allow_values(filter, SCMP_SYS(prctl), 0, 0xffffffff, options,
					   N(options));
}

static int refuse_in_sanitized(scmp_filter_ctx filter)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 0);

	r = r ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execveat), 0);
	return r ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 0);
}

static int confine(int (*allow)(scmp_filter_ctx filter))
{
	_cleanup_(filter_release) scmp_filter_ctx filter =
		seccomp_init(SANITIZED ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));

	if (!filter)
		return -ENOMEM;
	return filter_load(filter, SANITIZED ? refuse_in_sanitized(filter) : allow(filter));
}

int syscalls_confine_helper_parent(void)
{
	return confine(allow_parent);
}

int syscalls_confine_helper(void)
{
	return confine(allow_work);
}

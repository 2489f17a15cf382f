/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/filter.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

void filter_release(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

/* ---- what is common ---- */

static const int common[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(close_range),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(getdents64),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rmdir),
	SCMP_SYS(fcntl),
	SCMP_SYS(dup),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getppid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getgroups),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(set_tid_address),
};

int filter_allow_all(scmp_filter_ctx filter, const int *numbers, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, numbers[i], 0);
	return r;
}

int filter_allow_common(scmp_filter_ctx filter)
{
	const uint64_t own[] = {(uint64_t)getpid()}; /* abort() signals itself */
	int r = filter_allow_all(filter, common, N(common));

	return r ?: filter_allow_values(filter, SCMP_SYS(tgkill), 0, 0xffffffff, own, N(own));
}

int filter_allow_values(scmp_filter_ctx filter, int number, unsigned int at, uint64_t mask,
			const uint64_t *values, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
				     SCMP_CMP(at, SCMP_CMP_MASKED_EQ, mask, values[i]));
	return r;
}

int filter_allow_memory(scmp_filter_ctx filter)
{
	static const uint64_t either[] = {0, PROT_WRITE, PROT_EXEC}, no_exec[] = {0};
	int r = filter_allow_values(filter, SCMP_SYS(mmap), 2, PROT_WRITE | PROT_EXEC, either,
				    N(either));

	return r     ?:
		       filter_allow_values(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, no_exec,
					   N(no_exec));
}

int filter_allow_limits(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				SCMP_CMP(2, SCMP_CMP_EQ, 0, 0));
}

int filter_allow_ioctls(scmp_filter_ctx filter)
{
	static const uint64_t requests[] = {FIONREAD, FIONBIO, TCGETS};

	return filter_allow_values(filter, SCMP_SYS(ioctl), 1, 0xffffffff, requests, N(requests));
}

int filter_allow_children(scmp_filter_ctx filter)
{
	static const int calls[] = {
		SCMP_SYS(wait4),      SCMP_SYS(waitid),	 SCMP_SYS(kill),
		SCMP_SYS(pidfd_open), SCMP_SYS(seccomp),
	};
	static const uint64_t forks[] = {CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD};
	int r = filter_allow_all(filter, calls, N(calls));

	return r ?: filter_allow_values(filter, SCMP_SYS(clone), 0, 0xffffffff, forks, N(forks));
}

int filter_load(scmp_filter_ctx filter, int r)
{
	/* glibc then uses clone(), whose flags can be looked at */
	if (!SANITIZED)
		r = r ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r ?: seccomp_load(filter);
}

static int refuse_in_sanitized(scmp_filter_ctx filter)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 0);

	r = r ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execveat), 0);
	return r ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 0);
}

int filter_confine(int (*allow)(scmp_filter_ctx filter))
{
	_cleanup_(filter_release) scmp_filter_ctx filter =
		seccomp_init(SANITIZED ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));

	if (!filter)
		return -ENOMEM;
	return filter_load(filter, SANITIZED ? refuse_in_sanitized(filter) : allow(filter));
}

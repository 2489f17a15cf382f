/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/confined.h"
#include "confine/filter.h"

/* 0xffffffff: the kernel looks at 32 bits of the argument. */
static int allow_families(scmp_filter_ctx filter)
{
	static const uint64_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK},
			      pair[] = {AF_UNIX};
	int r = filter_allow_values(filter, SCMP_SYS(socket), 0, 0xffffffff, families, N(families));

	return r ?: filter_allow_values(filter, SCMP_SYS(socketpair), 0, 0xffffffff, pair, N(pair));
}

/* ---- the agent ---- */

static const int agents[] = {
	SCMP_SYS(openat2),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2), /* below the host's root directory, as a path only: see kernel/host */
	SCMP_SYS(pwrite64),
	SCMP_SYS(preadv),
	SCMP_SYS(pwritev),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fchmod),
	SCMP_SYS(umask),
	SCMP_SYS(fadvise64),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(pipe),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_gettime),
	SCMP_SYS(signalfd4),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(connect),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(wait4),
	SCMP_SYS(waitid),
	SCMP_SYS(capget),
	SCMP_SYS(membarrier),
	SCMP_SYS(sched_getparam),
	SCMP_SYS(sched_getscheduler),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(getresuid),
	SCMP_SYS(getresgid),
	SCMP_SYS(msync),
	SCMP_SYS(memfd_create),
	SCMP_SYS(sendfile), /* answers about samples, from memory */
};

/* Of maps, pins and the walk over connections: no program is loaded, nothing attached, no map made. */
static const uint64_t bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
	BPF_OBJ_PIN,
	BPF_OBJ_GET,
	BPF_OBJ_GET_INFO_BY_FD,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM,
	BPF_MAP_LOOKUP_BATCH,
	BPF_MAP_LOOKUP_AND_DELETE_BATCH,
	BPF_MAP_UPDATE_BATCH,
	BPF_MAP_DELETE_BATCH,
	BPF_ITER_CREATE,
	BPF_PROG_TEST_RUN, /* a program that looks at executables */

	BPF_LINK_DETACH,
	BPF_PROG_TEST_RUN, /* of a program that it has, to tell files apart: see kernel/host */
};

static const uint64_t prctl_options[] = {
	PR_SET_NAME,	     PR_CAPBSET_READ,	PR_CAP_AMBIENT,
	PR_GET_NO_NEW_PRIVS, PR_GET_SECUREBITS, PR_SET_VMA,
};

/* In a handler: only what is safe there. */
static void say_refused(int number)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
	char line[] = "sliprobed: system call 0000 is refused to it: please report this\n";
	char *digits = strstr(line, "0000");

	for (int i = 3; i >= 0; i--, number /= 10)
		digits[i] = (char)('0' + number % 10);
	if (poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		return;
}

static void on_refused(int signal_number, siginfo_t *info, void *context)
{
	static volatile unsigned char said[512];
	const int saved = errno, number = info->si_syscall;

	(void)signal_number;
	confined.refused++;
	if (number >= 0 && number < (int)sizeof(said) && !said[number]) {
		said[number] = 1;
		say_refused(number);
	}
#if defined(__x86_64__)
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
	((ucontext_t *)context)->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#endif
	errno = saved;
}

static int refuse_in_sanitized(scmp_filter_ctx filter)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 0);

	r = r ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execveat), 0);
	return r     ?:
		       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(bpf), 1,
					SCMP_CMP(0, SCMP_CMP_EQ, BPF_PROG_LOAD, 0));
}

static int allow_agents(scmp_filter_ctx filter)
{
	static const uint64_t threads[] = {CLONE_THREAD};
	int r = filter_allow_common(filter);

	r = r ?: filter_allow_all(filter, agents, N(agents));
	r = r ?: filter_allow_memory(filter);
	r = r ?: filter_allow_limits(filter);
	r = r ?: filter_allow_ioctls(filter);
	r = r ?: allow_families(filter);
	r = r	  ?:
		    filter_allow_values(filter, SCMP_SYS(bpf), 0, 0xffffffff, bpf_commands,
					N(bpf_commands));
	r = r	  ?:
		    filter_allow_values(filter, SCMP_SYS(prctl), 0, 0xffffffff, prctl_options,
					N(prctl_options));
	/* for the resolver; no process */
	return r     ?:
		       filter_allow_values(filter, SCMP_SYS(clone), 0, CLONE_THREAD, threads,
					   N(threads));
}

int syscalls_confine_agent(void)
{
	const struct sigaction action = {.sa_sigaction = on_refused,
					 .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER};
	_cleanup_(filter_release) scmp_filter_ctx filter =
		seccomp_init(SANITIZED ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP);

	if (!filter)
		return -ENOMEM;
	if (sigaction(SIGSYS, &action, NULL))
		return -errno;
	return filter_load(filter, SANITIZED ? refuse_in_sanitized(filter) : allow_agents(filter));
}

/* ---- the keeper ---- */

static int allow_reading(scmp_filter_ctx filter)
{
	static const uint64_t reading[] = {0};
	const uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	int r = filter_allow_values(filter, SCMP_SYS(open), 1, writing, reading, N(reading));

	return r ?: filter_allow_values(filter, SCMP_SYS(openat), 2, writing, reading, N(reading));
}

int syscalls_confine_keeper(void)
{
	/* what looks users up may ask for more, and does without */
	_cleanup_(filter_release) scmp_filter_ctx filter =
		seccomp_init(SANITIZED ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!filter)
		return -ENOMEM;
	if (SANITIZED)
		return filter_load(filter, refuse_in_sanitized(filter));
	r = filter_allow_common(filter);
	r = r ?: allow_reading(filter);
	r = r ?: filter_allow_memory(filter);
	r = r ?: filter_allow_limits(filter);
	r = r ?: filter_allow_ioctls(filter);
	return filter_load(filter, r);
}

/* ---- commands ---- */

static const int of_the_host[] = {
	SCMP_SYS(acct),
	SCMP_SYS(add_key),
	SCMP_SYS(adjtimex),
	SCMP_SYS(bpf),
	SCMP_SYS(chroot),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_settime),
	SCMP_SYS(delete_module),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(finit_module),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fspick),
	SCMP_SYS(init_module),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(ioperm),
	SCMP_SYS(iopl),
	SCMP_SYS(kcmp),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(kexec_load),
	SCMP_SYS(keyctl),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(mount),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(move_mount),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(open_tree),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(personality),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pivot_root),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(quotactl),
	SCMP_SYS(reboot),
	SCMP_SYS(request_key),
	SCMP_SYS(setdomainname),
	SCMP_SYS(sethostname),
	SCMP_SYS(setns),
	SCMP_SYS(settimeofday),
	SCMP_SYS(swapoff),
	SCMP_SYS(swapon),
	SCMP_SYS(syslog),
	SCMP_SYS(umount2),
	SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(vhangup),
	SCMP_SYS(vmsplice),
};

static int refuse_namespaces(scmp_filter_ctx filter)
{
	static const uint64_t flags[] = {CLONE_NEWNS,	CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
					 CLONE_NEWUSER, CLONE_NEWPID,	 CLONE_NEWNET};
	int r = 0;

	for (size_t i = 0; i < N(flags) && !r; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				     SCMP_CMP(0, SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
	return r;
}

/* But AF_UNIX (1), AF_INET (2), AF_INET6 (10), AF_NETLINK (16). */
static int refuse_families(scmp_filter_ctx filter)
{
	static const int refused[] = {AF_UNSPEC, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15};
	int r = 0;

	for (size_t i = 0; i < N(refused) && !r; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
				     SCMP_CMP(0, SCMP_CMP_MASKED_EQ, 0xffffffff,
					      (uint64_t)refused[i]));
	return r     ?:
		       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
					SCMP_CMP(0, SCMP_CMP_GT, AF_NETLINK, 0));
}

int syscalls_confine_commands(void)
{
	_cleanup_(filter_release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	static const uint64_t terminal = TIOCSTI;
	int r = filter ? 0 : -ENOMEM;

	if (r)
		return r;
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	for (size_t i = 0; i < N(of_the_host) && !r; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), of_the_host[i], 0);
	r = r	  ?:
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				     SCMP_CMP(1, SCMP_CMP_MASKED_EQ, 0xffffffff, terminal));
	r = r ?: refuse_namespaces(filter);
	r = r ?: refuse_families(filter);
	return filter_load(filter, r);
}

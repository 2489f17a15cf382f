/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <sys/prctl.h>

#include "confine/filter.h"
#include "confine/syscalls.h"

/* openat2(2) has its flags in memory, where no filter sees them: that nothing is written is the limit of files' sizes. */
static const int of_work[] = {
	SCMP_SYS(openat2),
	SCMP_SYS(perf_event_open),
};

/* Links, pins, maps and their entries: no program is loaded. */
static const uint64_t of_bpf[] = {
	BPF_LINK_CREATE,	BPF_OBJ_PIN,	     BPF_OBJ_GET,
	BPF_MAP_LOOKUP_ELEM,	BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM,
	BPF_OBJ_GET_INFO_BY_FD, BPF_MAP_CREATE,
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
	static const uint64_t options[] = {PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP,
					   PR_GET_SECCOMP, PR_SET_PDEATHSIG};
	int r = allow_work(filter);

	r = r ?: filter_allow_children(filter);
	return r     ?:
		       filter_allow_values(filter, SCMP_SYS(prctl), 0, 0xffffffff, options,
					   N(options));
}

int syscalls_confine_helper_parent(void)
{
	return filter_confine(allow_parent);
}

int syscalls_confine_helper(void)
{
	return filter_confine(allow_work);
}

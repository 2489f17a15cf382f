/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/attach.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

/* Later than Debian's headers: kernel commit 89ae89f53d20 (6.6). */
enum {
	MULTI_ATTACH_TYPE = 48, /* BPF_TRACE_UPROBE_MULTI */
	MULTI_LINK_TYPE = 12, /* BPF_LINK_TYPE_UPROBE_MULTI */
};

/* The part of union bpf_attr that BPF_LINK_CREATE takes. */
struct multi_attr {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__aligned_u64 path;
	__aligned_u64 offsets;
	__aligned_u64 ref_ctr_offsets;
	__aligned_u64 cookies;
	__u32 cnt;
	__u32 multi_flags;
	__u32 pid;
	__u32 pad;
};

_Static_assert(offsetof(struct multi_attr, path) == 16, "as in union bpf_attr");
_Static_assert(offsetof(struct multi_attr, cnt) == 48, "as in union bpf_attr");
_Static_assert(offsetof(struct multi_attr, pid) == 56, "as in union bpf_attr");

static void fd_path(int fd, char ret[static 32])
{
	snprintf(ret, 32, "/proc/self/fd/%d", fd);
}

/* ---- multi links ---- */

static int create_multi(int program, const char *path, const __u64 *offsets, const __u64 *cookies,
			__u32 n, __u32 tgid)
{
	struct multi_attr attr = {
		.prog_fd = (__u32)program,
		.attach_type = MULTI_ATTACH_TYPE,
		.path = (__u64)(uintptr_t)path,
		.offsets = (__u64)(uintptr_t)offsets,
		.cookies = (__u64)(uintptr_t)cookies,
		.cnt = n,
		.pid = tgid,
	};
	const long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, offsetof(struct multi_attr, pad));

	return fd < 0 ? -errno : (int)fd;
}

bool attach_has_multi(void)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = (enum bpf_attach_type)MULTI_ATTACH_TYPE);
	_cleanup_close_ int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "multi", "GPL", nothing,
						    sizeof(nothing) / sizeof(nothing[0]), &options);
	const __u64 offset = 0;

	/* a directory has no code: those that know multi links say so by this error alone */
	return program >= 0 && create_multi(program, "/", &offset, NULL, 1, 0) == -EBADF;
}

static int attach_multi(int program, const struct attach_file *file, bool returns,
			struct attach_links *links)
{
	__u64 offsets[SITES_MAX], cookies[SITES_MAX];
	char path[32];
	__u32 n = 0;
	int fd;

	for (size_t i = 0; i < file->n; i++) {
		const struct site *site = &file->sites[i];

		if (site->returns != returns)
			continue;
		offsets[n] = site->at;
		cookies[n++] = site_cookie(site, (__u16)file->profile);
	}
	fd_path(file->fd, path);
	fd = create_multi(program, path, offsets, cookies, n, file->tgid);
	if (fd < 0)
		return fd;
	links->list[links->n++] = (struct attach_link){fd, n, returns};
	return 0;
}

/* ---- perf events ---- */

static int perf_type(void)
{
	_cleanup_fclose_ FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	unsigned long long type;
	char line[32];
	const char *at = line;

	if (!file)
		return -errno;
	return fgets(line, sizeof(line), file) && text_take_number(&at, 10, &type) &&
			       type <= INT_MAX ?
		       (int)type :
		       -EINVAL;
}

static int open_event(const char *path, __u64 offset, __u32 tgid)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.config1 = (__u64)(uintptr_t)path,
		.config2 = offset,
	};
	const int type = perf_type();
	long fd;

	if (type < 0)
		return type;
	attr.type = (__u32)type;
	fd = syscall(SYS_perf_event_open, &attr, tgid ? (int)tgid : -1, tgid ? -1 : 0, -1,
		     PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

static int attach_event(int program, const struct attach_file *file, const struct site *site,
			struct attach_links *links)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .perf_event.bpf_cookie = site_cookie(site, (__u16)file->profile));
	char path[32];
	_cleanup_close_ int event = -1;
	int fd;

	fd_path(file->fd, path);
	event = open_event(path, site->at, file->tgid);
	if (event < 0)
		return event;
	fd = bpf_link_create(program, event, BPF_PERF_EVENT, &options);
	if (fd < 0)
		return fd;
	links->list[links->n++] = (struct attach_link){fd, 1, site->returns};
	return 0;
}

static int attach_events(int program, const struct attach_file *file, bool returns,
			 struct attach_links *links)
{
	int r = 0;

	for (size_t i = 0; i < file->n && !r; i++) {
		if (file->sites[i].returns == returns)
			r = attach_event(program, file, &file->sites[i], links);
	}
	return r;
}

/* ---- both ---- */

int attach_to(enum tls_way way, const struct attach_programs *programs,
	      const struct attach_file *file, struct attach_links *ret, struct error *ret_error)
{
	int r = file->n <= SITES_MAX ? 0 : -E2BIG;

	ret->n = 0;
	for (int returns = 1; returns >= 0 && !r; returns--) {
		const int program = returns ? programs->exit : programs->enter;

		r = way == TLS_WAY_MULTI ? attach_multi(program, file, returns, ret) :
					   attach_events(program, file, returns, ret);
	}
	if (r) {
		attach_end(ret);
		return error_set(ret_error, r, "%s: %s",
				 way == TLS_WAY_MULTI ? "multi link" : "perf event", strerror(-r));
	}
	return 0;
}

void attach_end(struct attach_links *links)
{
	/* those of beginnings are behind */
	while (links->n)
		close(links->list[--links->n].fd);
}

/* ---- what others have attached ---- */

/* Programs, maps and links tell of themselves by the same call, each in its own layout. */
bool attach_is(int fd, const char *kind)
{
	char path[32], target[64];
	ssize_t n;

	fd_path(fd, path);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	return !strncmp(target, "anon_inode:", 11) && !strcmp(target + 11, kind);
}

int attach_program_of(int link, __u32 *ret_id)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	const int r =
		attach_is(link, "bpf-link") ? bpf_obj_get_info_by_fd(link, &info, &len) : -EINVAL;

	if (r)
		return r;
	if (info.type != BPF_LINK_TYPE_PERF_EVENT && info.type != MULTI_LINK_TYPE)
		return -EINVAL;
	*ret_id = info.prog_id;
	return 0;
}

int attach_program_id(int program, __u32 *ret_id)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	const int r = attach_is(program, "bpf-prog") ?
			      bpf_obj_get_info_by_fd(program, &info, &len) :
			      -EINVAL;

	if (r)
		return r;
	if (info.type != BPF_PROG_TYPE_KPROBE)
		return -EINVAL;
	*ret_id = info.id;
	return 0;
}

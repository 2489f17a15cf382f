/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is the host's own: the namespaces and the root directory of its first process; and the files and namespaces
 * at paths as that process sees them. The root directory is opened while the agent may, and kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "inode.skel.h"
#include "kernel/private.h"

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

/* The inode number of a namespace; 0: not known. */
static __u32 namespace_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (__u32)st.st_ino;
}

/* The file that the descriptor is open on, as the kernel tells it apart. Returns 0 or -errno. */
static int look_at(const struct probe *probe, int fd, struct file_id *ret)
{
	struct descriptor descriptor = {.fd = fd};
	/* its answer comes where the question stands */
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &descriptor,
		    .ctx_size_in = sizeof(descriptor));
	int r;

	if (!probe->look)
		return -ENOTSUP;
	r = bpf_prog_test_run_opts(bpf_program__fd(probe->look->progs.look_at), &options);
	if (r)
		return r;
	if (!descriptor.file.ino)
		return -EIO;
	*ret = descriptor.file;
	return 0;
}

/* By what stat() says: right where a file system has one device and one number for a file. */
static struct file_id stat_root(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return (struct file_id){};
	return (struct file_id){
		.ino = st.st_ino,
		.dev = major(st.st_dev) << 20 | minor(st.st_dev), /* as the kernel keeps it */
	};
}

void probe_know_host(struct probe *probe)
{
	struct host_view host = {
		.mnt_ns = {namespace_of("/proc/1/ns/mnt"), namespace_of("/proc/self/ns/mnt")},
		.netns = {namespace_of("/proc/1/ns/net"), namespace_of("/proc/self/ns/net")},
	};

	/* without it, executables are known by their paths alone */
	probe->look = inode_bpf__open_and_load();
	probe->root_fd = open("/proc/1/root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (probe->root_fd < 0)
		probe->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (look_at(probe, probe->root_fd, &host.root))
		host.root = stat_root(probe->root_fd);
	probe->skel->bss->host = host;
}

void probe_forget_host(struct probe *probe)
{
	inode_bpf__destroy(probe->look);
	if (probe->root_fd >= 0)
		close(probe->root_fd);
}

/* Returns a descriptor that only names what is at the path, or -errno. */
static int open_path(const struct probe *probe, const char *path)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	long fd = syscall(SYS_openat2, probe->root_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int probe_find_file(const struct probe *probe, const char *path, struct file_id *ret)
{
	_cleanup_close_ int fd = open_path(probe, path);

	return fd < 0 ? fd : look_at(probe, fd, ret);
}

int probe_find_netns(const struct probe *probe, const char *path, int *ret_fd, __u32 *ret)
{
	_cleanup_close_ int fd = open_path(probe, path);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) || fstat(fd, &st))
		return -errno;
	if ((unsigned long)fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	*ret = (__u32)st.st_ino;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

__u32 probe_host_netns(const struct probe *probe, int which)
{
	return probe->skel->bss->host.netns[which];
}

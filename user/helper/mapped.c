/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/process.h"

enum { STAT_BYTES = 1024, PLACE_BEGAN = 22 /* in proc_pid_stat(5) */, NS_A_SECOND = 1000000000 };

/* ---- the process ---- */

int mapped_began_in(const char *stat, __u64 *ret_ticks)
{
	unsigned long long ticks;

	if (!process_stat_number(stat, PLACE_BEGAN, &ticks))
		return -EINVAL;
	*ret_ticks = ticks;
	return 0;
}

int mapped_began(int process, __u64 *ret_ticks)
{
	_cleanup_close_ int fd = openat(process, "stat", O_RDONLY | O_CLOEXEC);
	char text[STAT_BYTES];
	const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = 0;
	return mapped_began_in(text, ret_ticks);
}

bool mapped_is_start(__u64 ticks, __u64 ticks_per_second, __u64 start_ns, __u64 suspended_ns)
{
	const __u64 tick_ns = NS_A_SECOND / ticks_per_second, at_ns = ticks * tick_ns;

	/* in both clocks it was cut or taken at nearly the same time; suspended in between only the ticks moved on */
	return at_ns + 2 * tick_ns >= start_ns && at_ns <= start_ns + suspended_ns + 2 * tick_ns;
}

int mapped_process(__u32 tgid, __u64 start_ns)
{
	char path[32];
	__u64 ticks = 0;
	int fd, r;

	snprintf(path, sizeof(path), "/proc/%u", tgid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = mapped_began(fd, &ticks);
	if (!r && start_ns &&
	    !mapped_is_start(ticks, (__u64)sysconf(_SC_CLK_TCK), start_ns,
			     clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC)))
		r = -ESRCH;
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

int mapped_files(int process, struct maps *maps)
{
	_cleanup_close_ int fd = openat(process, "maps", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : maps_read(maps, fd);
}

/* ---- which file is it? ---- */

/* The line of this process's own maps in which `address` is. */
static int own_mapping(const void *address, struct maps_id *ret)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/maps", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		struct maps_file mapping;

		if (!maps_mapping(line, &mapping) || mapping.start != (uintptr_t)address)
			continue;
		*ret = mapping.id;
		return 0;
	}
	return file ? -ENOENT : -errno;
}

/* As the kernel names it in maps: it is mapped here, and looked up. */
static int id_of(int fd, struct maps_id *ret)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mapping = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
	int r;

	if (mapping == MAP_FAILED)
		return -errno;
	r = own_mapping(mapping, ret);
	munmap(mapping, page);
	return r;
}

int mapped_state(int fd, struct mapped_state *ret)
{
	struct maps_id id = {};
	struct stat status;
	int generation = 0;
	int r = fstat(fd, &status) ? -errno : 0;

	if (!r && !S_ISREG(status.st_mode))
		r = -ENOEXEC;
	r = r ?: id_of(fd, &id);
	if (r)
		return r;
	/* file systems without generations have none in their inodes, either; overlayfs does not tell */
	if (ioctl(fd, FS_IOC_GETVERSION, &generation))
		generation = 0;
	*ret = (struct mapped_state){
		.id = {.ino = id.ino, .dev = id.dev, .generation = (__u32)generation},
		.changed = status.st_ctim,
		.size = (__u64)status.st_size,
	};
	return 0;
}

bool mapped_same_file(const struct file_id *a, const struct file_id *b)
{
	const struct maps_id of_a = mapped_id(a), of_b = mapped_id(b);

	return maps_same(&of_a, &of_b) && a->generation == b->generation;
}

/* ---- opening it ---- */

/* A regular file is opened twice: a device or FIFO would act on being opened for reading. */
static int open_regular(int dir, const char *path, __u64 resolve)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve};
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	char name[32];
	struct stat status;
	int ret;

	if (fd < 0 || fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOEXEC;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ret = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return ret < 0 ? -errno : ret;
}

/* Closes what is not the file. */
static int check(int fd, const struct maps_id *expected)
{
	struct maps_id id;
	int r = fd < 0 ? fd : id_of(fd, &id);

	if (!r && !maps_same(&id, expected))
		r = -ESTALE;
	if (r && fd >= 0)
		close(fd);
	return r ?: fd;
}

const char *mapped_below(const char *root, const char *path)
{
	const size_t n = strlen(root);

	return !strncmp(path, root, n) && path[n] == '/' ? path + n : path;
}

/*
 * Below its root nothing that is a link leads out of it: the process may have made the links. After a chroot(2) paths in
 * maps still begin at the root of its mounts.
 */
static int open_as_it_sees(int process, const struct maps_file *file)
{
	_cleanup_close_ int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[PATH_MAX];
	const ssize_t n = root < 0 ? -1 : readlinkat(process, "root", name, sizeof(name) - 1);

	if (n < 0)
		return -errno;
	name[n] = 0;
	return check(open_regular(root, mapped_below(name, file->path),
				  RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS),
		     &file->id);
}

/* One that is in this process's own root: it was mapped before a chroot(2) of the other. */
static int open_as_named(const struct maps_file *file)
{
	return check(open_regular(AT_FDCWD, file->path, RESOLVE_NO_MAGICLINKS), &file->id);
}

/* Takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN; reaches what no path leads to any more. */
static int open_mapping(int process, const struct maps_file *file)
{
	char path[64];

	snprintf(path, sizeof(path), "map_files/%llx-%llx", (unsigned long long)file->start,
		 (unsigned long long)file->end);
	return check(open_regular(process, path, 0), &file->id);
}

int mapped_open(int process, const struct maps_file *file)
{
	int fd = file->deleted ? -ESTALE : open_as_it_sees(process, file);

	if (fd < 0 && !file->deleted)
		fd = open_as_named(file);
	if (fd < 0) {
		const int by_mapping = open_mapping(process, file);

		if (by_mapping >= 0)
			return by_mapping;
	}
	return fd == -ENOENT || fd == -ENOTDIR ? -ESTALE : fd;
}

const struct maps_file *mapped_executable(int process, const struct maps *maps)
{
	char path[PATH_MAX];
	ssize_t n = readlinkat(process, "exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = 0;
	maps_cut_deleted(path);
	for (size_t i = 0; i < maps->n; i++) {
		if (!strcmp(maps->list[i].path, path))
			return &maps->list[i];
	}
	return NULL;
}

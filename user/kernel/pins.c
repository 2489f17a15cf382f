/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hash.h"

#define BPFFS "/sys/fs/bpf"

enum {
	KEY_BYTES = 17,
	NAME_BYTES = 64, /* the longest: "kernel-", the key, a generation, ".json" */
};

struct pins {
	const struct pins_dirs *dirs;
	char key[KEY_BYTES];
	char dir[PATH_MAX];
	char lock[PATH_MAX];
	int lock_fd;
};

static int mount_bpffs(struct error *ret_error)
{
	struct statfs fs;
	int r;

	if (!statfs(BPFFS, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (!mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700"))
		return 0;
	r = -errno;
	return error_set(ret_error, r,
			 "no BPF file system is mounted at " BPFFS ", nor can it be: %s",
			 strerror(-r));
}

const struct pins_dirs pins_dirs_host = {
	.pins = BPFFS "/sliprobe",
	.notes = "/run/sliprobe",
	.mount = mount_bpffs,
};

static int make_dir(const char *path, mode_t mode)
{
	return mkdir(path, mode) && errno != EEXIST ? -errno : 0;
}

/* ---- the place ---- */

static int lock_once(struct pins *pins, bool *ret_removed)
{
	struct stat file;

	if (pins->lock_fd >= 0)
		close(pins->lock_fd);
	pins->lock_fd = open(pins->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (pins->lock_fd < 0)
		return -errno;
	if (flock(pins->lock_fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(pins->lock_fd, &file))
		return -errno;
	*ret_removed = !file.st_nlink;
	return 0;
}

static int lock(struct pins *pins, struct error *error)
{
	bool removed = true;
	int r = make_dir(pins->dirs->notes, 0755);

	/* again if the agent that held the lock has just removed the file */
	while (!r && removed)
		r = lock_once(pins, &removed);
	if (r == -EBUSY)
		return error_set(error, r, "another agent uses the same state directory");
	return r ? error_set(error, r, "cannot lock %s: %s", pins->lock, strerror(-r)) : 0;
}

static int make_dirs(struct pins *pins, struct error *error)
{
	int r = make_dir(pins->dirs->pins, 0700) ?: make_dir(pins->dir, 0700);

	return r ? error_set(error, r, "cannot make %s: %s", pins->dir, strerror(-r)) : 0;
}

static void pins_free(struct pins *pins)
{
	if (pins->lock_fd >= 0)
		close(pins->lock_fd);
	free(pins);
}

int pins_open(const struct pins_dirs *dirs, const char *state_dir, struct pins **ret,
	      struct error *ret_error)
{
	struct pins *pins = calloc(1, sizeof(*pins));
	_cleanup_free_ char *real = realpath(state_dir, NULL);
	const char *place = real ?: state_dir;
	int r;

	if (!pins)
		return error_set(ret_error, -ENOMEM, "out of memory");
	pins->dirs = dirs;
	pins->lock_fd = -1;
	snprintf(pins->key, sizeof(pins->key), "%016" PRIx64, hash_fnv1a(place, strlen(place)));
	snprintf(pins->dir, sizeof(pins->dir), "%s/%s", dirs->pins, pins->key);
	snprintf(pins->lock, sizeof(pins->lock), "%s/lock-%s", dirs->notes, pins->key);
	r = lock(pins, ret_error);
	if (!r && dirs->mount)
		r = dirs->mount(ret_error);
	r = r ?: make_dirs(pins, ret_error);
	if (r) {
		pins_free(pins);
		return r;
	}
	*ret = pins;
	return 0;
}

void pins_close(struct pins *pins)
{
	if (!pins)
		return;
	/* rmdir() removes empty directories only */
	if (!rmdir(pins->dir)) {
		rmdir(pins->dirs->pins);
		unlink(pins->lock);
		rmdir(pins->dirs->notes);
	}
	pins_free(pins);
}

const char *pins_dir(const struct pins *pins)
{
	return pins->dir;
}

/* Removes the files of `dir` whose names begin with `prefix`, but not `keep`. */
static void remove_files(const char *dir, const char *prefix, const char *keep)
{
	DIR *entries = opendir(dir);
	struct dirent *entry;

	if (!entries)
		return;
	while ((entry = readdir(entries))) {
		if (entry->d_name[0] == '.' ||
		    strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
		    (keep && !strcmp(entry->d_name, keep)))
			continue;
		unlinkat(dirfd(entries), entry->d_name, 0);
	}
	closedir(entries);
}

void pins_remove(struct pins *pins)
{
	/* takeover I4: links go first; a killed removal leaves maps that nothing writes to */
	remove_files(pins->dir, "link_", NULL);
	remove_files(pins->dir, "", NULL);
	pins_forget_notes(pins, 0);
}

bool pins_any(const struct pins *pins)
{
	DIR *entries = opendir(pins->dir);
	struct dirent *entry;
	bool any = false;

	if (!entries)
		return false;
	while (!any && (entry = readdir(entries)))
		any = entry->d_name[0] != '.';
	closedir(entries);
	return any;
}

/* ---- notes ---- */

static void note_name(const struct pins *pins, __u32 generation, char ret[static NAME_BYTES])
{
	snprintf(ret, NAME_BYTES, "kernel-%s.%u.json", pins->key, generation);
}

static void note_path(const struct pins *pins, __u32 generation, char ret[static PATH_MAX])
{
	char name[NAME_BYTES];

	note_name(pins, generation, name);
	snprintf(ret, PATH_MAX, "%s/%s", pins->dirs->notes, name);
}

int pins_note(struct pins *pins, __u32 generation, const json_t *note)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	int r;

	note_path(pins, generation, path);
	snprintf(temporary, sizeof(temporary), "%s/kernel-%s.new", pins->dirs->notes, pins->key);
	errno = 0;
	r = json_dump_file(note, temporary, JSON_COMPACT) ? -(errno ?: EIO) : 0;
	if (!r && rename(temporary, path))
		r = -errno;
	if (r)
		unlink(temporary);
	return r;
}

json_t *pins_noted(const struct pins *pins, __u32 generation)
{
	char path[PATH_MAX];

	note_path(pins, generation, path);
	return json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
}

void pins_forget_notes(struct pins *pins, __u32 generation)
{
	char keep[NAME_BYTES], prefix[NAME_BYTES];

	note_name(pins, generation, keep);
	snprintf(prefix, sizeof(prefix), "kernel-%s.", pins->key);
	remove_files(pins->dirs->notes, prefix, keep);
}

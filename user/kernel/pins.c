/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#define PINS_DIR BPFFS "/sliprobe"
#define NOTES_DIR "/run/sliprobe"

enum {
	KEY_BYTES = 17,
	PATH_BYTES = 128, /* all of ours are shorter */
};

struct pins {
	char key[KEY_BYTES];
	char dir[PATH_BYTES];
	char lock[PATH_BYTES];
	int lock_fd;
};

static int make_dir(const char *path, mode_t mode)
{
	return mkdir(path, mode) && errno != EEXIST ? -errno : 0;
}

static int mount_bpffs(struct error *error)
{
	struct statfs fs;
	int r = 0;

	if (!statfs(BPFFS, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700")) {
		r = -errno;
		snprintf(error->text, sizeof(error->text),
			 "no BPF file system is mounted at " BPFFS ", nor can it be: %s",
			 strerror(-r));
	}
	return r;
}

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
	int r = make_dir(NOTES_DIR, 0755);

	/* again if the one that had it has just removed it */
	while (!r && removed)
		r = lock_once(pins, &removed);
	if (r == -EBUSY)
		snprintf(error->text, sizeof(error->text),
			 "another agent uses the same state directory");
	else if (r)
		snprintf(error->text, sizeof(error->text), "cannot lock %s: %s", pins->lock,
			 strerror(-r));
	return r;
}

static void pins_free(struct pins *pins)
{
	if (pins->lock_fd >= 0)
		close(pins->lock_fd);
	free(pins);
}

int pins_open(const char *state_dir, struct pins **ret, struct error *ret_error)
{
	struct pins *pins = calloc(1, sizeof(*pins));
	_cleanup_free_ char *real = realpath(state_dir, NULL);
	const char *place = real ?: state_dir;
	int r;

	if (!pins) {
		snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
		return -ENOMEM;
	}
	pins->lock_fd = -1;
	snprintf(pins->key, sizeof(pins->key), "%016" PRIx64, hash_fnv1a(place, strlen(place)));
	snprintf(pins->dir, sizeof(pins->dir), PINS_DIR "/%s", pins->key);
	snprintf(pins->lock, sizeof(pins->lock), NOTES_DIR "/lock-%s", pins->key);
	r = lock(pins, ret_error);
	r = r ?: mount_bpffs(ret_error);
	if (!r) {
		r = make_dir(PINS_DIR, 0700) ?: make_dir(pins->dir, 0700);
		if (r)
			snprintf(ret_error->text, sizeof(ret_error->text), "cannot make %s: %s",
				 pins->dir, strerror(-r));
	}
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
	/* both only if empty */
	if (!rmdir(pins->dir)) {
		rmdir(PINS_DIR);
		unlink(pins->lock);
		rmdir(NOTES_DIR);
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
	/* what begins requests first */
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

static void note_name(const struct pins *pins, __u32 generation, char ret[static 64])
{
	snprintf(ret, 64, "kernel-%s.%u.json", pins->key, generation);
}

int pins_note(struct pins *pins, __u32 generation, const json_t *note)
{
	char name[64], path[PATH_BYTES], temporary[PATH_BYTES];
	int r;

	note_name(pins, generation, name);
	snprintf(path, sizeof(path), NOTES_DIR "/%s", name);
	snprintf(temporary, sizeof(temporary), NOTES_DIR "/kernel-%s.new", pins->key);
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
	char name[64], path[PATH_BYTES];

	note_name(pins, generation, name);
	snprintf(path, sizeof(path), NOTES_DIR "/%s", name);
	return json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
}

void pins_forget_notes(struct pins *pins, __u32 generation)
{
	char keep[64], prefix[64];

	note_name(pins, generation, keep);
	snprintf(prefix, sizeof(prefix), "kernel-%s.", pins->key);
	remove_files(NOTES_DIR, prefix, keep);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
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
#include "base/place.h"

#define BPFFS "/sys/fs/bpf"

enum {
	KEY_BYTES = 17,
	NAME_BYTES = 64, /* the longest: "kernel-", the key, a generation, ".json" */
};

struct pins {
	const struct pins_dirs *dirs;
	char key[KEY_BYTES];
	char dir[PATH_MAX]; /* where it is reached: base/place */
	char name[PATH_MAX];
	char lock[PATH_MAX];
	int lock_fd;
	dev_t device; /* of the file system of the pins */
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
	pins->lock_fd =
		open(pins->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (pins->lock_fd < 0)
		return -errno;
	if (flock(pins->lock_fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(pins->lock_fd, &file))
		return -errno;
	*ret_removed = !file.st_nlink;
	return 0;
}

/* The id is only for people to read. */
static void note_owner(const struct pins *pins)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(pins->lock_fd, 0) || pwrite(pins->lock_fd, text, (size_t)n, 0) < n)
		return;
}

static int refuse_second(const struct pins *pins, struct error *error)
{
	char text[32] = "";
	long pid = pread(pins->lock_fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;

	if (pid <= 0)
		return error_set(error, -EBUSY,
				 "another agent uses the same state directory (%s is locked)",
				 pins->lock);
	return error_set(error, -EBUSY,
			 "another agent uses the same state directory: process %ld (%s is locked)",
			 pid, pins->lock);
}

static int lock(struct pins *pins, struct error *error)
{
	bool removed = true;
	int r = make_dir(pins->dirs->notes, 0755);

	/* again if the agent that held the lock has just removed the file */
	while (!r && removed)
		r = lock_once(pins, &removed);
	if (r == -EBUSY)
		return refuse_second(pins, error);
	if (r)
		return error_set(error, r, "cannot lock %s: %s", pins->lock, strerror(-r));
	note_owner(pins);
	return 0;
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

static void key_of(const char *state_dir, char ret[static KEY_BYTES])
{
	_cleanup_free_ char *real = realpath(state_dir, NULL);
	const char *place = real ?: state_dir;

	snprintf(ret, KEY_BYTES, "%016" PRIx64, hash_fnv1a(place, strlen(place)));
}

void pins_names(const struct pins_dirs *dirs, const char *state_dir, struct pins_names *ret)
{
	char key[KEY_BYTES];

	key_of(state_dir, key);
	snprintf(ret->dir, sizeof(ret->dir), "%s/%s", dirs->pins, key);
	snprintf(ret->lock, sizeof(ret->lock), "%s/lock-%s", dirs->notes, key);
	snprintf(ret->notes_prefix, sizeof(ret->notes_prefix), "kernel-%s.", key);
}

/* Of the directory above all pins: that of one below could be held by a descriptor, though it is unmounted. */
static int device_at(const struct pins *pins, dev_t *ret)
{
	_cleanup_free_ char *above = strdup(pins->dirs->pins);
	struct stat status;

	if (!above)
		return -ENOMEM;
	if (stat(dirname(above), &status))
		return -errno;
	*ret = status.st_dev;
	return 0;
}

int pins_open(const struct pins_dirs *dirs, const char *state_dir, struct pins **ret,
	      struct error *ret_error)
{
	struct pins *pins = calloc(1, sizeof(*pins));
	int r;

	if (!pins)
		return error_set(ret_error, -ENOMEM, "out of memory");
	pins->dirs = dirs;
	pins->lock_fd = -1;
	key_of(state_dir, pins->key);
	snprintf(pins->dir, sizeof(pins->dir), "%s/%s", place_path(dirs->pins), pins->key);
	snprintf(pins->name, sizeof(pins->name), "%s/%s", dirs->pins, pins->key);
	snprintf(pins->lock, sizeof(pins->lock), "%s/lock-%s", dirs->notes, pins->key);
	r = lock(pins, ret_error);
	if (!r && dirs->mount)
		r = dirs->mount(ret_error);
	r = r ?: make_dirs(pins, ret_error);
	if (!r && device_at(pins, &pins->device))
		r = error_set(ret_error, -errno, "%s: %s", dirs->pins, strerror(errno));
	if (r) {
		pins_free(pins);
		return r;
	}
	*ret = pins;
	return 0;
}

bool pins_in_place(const struct pins *pins)
{
	dev_t device = 0;

	return !device_at(pins, &device) && device == pins->device;
}

void pins_close(struct pins *pins)
{
	if (!pins)
		return;
	/* rmdir() removes empty directories only; it may be gone with its file system, and another be out of reach */
	if (!rmdir(pins->dir) || errno == ENOENT || !pins_in_place(pins)) {
		place_rmdir(pins->dirs->pins);
		unlink(pins->lock);
		place_rmdir(pins->dirs->notes);
	}
	pins_free(pins);
}

const char *pins_dir(const struct pins *pins)
{
	return pins->dir;
}

const char *pins_name(const struct pins *pins)
{
	return pins->name;
}

/* It belongs to the agent's user, who may not lead root elsewhere. */
static DIR *open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *ret = fd < 0 ? NULL : fdopendir(fd);

	if (!ret && fd >= 0)
		close(fd);
	return ret;
}

/* Removes the files of `dir` whose names begin with `prefix`, but not `keep`. */
static void remove_files(const char *dir, const char *prefix, const char *keep)
{
	DIR *entries = open_dir(dir);
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

static void remove_pins(struct pins *pins)
{
	/* takeover I4: links go first; a killed removal leaves maps that nothing writes to */
	remove_files(pins->dir, "link_", NULL);
	remove_files(pins->dir, "", NULL);
}

void pins_remove(struct pins *pins)
{
	remove_pins(pins);
	pins_forget_notes(pins, 0);
}

int pins_again(struct pins *pins)
{
	int r = pins_in_place(pins) ? 0 : -ENODEV;

	r = r ?: make_dir(pins->dir, 0700);
	if (r == -ENOENT)
		r = make_dir(pins->dirs->pins, 0700) ?: make_dir(pins->dir, 0700);
	if (!r)
		remove_pins(pins);
	return r;
}

static bool any_file(const char *dir, const char *prefix)
{
	DIR *entries = open_dir(dir);
	struct dirent *entry;
	bool any = false;

	if (!entries)
		return false;
	while (!any && (entry = readdir(entries)))
		any = entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix));
	closedir(entries);
	return any;
}

bool pins_any(const struct pins *pins)
{
	return any_file(pins->dir, "");
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

/*
 * What may be there is not followed or waited for: the directory need not be root's. Names of services and SLOs are
 * in it, which are for the agent's group to read, whatever the umask.
 */
static int write_note(const char *path, const json_t *note)
{
	FILE *file;
	int fd, r;

	if (unlink(path) && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	r = json_dumpf(note, file, JSON_COMPACT) || fflush(file) ? -(errno ?: EIO) : 0;
	if (fclose(file) && !r)
		r = -(errno ?: EIO);
	return r;
}

int pins_note(struct pins *pins, __u32 generation, const json_t *note)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	int r;

	note_path(pins, generation, path);
	snprintf(temporary, sizeof(temporary), "%s/kernel-%s.new", pins->dirs->notes, pins->key);
	r = make_dir(pins->dirs->notes, 0755);
	r = r ?: write_note(temporary, note);
	if (!r && rename(temporary, path))
		r = -errno;
	if (r)
		unlink(temporary);
	return r;
}

json_t *pins_noted(const struct pins *pins, __u32 generation)
{
	char path[PATH_MAX];
	struct stat status;
	json_t *note = NULL;
	int fd;

	note_path(pins, generation, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		note = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	close(fd);
	return note;
}

bool pins_has_note(const struct pins *pins, __u32 generation)
{
	char path[PATH_MAX];

	note_path(pins, generation, path);
	return !access(path, F_OK);
}

bool pins_any_note(const struct pins *pins)
{
	char prefix[NAME_BYTES];

	snprintf(prefix, sizeof(prefix), "kernel-%s.", pins->key);
	return any_file(pins->dirs->notes, prefix);
}

void pins_forget_notes(struct pins *pins, __u32 generation)
{
	char keep[NAME_BYTES], prefix[NAME_BYTES];

	note_name(pins, generation, keep);
	snprintf(prefix, sizeof(prefix), "kernel-%s.", pins->key);
	remove_files(pins->dirs->notes, prefix, keep);
}

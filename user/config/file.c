/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/file.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/source.h"

enum { PAUSE_MAX_MS = 5000 }; /* of a pipe's writer */

int config_refuse_size(const char *name, struct error *ret_error)
{
	return error_set(ret_error, -EINVAL, "%s: expected at most %d bytes, got more", name,
			 CONFIG_MAX_BYTES);
}

/* Waits until a pipe or a terminal has more. Returns 0 or -errno. */
static int wait_for_more(int fd, enum config_file_kind kind)
{
	struct pollfd more = {.fd = fd, .events = POLLIN};
	int n = poll(&more, 1, kind == CONFIG_FILE_PATIENT ? -1 : PAUSE_MAX_MS);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* Reads CONFIG_MAX_BYTES + 1 at most. Returns 0 or -errno. */
static int read_all(int fd, enum config_file_kind kind, char *text, size_t *ret_len)
{
	size_t len = 0;

	while (len <= CONFIG_MAX_BYTES) {
		ssize_t n = read(fd, text + len, CONFIG_MAX_BYTES + 1 - len);
		int r = 0;

		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno == EAGAIN)
			r = wait_for_more(fd, kind);
		else if (errno != EINTR)
			r = -errno;
		if (r)
			return r;
	}
	*ret_len = len;
	return 0;
}

void config_text_clear(struct config_text *text)
{
	free(text->text);
	*text = (struct config_text){};
}

/*
 * The group of who may ask the agent, and whose the agent is. Looked up once: an agent that has given up its
 * rights may not be able to.
 */
static gid_t own_group(void)
{
	static bool known;
	static gid_t gid;

	if (!known) {
		const struct group *group = getgrnam("sliprobe");

		gid = group ? group->gr_gid : 0;
		known = true;
	}
	return gid;
}

static bool is_exposed(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return false;
	if (status->st_mode & S_IROTH)
		return true;
	return status->st_mode & S_IRGRP && status->st_gid != 0 && status->st_gid != own_group();
}

int config_read_file(const char *path, enum config_file_kind kind, struct config_text *ret,
		     struct error *ret_error)
{
	_cleanup_close_ int fd = source_open(path);
	_cleanup_free_ char *text = NULL;
	struct stat status;
	size_t len = 0;
	int r;

	if (fd < 0)
		return error_set(ret_error, fd, "%s: cannot be opened: %s", path, strerror(-fd));
	if (fstat(fd, &status) < 0)
		return error_set(ret_error, -errno, "%s: cannot be read: %s", path,
				 strerror(errno));
	if (kind == CONFIG_FILE_REGULAR && !S_ISREG(status.st_mode))
		return error_set(ret_error, -EINVAL, "%s: expected a regular file", path);
	text = malloc(CONFIG_MAX_BYTES + 2); /* a file that fills it is too large */
	if (!text)
		return error_set(ret_error, -ENOMEM, "%s: out of memory", path);
	r = read_all(fd, kind, text, &len);
	if (r)
		return error_set(ret_error, r, "%s: cannot be read: %s", path, strerror(-r));
	if (len > CONFIG_MAX_BYTES)
		return config_refuse_size(path, ret_error);
	text[len] = 0;
	*ret = (struct config_text){TAKE_PTR(text), len, is_exposed(&status)};
	return 0;
}

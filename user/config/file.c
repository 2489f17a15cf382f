/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/config.h"

int config_refuse_size(const char *name, struct error *ret_error)
{
	return error_set(ret_error, -EINVAL, "%s: expected at most %d bytes, got more", name,
			 CONFIG_MAX_BYTES);
}

static void close_at(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int config_read_file(const char *path, char **ret_text, size_t *ret_len, struct error *ret_error)
{
	_cleanup_(close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (fd < 0)
		return error_set(ret_error, -errno, "%s: cannot be opened: %s", path,
				 strerror(errno));
	text = malloc(CONFIG_MAX_BYTES + 1); /* a file that fills it is too large */
	if (!text)
		return error_set(ret_error, -ENOMEM, "%s: out of memory", path);
	while (len <= CONFIG_MAX_BYTES) {
		ssize_t n = read(fd, text + len, CONFIG_MAX_BYTES + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(ret_error, -errno, "%s: cannot be read: %s", path,
					 strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > CONFIG_MAX_BYTES)
		return config_refuse_size(path, ret_error);
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

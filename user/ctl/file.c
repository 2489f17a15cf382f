/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/format.h"

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* The name it has until it is whole does not end as `path` does: collectors of *.prom do not read it. */
static int replace(const char *path, const char *data, size_t len, mode_t mode)
{
	_cleanup_free_ char *temporary = NULL;
	int fd, r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkstemp(temporary);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, len);
	if (!r && fchmod(fd, mode))
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	if (!r && rename(temporary, path))
		r = -errno;
	if (r)
		unlink(temporary);
	return r;
}

int ctl_replace_file(const struct ctl *ctl, const char *path, const char *data, size_t len,
		     mode_t mode)
{
	int r = replace(path, data, len, mode);

	if (!r)
		return CTL_DONE;
	fprintf(ctl->err, "slictl: cannot write ");
	format_write_safe(path, ctl->err);
	fprintf(ctl->err, ": %s\n", strerror(-r));
	return CTL_CANNOT_TELL;
}

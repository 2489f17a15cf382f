/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int limits_open_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* the lowest that is free: this one */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	}
	return 0;
}

static void tell_file_size(say_fn *tell)
{
	struct rlimit size;

	if (!getrlimit(RLIMIT_FSIZE, &size) && size.rlim_cur != RLIM_INFINITY)
		tell("no file may grow beyond %llu bytes (RLIMIT_FSIZE): when the history does not fit, it "
		     "is kept in memory only",
		     (unsigned long long)size.rlim_cur);
}

int limits_check(say_fn *tell, struct error *ret_error)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return error_set(ret_error, -errno, "cannot tell the limit of open files: %s",
				 strerror(errno));
	if (files.rlim_max < LIMITS_FILES)
		return error_set(
			ret_error, -EMFILE,
			"only %llu files may be open (RLIMIT_NOFILE), %d are needed: raise "
			"the hard limit (ulimit -Hn %d, LimitNOFILE= in the unit)",
			(unsigned long long)files.rlim_max, LIMITS_FILES, LIMITS_FILES);
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		return error_set(ret_error, -errno, "cannot raise the limit of open files: %s",
				 strerror(errno));
	tell_file_size(tell);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl metrics: the agent's metrics, also as a file that node_exporter's textfile collector reads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/format.h"
#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/options.h"
#include "ctl/show.h"

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

/*
 * Whoever reads the file meanwhile sees the old one or the new one, and none that is cut. The name it
 * has until then does not end in .prom, which the collector would read.
 */
static int replace_file(const char *path, const struct ctl_answer *answer)
{
	enum { READABLE_BY_ALL = 0644 };
	_cleanup_free_ char *temporary = NULL;
	int fd, r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkstemp(temporary);
	if (fd < 0)
		return -errno;
	r = write_all(fd, answer->body, answer->len);
	if (!r && fchmod(fd, READABLE_BY_ALL))
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	if (!r && rename(temporary, path))
		r = -errno;
	if (r)
		unlink(temporary);
	return r;
}

static int put(const struct ctl *ctl, const char *path, const struct ctl_answer *answer)
{
	int r;

	if (!path) {
		fwrite(answer->body, 1, answer->len, ctl->out);
		return CTL_DONE;
	}
	r = replace_file(path, answer);
	if (!r)
		return CTL_DONE;
	fprintf(ctl->err, "slictl: cannot write ");
	format_write_safe(path, ctl->err);
	fprintf(ctl->err, ": %s\n", strerror(-r));
	return CTL_CANNOT_TELL;
}

int ctl_metrics(const struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_request request = {.method = "GET", .path = "/metrics"};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	const char *path = NULL;
	const struct ctl_option options[] = {{.name = "output", .value = &path}};
	int r = ctl_options(ctl, argc, argv, options, 1, NULL, NULL);

	if (r == CTL_DONE)
		r = ctl_ask(ctl, &request, &answer);
	if (r != CTL_DONE)
		return r;
	if (answer.status != CTL_STATUS_OK || !answer.body)
		return ctl_say_refused(ctl, &answer);
	return put(ctl, path, &answer);
}

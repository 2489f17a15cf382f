/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/progress.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUIET_SECONDS 1.0
#define PAUSE_SECONDS 0.2

void progress_begin(struct progress *progress, FILE *out, FILE *in, const char *what,
		    double now_seconds)
{
	struct stat status;
	int fd = fileno(out);

	*progress = (struct progress){.what = what, .begun_seconds = now_seconds};
	if (fd >= 0 && isatty(fd))
		progress->out = out;
	if (fileno(in) >= 0 && !fstat(fileno(in), &status) && S_ISREG(status.st_mode))
		progress->all_bytes = (uint64_t)status.st_size;
}

void progress_say(struct progress *progress, uint64_t n, uint64_t bytes, double now_seconds)
{
	double part;

	if (!progress->out || now_seconds - progress->begun_seconds < QUIET_SECONDS ||
	    now_seconds - progress->said_seconds < PAUSE_SECONDS)
		return;
	progress->said_seconds = now_seconds;
	fprintf(progress->out, "\r%" PRIu64 " %s", n, progress->what);
	if (progress->all_bytes) {
		part = (double)bytes / (double)progress->all_bytes;
		fprintf(progress->out, ", %.0f %%", 100 * (part < 1 ? part : 1));
	}
	fflush(progress->out);
}

void progress_end(struct progress *progress)
{
	if (!progress->said_seconds)
		return;
	/* erases the line */
	fprintf(progress->out, "\r\033[K");
	fflush(progress->out);
}

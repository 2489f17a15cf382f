/* SPDX-License-Identifier: GPL-2.0-only */
/* What slictl events was asked for: for its parts. */
#ifndef SLIPROBE_CTL_EVENTS_H
#define SLIPROBE_CTL_EVENTS_H

#include "ctl/client.h"
#include "ctl/ctl.h"

struct ctl_events_asked {
	char *filter; /* NULL: all */
	const char *by;
	const char *fields;
	const char *since; /* as the agent takes it; NULL: its default */
	const char *until;
	const char *limit;
	bool csv;
};

/*
 * The address; `after` and `order` may be NULL, as may `limit`: then it is that of `asked`. malloc()ed; NULL without
 * memory.
 */
char *ctl_events_path(const struct ctl_events_asked *asked, const char *after, const char *order,
		      const char *limit);

/* Writes each element of the list as a line. Returns 0 or -ENOMEM. */
int ctl_events_lines(const json_t *list, FILE *out);

/* Says why the agent refuses: with a mark below the place in the filter, if it is about that. Returns CTL_CANNOT_TELL. */
int ctl_events_refused(const struct ctl *ctl, const struct ctl_events_asked *asked,
		       const struct ctl_answer *answer);

/*
 * Shows what there is, then each event as it comes, until SIGINT or SIGTERM, until nobody reads what is written, or until
 * no agent has answered for half a minute. Returns an enum ctl_exit.
 */
int ctl_events_follow(const struct ctl *ctl, const struct ctl_events_asked *asked);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl services: what was found, and what it was asked of late. */
#include "ctl/options.h"
#include "ctl/query.h"
#include "ctl/show.h"
#include "ctl/times.h"
#include "ctl/views.h"

int ctl_services(const struct ctl *ctl, int argc, char **argv)
{
	const char *name = NULL, *since = NULL, *window = NULL;
	const struct ctl_option options[] = {{.name = "since", .value = &since},
					     {.name = "window", .value = &window}};
	_cleanup_free_ char *path = NULL, *from = NULL;
	int r = ctl_options(ctl, argc, argv, options, 2, "[NAME]", &name);

	if (r != CTL_DONE)
		return r;
	if (since) {
		from = ctl_time_argument(since);
		if (!from)
			return ctl_usage_error(ctl, argv[0], CTL_TIME_EXPECTED, since);
	}
	path = ctl_query("/v1/services", NULL,
			 (const struct ctl_argument[]){
				 {"service", name}, {"since", from}, {"window", window}},
			 3);
	if (!path)
		return ctl_no_memory(ctl);
	return ctl_show(ctl, path, NULL, name ? ctl_view_service : ctl_view_services);
}

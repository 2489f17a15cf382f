/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl incidents, slictl incident N. */
#include <string.h>

#include "ctl/options.h"
#include "ctl/query.h"
#include "ctl/show.h"
#include "ctl/times.h"
#include "ctl/view_incidents.h"

int ctl_incidents(const struct ctl *ctl, int argc, char **argv)
{
	const char *slo = NULL, *since = NULL, *until = NULL, *limit = NULL;
	const struct ctl_option options[] = {
		{.name = "slo", .value = &slo},
		{.name = "since", .value = &since},
		{.name = "until", .value = &until},
		{.name = "limit", .value = &limit},
	};
	_cleanup_free_ char *from = NULL, *to = NULL, *path = NULL;
	int r = ctl_options(ctl, argc, argv, options, 4, NULL, NULL);

	if (r != CTL_DONE)
		return r;
	from = since ? ctl_time_argument(since) : NULL;
	to = until ? ctl_time_argument(until) : NULL;
	if ((since && !from) || (until && !to))
		return ctl_usage_error(ctl, "incidents", CTL_TIME_EXPECTED,
				       since && !from ? since : until);
	path = ctl_query("/v1/incidents", NULL,
			 (const struct ctl_argument[]){
				 {"slo", slo}, {"since", from}, {"until", to}, {"limit", limit}},
			 4);
	return path ? ctl_show(ctl, path, NULL, ctl_view_incidents) : ctl_no_memory(ctl);
}

int ctl_incident(const struct ctl *ctl, int argc, char **argv)
{
	bool markdown = false;
	const struct ctl_option options[] = {{.name = "markdown", .flag = &markdown}};
	const char *number;
	int r = ctl_options(ctl, argc, argv, options, 1, "N", &number);

	if (r != CTL_DONE)
		return r;
	if (!*number || strspn(number, "0123456789") != strlen(number))
		return ctl_usage_error(ctl, "incident", "expected a number of slictl incidents",
				       number);
	return ctl_show(ctl, "/v1/incidents/", number,
			markdown ? ctl_view_incident_markdown : ctl_view_incident);
}

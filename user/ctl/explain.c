/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl explain: the likely cause of what burns. */
#include "ctl/options.h"
#include "ctl/query.h"
#include "ctl/show.h"
#include "ctl/times.h"
#include "ctl/view_explain.h"

int ctl_explain(const struct ctl *ctl, int argc, char **argv)
{
	const char *name = NULL, *since = NULL, *until = NULL;
	const struct ctl_option options[] = {
		{.name = "since", .value = &since},
		{.name = "until", .value = &until},
	};
	_cleanup_free_ char *from = NULL, *to = NULL, *path = NULL;
	int r = ctl_options(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]), "SLO",
			    &name);

	if (r != CTL_DONE)
		return r;
	if (since) {
		from = ctl_time_argument(since);
		if (!from)
			return ctl_usage_error(ctl, "explain", CTL_TIME_EXPECTED, since);
	}
	if (until) {
		to = ctl_time_argument(until);
		if (!to)
			return ctl_usage_error(ctl, "explain", CTL_TIME_EXPECTED, until);
	}
	path = ctl_query("/v1/explain/", name,
			 (const struct ctl_argument[]){{"since", from}, {"until", to}}, 2);
	return path ? ctl_show(ctl, path, NULL, ctl_view_explain) : ctl_no_memory(ctl);
}

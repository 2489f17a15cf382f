/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl history: what was counted, and when. */
#include <string.h>

#include "ctl/options.h"
#include "ctl/show.h"
#include "ctl/view_history.h"

int ctl_history(const struct ctl *ctl, int argc, char **argv)
{
	const char *name, *by = NULL;
	bool csv = false;
	const struct ctl_option options[] = {{.name = "csv", .flag = &csv},
					     {.name = "by", .value = &by}};
	ctl_view *view = ctl_view_history;
	int r = ctl_options(ctl, argc, argv, options, 2, "NAME", &name);

	if (r != CTL_DONE)
		return r;
	if (csv && (by || ctl->json))
		return ctl_usage_error(ctl, argv[0], "--csv goes with neither --by nor --json",
				       NULL);
	if (csv)
		view = ctl_view_history_csv;
	else if (by && !strcmp(by, "hour"))
		view = ctl_view_history_by_hour;
	else if (by && !strcmp(by, "day"))
		view = ctl_view_history_by_day;
	else if (by)
		return ctl_usage_error(ctl, argv[0], "--by: expected hour or day", by);
	return ctl_show(ctl, "/v1/history/", name, view);
}

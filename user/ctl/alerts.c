/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/options.h"
#include "ctl/show.h"
#include "ctl/views.h"

int ctl_alerts(const struct ctl *ctl, int argc, char **argv)
{
	bool all = false;
	const struct ctl_option options[] = {{.name = "all", .flag = &all}};
	int r = ctl_options(ctl, argc, argv, options, 1, NULL, NULL);

	if (r != CTL_DONE)
		return r;
	return ctl_show(ctl, "/v1/alerts", NULL, all ? ctl_view_alerts_all : ctl_view_alerts);
}

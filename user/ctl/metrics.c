/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl metrics: the agent's metrics, also as a file that node_exporter's textfile collector reads. */
#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/file.h"
#include "ctl/options.h"
#include "ctl/show.h"

static int put(const struct ctl *ctl, const char *path, const struct ctl_answer *answer)
{
	if (path)
		return ctl_replace_file(ctl, path, answer->body, answer->len, CTL_FILE_PUBLIC);
	ctl_print_body(ctl, answer);
	return CTL_DONE;
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

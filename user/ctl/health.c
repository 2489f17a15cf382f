/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl health: for probes. The agent answers this at once, whoever else asks it for what; nothing is read
 * from the kernel.
 */
#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/show.h"

int ctl_health(const struct ctl *ctl, int argc, char **argv)
{
	bool ready = false;
	const struct ctl_option options[] = {{"ready", NULL, &ready}};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	struct ctl_request request = {.method = "GET"};
	int r = ctl_options(ctl, argc, argv, options, 1, NULL, NULL);

	if (r != CTL_DONE)
		return r;
	request.path = ready ? "/readyz" : "/healthz";
	r = ctl_ask(ctl, &request, &answer);
	if (r != CTL_DONE)
		return r;
	if (answer.status != CTL_STATUS_OK) {
		ctl_say_refused(ctl, &answer);
		return CTL_NO;
	}
	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:b}", ready ? "ready" : "healthy", 1));
	fprintf(ctl->out, "ok\n");
	return CTL_DONE;
}

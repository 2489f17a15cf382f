/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl version: of slictl, and of the agent where one answers. */
#include "base/format.h"
#include "base/json_values.h"
#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/show.h"

/* The agent's version, or NULL: no agent answers, which is no failure here. */
static json_t *ask(const struct ctl *ctl)
{
	const struct ctl_request request = {.method = "GET", .path = "/v1/status?services=no"};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	_cleanup_json_ json_t *status = NULL;
	FILE *silent = fopen("/dev/null", "w");
	struct ctl quiet = *ctl;
	int r;

	if (!silent)
		return NULL;
	quiet.err = silent;
	r = ctl_ask(&quiet, &request, &answer);
	fclose(silent);
	if (r != CTL_DONE || answer.status != CTL_STATUS_OK)
		return NULL;
	status = ctl_answer_json(&answer);
	return json_incref(json_object_get(json_object_get(status, "agent"), "version"));
}

int ctl_version(const struct ctl *ctl)
{
	_cleanup_json_ json_t *agent = ask(ctl);

	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:s,s:O?}", "slictl", SLIPROBE_VERSION,
						     "agent", agent));
	fprintf(ctl->out, "slictl %s\n", SLIPROBE_VERSION);
	if (agent) {
		fprintf(ctl->out, "agent ");
		format_write_safe(json_string_value(agent), ctl->out);
	} else {
		fprintf(ctl->out, "no agent answers on ");
		format_write_safe(ctl->socket, ctl->out);
	}
	fputc('\n', ctl->out);
	return CTL_DONE;
}

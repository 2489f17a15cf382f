/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl reload */
#include <errno.h>

#include "base/format.h"
#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/show.h"

enum {
	STATUS_REFUSED = 422, /* the file is not put in force */
};

static void print_lines(const json_t *lines, const char *before, FILE *out)
{
	size_t i;
	json_t *line;

	json_array_foreach(lines, i, line) {
		fprintf(out, "%s", before);
		format_write_safe(json_string_value(line), out);
		fputc('\n', out);
	}
}

static void print_counted(const json_t *reload, const char *key, const char *what, FILE *out)
{
	const json_int_t n = json_integer_value(json_object_get(reload, key));

	fprintf(out, ", %lld %s%s", (long long)n, what, format_plural((unsigned long long)n));
}

/* A ctl_view. */
static int view(const json_t *reload, bool colour, FILE *out)
{
	(void)colour;
	if (!json_is_object(reload))
		return -EINVAL;
	fprintf(out, "Reloaded ");
	format_write_safe(ctl_string(reload, "config"), out);
	print_counted(reload, "services", "service", out);
	print_counted(reload, "slos", "SLO", out);
	fprintf(out, ".\n");
	print_lines(json_object_get(reload, "applied"), "Applied: ", out);
	print_lines(json_object_get(reload, "takes_restart"), "Not applied: ", out);
	print_lines(json_object_get(reload, "warnings"), "Warning: ", out);
	return 0;
}

/* Says why the agent has refused. */
static int say_refused(const struct ctl *ctl, const struct ctl_answer *answer)
{
	int r = ctl_say_refused(ctl, answer);

	if (answer->status != STATUS_REFUSED)
		return r;
	fprintf(ctl->err, "The configuration before stays in force.\n");
	return CTL_NO;
}

int ctl_reload(const struct ctl *ctl)
{
	const struct ctl_request request = {.method = "POST", .path = "/v1/reload"};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	_cleanup_json_ json_t *reload = NULL;
	int r = ctl_ask(ctl, &request, &answer);

	if (r != CTL_DONE)
		return r;
	if (answer.status != CTL_STATUS_OK)
		return say_refused(ctl, &answer);
	reload = ctl_answer_json(&answer);
	if (!ctl->json || !reload)
		return ctl_show_json(ctl, reload, view);
	ctl_print_body(ctl, &answer);
	return CTL_DONE;
}

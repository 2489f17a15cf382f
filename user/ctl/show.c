/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/show.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/json_values.h"
#include "base/utf8.h"
#include "ctl/fold.h"
#include "ctl/table.h"

json_t *ctl_answer_json(const struct ctl_answer *answer)
{
	return json_loadb(answer->body ? answer->body : "", answer->len, 0, NULL);
}

int ctl_say_refused(const struct ctl *ctl, const struct ctl_answer *answer)
{
	_cleanup_json_ json_t *json = ctl_answer_json(answer);
	const char *text = json_string_value(json_object_get(json, "error"));

	fprintf(ctl->err, "slictl: ");
	if (text)
		format_write_safe(text, ctl->err);
	else
		fprintf(ctl->err, "the agent answered with HTTP status %ld", answer->status);
	fputc('\n', ctl->err);
	return CTL_CANNOT_TELL;
}

static int say_not_understood(const struct ctl *ctl, int r)
{
	if (r == -ENOMEM)
		return ctl_no_memory(ctl);
	fprintf(ctl->err, "slictl: the agent's answer is not understood\n");
	return CTL_CANNOT_TELL;
}

/* As ctl_ask(), for an answer that must be of status 200 and not empty. */
static int ask_ok(const struct ctl *ctl, const struct ctl_request *request, struct ctl_answer *ret)
{
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	int r = ctl_ask(ctl, request, &answer);

	if (r != CTL_DONE)
		return r;
	if (answer.status != CTL_STATUS_OK)
		return ctl_say_refused(ctl, &answer);
	if (!answer.body) {
		fprintf(ctl->err, "slictl: the agent's answer is empty\n");
		return CTL_CANNOT_TELL;
	}
	*ret = answer;
	answer = (struct ctl_answer){};
	return CTL_DONE;
}

int ctl_ask_json(const struct ctl *ctl, const struct ctl_request *request, json_t **ret_json)
{
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	_cleanup_json_ json_t *json = NULL;
	int r = ask_ok(ctl, request, &answer);

	if (r != CTL_DONE)
		return r;
	json = ctl_answer_json(&answer);
	if (!json_is_object(json))
		return say_not_understood(ctl, -EINVAL);
	*ret_json = TAKE_PTR(json);
	return CTL_DONE;
}

/* On a terminal lines that are too long are folded. */
static int view_folded(const struct ctl *ctl, const json_t *json, ctl_view *view)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out;
	int r;

	if (!ctl_table_width())
		return view(json, ctl->colour, ctl->out);
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	r = view(json, ctl->colour, out);
	if (fclose(out))
		return -ENOMEM;
	ctl_fold(text, ctl_table_width(), ctl->out);
	return r;
}

int ctl_show_json(const struct ctl *ctl, const json_t *json, ctl_view *view)
{
	int r = json ? view_folded(ctl, json, view) : -EINVAL;

	return r < 0 ? say_not_understood(ctl, r) : CTL_DONE;
}

int ctl_show(const struct ctl *ctl, const char *path, const char *name, ctl_view *view)
{
	const struct ctl_request request = {.method = "GET", .path = path, .name = name};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	_cleanup_json_ json_t *json = NULL;
	int r = ask_ok(ctl, &request, &answer);

	if (r != CTL_DONE)
		return r;
	json = ctl_answer_json(&answer);
	if (!ctl->json || !json)
		return ctl_show_json(ctl, json, view);
	ctl_print_body(ctl, &answer);
	return CTL_DONE;
}

void ctl_print_body(const struct ctl *ctl, const struct ctl_answer *answer)
{
	utf8_write_json(answer->body ? answer->body : "", answer->len, ctl->out);
}

int ctl_print_json(const struct ctl *ctl, json_t *json)
{
	_cleanup_json_ json_t *owned = json;

	if (json_write(owned, JSON_COMPACT | JSON_REAL_PRECISION(12), ctl->out))
		return ctl_no_memory(ctl);
	fputc('\n', ctl->out);
	return CTL_DONE;
}

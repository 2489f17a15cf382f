/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl notify-test: does a notification arrive? */
#include <string.h>
#include <time.h>

#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "slo/alert_rule.h"

enum {
	WAIT_MS = 15000, /* for receivers to take the message */
	POLL_MS = 250,
};

/* How the message fared at one receiver. */
struct outcome {
	const char *result; /* "sent", "given up", "waiting"; NULL: it was not given the message */
	const char *error;
};

static bool is_test(const json_t *message)
{
	const char *kind = ctl_string(message, "kind");

	return kind && !strcmp(kind, "test") && ctl_string(message, "id");
}

/* An object whose members are the ids of all tests that receivers know of. NULL: no memory. */
static json_t *test_ids(const json_t *receivers)
{
	json_t *ids = json_object();
	size_t i, j;
	json_t *receiver, *message;

	json_array_foreach(receivers, i, receiver) {
		json_array_foreach(json_object_get(receiver, "recent"), j, message) {
			if (is_test(message))
				json_object_set_new(ids, ctl_string(message, "id"), json_true());
		}
	}
	return ids;
}

static bool is(const char *text, const char *word)
{
	return text && !strcmp(text, word);
}

static struct outcome find_outcome(const json_t *receiver, const json_t *old_ids)
{
	struct outcome ret = {};
	size_t i;
	json_t *message;

	json_array_foreach(json_object_get(receiver, "recent"), i, message) {
		if (!is_test(message) || json_object_get(old_ids, ctl_string(message, "id")))
			continue;
		ret.result = ctl_string(message, "result");
		ret.error = ctl_string(message, "error");
	}
	/* it waits behind messages that failed, and has not been tried */
	if (is(ret.result, "waiting") && !ret.error)
		ret.error = ctl_string(receiver, "last_error");
	return ret;
}

static json_int_t count_finished(const json_t *receivers, const json_t *old_ids)
{
	json_int_t n = 0;
	size_t i;
	json_t *receiver;

	json_array_foreach(receivers, i, receiver) {
		const char *result = find_outcome(receiver, old_ids).result;

		n += is(result, "sent") || is(result, "given up");
	}
	return n;
}

static int get_alerts(const struct ctl *ctl, json_t **ret_alerts)
{
	return ctl_ask_json(ctl, &(struct ctl_request){.method = "GET", .path = "/v1/alerts"},
			    ret_alerts);
}

/* Asks again until `expected` receivers have sent the message or given it up, or time is up. */
static int wait_for(const struct ctl *ctl, const json_t *old_ids, json_int_t expected,
		    json_t **ret_alerts)
{
	static const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

	for (int waited_ms = 0;; waited_ms += POLL_MS) {
		_cleanup_json_ json_t *alerts = NULL;
		int r = get_alerts(ctl, &alerts);

		if (r != CTL_DONE)
			return r;
		if (waited_ms >= WAIT_MS ||
		    count_finished(json_object_get(alerts, "receivers"), old_ids) >= expected) {
			*ret_alerts = TAKE_PTR(alerts);
			return CTL_DONE;
		}
		nanosleep(&pause, NULL);
	}
}

static void print_outcome(const struct ctl *ctl, const json_t *receiver, struct outcome outcome)
{
	bool sent = is(outcome.result, "sent");

	format_write_safe(ctl_string(receiver, "receiver"), ctl->out);
	fprintf(ctl->out, ": ");
	ctl_write_coloured(sent ? "sent" : "failed", sent ? CTL_GOOD : CTL_BAD, ctl->colour,
			   ctl->out);
	if (!sent) {
		fprintf(ctl->out, ": ");
		format_write_safe(outcome.error ?: "no answer yet", ctl->out);
		if (is(outcome.result, "waiting"))
			fprintf(ctl->out, " (will be tried again)");
	}
	fputc('\n', ctl->out);
}

static int report(const struct ctl *ctl, const json_t *receivers, const json_t *old_ids,
		  json_int_t expected)
{
	json_t *list = json_array();
	json_int_t sent = 0;
	size_t i;
	json_t *receiver;
	int r = CTL_DONE;

	json_array_foreach(receivers, i, receiver) {
		struct outcome outcome = find_outcome(receiver, old_ids);

		if (!outcome.result)
			continue;
		sent += is(outcome.result, "sent");
		json_array_append_new(list, json_pack("{s:s?,s:s,s:s?}", "receiver",
						      ctl_string(receiver, "receiver"), "result",
						      outcome.result, "error", outcome.error));
		if (!ctl->json)
			print_outcome(ctl, receiver, outcome);
	}
	if (ctl->json)
		r = ctl_print_json(ctl, json_pack("{s:o}", "receivers", list));
	else
		json_decref(list);
	if (r != CTL_DONE)
		return r;
	return sent >= expected ? CTL_DONE : CTL_NO;
}

/* CTL_NO if the agent sends no test now: it says why. */
static int post(const struct ctl *ctl, const char *body, json_t **ret_posted)
{
	const struct ctl_request request = {
		.method = "POST", .path = "/v1/notify-test", .body = body};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	int r = ctl_ask(ctl, &request, &answer);

	if (r != CTL_DONE)
		return r;
	if (answer.status == CTL_STATUS_TOO_MANY) {
		ctl_say_refused(ctl, &answer);
		return CTL_NO;
	}
	if (answer.status != CTL_STATUS_OK)
		return ctl_say_refused(ctl, &answer);
	*ret_posted = ctl_answer_json(&answer);
	if (*ret_posted)
		return CTL_DONE;
	fprintf(ctl->err, "slictl: the agent's answer is not understood\n");
	return CTL_CANNOT_TELL;
}

int ctl_notify_test(const struct ctl *ctl, int argc, char **argv)
{
	const char *severity = NULL;
	enum alert_severity known;
	const struct ctl_option options[] = {{.name = "severity", .value = &severity}};
	_cleanup_json_ json_t *before = NULL, *posted = NULL, *after = NULL, *old_ids = NULL;
	_cleanup_free_ char *body = NULL;
	json_int_t expected;
	int r = ctl_options(ctl, argc, argv, options, 1, NULL, NULL);

	if (r != CTL_DONE)
		return r;
	if (severity && !alert_severity_find(severity, &known))
		return ctl_usage_error(ctl, argv[0], "--severity: expected page, ticket or notice",
				       severity);
	if (asprintf(&body, "{\"severity\":\"%s\"}", severity ?: "page") < 0) {
		body = NULL;
		return CTL_CANNOT_TELL;
	}
	r = get_alerts(ctl, &before);
	if (r == CTL_DONE)
		r = post(ctl, body, &posted);
	if (r != CTL_DONE)
		return r;
	expected = ctl_count_or_zero(posted, "receivers");
	if (expected <= 0) {
		fprintf(ctl->err, "slictl: no receiver wants a %s\n", severity ?: "page");
		return CTL_CANNOT_TELL;
	}
	old_ids = test_ids(json_object_get(before, "receivers"));
	r = wait_for(ctl, old_ids, expected, &after);
	return r == CTL_DONE ? report(ctl, json_object_get(after, "receivers"), old_ids, expected) :
			       r;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/incident_story.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/json.h"

/* Of what has one time: what may be a cause stands before what follows from it. */
enum order {
	ORDER_CHANGE,
	ORDER_START,
	ORDER_SILENCE,
	ORDER_ALERT,
	ORDER_TOLD,
	ORDER_OVER,
	ORDER_END,
};

__attribute__((format(printf, 4, 5))) static int add(struct incident_story *story, const char *at,
						     enum order order, const char *format, ...)
{
	struct incident_moment *grown;
	va_list args;
	char *text;
	int n;

	if (!at)
		return 0;
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	grown = realloc(story->list, (story->n + 1) * sizeof(*grown));
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	story->list = grown;
	grown[story->n++] = (struct incident_moment){at, text, (int)order};
	return 0;
}

/* "a: b", or "" without b. */
static const char *before(const char *text, const char *words)
{
	return text && *text ? words : "";
}

static int tell_change(struct incident_story *story, const json_t *change)
{
	const char *at = ctl_string(change, "at"), *what = ctl_string(change, "what") ?: "change";
	const char *service = ctl_string(change, "service") ?: "sliprobe";
	const char *from = ctl_string(change, "from"), *to = ctl_string(change, "to");
	const char *detail = ctl_string(change, "detail") ?: "";
	const json_int_t pid = json_integer_value(json_object_get(change, "pid"));
	char process[40] = "a process";

	if (pid)
		snprintf(process, sizeof(process), "process %lld", (long long)pid);
	if (!strcmp(what, "version"))
		return add(story, at, ORDER_CHANGE, "%s: version %s begins to serve%s%s%s%s%s",
			   service, to ?: "unknown", before(from, " (before: "), from ?: "",
			   before(from, ")"), before(detail, ": "), detail);
	if (!strcmp(what, "instances"))
		return add(story, at, ORDER_CHANGE, "%s: %s instances, before %s", service,
			   to ?: "?", from ?: "?");
	if (!strcmp(what, "started") || !strcmp(what, "ended"))
		return add(story, at, ORDER_CHANGE, "%s: %s %s%s%s", service, process, what,
			   before(detail, ": "), detail);
	if (!strcmp(what, "crashed") || !strcmp(what, "oom"))
		return add(story, at, ORDER_CHANGE, "%s: %s %s%s%s", service, process,
			   *what == 'o' ? "was ended for lack of memory" : "ended by a signal",
			   before(detail, ": "), detail);
	if (!strcmp(what, "reload"))
		return add(story, at, ORDER_CHANGE, "%s: reloaded%s%s", service,
			   before(detail, ": "), detail);
	if (!strcmp(what, "configuration"))
		return add(story, at, ORDER_CHANGE, "sliprobe's configuration: %s", detail);
	if (!strcmp(what, "agent"))
		return add(story, at, ORDER_CHANGE, "%s", detail);
	return add(story, at, ORDER_CHANGE, "%s: %s%s%s", service, what, before(detail, ": "),
		   detail);
}

static int tell_alert(struct incident_story *story, const json_t *alert, const char *detected)
{
	const char *at = ctl_string(alert, "at");
	const char *severity = ctl_string(alert, "severity") ?: "alert";
	const char *name = ctl_string(alert, "name") ?: "?";
	int r = add(story, at, ORDER_ALERT, "%s: the %s %s fires",
		    at && detected && !strcmp(at, detected) ? "detected" : "alert", severity, name);

	return r     ?:
		       add(story, ctl_string(alert, "until"), ORDER_OVER, "the %s %s is over",
			   severity, name);
}

static int tell_told(struct incident_story *story, const json_t *told)
{
	const char *result = ctl_string(told, "result") ?: "";
	const char *error = ctl_string(told, "error") ?: "";
	const char *words = !strcmp(result, "sent")	? "was told" :
			    !strcmp(result, "given up") ? "could not be told" :
							  "was not told yet";

	return add(story, ctl_string(told, "at"), ORDER_TOLD, "%s %s (%s, %s)%s%s",
		   ctl_string(told, "receiver") ?: "a receiver", words,
		   ctl_string(told, "severity") ?: "alert", ctl_string(told, "kind") ?: "fire",
		   before(error, ": "), error);
}

static int tell_silence(struct incident_story *story, const json_t *silence)
{
	const char *comment = ctl_string(silence, "comment");
	const char *by = ctl_string(silence, "by");

	return add(story, ctl_string(silence, "from"), ORDER_SILENCE, "silenced until %s%s%s%s%s",
		   ctl_string(silence, "until") ?: "-", before(by, " by "), by ?: "",
		   before(comment, ": "), comment ?: "");
}

static int tell_bounds(struct incident_story *story, const json_t *incident)
{
	const char *resolved = ctl_string(incident, "resolved_at");
	const char *state = ctl_string(incident, "state") ?: "";
	int r = add(story, ctl_string(incident, "started_at"), ORDER_START,
		    "the burn begins: the first bad step");

	return r     ?:
		       add(story, resolved, ORDER_END, "%s",
			   !strcmp(state, "dropped") ?
				   "the SLO is not judged any more, or by another definition" :
				   "resolved");
}

static int compare(const void *a, const void *b)
{
	const struct incident_moment *x = a, *y = b;
	const int by = strcmp(x->at, y->at);

	return by ? by : x->order - y->order;
}

int incident_story_tell(const json_t *incident, struct incident_story *ret)
{
	const char *detected = ctl_string(incident, "detected_at");
	json_t *one;
	size_t i;
	int r;

	*ret = (struct incident_story){};
	r = tell_bounds(ret, incident);
	json_array_foreach(json_object_get(incident, "changes"), i, one) {
		r = r ?: tell_change(ret, one);
	}
	json_array_foreach(json_object_get(incident, "alerts"), i, one) {
		r = r ?: tell_alert(ret, one, detected);
	}
	json_array_foreach(json_object_get(incident, "notified"), i, one) {
		r = r ?: tell_told(ret, one);
	}
	json_array_foreach(json_object_get(incident, "silences"), i, one) {
		r = r ?: tell_silence(ret, one);
	}
	if (!r && ret->n)
		qsort(ret->list, ret->n, sizeof(ret->list[0]), compare);
	return r;
}

void incident_story_clear(struct incident_story *story)
{
	for (size_t i = 0; i < story->n; i++)
		free(story->list[i].text);
	free(story->list);
	*story = (struct incident_story){};
}

char *incident_impact(const json_t *incident)
{
	const json_t *reasons = json_object_get(incident, "reasons");
	const double bad = ctl_number(incident, "bad"), all = ctl_number(incident, "eligible");
	const char *separator = ": ", *reason;
	char *text = NULL;
	json_t *count;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, "%s of %s requests were bad (%s)", ctl_count(incident, "bad").text,
		ctl_count(incident, "eligible").text,
		format_percent(all > 0 ? bad / all : NAN, 1).text);
	json_object_foreach((json_t *)reasons, reason, count) {
		if (json_integer_value(count) <= 0)
			continue;
		fprintf(out, "%s%lld by %s", separator, (long long)json_integer_value(count),
			reason);
		separator = ", ";
	}
	return fclose(out) ? NULL : text;
}

char *incident_where(const json_t *finding)
{
	const json_t *where = json_object_get(finding, "where");
	char *text = NULL;
	json_t *one;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	json_array_foreach(where, i, one) {
		fprintf(out, "%s%s %s", i ? " and " : "", ctl_string(one, "dimension") ?: "?",
			ctl_string(one, "value") ?: "?");
	}
	return fclose(out) ? NULL : text;
}

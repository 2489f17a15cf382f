/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl events: single requests with their context, or groups of them. */
#include "ctl/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/json_values.h"
#include "ctl/options.h"
#include "ctl/query.h"
#include "ctl/show.h"
#include "ctl/times.h"
#include "ctl/view_events.h"

#define LIMIT_TABLE "50"
#define LIMIT_FOLLOW "10"
#define LIMIT_PROGRAMS "10000"

char *ctl_events_path(const struct ctl_events_asked *asked, const char *after, const char *order,
		      const char *limit)
{
	return ctl_query("/v1/events", NULL,
			 (const struct ctl_argument[]){
				 {"filter", asked->filter},
				 {"by", asked->by},
				 {"fields", asked->fields},
				 {"since", after ? NULL : asked->since},
				 {"until", asked->until},
				 {"limit", limit ?: asked->limit},
				 {"after", after},
				 {"order", order},
				 {"format", asked->csv ? "csv" : NULL},
			 },
			 9);
}

int ctl_events_lines(const json_t *list, FILE *out)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item) {
		if (json_write(item, JSON_COMPACT | JSON_REAL_PRECISION(12), out))
			return -ENOMEM;
		fputc('\n', out);
	}
	return 0;
}

/* A mark below the column that the sentence names, if each character of the filter is one wide. */
static void point_at(const char *filter, const char *sentence, FILE *err)
{
	static const char begin[] = "filter, column ";
	size_t column;

	if (!filter || strncmp(sentence, begin, strlen(begin)) != 0)
		return;
	column = strtoul(sentence + strlen(begin), NULL, 10);
	if (column < 1 || column > strlen(filter) + 1)
		return;
	for (const char *c = filter; *c; c++) {
		if (*c < ' ' || *c > '~' || *c == '\\')
			return;
	}
	fprintf(err, "  %s\n  %*s^\n", filter, (int)column - 1, "");
}

int ctl_events_refused(const struct ctl *ctl, const struct ctl_events_asked *asked,
		       const struct ctl_answer *answer)
{
	_cleanup_json_ json_t *json = ctl_answer_json(answer);
	const char *sentence = json_string_value(json_object_get(json, "error"));
	int r = ctl_say_refused(ctl, answer);

	if (sentence)
		point_at(asked->filter, sentence, ctl->err);
	return r;
}

static int show_json(const struct ctl *ctl, const struct ctl_events_asked *asked, json_t *json)
{
	if (asked->by)
		return ctl_print_json(ctl, json_incref(json));
	return ctl_events_lines(json_object_get(json, "events"), ctl->out) ? ctl_no_memory(ctl) :
									     CTL_DONE;
}

static int show(const struct ctl *ctl, const struct ctl_events_asked *asked)
{
	_cleanup_free_ char *path = ctl_events_path(asked, NULL, NULL, NULL);
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	_cleanup_json_ json_t *json = NULL;
	int r;

	if (!path)
		return ctl_no_memory(ctl);
	r = ctl_ask(ctl, &(struct ctl_request){.method = "GET", .path = path}, &answer);
	if (r != CTL_DONE)
		return r;
	if (answer.status != CTL_STATUS_OK)
		return ctl_events_refused(ctl, asked, &answer);
	if (asked->csv) {
		ctl_print_body(ctl, &answer);
		return CTL_DONE;
	}
	json = ctl_answer_json(&answer);
	if (ctl->json && json_is_object(json))
		return show_json(ctl, asked, json);
	return ctl_show_json(ctl, json,
			     asked->by	   ? ctl_view_event_groups :
			     asked->fields ? ctl_view_events_chosen :
					     ctl_view_events);
}

/* The words of the filter with a space between them; malloc()ed. */
static char *join(char **words)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; words[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Returns CTL_DONE if these go together. */
static int check(const struct ctl *ctl, const struct ctl_events_asked *asked, bool follow)
{
	if (asked->csv && ctl->json)
		return ctl_usage_error(ctl, "events", "--csv does not go with --json", NULL);
	if (asked->by && asked->fields)
		return ctl_usage_error(ctl, "events", "--fields does not go with --by", NULL);
	if (follow && (asked->by || asked->until))
		return ctl_usage_error(ctl, "events", "--follow does not go with --by and --until",
				       NULL);
	if (follow && asked->csv)
		return ctl_usage_error(
			ctl, "events",
			"--follow does not go with --csv: --json has a line for each", NULL);
	return CTL_DONE;
}

static int take_time(const struct ctl *ctl, const char **time, char **ret)
{
	if (!*time)
		return CTL_DONE;
	*ret = ctl_time_argument(*time);
	if (!*ret)
		return ctl_usage_error(ctl, "events", CTL_TIME_EXPECTED, *time);
	*time = *ret;
	return CTL_DONE;
}

static const char *default_limit(const struct ctl *ctl, const struct ctl_events_asked *asked,
				 bool follow)
{
	if (follow)
		return LIMIT_FOLLOW;
	return (ctl->json || asked->csv) && !asked->by ? LIMIT_PROGRAMS : LIMIT_TABLE;
}

int ctl_events(const struct ctl *ctl, int argc, char **argv)
{
	struct ctl_events_asked asked = {};
	_cleanup_free_ char *since = NULL, *until = NULL, *filter = NULL;
	bool follow = false;
	char **words;
	const struct ctl_option options[] = {
		{.name = "by", .value = &asked.by},
		{.name = "csv", .flag = &asked.csv},
		{.name = "fields", .value = &asked.fields},
		{.name = "follow", .flag = &follow},
		{.name = "limit", .value = &asked.limit},
		{.name = "since", .value = &asked.since},
		{.name = "until", .value = &asked.until},
	};
	int r = ctl_options_any(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]),
				&words);

	if (r == CTL_DONE)
		r = check(ctl, &asked, follow);
	if (r == CTL_DONE)
		r = take_time(ctl, &asked.since, &since);
	if (r == CTL_DONE)
		r = take_time(ctl, &asked.until, &until);
	if (r != CTL_DONE)
		return r;
	if (words[0]) {
		asked.filter = filter = join(words);
		if (!filter)
			return ctl_no_memory(ctl);
	}
	if (!asked.limit)
		asked.limit = default_limit(ctl, &asked, follow);
	return follow ? ctl_events_follow(ctl, &asked) : show(ctl, &asked);
}

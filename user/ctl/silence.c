/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl silence: keeps alerts quiet for a while. */
#include <string.h>

#include "base/calendar.h"
#include "base/duration.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/show.h"
#include "ctl/views.h"
#include "slo/alert_rule.h"

struct silence_options {
	const char *slo, *service, *severity, *duration, *from, *comment, *exclude;
	bool all, force;
	uint64_t seconds; /* of `duration` */
	uint64_t in_seconds; /* of `from`, if it is a duration */
};

static int check_from(const struct ctl *ctl, const char *command, struct silence_options *options)
{
	int64_t from_unix;
	uint64_t ns;

	if (!options->from || !calendar_parse_rfc3339(options->from, &from_unix))
		return CTL_DONE;
	if (duration_parse(options->from, &ns) < 0 || ns < DURATION_S_NS || ns % DURATION_S_NS)
		return ctl_usage_error(
			ctl, command,
			"--from: expected a time such as 2026-03-01T02:00:00Z, or 30m from now",
			options->from);
	options->from = NULL;
	options->in_seconds = ns / DURATION_S_NS;
	return CTL_DONE;
}

static int check(const struct ctl *ctl, const char *command, struct silence_options *options)
{
	enum alert_severity severity;
	uint64_t ns;

	if (!options->slo && !options->service && !options->all)
		return ctl_usage_error(ctl, command, "--slo, --service or --all is expected", NULL);
	/* an SLO may be one for every service, which the agent knows */
	if (options->all && options->service)
		return ctl_usage_error(ctl, command, "--all does not go with --service", NULL);
	if (options->severity && !alert_severity_find(options->severity, &severity))
		return ctl_usage_error(ctl, command, "--severity: expected page, ticket or notice",
				       options->severity);
	if (options->exclude && strcmp(options->exclude, "alerts") != 0 &&
	    strcmp(options->exclude, "eligible") != 0)
		return ctl_usage_error(ctl, command, "--exclude: expected alerts or eligible",
				       options->exclude);
	if (!options->duration)
		return ctl_usage_error(ctl, command, "--for is expected, as in --for 2h", NULL);
	if (duration_parse(options->duration, &ns) < 0 || ns < DURATION_S_NS || ns % DURATION_S_NS)
		return ctl_usage_error(ctl, command,
				       "--for: expected whole seconds as in 90s, 30m, 2h, 1d",
				       options->duration);
	options->seconds = ns / DURATION_S_NS;
	return check_from(ctl, command, options);
}

/* The request's JSON. NULL if a text is not UTF-8, or when out of memory. */
static char *make_body(const struct silence_options *options)
{
	_cleanup_json_ json_t *json =
		json_pack("{s:s*,s:s*,s:s*,s:I,s:s*,s:s*,s:s*}", "slo", options->slo, "service",
			  options->service, "severity", options->severity, "for_seconds",
			  (json_int_t)options->seconds, "comment", options->comment, "exclude",
			  options->exclude, "from", options->from);

	if (options->in_seconds &&
	    json_object_set_new(json, "in_seconds", json_integer((json_int_t)options->in_seconds)))
		return NULL;
	if ((options->all && json_object_set_new(json, "all", json_true())) ||
	    (options->force && json_object_set_new(json, "force", json_true())))
		return NULL;

	return json ? json_dumps(json, JSON_COMPACT) : NULL;
}

static void print_made(const struct silence_options *asked, const json_t *answer, FILE *out)
{
	const char *until = ctl_string(answer, "until");

	if (json_is_true(json_object_get(answer, "extended")) && until) {
		fprintf(out, "The same silence was there already: it lasts until %s UTC",
			format_time(until).text);
	} else {
		fprintf(out, "Silenced for %s", format_span((double)asked->seconds).text);
		if (asked->from)
			fprintf(out, " from %s UTC", format_time(asked->from).text);
		if (asked->in_seconds)
			fprintf(out, " in %s", format_span((double)asked->in_seconds).text);
	}
	fputs(". To end it: slictl silence remove ", out);
	format_write_safe(ctl_string(answer, "id"), out);
	fputc('\n', out);
}

static int add(const struct ctl *ctl, int argc, char **argv)
{
	struct silence_options got = {};
	const struct ctl_option options[] = {
		{.name = "slo", .value = &got.slo},
		{.name = "service", .value = &got.service},
		{.name = "severity", .value = &got.severity},
		{.name = "for", .value = &got.duration},
		{.name = "from", .value = &got.from},
		{.name = "comment", .value = &got.comment},
		{.name = "exclude", .value = &got.exclude},
		{.name = "all", .flag = &got.all},
		{.name = "force", .flag = &got.force},
	};
	_cleanup_free_ char *body = NULL;
	_cleanup_json_ json_t *answer = NULL;
	int r = ctl_options(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]), NULL,
			    NULL);

	if (r == CTL_DONE)
		r = check(ctl, "silence", &got);
	if (r != CTL_DONE)
		return r;
	body = make_body(&got);
	if (!body)
		return ctl_usage_error(ctl, "silence", "expected text in UTF-8", NULL);
	r = ctl_ask_json(
		ctl, &(struct ctl_request){.method = "POST", .path = "/v1/silences", .body = body},
		&answer);
	if (r != CTL_DONE)
		return r;
	if (ctl->json)
		return ctl_print_json(ctl, json_incref(answer));
	print_made(&got, answer, ctl->out);
	return CTL_DONE;
}

static int list(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_json_ json_t *answer = NULL;
	const json_t *silences;
	int r = ctl_options(ctl, argc, argv, NULL, 0, NULL, NULL);

	if (r == CTL_DONE)
		r = ctl_ask_json(ctl, &(struct ctl_request){.method = "GET", .path = "/v1/alerts"},
				 &answer);
	if (r != CTL_DONE)
		return r;
	silences = json_object_get(answer, "silences");
	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:O?}", "silences", silences));
	if (json_array_size(silences) == 0) {
		fprintf(ctl->out, "Nothing is silenced.\n");
		return CTL_DONE;
	}
	return ctl_print_silences(silences, ctl->colour, ctl->out) < 0 ? ctl_no_memory(ctl) :
									 CTL_DONE;
}

static int remove_one(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_json_ json_t *answer = NULL;
	const char *id;
	int r = ctl_options(ctl, argc, argv, NULL, 0, "ID", &id);

	if (r == CTL_DONE)
		r = ctl_ask_json(ctl,
				 &(struct ctl_request){
					 .method = "DELETE", .path = "/v1/silences/", .name = id},
				 &answer);
	if (r == CTL_DONE && ctl->json)
		return ctl_print_json(ctl, json_incref(answer));
	return r;
}

int ctl_silence(const struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct ctl *ctl, int argc, char **argv);
	} actions[] = {{"add", add}, {"list", list}, {"remove", remove_one}};

	for (size_t i = 0; argc > 1 && i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(argv[1], actions[i].name) != 0)
			continue;
		argv[1] = argv[0];
		return actions[i].run(ctl, argc - 1, argv + 1);
	}
	return ctl_usage_error(ctl, argv[0], "expected add, list or remove",
			       argc > 1 ? argv[1] : NULL);
}

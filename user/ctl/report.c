/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl report: the page as a file, with what it shows in it. */
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "ctl/file.h"
#include "ctl/options.h"
#include "ctl/report_answers.h"
#include "page/page.h"

static bool parse_days(const char *text, unsigned int *ret)
{
	const size_t digits = strspn(text, "0123456789");
	const unsigned long days = strtoul(text, NULL, 10);

	if (!digits || digits > 3 || text[digits] || !days || days > REPORT_DAYS_MAX)
		return false;
	*ret = (unsigned int)days;
	return true;
}

static int write_report(const struct ctl *ctl, const char *path, const json_t *report)
{
	_cleanup_free_ char *json = json_dumps(report, JSON_COMPACT | JSON_REAL_PRECISION(12));
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (json)
		text = page_report(json, strlen(json), &len);
	return text ? ctl_replace_file(ctl, path, text, len, CTL_FILE_PRIVATE) : ctl_no_memory(ctl);
}

/* What it has, and what it has not. */
static void say_written(const struct ctl *ctl, const char *path, const json_t *report,
			size_t refused)
{
	const json_t *answers = json_object_get(report, "answers");
	const size_t slos =
		json_array_size(json_object_get(json_object_get(answers, "status"), "slos"));
	const size_t left_out = (size_t)json_integer_value(json_object_get(report, "left_out"));

	format_write_safe(path, ctl->out);
	fprintf(ctl->out, ": %zu SLO%s", slos, format_plural(slos));
	if (left_out)
		fprintf(ctl->out, " (%zu more are left out: name one with --slo)", left_out);
	if (refused)
		fprintf(ctl->out,
			"; the agent had no answer to %zu question%s, where the report says so",
			refused, format_plural(refused));
	fputc('\n', ctl->out);
}

int ctl_report(const struct ctl *ctl, int argc, char **argv)
{
	const char *path = NULL, *days = "30";
	struct report_options report_options = {.samples = true};
	bool without = false;
	const struct ctl_option options[] = {
		{.name = "html", .value = &path},
		{.name = "slo", .value = &report_options.slo},
		{.name = "days", .value = &days},
		{.name = "without-samples", .flag = &without},
	};
	_cleanup_json_ json_t *report = NULL;
	size_t refused;
	int r = ctl_options(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]), NULL,
			    NULL);

	if (r != CTL_DONE)
		return r;
	if (!path)
		return ctl_usage_error(ctl, argv[0], "an option is missing", "--html FILE");
	if (!parse_days(days, &report_options.days))
		return ctl_usage_error(ctl, argv[0], "--days: expected 1 to 366", days);
	report_options.samples = !without;
	r = report_answers(ctl, &report_options, &report, &refused);
	if (r == CTL_DONE)
		r = write_report(ctl, path, report);
	if (r == CTL_DONE)
		say_written(ctl, path, report, refused);
	return r;
}

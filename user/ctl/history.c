/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl history: what was counted, and when. */
#include <string.h>
#include <time.h>

#include "ctl/options.h"
#include "ctl/query.h"
#include "ctl/show.h"
#include "ctl/times.h"
#include "ctl/view_history.h"

struct asked {
	const char *name;
	const char *by, *since, *until, *route, *status;
	bool csv, service;
	const char *former; /* how many definitions ago; NULL: the present one */
};

/* Whether only rows can answer; a plain --csv is every step of an SLO, for backtest. */
static bool asks_for_rows(const struct asked *asked)
{
	return asked->by || asked->since || asked->until || asked->route || asked->status ||
	       asked->service;
}

/* The offset of local time from UTC now, in seconds. */
static char *utc_offset(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char *text;

	if (!localtime_r(&now, &tm) || asprintf(&text, "%ld", tm.tm_gmtoff) < 0)
		return NULL;
	return text;
}

static char *rows_path(const struct asked *asked, const char *since, const char *until)
{
	_cleanup_free_ char *offset = utc_offset();

	return ctl_query("/v1/history/", asked->name,
			 (const struct ctl_argument[]){
				 {"by", asked->by ?: "auto"},
				 {"since", since},
				 {"until", until},
				 {"route", asked->route},
				 {"status", asked->status},
				 {"kind", asked->service ? "service" : NULL},
				 {"utc_offset", offset && strcmp(offset, "0") != 0 ? offset : NULL},
			 },
			 7);
}

static int show_rows(const struct ctl *ctl, const struct asked *asked)
{
	_cleanup_free_ char *since = NULL, *until = NULL, *path = NULL;

	if (asked->since) {
		since = ctl_time_argument(asked->since);
		if (!since)
			return ctl_usage_error(ctl, "history", CTL_TIME_EXPECTED, asked->since);
	}
	if (asked->until) {
		until = ctl_time_argument(asked->until);
		if (!until)
			return ctl_usage_error(ctl, "history", CTL_TIME_EXPECTED, asked->until);
	}
	path = rows_path(asked, since, until);
	if (!path)
		return ctl_no_memory(ctl);
	return ctl_show(ctl, path, NULL, asked->csv ? ctl_view_rows_csv : ctl_view_rows);
}

/* What was counted before what is eligible or good was changed: of the last definition, or an earlier. */
static int show_former(const struct ctl *ctl, const struct asked *asked)
{
	_cleanup_free_ char *path = NULL;

	if (asks_for_rows(asked))
		return ctl_usage_error(ctl, "history", "--former goes with --csv and --json only",
				       NULL);
	path = ctl_query("/v1/history/", asked->name,
			 (const struct ctl_argument[]){{"former", asked->former}}, 1);
	if (!path)
		return ctl_no_memory(ctl);
	return ctl_show(ctl, path, NULL, asked->csv ? ctl_view_history_csv : ctl_view_history);
}

/*
 * Takes "--former" out of the arguments, with the number after it, if there is one: it is 1 without.
 * Returns how many arguments are left.
 */
static int take_former(int argc, char **argv, const char **ret)
{
	static const char option[] = "--former";
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : "";

		if (!strncmp(argv[i], "--former=", strlen("--former="))) {
			*ret = argv[i] + strlen("--former=");
		} else if (!strcmp(argv[i], option)) {
			*ret = "1";
			if (*next && !next[strspn(next, "0123456789")])
				*ret = argv[++i];
		} else {
			argv[kept++] = argv[i];
		}
	}
	return kept;
}

int ctl_history(const struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {};
	const struct ctl_option options[] = {
		{.name = "by", .value = &asked.by},
		{.name = "csv", .flag = &asked.csv},
		{.name = "route", .value = &asked.route},
		{.name = "service", .flag = &asked.service},
		{.name = "since", .value = &asked.since},
		{.name = "status", .value = &asked.status},
		{.name = "until", .value = &asked.until},
	};
	int r;

	argc = take_former(argc, argv, &asked.former);
	argv[argc] = NULL;
	r = ctl_options(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]), "NAME",
			&asked.name);
	if (r != CTL_DONE)
		return r;
	if (asked.csv && ctl->json)
		return ctl_usage_error(ctl, argv[0], "--csv does not go with --json", NULL);
	if (asked.by && strcmp(asked.by, "minute") != 0 && strcmp(asked.by, "hour") != 0 &&
	    strcmp(asked.by, "day") != 0)
		return ctl_usage_error(ctl, argv[0], "--by: expected minute, hour or day",
				       asked.by);
	if (asked.former)
		return show_former(ctl, &asked);
	if (asks_for_rows(&asked) || !(asked.csv || ctl->json))
		return show_rows(ctl, &asked);
	return ctl_show(ctl, "/v1/history/", asked.name,
			asked.csv ? ctl_view_history_csv : ctl_view_history);
}

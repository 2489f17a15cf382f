/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl status: which SLOs are shown, and in which order. */
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "ctl/alert.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/show.h"
#include "ctl/views.h"

/* By what rows are sorted: a greater value comes first, and what is unknown last. */
typedef double order(const json_t *slo);

static double by_alert(const json_t *slo)
{
	const json_t *alerts = json_object_get(slo, "alerts");
	double worst = 0;
	size_t i;
	json_t *alert;

	json_array_foreach(alerts, i, alert) {
		enum alert_severity severity;
		double rank;

		if (!ctl_alert_is_active(alert) || !ctl_alert_severity(alert, &severity))
			continue;
		/* a silenced one is known already: it comes behind all that are not */
		rank = 1 + severity + (ctl_alert_is_silenced(alert) ? 0 : SEVERITY_COUNT);
		worst = rank > worst ? rank : worst;
	}
	return worst;
}

static double by_budget(const json_t *slo)
{
	return -ctl_number(json_object_get(slo, "budget"), "remaining_ratio");
}

static double by_burn(const json_t *slo)
{
	return ctl_number(json_object_get(slo, "burn_rate"), "1h");
}

static double by_bad(const json_t *slo)
{
	return ctl_number(slo, "bad");
}

static double by_eligible(const json_t *slo)
{
	return ctl_number(slo, "eligible");
}

static double by_nothing(const json_t *slo)
{
	(void)slo;
	return 0;
}

/* Each falls back on the next one given, and at last on the name. */
static const struct {
	const char *name;
	order *orders[3];
} sorts[] = {
	{"worst", {by_alert, by_budget, by_burn}},
	{"budget", {by_budget, by_burn, by_bad}},
	{"burn", {by_burn, by_budget, by_bad}},
	{"bad", {by_bad, by_budget, by_burn}},
	{"eligible", {by_eligible, by_bad, by_budget}},
	{"name", {by_nothing, by_nothing, by_nothing}},
};

enum {
	N_SORTS = sizeof(sorts) / sizeof(sorts[0]),
};

static int compare_values(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

static int compare(const void *a, const void *b, void *arg)
{
	const json_t *in_a = *(json_t *const *)a, *in_b = *(json_t *const *)b;
	order *const *orders = arg;

	for (size_t i = 0; i < 3; i++) {
		int ret = compare_values(orders[i](in_a), orders[i](in_b));

		if (ret)
			return ret;
	}
	return strcmp(ctl_string(in_a, "name") ?: "", ctl_string(in_b, "name") ?: "");
}

/* A text that the name of the SLO or service contains; with * or ?, one that it matches. */
static bool has(const json_t *slo, const char *key, const char *filter)
{
	const char *text = ctl_string(slo, key);

	if (!text)
		return false;
	return strpbrk(filter, "*?") ? !fnmatch(filter, text, FNM_NOESCAPE | FNM_CASEFOLD) :
				       strcasestr(text, filter) != NULL;
}

static bool passes(const json_t *slo, const char *filter)
{
	return !filter || has(slo, "name", filter) || has(slo, "service", filter);
}

/* Replaces the SLOs of a status by those that pass, in order. Returns 0 or -ENOMEM. */
static int arrange(json_t *status, const char *filter, size_t sort)
{
	const json_t *slos = json_object_get(status, "slos");
	json_t **list = calloc(json_array_size(slos) + 1, sizeof(json_t *)), *slo;
	json_t *arranged = json_array();
	int failed = !list || !arranged;
	size_t i, n = 0;

	json_array_foreach(slos, i, slo) {
		if (!failed && passes(slo, filter))
			list[n++] = slo;
	}
	if (!failed)
		qsort_r(list, n, sizeof(json_t *), compare, (void *)sorts[sort].orders);
	for (i = 0; i < n && !failed; i++)
		failed |= json_array_append(arranged, list[i]);
	free(list);
	failed |= json_object_set_new(status, "slos", arranged);
	return failed ? -ENOMEM : 0;
}

static int find_sort(const struct ctl *ctl, char **argv, const char *name, size_t *ret)
{
	struct suggestion suggestion = suggestion_for(name);
	char meant[SUGGESTION_BYTES], what[200];

	for (size_t i = 0; i < N_SORTS; i++) {
		if (!strcmp(sorts[i].name, name)) {
			*ret = i;
			return CTL_DONE;
		}
		suggestion_try(&suggestion, sorts[i].name);
	}
	snprintf(what, sizeof(what),
		 "--sort: expected worst, budget, burn, bad, eligible or name%s",
		 suggestion_text(&suggestion, meant));
	return ctl_usage_error(ctl, argv[0], what, name);
}

static int show(const struct ctl *ctl, json_t *status, const char *filter, size_t sort)
{
	const size_t all = json_array_size(json_object_get(status, "slos"));
	size_t shown;

	if (json_is_array(json_object_get(status, "slos")) && arrange(status, filter, sort))
		return ctl_no_memory(ctl);
	shown = json_array_size(json_object_get(status, "slos"));
	if (ctl->json)
		return ctl_print_json(ctl, json_incref(status));
	if (filter && !shown && all) {
		fprintf(ctl->out, "No SLO or service of %zu has \"", all);
		format_write_safe(filter, ctl->out);
		fprintf(ctl->out, "\" in its name.\n");
		return CTL_NO;
	}
	return ctl_show_json(ctl, status, ctl_view_status);
}

int ctl_status(const struct ctl *ctl, int argc, char **argv)
{
	const char *filter = NULL, *sort_name = "worst";
	const struct ctl_option options[] = {
		{.name = "filter", .value = &filter},
		{.name = "sort", .value = &sort_name},
	};
	/* the table does not show services */
	const struct ctl_request request = {
		.method = "GET",
		.path = ctl->json ? "/v1/status" : "/v1/status?services=no",
	};
	_cleanup_json_ json_t *status = NULL;
	size_t sort = 0;
	int r = ctl_options(ctl, argc, argv, options, 2, NULL, NULL);

	if (r == CTL_DONE)
		r = find_sort(ctl, argv, sort_name, &sort);
	if (r != CTL_DONE)
		return r;
	if (ctl->json && argc == 1)
		return ctl_show(ctl, request.path, NULL, ctl_view_status);
	r = ctl_ask_json(ctl, &request, &status);
	return r == CTL_DONE ? show(ctl, status, filter, sort) : r;
}

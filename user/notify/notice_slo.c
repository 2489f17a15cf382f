/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/notice_slo.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/json_values.h"
#include "base/term_names.h"
#include "base/utf8.h"
#include "config/config.h"
#include "notify/harmless.h"
#include "notify/message.h"
#include "report/json.h"

/* ---- the worst requests ---- */

static void worst_clear(struct notice_worst *worst)
{
	free(worst->route);
	free(worst->method);
	free(worst->outcome);
	*worst = (struct notice_worst){};
}

void notice_slo_clear(struct notice_slo *slo)
{
	for (size_t i = 0; i < slo->n_worst; i++)
		worst_clear(&slo->worst[i]);
	free(slo->now.alerts);
	*slo = (struct notice_slo){};
}

int notice_slo_add_worst(struct notice_slo *slo, const struct notice_worst *added)
{
	size_t place = slo->n_worst;
	struct notice_worst copy;

	while (place && slo->worst[place - 1].bad < added->bad)
		place--;
	if (place == NOTICE_WORST_MAX)
		return 0;
	copy = (struct notice_worst){
		.route = strdup(added->route),
		.method = strdup(added->method),
		.outcome = strdup(added->outcome),
		.status = added->status,
		.bad = added->bad,
	};
	if (!copy.route || !copy.method || !copy.outcome) {
		worst_clear(&copy);
		return -ENOMEM;
	}
	if (slo->n_worst == NOTICE_WORST_MAX)
		worst_clear(&slo->worst[--slo->n_worst]);
	memmove(&slo->worst[place + 1], &slo->worst[place],
		(slo->n_worst - place) * sizeof(*slo->worst));
	slo->worst[place] = copy;
	slo->n_worst++;
	return 0;
}

/* ---- the summary ---- */

static const struct snapshot_alert *active(const struct snapshot_slo *slo, const char *rule)
{
	for (size_t i = 0; slo && i < slo->n_alerts; i++) {
		if (!strcmp(slo->alerts[i].name, rule))
			return &slo->alerts[i];
	}
	return NULL;
}

/* Whether the SLO of alert i fires no more. */
bool notice_has_ended(const struct notice *notice, size_t i)
{
	return notice->kind == NOTICE_RESOLVE ||
	       (notice->kind == NOTICE_LEFT && i < notice->n_news);
}

/* The highest burn rate that an alert of the notice has found. */
static double worst_burn(const struct notice *notice, const struct snapshot_slo *slo)
{
	double worst = NAN;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct snapshot_alert *alert = active(slo, notice->alerts[i].rule);

		if (!alert || strcmp(notice->alerts[i].slo, slo->name) != 0 ||
		    !alert->reading.burn_long.known)
			continue;
		worst = fmax(worst, alert->reading.burn_long.value);
	}
	return worst;
}

static void print_slo(FILE *out, const struct notice *notice, size_t first,
		      const struct snapshot_slo *slo)
{
	const bool ended = notice_has_ended(notice, first);
	struct slo_budget budget;
	const char *before = " (";

	fputs(notice->alerts[first].slo, out);
	for (size_t i = first; i < notice->n_alerts; i++) {
		if (strcmp(notice->alerts[i].slo, notice->alerts[first].slo) != 0)
			continue;
		fprintf(out, "%s%s", before, notice->alerts[i].rule);
		before = ", ";
	}
	fputc(')', out);
	if (!slo)
		return;
	budget = snapshot_slo_budget(slo);
	if (!ended && !isnan(worst_burn(notice, slo)))
		fprintf(out, ": burns %.3g times the budgeted rate", worst_burn(notice, slo));
	if (budget.remaining_ratio.known)
		fprintf(out, ", %.1f %% of the budget left", 100 * budget.remaining_ratio.value);
	if (ended || !budget.exhausted_in_seconds.known)
		return;
	if (budget.exhausted_in_seconds.value <= 0) {
		fputs(", exhausted", out);
		return;
	}
	fputs(", exhausted in ", out);
	message_print_span(out, budget.exhausted_in_seconds.value);
}

/* The text in the stream's buffer as JSON. Closes and frees. NULL when out of memory. */
static json_t *printed(FILE *out, char **text)
{
	_cleanup_free_ char *clean = NULL;

	if (fclose(out))
		return NULL;
	clean = utf8_clean(*text);
	return clean ? json_string(clean) : NULL;
}

json_t *notice_slo_summary(const struct notice *notice, size_t first, const struct notice_slo *slo)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	print_slo(out, notice, first, slo ? &slo->now : NULL);
	return printed(out, &text);
}

/* ---- JSON ---- */

static json_t *alerts_of(const struct notice *notice, const char *slo_name,
			 const struct snapshot_slo *slo)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct snapshot_alert *alert = active(slo, notice->alerts[i].rule);

		if (strcmp(notice->alerts[i].slo, slo_name) != 0)
			continue;
		failed |= json_push(array, alert ? json_alert(alert) :
						   json_pack("{s:s, s:s, s:s}", "name",
							     notice->alerts[i].rule, "severity",
							     alert_severity_name(notice->severity),
							     "state", "inactive"));
	}
	return json_checked(array, failed);
}

/* Quoted for a shell. NULL when out of memory. */
static char *quoted(const char *name)
{
	static const char quote[] = "'\\''";
	char *text = malloc(strlen(quote) * strlen(name) + 3);
	char *to = text;

	if (!text)
		return NULL;
	*to++ = '\'';
	for (const char *c = name; *c; c++) {
		if (*c == '\'')
			to = stpcpy(to, quote);
		else
			*to++ = *c;
	}
	*to++ = '\'';
	*to = '\0';
	return text;
}

json_t *notice_command(const char *name, const char *socket)
{
	const bool elsewhere = socket && strcmp(socket, CONFIG_DEFAULT_SOCKET) != 0;
	_cleanup_free_ char *where = elsewhere ? quoted(socket) : strdup("");
	_cleanup_free_ char *slo = name ? quoted(name) : strdup("");

	if (!where || !slo)
		return NULL;
	return json_sprintf("slictl %s%s%s%s%s", elsewhere ? "--socket " : "", where,
			    elsewhere ? " " : "", name ? "slo " : "status", slo);
}

static json_t *time_json(double unix_seconds)
{
	char text[32];

	calendar_rfc3339(unix_seconds, text);
	return json_string(text);
}

/* When the first of the SLO's alerts began; null if that is not known. */
static json_t *failing_since(const struct notice *notice, const char *name,
			     const struct snapshot_slo *slo)
{
	double since = NAN;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct snapshot_alert *alert = active(slo, notice->alerts[i].rule);

		if (alert && !strcmp(notice->alerts[i].slo, name))
			since = fmin(since, alert->started_unix);
	}
	return isnan(since) ? json_null() : time_json(since);
}

static json_t *worst_json(const struct notice_slo *slo)
{
	json_t *array = json_array();
	int failed = 0;

	if (!slo->worst_known) {
		json_decref(array);
		return json_null();
	}
	for (size_t i = 0; i < slo->n_worst; i++) {
		const struct notice_worst *worst = &slo->worst[i];
		const unsigned int http = status_http(worst->status);

		failed |= json_push(
			array, json_pack("{s:o, s:o, s:o, s:o, s:s, s:I}", "route",
					 json_text_or_null(worst->route), "method",
					 json_text_or_null(worst->method), "status",
					 http ? json_integer(http) : json_null(), "grpc_status",
					 json_text_or_null(snapshot_grpc_status(worst->status)),
					 "outcome", worst->outcome, "bad", (json_int_t)worst->bad));
	}
	return json_checked(array, failed);
}

static json_t *reasons_json(const struct notice_slo *slo)
{
	json_t *object;
	int failed = 0;

	if (!slo->reasons_known)
		return json_null();
	object = json_object();
	for (int i = 0; i < BAD_REASON_COUNT; i++)
		failed |= json_put(object, bad_reason_name(i), json_count(slo->reasons[i]));
	return json_checked(object, failed);
}

/* How it fails; null if no alert judges a time. */
static json_t *failing_json(const struct notice_slo *slo)
{
	const double seconds = slo->failing_seconds, eligible = slo_eligible(slo->failing);
	json_t *object;
	int failed = 0;

	if (!(seconds > 0))
		return json_null();
	object = json_object();
	failed |= json_put(object, "seconds", json_real(seconds));
	failed |= json_put(object, "eligible", json_count(slo->failing.good + slo->failing.bad));
	failed |= json_put(object, "bad", json_count(slo->failing.bad));
	failed |= json_put(object, "bad_ratio",
			   eligible > 0 ? json_real((double)slo->failing.bad / eligible) :
					  json_null());
	failed |= json_put(object, "bad_per_second", json_real((double)slo->failing.bad / seconds));
	failed |= json_put(object, "reasons", reasons_json(slo));
	failed |= json_put(object, "worst", worst_json(slo));
	failed |= json_put(object, "worst_exact",
			   slo->worst_known ? json_boolean(slo->worst_exact) : json_null());
	return json_checked(object, failed);
}

static json_t *sentence_json(const char *sentence)
{
	_cleanup_free_ char *text = sentence ? harmless_text(sentence) : NULL;

	if (!sentence)
		return json_null();
	return text ? json_string(text) : NULL;
}

json_t *notice_slo_json(const struct notice *notice, size_t i, const struct notice_slo *slo,
			double wall_offset_seconds, const char *socket)
{
	const struct notice_alert *alert = &notice->alerts[i];
	const struct snapshot_slo *now = slo ? &slo->now : NULL;
	const bool ended = notice_has_ended(notice, i);
	json_t *object = now ? json_slo_value(now) : json_pack("{s:s}", "name", alert->slo);
	int failed = !object;

	failed |= json_put(object, "status", json_string(ended ? "resolved" : "firing"));
	failed |= json_put(object, "started_at",
			   time_json(alert->started_seconds + wall_offset_seconds));
	failed |=
		json_put(object, "failing_since",
			 slo && slo->failing_from_seconds.known ?
				 time_json(slo->failing_from_seconds.value + wall_offset_seconds) :
				 failing_since(notice, alert->slo, now));
	failed |= json_put(object, "no_requests_since",
			   slo && slo->silent_from_seconds.known ?
				   time_json(slo->silent_from_seconds.value + wall_offset_seconds) :
				   json_null());
	failed |= json_put(object, "failing", slo ? failing_json(slo) : json_null());
	failed |= json_put(object, "explanation",
			   sentence_json(slo && !ended ? slo->sentence : NULL));
	failed |= json_put(object, "summary", notice_slo_summary(notice, i, slo));
	failed |= json_put(object, "command", notice_command(alert->slo, socket));
	failed |= json_put(object, "alerts", alerts_of(notice, alert->slo, now));
	return json_checked(object, failed);
}

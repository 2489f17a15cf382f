/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/sentence.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/term_names.h"
#include "base/utf8.h"
#include "status.h"

static const char plain_bytes[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/*:{}+-";

/* The length of the text's beginning that has `max` bytes at most, and no part of a character. */
static size_t cut_length(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return len;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void write_text(const char *text, FILE *out)
{
	_cleanup_free_ char *shown = utf8_show(text, "");
	size_t len = shown ? cut_length(shown, EXPLAIN_VALUE_BYTES) : 0;
	const char *cut = shown && shown[len] ? "..." : "";

	if (!shown)
		return;
	if (*shown && !*cut && strspn(shown, plain_bytes) == len) {
		fputs(shown, out);
		return;
	}
	fputc('"', out);
	for (size_t i = 0; i < len; i++) {
		if (shown[i] == '"')
			fputc('\\', out);
		fputc(shown[i], out);
	}
	fprintf(out, "\"%s", cut);
}

static void write_value(const struct explain_value *value, FILE *out)
{
	if (!value->value) {
		fprintf(out, "%s of %s%s%s", value->dimension, value->at_least ? "" : "less than ",
			format_about(value->bound).text, value->at_least ? " or more" : "");
		return;
	}
	fprintf(out, "%s ", value->dimension);
	write_text(value->value, out);
}

char *explain_value_words(const struct explain_value *value)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	write_value(value, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static void write_where(const struct explain_finding *finding, FILE *out)
{
	for (size_t i = 0; i < finding->n_where; i++) {
		if (i)
			fputs(" with ", out);
		write_value(&finding->where[i], out);
	}
}

static void write_share(double share, FILE *out)
{
	double percent = share * 100;

	if (percent > 99 && percent < 100)
		fputs("over 99 %", out);
	else if (percent > 0 && percent < 0.95)
		fputs("under 1 %", out);
	else
		fprintf(out, "%.0f %%", percent);
}

/* Hours, minutes and seconds; before them the day, if it is another one than the story's last. */
static void write_time(double at, double until, FILE *out)
{
	time_t time = (time_t)at, end = (time_t)until;
	struct tm tm, last;
	char text[40];

	if (!isfinite(at) || !gmtime_r(&time, &tm) || !gmtime_r(&end, &last))
		return;
	strftime(text, sizeof(text),
		 tm.tm_yday == last.tm_yday && tm.tm_year == last.tm_year ? "%H:%M:%S" :
									    "%Y-%m-%d %H:%M:%S",
		 &tm);
	fprintf(out, "%s UTC", text);
}

static double begin_of(const struct explain_story *story)
{
	return isnan(story->onset) ? story->since : story->onset;
}

static bool is_near(const struct explain_story *story, const struct explain_change *change)
{
	return !isnan(story->onset) && change->at >= story->onset - EXPLAIN_CHANGE_BEFORE_S &&
	       change->at <= story->onset + EXPLAIN_CHANGE_AFTER_S;
}

/* What explains more stands higher: a version has been started, too, and its instances are more. */
static int weight_of(const char *what)
{
	static const char *const order[] = {"instances",     "ended",	"started", "reload",
					    "configuration", "version", "crashed", "oom"};

	for (size_t i = 0; what && i < sizeof(order) / sizeof(*order); i++) {
		if (!strcmp(what, order[i]))
			return (int)i + 1;
	}
	return 0;
}

const struct explain_change *explain_change_near(const struct explain_story *story)
{
	const struct explain_change *best = NULL;

	for (size_t i = 0; i < story->n_changes; i++) {
		const struct explain_change *change = &story->changes[i];
		double nearer;

		if (!is_near(story, change) || !weight_of(change->what))
			continue;
		nearer = best ? fabs(best->at - story->onset) - fabs(change->at - story->onset) : 0;
		/* of changes at about the same time the one that explains more */
		if (!best || nearer > 30 ||
		    (nearer > -30 && weight_of(change->what) >= weight_of(best->what)))
			best = change;
	}
	return best;
}

static const struct explain_change *version_start(const struct explain_story *story,
						  const struct explain_finding *finding)
{
	const struct explain_change *found = NULL;

	for (size_t k = 0; k < finding->n_where; k++) {
		const struct explain_value *value = &finding->where[k];

		if (!value->value || strcmp(value->dimension, "version") != 0)
			continue;
		for (size_t i = 0; i < story->n_changes; i++) {
			const struct explain_change *change = &story->changes[i];

			if (change->what && change->to && !strcmp(change->what, "version") &&
			    !strcmp(change->to, value->value) && is_near(story, change))
				found = change;
		}
	}
	return found;
}

static void write_distance(const struct explain_story *story, const struct explain_change *change,
			   FILE *out)
{
	double seconds = round(story->onset - change->at);

	if (seconds < 1)
		fputs("just when", out);
	else if (seconds < 120)
		fprintf(out, "%.0f s after", seconds);
	else
		fprintf(out, "%.0f min after", seconds / 60);
}

static void write_change(const struct explain_story *story, const struct explain_change *change,
			 FILE *out)
{
	const char *service = change->service ? change->service : "the service";
	const char *what = change->what;

	fputs(", ", out);
	write_distance(story, change, out);
	fputc(' ', out);
	if (!strcmp(what, "configuration")) {
		fputs("sliprobe's configuration changed", out);
		return;
	}
	if (!strcmp(what, "version")) {
		fputs("version ", out);
		write_text(change->to ? change->to : "unknown", out);
		fputs(" of ", out);
	}
	write_text(service, out);
	if (!strcmp(what, "crashed"))
		fputs(" crashed", out);
	else if (!strcmp(what, "oom"))
		fputs(" was killed for want of memory", out);
	else if (!strcmp(what, "ended"))
		fputs(" lost a process", out);
	else if (!strcmp(what, "reload"))
		fputs(" reloaded", out);
	else if (!strcmp(what, "instances"))
		fputs(" changed its number of instances", out);
	else
		fputs(" started", out);
}

/* That of gRPC where that of HTTP tells nothing. */
static void write_status(unsigned int status, FILE *out)
{
	const char *grpc = status_is_grpc(status) ? grpc_status_name(status_grpc(status)) : NULL;
	const unsigned int http = status_http(status);

	if (grpc && (!http || status_class(status) == STATUS_CLASS_SUCCESS))
		fprintf(out, " (%s)", grpc);
	else
		fprintf(out, " (%u)", http);
}

static void write_subject(const struct explain_story *story, FILE *out)
{
	fputs(explain_kind_words(story->kind), out);
	if (story->kind == EXPLAIN_ERRORS && story->status)
		write_status(story->status, out);
	fputs(" since ", out);
	write_time(begin_of(story), story->until, out);
}

static void write_findings(const struct explain_story *story, FILE *out)
{
	const struct explain_findings *findings = story->findings;
	const struct explain_change *near = explain_change_near(story);

	for (size_t i = 0; i < findings->n && i < 3; i++) {
		const struct explain_finding *finding = &findings->list[i];
		const struct explain_change *start = version_start(story, finding);

		fputs(i ? "; " : "", out);
		write_share(finding->bad_share, out);
		if (i == 0) {
			fputs(" of the ", out);
			write_subject(story, out);
		}
		fputs(" are ", out);
		write_where(finding, out);
		if (start) {
			fputs(" (", out);
			write_distance(story, start, out);
			fputs(" it started)", out);
			near = NULL;
		}
		fputs(", ", out);
		write_share(finding->good_share, out);
		fputs(" of the good are", out);
	}
	if (near)
		write_change(story, near, out);
}

static void write_nothing(const struct explain_story *story, FILE *out)
{
	const struct explain_findings *findings = story->findings;
	const struct explain_change *near = explain_change_near(story);

	if (story->bad == 0 || (story->bad == UINT64_MAX && !findings->bad)) {
		fputs("No request was bad since ", out);
		write_time(begin_of(story), story->until, out);
		return;
	}
	if (findings->enough) {
		fprintf(out, "Nothing stands out among %zu sampled ", findings->bad);
		write_subject(story, out);
	} else {
		fputs("Too few samples to compare the ", out);
		write_subject(story, out);
		fprintf(out, ": %zu bad and %zu good ones, at least %zu of each are needed",
			findings->bad, findings->good, findings->needed);
	}
	if (near)
		write_change(story, near, out);
}

char *explain_sentence(const struct explain_story *story)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (story->findings->n)
		write_findings(story, out);
	else
		write_nothing(story, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

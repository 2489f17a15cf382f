/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/message_body.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "notify/message.h"

enum { LINE_BYTES = 4096 };

/* ---- escaping ---- */

static void write_json(const char *text, FILE *out)
{
	_cleanup_free_ char *clean = utf8_clean(text); /* it may have been cut */
	json_t *string = clean ? json_string(clean) : NULL;
	_cleanup_free_ char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

	json_decref(string);
	if (quoted)
		fwrite(quoted + 1, 1, strlen(quoted) - 2, out);
}

/* RFC 3986, 2.3: what is unreserved stays. */
static void write_form(const char *text, FILE *out)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (isalnum(*at) || strchr("-._~", *at))
			fputc(*at, out);
		else
			fprintf(out, "%%%02X", *at);
	}
}

static void write_text(const char *text, enum body_format format, FILE *out)
{
	if (format == BODY_AS_JSON)
		write_json(text, out);
	else if (format == BODY_AS_FORM)
		write_form(text, out);
	else
		fputs(text, out);
}

/* ---- values ---- */

static const json_t *first_slo(const json_t *message)
{
	return json_array_get(json_object_get(message, "slos"), 0);
}

/* "a, b": the texts in the list, or their names. */
static void write_names(const json_t *list, enum body_format format, FILE *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		if (i)
			write_text(", ", format, out);
		write_text(json_is_string(one) ? json_string_value(one) : message_text(one, "name"),
			   format, out);
	}
}

/* The words of the Events API v2 of PagerDuty, which others take, too. */
static const char *level(const json_t *message)
{
	if (message_is(message, "severity", "page"))
		return "critical";
	return message_is(message, "severity", "ticket") ? "warning" : "info";
}

static const char *action(const json_t *message)
{
	return message_is(message, "status", "resolved") ? "resolve" : "trigger";
}

/* The highest burn rate that an alert of the first SLO has found. */
static double burn_rate(const json_t *message)
{
	const json_t *alerts = json_object_get(first_slo(message), "alerts");
	double worst = NAN;

	for (size_t i = 0; i < json_array_size(alerts); i++) {
		const json_t *burn = json_object_get(json_array_get(alerts, i), "burn_long");

		if (json_is_number(burn))
			worst = fmax(worst, json_number_value(burn));
	}
	return worst;
}

/* In percent. */
static double budget_left(const json_t *message)
{
	const json_t *ratio =
		json_object_get(json_object_get(first_slo(message), "budget"), "remaining_ratio");

	return json_is_number(ratio) ? 100 * json_number_value(ratio) : NAN;
}

static void write_number(double number, FILE *out)
{
	if (isfinite(number))
		fprintf(out, "%.4g", number);
	else
		fputs("null", out);
}

static void write_message(const json_t *message, enum body_format format, FILE *out)
{
	_cleanup_free_ char *text = json_dumps(message, JSON_COMPACT | JSON_REAL_PRECISION(12));

	if (text && format == BODY_AS_FORM)
		write_form(text, out);
	else if (text)
		fputs(text, out);
}

static void write_line(const json_t *message, enum body_format format, FILE *out)
{
	char line[LINE_BYTES];

	message_line(message, line, sizeof(line));
	write_text(line, format, out);
}

static const char *since(const json_t *message)
{
	const char *failing = message_text(first_slo(message), "failing_since");

	return *failing ? failing : message_text(message, "started_at");
}

static void write_field(const json_t *message, enum body_field field, enum body_format format,
			FILE *out)
{
	const json_t *about = json_object_get(message, "about");
	const char *name = body_field_name(field);

	switch (field) {
	case BODY_ABOUT_IMPORTANCE:
	case BODY_ABOUT_MITIGATION:
	case BODY_ABOUT_OWNER:
	case BODY_ABOUT_PURPOSE:
	case BODY_ABOUT_RUNBOOK:
		return write_text(message_text(about, name), format, out);
	case BODY_ACTION:
		return write_text(action(message), format, out);
	case BODY_BUDGET_LEFT:
		return write_number(budget_left(message), out);
	case BODY_BURN_RATE:
		return write_number(burn_rate(message), out);
	case BODY_EXPLANATION:
		return write_text(message_text(first_slo(message), name), format, out);
	case BODY_JOINED:
	case BODY_LEFT:
	case BODY_SLOS:
		return write_names(json_object_get(message, name), format, out);
	case BODY_LEVEL:
		return write_text(level(message), format, out);
	case BODY_LINE:
		return write_line(message, format, out);
	case BODY_MESSAGE:
		return write_message(message, format, out);
	case BODY_SERVICES:
		return write_number(json_number_value(json_object_get(message, name)), out);
	case BODY_SINCE:
		return write_text(since(message), format, out);
	case BODY_SLO:
		return write_text(message_text(first_slo(message), "name"), format, out);
	default:
		return write_text(message_text(message, name), format, out);
	}
}

char *message_body(const json_t *message, const char *body, enum body_format format)
{
	struct body_part part;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool failed;

	if (!out)
		return NULL;
	while (body_next(&body, &part)) {
		if (part.kind == BODY_FIELD)
			write_field(message, part.field, format, out);
		else
			fwrite(part.text, 1, part.len, out);
	}
	failed = ferror(out);
	if (!fclose(out) && !failed)
		return text;
	free(text);
	return NULL;
}

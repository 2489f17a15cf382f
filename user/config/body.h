/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The body that a webhook is given: text with placeholders. Pure.
 *
 * {name} stands for a value of the message; a name is letters, digits, '_', '.' and '-', and begins
 * with a letter or '_'. All other braces stand for themselves, so that JSON needs no quoting;
 * {{name}} is written as {name}.
 */
#ifndef SLIPROBE_CONFIG_BODY_H
#define SLIPROBE_CONFIG_BODY_H

#include <stdbool.h>
#include <stddef.h>

/* Placeholders: name, and whether the value is a number or an object, which stands without quotes. */
#define BODY_FIELDS(X)                                                                             \
	X(ABOUT_IMPORTANCE, "importance", false)                                                   \
	X(ABOUT_MITIGATION, "mitigation", false)                                                   \
	X(ABOUT_OWNER, "owner", false)                                                             \
	X(ABOUT_PURPOSE, "purpose", false)                                                         \
	X(ABOUT_RUNBOOK, "runbook", false)                                                         \
	X(ACTION, "action", false)                                                                 \
	X(BUDGET_LEFT, "budget_left", true)                                                        \
	X(BURN_RATE, "burn_rate", true)                                                            \
	X(COMMAND, "command", false)                                                               \
	X(DESCRIPTION, "description", false)                                                       \
	X(EXPLANATION, "explanation", false)                                                       \
	X(HOST, "host", false)                                                                     \
	X(ID, "id", false)                                                                         \
	X(JOINED, "joined", false)                                                                 \
	X(KIND, "kind", false)                                                                     \
	X(LEFT, "left", false)                                                                     \
	X(LEVEL, "level", false)                                                                   \
	X(LINE, "line", false)                                                                     \
	X(MESSAGE, "message", true)                                                                \
	X(SENT_AT, "sent_at", false)                                                               \
	X(SERVICE, "service", false)                                                               \
	X(SERVICES, "services", true)                                                              \
	X(SEVERITY, "severity", false)                                                             \
	X(SINCE, "since", false)                                                                   \
	X(SLO, "slo", false)                                                                       \
	X(SLOS, "slos", false)                                                                     \
	X(STARTED_AT, "started_at", false)                                                         \
	X(STATUS, "status", false)                                                                 \
	X(SUMMARY, "summary", false)

enum body_field {
#define X(word, name, bare) BODY_##word,
	BODY_FIELDS(X)
#undef X
		BODY_FIELD_COUNT,
};

const char *body_field_name(enum body_field field);
/* Whether its value is written without quotes: a number, or the message's JSON. */
bool body_field_is_bare(enum body_field field);

enum body_part_kind {
	BODY_TEXT,
	BODY_FIELD,
	BODY_UNKNOWN, /* a placeholder of no field; text and len are its name */
};

struct body_part {
	enum body_part_kind kind;
	const char *text;
	size_t len;
	enum body_field field;
};

/* Takes the next part off *at. False at the end. */
bool body_next(const char **at, struct body_part *ret);

/* How values are written, by the Content-Type (NULL: application/json). */
enum body_format {
	BODY_AS_JSON, /* a type that ends in json */
	BODY_AS_FORM, /* application/x-www-form-urlencoded */
	BODY_AS_TEXT,
};

enum body_format body_format_of(const char *content_type);

#endif

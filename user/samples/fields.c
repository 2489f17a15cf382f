/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/fields.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/json_values.h"
#include "base/suggest.h"
#include "base/term_names.h"
#include "samples/event_json.h"

enum {
	NETWORK_BYTES_4 = 3,
	NETWORK_BYTES_6 = 6,
};

int field_address(const char *text, unsigned char ret[static FIELD_ADDRESS_BYTES])
{
	const size_t len = strcspn(text, "/");
	char address[INET6_ADDRSTRLEN];

	if (len >= sizeof(address))
		return 0;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, ret) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, address, ret) == 1 ? AF_INET6 : 0;
}

bool field_network(const char *address, char ret[static FIELD_TEXT_BYTES])
{
	unsigned char bytes[FIELD_ADDRESS_BYTES] = {};
	const int family = field_address(address, bytes);
	const size_t kept = family == AF_INET ? NETWORK_BYTES_4 : NETWORK_BYTES_6;
	size_t len;

	if (!family)
		return false;
	memset(bytes + kept, 0, sizeof(bytes) - kept);
	if (!inet_ntop(family, bytes, ret, INET6_ADDRSTRLEN))
		return false;
	len = strlen(ret);
	snprintf(ret + len, FIELD_TEXT_BYTES - len, "/%zu", kept * 8);
	return true;
}

/* ---- one function a field ---- */

#define TEXT(member)                                                                               \
	static const char *text_##member(const struct event *event)                                \
	{                                                                                          \
		return event->member;                                                              \
	}
#define NUMBER(member)                                                                             \
	static double number_##member(const struct event *event)                                   \
	{                                                                                          \
		return (double)event->member;                                                      \
	}
/* 64 bits, of which EVENT_UNKNOWN is none */
#define COUNT(member)                                                                              \
	static double number_##member(const struct event *event)                                   \
	{                                                                                          \
		return event->member == EVENT_UNKNOWN ? NAN : (double)event->member;               \
	}

TEXT(service)
TEXT(protocol)
TEXT(route)
TEXT(path)
TEXT(query)
TEXT(host)
TEXT(user_agent)
TEXT(request_id)
TEXT(traceparent)
TEXT(client)
TEXT(process)
TEXT(container)
TEXT(unit)
TEXT(pod)
TEXT(version)
NUMBER(time)
NUMBER(weight)
NUMBER(bad)
NUMBER(total_seconds)
NUMBER(queue_seconds)
NUMBER(service_seconds)
NUMBER(first_byte_seconds)
NUMBER(run_delay_seconds)
NUMBER(rtt_seconds)
NUMBER(window_full_seconds)
NUMBER(id)
COUNT(bytes_in)
COUNT(bytes_out)
COUNT(pid)
COUNT(tid)
COUNT(retransmits)

static double number_status(const struct event *event)
{
	return status_http(event->status) ? status_http(event->status) : NAN;
}

static const char *text_grpc_status(const struct event *event)
{
	return status_is_grpc(event->status) ? grpc_status_name(status_grpc(event->status)) : NULL;
}

static double number_client_port(const struct event *event)
{
	return event->client_port ? event->client_port : NAN;
}

static const char *text_role(const struct event *event)
{
	return role_name(event->role);
}

static const char *text_outcome(const struct event *event)
{
	return outcome_name(event->outcome);
}

static const char *text_method(const struct event *event)
{
	return event->method_text ?: method_name(event->method);
}

static const char *text_network(const struct event *event, char *buffer)
{
	return event->client && field_network(event->client, buffer) ? buffer : NULL;
}

#define LIST(member)                                                                               \
	static size_t list_##member(const struct event *event, const char *const **ret)            \
	{                                                                                          \
		*ret = event->member;                                                              \
		return event->n_##member;                                                          \
	}                                                                                          \
	static const char *text_##member(const struct event *event, char *buffer)                  \
	{                                                                                          \
		return join(event->member, event->n_##member, buffer);                             \
	}

/* Cut to what fits: SLOs of one request are few. */
static const char *join(const char *const *texts, size_t n, char *buffer)
{
	size_t len = 0;

	for (size_t i = 0; i < n && len < FIELD_TEXT_BYTES; i++) {
		int written = snprintf(buffer + len, FIELD_TEXT_BYTES - len, "%s%s", i ? "," : "",
				       texts[i]);

		len += written > 0 ? (size_t)written : 0;
	}
	return n ? buffer : NULL;
}

LIST(bad_for)
LIST(eligible_for)

static const char *text_header(const struct event *event)
{
	(void)event;
	return NULL; /* it takes a name: see field_text() */
}

/* ---- the table ---- */

#define A_TEXT(id, kind, words)                                                                    \
	{                                                                                          \
		.name = #id, .json_name = #id, .type = kind, .help = words, .text = text_##id      \
	}
#define A_NUMBER(id, kind, words)                                                                  \
	{                                                                                          \
		.name = #id, .json_name = #id, .type = kind, .help = words, .number = number_##id  \
	}
#define A_TIME(id, words)                                                                          \
	{                                                                                          \
		.name = #id, .json_name = #id "_seconds", .type = FIELD_DURATION, .help = words,   \
		.number = number_##id##_seconds                                                    \
	}
#define A_LIST(id, words)                                                                          \
	{                                                                                          \
		.name = #id, .json_name = #id, .type = FIELD_LIST, .help = words,                  \
		.made_text = text_##id, .list = list_##id                                          \
	}

static const struct field fields[] = {
	A_NUMBER(time, FIELD_TIME, "when it ended"),
	A_TEXT(service, FIELD_TEXT, "of the request"),
	A_TEXT(role, FIELD_WORD, "server or client"),
	A_TEXT(route, FIELD_TEXT, "template of the configuration"),
	A_TEXT(method, FIELD_TEXT, "GET, POST"),
	A_TEXT(path, FIELD_TEXT, "without the query"),
	A_TEXT(query, FIELD_TEXT, "names of the query's arguments"),
	A_NUMBER(status, FIELD_STATUS, "of the answer: 503, 5xx"),
	A_TEXT(grpc_status, FIELD_WORD, "of gRPC: UNAVAILABLE"),
	A_TEXT(outcome, FIELD_WORD, "how it ended"),
	A_NUMBER(bad, FIELD_BOOL, "for an SLO; without one: failed"),
	A_LIST(bad_for, "SLOs that it is bad for"),
	A_LIST(eligible_for, "SLOs that count it, as good or bad"),
	A_TIME(total, "from the arrival to the end of the answer"),
	A_TIME(queue, "before the process has read it"),
	{.name = "service_time",
	 .json_name = "service_seconds",
	 .type = FIELD_DURATION,
	 .help = "from reading it to the end",
	 .number = number_service_seconds},
	A_TIME(first_byte, "from the arrival to the answer's first byte"),
	A_TIME(run_delay, "its thread was ready, and waited for a CPU"),
	A_TIME(rtt, "smoothed round trip of the connection"),
	A_NUMBER(retransmits, FIELD_NUMBER, "segments sent again during the request"),
	A_TIME(window_full, "the peer took nothing more"),
	A_NUMBER(bytes_in, FIELD_BYTES, "of the request"),
	A_NUMBER(bytes_out, FIELD_BYTES, "of the answer"),
	A_TEXT(host, FIELD_TEXT, "that was asked for"),
	A_TEXT(user_agent, FIELD_TEXT, "of the client"),
	A_TEXT(client, FIELD_ADDRESS, "address"),
	{.name = "client_network",
	 .json_name = "client_network",
	 .type = FIELD_TEXT,
	 .help = "its /24, of IPv6 its /48",
	 .made_text = text_network},
	A_NUMBER(client_port, FIELD_NUMBER, "of the connection's peer"),
	A_TEXT(request_id, FIELD_TEXT, "x-request-id"),
	A_TEXT(traceparent, FIELD_TEXT, "of W3C trace context"),
	{.name = "header.",
	 .json_name = "header.",
	 .type = FIELD_TEXT,
	 .help = "of samples.headers: header.x-user-id",
	 .text = text_header},
	A_TEXT(protocol, FIELD_TEXT, "http/1.1"),
	A_TEXT(version, FIELD_TEXT, "of the process that has answered"),
	A_TEXT(process, FIELD_TEXT, "command"),
	A_NUMBER(pid, FIELD_NUMBER, "process"),
	A_NUMBER(tid, FIELD_NUMBER, "thread"),
	A_TEXT(container, FIELD_TEXT, "id"),
	A_TEXT(pod, FIELD_TEXT, "uid"),
	A_TEXT(unit, FIELD_TEXT, "of systemd"),
	A_NUMBER(weight, FIELD_NUMBER, "how many requests it stands for"),
	A_NUMBER(id, FIELD_NUMBER, "number of the sample"),
};

enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static const char header_prefix[] = "header.";

const struct field *field_by_index(size_t i)
{
	return i < N_FIELDS ? &fields[i] : NULL;
}

/* RFC 9110, section 5.6.2: a token. */
static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) &&
		    (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i])))
			return false;
	}
	return len > 0;
}

static bool find_header(const char *name, size_t len, struct field_ref *ret)
{
	const size_t prefix = sizeof(header_prefix) - 1;

	if (len <= prefix || len - prefix >= FIELD_HEADER_BYTES ||
	    strncasecmp(name, header_prefix, prefix) != 0 || !is_token(name + prefix, len - prefix))
		return false;
	for (size_t i = prefix; i < len; i++)
		ret->header[i - prefix] = (char)tolower((unsigned char)name[i]);
	return true;
}

static bool is_named(const char *known, const char *name, size_t len)
{
	return strlen(known) == len && !strncasecmp(known, name, len);
}

static int refuse(const char *name, size_t len, struct error *error)
{
	char got[FIELD_SENTENCE_SHOWN * 2], near[SUGGESTION_BYTES];
	_cleanup_free_ char *shown = NULL;
	struct suggestion suggestion;
	size_t end;

	snprintf(got, sizeof(got), "%.*s", (int)len, name);
	suggestion = suggestion_for(got);
	for (size_t i = 0; i < N_FIELDS; i++) {
		suggestion_try(&suggestion, fields[i].name);
		suggestion_try(&suggestion, fields[i].json_name);
	}
	shown = format_escape(got, FIELD_SENTENCE_SHOWN);
	error_set(error, 0, "no field \"%s\"%s%s there are", shown ?: "",
		  suggestion_text(&suggestion, near), suggestion.best ? "" : ";");
	for (size_t i = 0; i < N_FIELDS; i++) {
		end = strlen(error->text);
		snprintf(error->text + end, sizeof(error->text) - end, " %s%s", fields[i].name,
			 fields[i].text == text_header ? "NAME" : "");
	}
	return -ENOENT;
}

int field_find(const char *name, size_t len, struct field_ref *ret, struct error *ret_error)
{
	struct field_ref found = {};

	for (size_t i = 0; i < N_FIELDS && !found.field; i++) {
		const bool is_header = fields[i].text == text_header;

		found.json_named = !is_named(fields[i].name, name, len);
		if (is_header ? find_header(name, len, &found) :
				!found.json_named || is_named(fields[i].json_name, name, len))
			found.field = &fields[i];
	}
	if (!found.field)
		return refuse(name, len, ret_error);
	*ret = found;
	return 0;
}

const char *field_ref_name(const struct field_ref *ref, char ret[static FIELD_TEXT_BYTES])
{
	snprintf(ret, FIELD_TEXT_BYTES, "%s%s", ref->field->name, ref->header);
	return ret;
}

const char *field_word(const struct field *field, size_t i)
{
	if (field->text == text_role)
		return role_name((enum role)i);
	if (field->text == text_outcome)
		return outcome_name((enum outcome)i);
	if (field->text == text_grpc_status)
		return grpc_status_name((enum grpc_status)i);
	return NULL;
}

/* ---- values ---- */

double field_number(const struct field_ref *ref, const struct event *event)
{
	return ref->field->number ? ref->field->number(event) : NAN;
}

static const char *header_of(const struct event *event, const char *name)
{
	for (size_t i = 0; i < event->n_headers; i++) {
		if (event->headers[i].name && !strcmp(event->headers[i].name, name))
			return event->headers[i].value;
	}
	return NULL;
}

/* Of hand-made events only the seconds are known, to a microsecond. */
static const char *time_text(const struct event *event, char *buffer)
{
	const double micro = floor(event->time * 1e6);
	int64_t ns = event->time_ns;

	if (!ns)
		ns = micro >= 0 && micro < 1e16 ? (int64_t)micro * 1000 : -1;
	event_time_text(ns, buffer);
	return *buffer ? buffer : NULL;
}

const char *field_text(const struct field_ref *ref, const struct event *event,
		       char buffer[static FIELD_TEXT_BYTES])
{
	double number;

	if (ref->header[0])
		return header_of(event, ref->header);
	if (ref->field->text)
		return ref->field->text(event);
	if (ref->field->made_text)
		return ref->field->made_text(event, buffer);
	number = field_number(ref, event);
	if (isnan(number))
		return NULL;
	if (ref->field->type == FIELD_TIME)
		return time_text(event, buffer);
	if (ref->field->type == FIELD_BOOL)
		return number != 0 ? "true" : "false";
	snprintf(buffer, FIELD_TEXT_BYTES, floor(number) == number ? "%.0f" : "%.9g", number);
	return buffer;
}

static json_t *list_json(const struct field_ref *ref, const struct event *event)
{
	const char *const *texts;
	const size_t n = ref->field->list ? ref->field->list(event, &texts) : 0;
	json_t *list = json_array();
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed |= json_push(list, json_text_or_null(texts[i]));
	return json_checked(list, failed);
}

json_t *field_json(const struct field_ref *ref, const struct event *event)
{
	char buffer[FIELD_TEXT_BYTES];
	double number;

	if (ref->field->type == FIELD_LIST)
		return list_json(ref, event);
	if (field_is_text(ref->field) || ref->field->type == FIELD_TIME)
		return json_text_or_null(field_text(ref, event, buffer));
	number = field_number(ref, event);
	if (isnan(number))
		return json_null();
	if (ref->field->type == FIELD_BOOL)
		return json_boolean(number != 0);
	if (ref->field->type == FIELD_DURATION || floor(number) != number || fabs(number) > 1e15)
		return json_real(number);
	return json_integer((json_int_t)number);
}

bool field_is_known(const struct field_ref *ref, const struct event *event)
{
	char buffer[FIELD_TEXT_BYTES];

	return field_text(ref, event, buffer) != NULL;
}

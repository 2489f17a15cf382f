/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/event_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_values.h"
#include "base/term_names.h"

#define NS_IN_SECOND 1000000000LL

void event_time_text(int64_t unix_ns, char ret_text[static 40])
{
	const int64_t whole = unix_ns / NS_IN_SECOND;
	char seconds[32];
	size_t len;

	*ret_text = '\0';
	if (unix_ns < 0)
		return;
	calendar_rfc3339((double)whole, seconds);
	len = strlen(seconds);
	if (len)
		snprintf(ret_text, 40, "%.*s.%09lldZ", (int)len - 1, seconds,
			 (long long)(unix_ns % NS_IN_SECOND));
}

/* Of hand-made events only the seconds are known. */
static int64_t time_ns(const struct event *event)
{
	if (event->time_ns)
		return event->time_ns;
	if (!(event->time >= 0 && event->time < 9e9))
		return -1;
	return (int64_t)(event->time * 1e6) * 1000;
}

static json_t *time_json(const struct event *event)
{
	char text[40];

	event_time_text(time_ns(event), text);
	return *text ? json_string(text) : json_null();
}

static json_t *number_json(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

static json_t *count_json(uint64_t count)
{
	return count == EVENT_UNKNOWN ? json_null() : json_count(count);
}

static json_t *headers_json(const struct event *event)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < event->n_headers; i++)
		failed |= json_put(object, event->headers[i].name,
				   json_text_or_null(event->headers[i].value));
	return json_checked(object, failed);
}

static json_t *names_json(const char *const *names, size_t n)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed |= json_push(array, json_text_or_null(names[i]));
	return json_checked(array, failed);
}

static int put_request(json_t *to, const struct event *event)
{
	const unsigned int http = status_http(event->status);
	const char *grpc =
		status_is_grpc(event->status) ? grpc_status_name(status_grpc(event->status)) : NULL;
	int failed = json_put(to, "route", json_text_or_null(event->route));

	failed |= json_put(to, "method",
			   json_text_or_null(event->method_text ?: method_name(event->method)));
	failed |= json_put(to, "path", json_text_or_null(event->path));
	failed |= json_put(to, "query", json_text_or_null(event->query));
	failed |= json_put(to, "status", http ? json_integer(http) : json_null());
	failed |= json_put(to, "grpc_status", json_text_or_null(grpc));
	failed |= json_put(to, "outcome", json_text_or_null(outcome_name(event->outcome)));
	failed |= json_put(to, "total_seconds", number_json(event->total_seconds));
	failed |= json_put(to, "queue_seconds", number_json(event->queue_seconds));
	failed |= json_put(to, "service_seconds", number_json(event->service_seconds));
	failed |= json_put(to, "first_byte_seconds", number_json(event->first_byte_seconds));
	failed |= json_put(to, "bytes_in", count_json(event->bytes_in));
	failed |= json_put(to, "bytes_out", count_json(event->bytes_out));
	failed |= json_put(to, "host", json_text_or_null(event->host));
	failed |= json_put(to, "user_agent", json_text_or_null(event->user_agent));
	failed |= json_put(to, "request_id", json_text_or_null(event->request_id));
	failed |= json_put(to, "traceparent", json_text_or_null(event->traceparent));
	failed |= json_put(to, "headers", headers_json(event));
	failed |= json_put(to, "client", json_text_or_null(event->client));
	return failed |
	       json_put(to, "client_port",
			event->client_port ? json_integer(event->client_port) : json_null());
}

static int put_process(json_t *to, const struct event *event)
{
	int failed = json_put(to, "pid", count_json(event->pid));

	failed |= json_put(to, "tid", count_json(event->tid));
	failed |= json_put(to, "process", json_text_or_null(event->process));
	failed |= json_put(to, "container", json_text_or_null(event->container));
	failed |= json_put(to, "unit", json_text_or_null(event->unit));
	failed |= json_put(to, "pod", json_text_or_null(event->pod));
	failed |= json_put(to, "version", json_text_or_null(event->version));
	failed |= json_put(to, "run_delay_seconds", number_json(event->run_delay_seconds));
	failed |= json_put(to, "rtt_seconds", number_json(event->rtt_seconds));
	failed |= json_put(to, "retransmits", count_json(event->retransmits));
	return failed |
	       json_put(to, "window_full_seconds", number_json(event->window_full_seconds));
}

json_t *event_json(const struct event *event)
{
	json_t *object = json_object();
	int failed = json_put(object, "id",
			      event->id ? json_integer((json_int_t)event->id) : json_null());

	failed |= json_put(object, "time", time_json(event));
	failed |= json_put(object, "service", json_text_or_null(event->service));
	failed |= json_put(object, "role", json_text_or_null(role_name(event->role)));
	failed |= json_put(object, "protocol", json_text_or_null(event->protocol));
	failed |= put_request(object, event);
	failed |= put_process(object, event);
	failed |= json_put(object, "weight", number_json(event->weight));
	failed |= json_put(object, "bad", json_boolean(event->bad));
	failed |= json_put(object, "bad_for", names_json(event->bad_for, event->n_bad_for));
	failed |= json_put(object, "eligible_for",
			   names_json(event->eligible_for, event->n_eligible_for));
	return json_checked(object, failed);
}

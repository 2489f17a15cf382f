/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/decode.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/term_names.h"
#include "config/sample_headers.h"

#define NS 1e-9
#define DECODE_NS_MAX (1ULL << 61) /* since boot: 73 years */

/* Networks of clients, where their addresses are not to be kept. */
enum { NETWORK_BITS_4 = 24, NETWORK_BITS_6 = 64 };

static double seconds(__u64 ns)
{
	return ns == SAMPLE_UNKNOWN_64 ? NAN : (double)ns * NS;
}

static uint64_t number_32(__u32 number)
{
	return number == SAMPLE_UNKNOWN_32 ? EVENT_UNKNOWN : number;
}

/* NULL: it is not there. */
static const char *keep(struct head_part part, size_t max, char *ret)
{
	if (!part.at)
		return NULL;
	redact_text(part.at, part.len, part.cut, max, ret);
	return ret;
}

/* ---- numbers ---- */

static void read_times(const struct sample *sample, double boot_seconds, struct event *event)
{
	/* whole ns are beyond a double: seconds and the rest by themselves */
	const double boot = floor(boot_seconds);

	event->time_ns = (int64_t)boot * 1000000000 + (int64_t)((boot_seconds - boot) * 1e9) +
			 (int64_t)sample->ended_ns;
	event->time = (double)event->time_ns * NS;
	event->queue_seconds = event->service_seconds = NAN;
	event->total_seconds = event->first_byte_seconds = NAN;
	if (!outcome_is_timed(event->outcome))
		return;
	event->queue_seconds = seconds(sample->queue_ns);
	event->service_seconds = seconds(sample->service_ns);
	event->total_seconds = event->queue_seconds + event->service_seconds;
	event->first_byte_seconds = event->queue_seconds + seconds(sample->first_byte_ns);
}

static void read_numbers(const struct sample *sample, struct event *event)
{
	event->bytes_in = sample->bytes_in; /* both unknown values are ~0 */
	event->bytes_out = sample->bytes_out;
	event->pid = sample->process.tgid ?: EVENT_UNKNOWN;
	event->tid = sample->tid ?: EVENT_UNKNOWN;
	event->run_delay_seconds = seconds(sample->run_delay_ns);
	event->rtt_seconds = sample->rtt_us == SAMPLE_UNKNOWN_32 ? NAN : sample->rtt_us * 1e-6;
	event->retransmits = number_32(sample->retransmits);
	event->window_full_seconds =
		sample->window_full_ms == SAMPLE_UNKNOWN_32 ? NAN : sample->window_full_ms * 1e-3;
}

/* ---- names ---- */

static void read_slos(const struct sample *sample, const struct names *names, struct decoded *ret)
{
	const __u64 slos = sample->eligible_slos | sample->bad_slos;
	struct event *const event = &ret->event;
	size_t n_made = 0;

	for (unsigned int bit = 0; bit < EVENT_BAD_FOR_MAX && n_made < DECODE_SLOS_MADE; bit++) {
		char *made = ret->slos[n_made];
		const char *name;

		if (!(slos >> bit & 1))
			continue;
		name = names_slo(names, sample->generation, sample->policy, bit, event->service,
				 made, DECODE_SLO_BYTES);
		if (!name)
			continue;
		event->eligible_for[event->n_eligible_for++] = name;
		if (sample->bad_slos >> bit & 1)
			event->bad_for[event->n_bad_for++] = name;
		n_made += name == made;
	}
}

static void read_process(const struct sample *sample, const struct names *names,
			 struct decoded *ret)
{
	const struct names_process *process = names_process(names, &sample->process);
	struct event *const event = &ret->event;
	/* the process's name, not the thread's: workers may have one each */
	const char *comm = process && process->name ? process->name : sample->comm;

	redact_text(comm, strnlen(comm, COMM_BYTES), false, DECODE_COMM_BYTES, ret->process);
	event->process = *ret->process ? ret->process : NULL;
	event->version = names_version(names, sample->version);
	if (!process)
		return;
	event->container = process->container;
	if (!process->cgroup)
		return;
	cgroup_read(process->cgroup, &ret->cgroup);
	if (*ret->cgroup.unit)
		event->unit = ret->cgroup.unit;
	if (*ret->cgroup.pod)
		event->pod = ret->cgroup.pod;
	if (!event->container && *ret->cgroup.container)
		event->container = ret->cgroup.container;
}

/* ---- the head ---- */

static bool is_masked(const struct names_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->redact.n_headers; i++) {
		if (!strcasecmp(settings->redact.headers[i], name))
			return true;
	}
	return false;
}

static const char *masked(const struct names_settings *settings, const char *field,
			  const char *header, const char *value)
{
	return value && (is_masked(settings, field) || is_masked(settings, header)) ? "*" : value;
}

/* Whether a configured header is an id of the request, where x-request-id is not there. */
static bool is_request_id(const char *name)
{
	return strstr(name, "request-id") || strstr(name, "requestid") ||
	       strstr(name, "correlation-id") || strstr(name, "trace-id");
}

/* Refused by the configuration already. */
static void read_headers(const struct names_settings *settings, struct decoded *ret)
{
	struct event *const event = &ret->event;

	for (size_t i = 0; i < settings->n_headers; i++) {
		const char *name = settings->headers[i];
		const char *value;

		if (sample_header_is_secret(name))
			continue;
		value = masked(settings, name, name,
			       keep(ret->head.headers[i], REDACT_HEADER_BYTES, ret->headers[i]));
		if (!value)
			continue;
		event->headers[event->n_headers++] = (struct event_header){name, value};
		if (!event->request_id && is_request_id(name)) {
			redact_text(value, strlen(value), false, REDACT_ID_BYTES, ret->request_id);
			event->request_id = ret->request_id;
		}
	}
}

static void read_target(const struct sample *sample, const struct names *names, struct decoded *ret)
{
	const struct head *const head = &ret->head;
	struct event *const event = &ret->event;
	const enum redact_path how = names_settings(names)->redact.path;
	/* "_other" spells nothing out */
	const char *route = sample->route ? event->route : NULL;

	if (head->path.at) {
		redact_path(head->path.at, head->path.len, head->path.cut, how, route, ret->path);
		event->path = ret->path;
	}
	if (head->query.at) {
		redact_query(head->query.at, head->query.len, head->query.cut, ret->query);
		event->query = ret->query;
	}
}

/* A request of HTTP/1.1 may have asked for HTTP/2, by which it is answered then. */
static const char *protocol_of(const struct sample *sample, const struct head *head)
{
	const bool is_stream = sample->flags & SAMPLE_STREAM;

	if (head->method.at && !(sample->flags & SAMPLE_STREAM_HEAD))
		return head->old ? "http/1.0" : "http/1.1";
	return is_stream || status_is_grpc(sample->status) ? "http/2" : NULL;
}

/* The client's preface (RFC 9113, section 3.4) is no request, though it begins as one. */
static bool is_preface(const struct sample *sample, size_t len)
{
	return sample->flags & SAMPLE_STREAM && len >= 4 && !memcmp(sample->head, "PRI ", 4);
}

static void parse_head(const struct sample *sample, size_t bytes,
		       const struct names_settings *settings, struct decoded *ret)
{
	const struct stream_head *const stream = (const struct stream_head *)(sample + 1);
	size_t len = bytes - sizeof(*sample);

	if (sample->flags & SAMPLE_STREAM_HEAD && stream_head_is_whole(stream, len)) {
		stream_head_parse(stream, settings->headers, settings->n_headers, &ret->stream,
				  &ret->head);
		return;
	}
	if (len > sample->head_bytes)
		len = sample->head_bytes;
	if (sample->flags & (SAMPLE_HEAD_PART | SAMPLE_STREAM_HEAD) || is_preface(sample, len))
		len = 0;
	head_parse(sample->head, len, settings->headers, settings->n_headers, &ret->head);
}

static void read_head(const struct sample *sample, size_t bytes, const struct names *names,
		      struct decoded *ret)
{
	const struct names_settings *const settings = names_settings(names);
	struct event *const event = &ret->event;
	struct head *const head = &ret->head;

	parse_head(sample, bytes, settings, ret);
	event->protocol = protocol_of(sample, head);
	if (event->method == HTTP_METHOD_OTHER)
		event->method_text = keep(head->method, REDACT_METHOD_BYTES, ret->method);
	read_target(sample, names, ret);
	event->host =
		masked(settings, "host", "host", keep(head->host, REDACT_HOST_BYTES, ret->host));
	event->user_agent = masked(settings, "user_agent", "user-agent",
				   keep(head->user_agent, REDACT_AGENT_BYTES, ret->user_agent));
	event->traceparent =
		masked(settings, "traceparent", "traceparent",
		       keep(head->traceparent, HEAD_TRACEPARENT_BYTES, ret->traceparent));
	event->request_id = keep(head->request_id, REDACT_ID_BYTES, ret->request_id);
	read_headers(settings, ret);
	event->request_id = masked(settings, "request_id", "x-request-id", event->request_id);
}

/* ---- the client ---- */

static void cut_to_network(uint8_t address[static ADDRESS_BYTES], char *text)
{
	const bool four = strchr(text, '.') && !strchr(text, ':');
	const size_t kept = four ? ADDRESS_BYTES - 4 + NETWORK_BITS_4 / 8 : NETWORK_BITS_6 / 8;

	memset(address + kept, 0, ADDRESS_BYTES - kept);
	address_text(address, text);
	sprintf(text + strlen(text), "/%d", four ? NETWORK_BITS_4 : NETWORK_BITS_6);
}

static void read_client(const struct sample *sample, const struct names_settings *settings,
			struct decoded *ret)
{
	const struct proxies proxies = {settings->trusted_proxies, settings->n_trusted_proxies};
	const struct head *const head = &ret->head;
	const struct proxy_claims claims = {
		.header = head->has_proxy ? head->proxy : NULL,
		.x_forwarded_for = *head->x_forwarded_for ? head->x_forwarded_for : NULL,
		.forwarded = *head->forwarded ? head->forwarded : NULL,
	};
	uint8_t client[ADDRESS_BYTES];

	proxies_client(&proxies, sample->peer, &claims, client);
	address_text(client, ret->client);
	if (!*ret->client)
		return;
	if (!memcmp(client, sample->peer, ADDRESS_BYTES))
		ret->event.client_port = sample->peer_port;
	if (settings->redact.clients)
		cut_to_network(client, ret->client);
	ret->event.client = ret->client;
}

int decode_sample(const struct sample *sample, size_t bytes, double boot_seconds,
		  const struct names *names, struct decoded *ret)
{
	struct event *const event = &ret->event;

	if (bytes < sizeof(*sample) || sample->kind != RECORD_SAMPLE ||
	    sample->outcome >= OUTCOME_COUNT || sample->role >= ROLE_COUNT ||
	    sample->method >= HTTP_METHOD_COUNT || sample->ended_ns > DECODE_NS_MAX)
		return -EINVAL;
	*event = (struct event){
		.weight = sample->stands_for ?: 1,
		.bad = sample->flags & SAMPLE_BAD,
		.service = names_service(names, sample->service),
		.role = sample->role,
		.route = names_route(names, sample->route),
		.method = sample->method,
		.status = sample->status,
		.outcome = sample->outcome,
	};
	ret->draw = (struct batch_draw){sample->stands_for ?: 1, event->bad ? 0 : sample->cpu};
	ret->found = sample->service >= SERVICE_FOUND;
	read_times(sample, boot_seconds, event);
	read_numbers(sample, event);
	read_slos(sample, names, ret);
	read_process(sample, names, ret);
	read_head(sample, bytes, names, ret);
	read_client(sample, names_settings(names), ret);
	return 0;
}

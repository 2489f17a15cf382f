/* SPDX-License-Identifier: GPL-2.0-only */
/* From samples to events. */
#include "tests/unit/samples/decode_fixture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "samples/stream_heads.h"

#define USUAL_HEAD                                                                                 \
	"POST /checkout?card=4111 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: ShopApp/2.3\r\n"   \
	"X-Forwarded-For: 9.9.9.9\r\nX-User-Id: 7\r\nX-Correlation-Id: c0ffee\r\n"                 \
	"Cookie: secret\r\n\r\n"

static struct names *names;
static struct decoded *decoded;
static struct sample *last;

static int decode(const struct sample *sample, const char *head)
{
	size_t bytes;

	free(last);
	last = make_sample(sample, head, strlen(head), &bytes);
	return decode_sample(last, bytes, 1800000000, names, decoded);
}

static void use_context(const char *from, const char *to)
{
	char context[2048];
	const char *at = strstr(usual_context, from);

	assert_non_null(at);
	snprintf(context, sizeof(context), "%.*s%s%s", (int)(at - usual_context), usual_context, to,
		 at + strlen(from));
	names_free(names);
	names = read_names(context);
}

TEST(test_numbers_get_names_and_bytes_become_texts)
{
	const struct event *event = &decoded->event;

	assert_int_equal(decode(&usual_sample, USUAL_HEAD), 0);
	assert_true(event->time_ns == 1800000001500000000);
	assert_true(event->time == 1800000001.5);
	assert_true(event->bad);
	assert_int_equal(decoded->draw.stands_for, 4);
	assert_int_equal(decoded->draw.cpu, 0); /* it is bad */
	assert_false(decoded->found);
	assert_string_equal(event->service, "shop");
	assert_string_equal(event->route, "/checkout");
	assert_string_equal(event->protocol, "http/1.1");
	assert_int_equal(event->method, HTTP_METHOD_POST);
	assert_null(event->method_text);
	assert_string_equal(event->path, "/checkout");
	assert_string_equal(event->query, "card");
	assert_int_equal(event->status, 503);
	assert_float_equal(event->total_seconds, 0.5, 1e-12);
	assert_float_equal(event->queue_seconds, 0.05, 1e-12);
	assert_float_equal(event->service_seconds, 0.45, 1e-12);
	assert_float_equal(event->first_byte_seconds, 0.45, 1e-12);
	assert_int_equal(event->bytes_in, 120);
	assert_int_equal(event->bytes_out, 80);
	assert_string_equal(event->host, "shop.example");
	assert_string_equal(event->user_agent, "ShopApp/2.3");
	assert_string_equal(event->request_id, "c0ffee");
	assert_null(event->traceparent);
	assert_int_equal(event->n_headers, 2);
	assert_string_equal(event->headers[0].name, "x-user-id");
	assert_string_equal(event->headers[0].value, "7");
	assert_string_equal(event->client, "9.9.9.9");
	assert_int_equal(event->client_port, 0);
	assert_int_equal(event->pid, 4711);
	assert_int_equal(event->tid, 4712);
	assert_string_equal(event->process, "node");
	assert_string_equal(event->unit, "shop.service");
	assert_null(event->container);
	assert_null(event->pod);
	assert_string_equal(event->version, "3fa2c1");
	assert_float_equal(event->run_delay_seconds, 1e-3, 1e-12);
	assert_float_equal(event->rtt_seconds, 5e-4, 1e-12);
	assert_int_equal(event->retransmits, 2);
	assert_float_equal(event->window_full_seconds, 3e-3, 1e-12);
	assert_int_equal(event->n_bad_for, 2);
	assert_string_equal(event->bad_for[0], "checkout");
	assert_string_equal(event->bad_for[1], "shop-up");
	assert_int_equal(event->n_eligible_for, 3);
	assert_string_equal(event->eligible_for[1], "shop-up");
	assert_string_equal(event->eligible_for[2], "fast");
}

TEST(test_what_is_not_known_is_said_so)
{
	struct sample sample = usual_sample;
	const struct event *event = &decoded->event;

	sample.bytes_in = sample.bytes_out = sample.run_delay_ns = SAMPLE_UNKNOWN_64;
	sample.first_byte_ns = SAMPLE_UNKNOWN_64;
	sample.rtt_us = sample.retransmits = sample.window_full_ms = SAMPLE_UNKNOWN_32;
	sample.service = 4098;
	sample.route = 65535;
	sample.version = 8;
	sample.generation = 7;
	sample.process.exec_id = 2;
	sample.tid = sample.process.tgid = 0;
	memset(sample.peer, 0, sizeof(sample.peer));
	assert_int_equal(decode(&sample, ""), 0);
	assert_null(event->service);
	assert_null(event->route);
	assert_null(event->path);
	assert_null(event->query);
	assert_null(event->host);
	assert_null(event->user_agent);
	assert_null(event->client);
	assert_null(event->version);
	assert_null(event->unit);
	assert_string_equal(event->process, "worker-1");
	assert_int_equal(event->n_bad_for, 0);
	assert_true(event->bad);
	assert_true(decoded->found);
	assert_true(isnan(event->first_byte_seconds) && isnan(event->rtt_seconds));
	assert_true(isnan(event->run_delay_seconds) && isnan(event->window_full_seconds));
	assert_true(event->bytes_in == EVENT_UNKNOWN && event->bytes_out == EVENT_UNKNOWN);
	assert_true(event->pid == EVENT_UNKNOWN && event->tid == EVENT_UNKNOWN);
	assert_true(event->retransmits == EVENT_UNKNOWN);
}

TEST(test_requests_without_a_response_have_no_time)
{
	struct sample sample = usual_sample;

	sample.outcome = OUTCOME_UNANSWERED;
	sample.status = 0;
	assert_int_equal(decode(&sample, USUAL_HEAD), 0);
	assert_true(isnan(decoded->event.total_seconds));
	assert_true(isnan(decoded->event.first_byte_seconds));
}

TEST(test_good_ones_are_drawn_by_processor)
{
	struct sample sample = usual_sample;

	sample.flags = 0;
	sample.bad_slos = 0;
	assert_int_equal(decode(&sample, USUAL_HEAD), 0);
	assert_int_equal(decoded->draw.cpu, 3);
}

TEST(test_names_are_those_of_the_generation_that_judged)
{
	struct sample sample = usual_sample;

	sample.generation = 5;
	sample.bad_slos = 1;
	assert_int_equal(decode(&sample, USUAL_HEAD), 0);
	assert_int_equal(decoded->event.n_bad_for, 1);
	assert_string_equal(decoded->event.bad_for[0], "old");
}

TEST(test_the_peer_is_the_client_unless_it_is_a_proxy)
{
	struct sample sample = usual_sample;

	sample.peer[12] = 11;
	assert_int_equal(decode(&sample, USUAL_HEAD), 0);
	assert_string_equal(decoded->event.client, "11.0.0.1");
	assert_int_equal(decoded->event.client_port, 50000);
}

TEST(test_secrets_are_not_kept_though_asked_for)
{
	assert_int_equal(decode(&usual_sample, USUAL_HEAD), 0);
	for (size_t i = 0; i < decoded->event.n_headers; i++)
		assert_string_not_equal(decoded->event.headers[i].name, "cookie");
	/* nowhere in what is kept */
	memset(&decoded->head, 0, sizeof(decoded->head));
	assert_null(memmem(decoded, sizeof(*decoded), "secret", 6));
	assert_null(memmem(decoded, sizeof(*decoded), "4111", 4));
}

TEST(test_what_is_to_be_masked_is_masked)
{
	struct sample sample = usual_sample;

	use_context("\"redact\": {\"paths\": \"keep\", \"headers\": [], \"clients\": false}",
		    "\"redact\": {\"paths\": \"mask\", \"headers\": [\"user_agent\", \"x-user-id\","
		    " \"x-request-id\", \"host\"], \"clients\": true}");
	sample.route = 1;
	assert_int_equal(decode(&sample, "GET /cart/anna HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\n"
					 "X-User-Id: 7\r\nX-Request-Id: r\r\n\r\n"),
			 0);
	assert_string_equal(decoded->event.path, "/cart/*");
	assert_string_equal(decoded->event.user_agent, "*");
	assert_string_equal(decoded->event.host, "*");
	assert_string_equal(decoded->event.request_id, "*");
	assert_string_equal(decoded->event.headers[0].value, "*");
	assert_string_equal(decoded->event.client, "10.0.0.0/24");
	memcpy(sample.peer, "\x20\x01\x0d\xb8\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c", 16);
	sample.route = 0;
	assert_int_equal(decode(&sample, "GET /cart/anna HTTP/1.1\r\n\r\n"), 0);
	assert_string_equal(decoded->event.path, "/*/*");
	assert_string_equal(decoded->event.client, "2001:db8:102:304::/64");
}

TEST(test_an_unusual_method_is_kept_as_it_came)
{
	struct sample sample = usual_sample;

	sample.method = HTTP_METHOD_OTHER;
	assert_int_equal(decode(&sample, "PURGE /a HTTP/1.0\r\n\r\n"), 0);
	assert_string_equal(decoded->event.method_text, "PURGE");
	assert_string_equal(decoded->event.protocol, "http/1.0");
}

TEST(test_without_a_request_line_the_protocol_is_not_guessed)
{
	struct sample sample = usual_sample;

	assert_int_equal(decode(&sample, ""), 0);
	assert_null(decoded->event.protocol);
	sample.status = status_of(200, GRPC_UNAVAILABLE);
	assert_int_equal(decode(&sample, ""), 0);
	assert_string_equal(decoded->event.protocol, "http/2");
	assert_int_equal(decode(&sample, "POST /a HTT"), 0);
	assert_string_equal(decoded->event.protocol, "http/1.1");
}

/* A path with a query, a host with a password, a user agent; of the table if `texts`. */
static int decode_stream(const struct sample *of, bool texts)
{
	static const char block[] = "\x82\x87\x04\x13/cart/7?card=4111#x\x01\x10"
				    "u:p@shop.example\x0f\x2b\x0bShopApp/2.3";
	struct stream_heads *heads = calloc(1, sizeof(*heads));
	struct stream_head *head = calloc(1, sizeof(*head));
	struct sample_joined *joined = malloc(sizeof(*joined));
	size_t bytes;
	int r;

	assert_true(heads && head && joined);
	head->kind = RECORD_STREAM_HEAD;
	head->connection = of->connection;
	head->number = of->number;
	head->has_texts = texts;
	head->block_bytes = texts ? 0 : sizeof(block) - 1;
	memcpy(head->block, block, sizeof(block) - 1);
	for (int i = 0; i < STREAM_TEXTS && texts; i++) {
		static const char *const of_table[] = {"/cart/7", "ShopApp/2.3",
						       "u:p@shop.example"};

		head->texts[i].bytes = head->texts[i].first = (__u16)strlen(of_table[i]);
		memcpy(head->texts[i].text, of_table[i], strlen(of_table[i]));
	}
	stream_heads_add(heads, head, sizeof(*head));
	bytes = stream_heads_join(heads, of, joined);
	assert_true(bytes > 0);
	r = decode_sample((const struct sample *)joined->bytes, bytes, 1800000000, names, decoded);
	free(heads);
	free(head);
	free(joined);
	return r;
}

TEST(test_heads_of_streams_are_kept_as_others_are)
{
	const struct event *event = &decoded->event;
	struct sample sample = usual_sample;

	sample.flags |= SAMPLE_STREAM | SAMPLE_HEAD_PART;
	for (int texts = 0; texts < 2; texts++) {
		assert_int_equal(decode_stream(&sample, texts), 0);
		assert_string_equal(event->protocol, "http/2");
		assert_string_equal(event->path, "/cart/7");
		assert_string_equal(event->host, "shop.example");
		assert_string_equal(event->user_agent, "ShopApp/2.3");
		if (texts)
			assert_null(event->query);
		else
			assert_string_equal(event->query, "card");
	}
	sample.route = 1;
	use_context("\"paths\": \"keep\", \"headers\": []",
		    "\"paths\": \"mask\", \"headers\": [\"user-agent\"]");
	assert_int_equal(decode_stream(&sample, false), 0);
	assert_string_equal(event->path, "/cart/*");
	assert_string_equal(event->user_agent, "*");
}

TEST(test_a_stream_may_have_no_head)
{
	const struct event *event = &decoded->event;
	struct sample sample = usual_sample;

	sample.flags |= SAMPLE_STREAM | SAMPLE_HEAD_PART;
	assert_int_equal(decode(&sample, ""), 0);
	assert_string_equal(event->protocol, "http/2");
	assert_null(event->path);
	/* the first bytes of the connection are no request */
	sample.flags &= ~SAMPLE_HEAD_PART;
	assert_int_equal(decode(&sample, "PRI * HTTP/2"), 0);
	assert_string_equal(event->protocol, "http/2");
	assert_null(event->path);
	/* but one that asks for HTTP/2 is */
	assert_int_equal(decode(&sample, USUAL_HEAD), 0);
	assert_string_equal(event->protocol, "http/1.1");
	assert_string_equal(event->path, "/checkout");
}

TEST(test_a_record_that_makes_no_sense_is_refused)
{
	struct sample sample = usual_sample;

	assert_int_equal(decode_sample(&sample, sizeof(sample) - 1, 0, names, decoded), -EINVAL);
	sample.kind = RECORD_EXIT;
	assert_int_equal(decode(&sample, ""), -EINVAL);
	sample = usual_sample;
	sample.outcome = OUTCOME_COUNT;
	assert_int_equal(decode(&sample, ""), -EINVAL);
	sample = usual_sample;
	sample.method = HTTP_METHOD_COUNT;
	assert_int_equal(decode(&sample, ""), -EINVAL);
	sample = usual_sample;
	sample.role = ROLE_COUNT;
	assert_int_equal(decode(&sample, ""), -EINVAL);
	sample = usual_sample;
	sample.ended_ns = ~0ULL;
	assert_int_equal(decode(&sample, ""), -EINVAL);
	/* a head that is said to be longer than the record */
	sample = usual_sample;
	assert_int_equal(decode(&sample, "GET /a"), 0);
	last->head_bytes = 1024;
	assert_int_equal(decode_sample(last, sizeof(sample) + 6, 0, names, decoded), 0);
	assert_string_equal(decoded->event.path, "/a\u2026");
}

static int setup(void **state)
{
	(void)state;
	names = read_names(usual_context);
	decoded = calloc(1, sizeof(*decoded));
	last = NULL;
	return decoded ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	names_free(names);
	free(decoded);
	free(last);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(test_numbers_get_names_and_bytes_become_texts),
		WITH_SETUP(test_what_is_not_known_is_said_so),
		WITH_SETUP(test_requests_without_a_response_have_no_time),
		WITH_SETUP(test_good_ones_are_drawn_by_processor),
		WITH_SETUP(test_names_are_those_of_the_generation_that_judged),
		WITH_SETUP(test_the_peer_is_the_client_unless_it_is_a_proxy),
		WITH_SETUP(test_secrets_are_not_kept_though_asked_for),
		WITH_SETUP(test_what_is_to_be_masked_is_masked),
		WITH_SETUP(test_an_unusual_method_is_kept_as_it_came),
		WITH_SETUP(test_without_a_request_line_the_protocol_is_not_guessed),
		WITH_SETUP(test_heads_of_streams_are_kept_as_others_are),
		WITH_SETUP(test_a_stream_may_have_no_head),
		WITH_SETUP(test_a_record_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

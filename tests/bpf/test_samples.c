/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples of HTTP on real sockets, as they leave the kernel: what each tells, that they stand for exactly what is
 * counted, and that neither a rate nor a full ring changes that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tests/bpf/loaded.h"
#include <bpf/bpf.h>

#include "abi.h"
#include "sliprobe.skel.h"
#include "kernel/ring.h"

enum {
	KEPT_MAX = 4096,
	HEAD_BYTES = 512,
	CRITERIA = 8, /* in slo_criteria: those of tests with other SLOs */
};

#define SECOND_NS 1000000000ULL

static struct sliprobe_bpf *skel;
static struct ring *ring;

struct kept {
	struct sample sample;
	char head[SAMPLE_HEAD_MAX + 1];
};

static struct kept kept[KEPT_MAX];
static int n_kept;
static __u16 port; /* of the server of the test */

/* ---- samples ---- */

static void keep(void *context, const void *record, size_t len)
{
	const struct sample *sample = record;
	struct kept *at = &kept[n_kept];

	(void)context;
	assert_int_equal(sample->kind, RECORD_SAMPLE);
	assert_true(len >= sizeof(*sample) + sample->head_bytes);
	if (sample->local_port != port)
		return; /* other servers on this host */
	n_kept++;
	assert_true(n_kept <= KEPT_MAX);
	at->sample = *sample;
	memcpy(at->head, sample->head, sample->head_bytes);
	at->head[sample->head_bytes] = 0;
}

static __u64 now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (__u64)at.tv_sec * SECOND_NS + (__u64)at.tv_nsec;
}

static int drain(void)
{
	n_kept = 0;
	ring_drain(ring, KEPT_MAX, keep, NULL);
	return n_kept;
}

static __u64 stood_for(bool bad)
{
	__u64 sum = 0;

	for (int i = 0; i < n_kept; i++) {
		if (!!(kept[i].sample.flags & SAMPLE_BAD) == bad)
			sum += kept[i].sample.stands_for;
	}
	return sum;
}

static void sample_as(__u32 bad_per_second, __u32 good_per_second, __u32 head_bytes)
{
	skel->bss->sample_settings = (struct sample_settings){
		.on = 1,
		.bad_per_second = bad_per_second,
		.good_per_second = good_per_second,
		.head_bytes = head_bytes,
	};
}

/* All classes begin anew. */
static void begin(void)
{
	static char zero[512 * 24 * BLOCK];
	int n_cpus = libbpf_num_possible_cpus();

	for (__u32 i = 0; i <= skel->bss->endpoint_last; i++) {
		__u32 service = SERVICE_FOUND + i, none = SLO_COUNTS_MAX + service;
		__u32 block = service / BLOCK;

		assert_true(n_cpus <= 512);
		bpf_map_update_elem(bpf_map__fd(skel->maps.sample_good), &block, zero, 0);
		bpf_map_update_elem(bpf_map__fd(skel->maps.sample_rates), &service, zero, 0);
		bpf_map_update_elem(bpf_map__fd(skel->maps.sample_classes), &i, zero, 0);
		for (int k = 0; k < SLO_WILDCARDS_MAX; k++) {
			__u32 class = SLO_CRITERIA_MAX + k * ENDPOINTS_MAX + i;

			bpf_map_update_elem(bpf_map__fd(skel->maps.sample_classes), &class, zero,
					    0);
		}
		bpf_map_update_elem(bpf_map__fd(skel->maps.sample_classes), &none, zero, 0);
	}
	drain();
	sample_as(50, 10, HEAD_BYTES);
}

/* ---- talking ---- */

static void dial(struct pair *ret)
{
	pair_dial(ret);
	port = ret->server_port;
}

#define GET "GET /a?b=c HTTP/1.1\r\nHost: shop\r\n\r\n"
#define POST "POST /order HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define BROKEN "HTTP/1.1 503 Broken\r\nContent-Length: 0\r\n\r\n"
#define WHOLE 65536

static void ask(struct pair *pair, const char *request, const char *answer)
{
	say(pair->client, pair->server, request, WHOLE);
	say(pair->server, pair->client, answer, WHOLE);
}

/* ---- tests ---- */

TEST(nothing_is_sampled_until_asked_for)
{
	struct pair pair;

	skel->bss->sample_settings.on = 0;
	dial(&pair);
	ask(&pair, GET, BROKEN);
	hang_up(&pair);
	assert_int_equal(drain(), 0);
	assert_int_equal(skel->bss->excerpts_kept, 0);
}

TEST(a_sample_tells_its_request)
{
	const struct sample *sample;
	struct pair pair;

	begin();
	dial(&pair);
	ask(&pair, GET, OK);
	ask(&pair, POST "12345", BROKEN);
	assert_int_equal(skel->bss->excerpts_kept, 1);
	assert_int_equal(skel->bss->excerpts_found, 1);
	hang_up(&pair);
	assert_int_equal(drain(), 2);

	sample = &kept[0].sample;
	assert_string_equal(kept[0].head, GET);
	assert_int_equal(sample->flags, 0);
	assert_int_equal(sample->stands_for, 1);
	assert_int_equal(sample->bad_slos, 0);
	assert_int_equal(sample->eligible_slos, 1);
	assert_int_equal(sample->status, 200);
	assert_int_equal(sample->outcome, OUTCOME_COMPLETE);
	assert_int_equal(sample->method, HTTP_METHOD_GET);
	assert_int_equal(sample->number, 1);
	assert_int_equal(sample->generation, GENERATION);
	assert_int_equal(sample->policy, POLICY);
	assert_true(sample->service >= SERVICE_FOUND);
	assert_int_equal(sample->bytes_in, strlen(GET));
	assert_int_equal(sample->bytes_out, strlen(OK));
	assert_int_equal(sample->body_bytes, 2);
	assert_int_equal(sample->local_port, pair.server_port);
	assert_int_equal(sample->peer_port, pair.client_port);
	assert_memory_equal(sample->peer, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
	assert_int_equal(sample->process.tgid, getpid());
	assert_true(sample->process.start_ns > 0);
	assert_int_equal(sample->tid, syscall(SYS_gettid));
	assert_string_equal(sample->comm, "test_samples");
	assert_true(sample->run_delay_ns < 1000000000);
	assert_int_equal(sample->retransmits, 0);
	assert_int_equal(sample->window_full_ms, 0);
	assert_true(sample->rtt_us < 1000000);
	assert_int_equal(sample->first_byte_ns, sample->service_ns);
	assert_int_equal(sample->ended_ns, sample->first_read_ns + sample->service_ns);

	sample = &kept[1].sample;
	assert_string_equal(kept[1].head, POST "12345");
	assert_int_equal(sample->flags, SAMPLE_BAD);
	assert_int_equal(sample->bad_slos, 1);
	assert_int_equal(sample->status, 503);
	assert_int_equal(sample->method, HTTP_METHOD_POST);
	assert_int_equal(sample->number, 2);
	assert_int_equal(sample->connection, kept[0].sample.connection);
	assert_int_equal(sample->bytes_in, strlen(POST "12345"));
	assert_int_equal(sample->bytes_out, strlen(BROKEN));
	assert_int_equal(skel->bss->excerpts_kept, 0);
	assert_int_equal(skel->bss->excerpts_found, 0);
}

TEST(a_head_comes_in_parts)
{
	struct pair pair;

	begin();
	dial(&pair);
	for (size_t step = 1; step < 4; step++) {
		say(pair.client, pair.server, GET, step);
		say(pair.server, pair.client, BROKEN, 1);
		assert_int_equal(drain(), 1);
		assert_string_equal(kept[0].head, GET);
		assert_int_equal(kept[0].sample.flags, SAMPLE_BAD);
		assert_int_equal(kept[0].sample.bytes_in, strlen(GET));
	}
	hang_up(&pair);
}

TEST(a_proxy_header_stays_in_front)
{
	static const char proxy[] = "PROXY TCP4 10.0.0.7 10.0.0.1 4711 80\r\n";
	struct pair pair;

	begin();
	dial(&pair);
	say(pair.client, pair.server, proxy, WHOLE);
	ask(&pair, GET, BROKEN);
	ask(&pair, GET, BROKEN);
	hang_up(&pair);
	assert_int_equal(drain(), 2);
	assert_memory_equal(kept[0].head, proxy, strlen(proxy));
	assert_string_equal(kept[0].head + strlen(proxy), GET);
	assert_string_equal(kept[1].head, GET);
}

TEST(a_long_head_is_cut)
{
	static char request[4096];
	struct pair pair;
	size_t n = (size_t)snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nCookie: ");

	memset(request + n, 'x', 2000);
	strcpy(request + n + 2000, "\r\n\r\n");
	for (int i = 0; i < 3; i++) {
		__u32 most = i == 0 ? 512 : i == 1 ? 1024 : 0;

		begin();
		sample_as(50, 10, most);
		dial(&pair);
		ask(&pair, request, BROKEN);
		hang_up(&pair);
		assert_int_equal(drain(), 1);
		assert_int_equal(kept[0].sample.head_bytes, most);
		assert_memory_equal(kept[0].head, request, most);
		assert_int_equal(kept[0].sample.flags & SAMPLE_HEAD_CUT,
				 most ? SAMPLE_HEAD_CUT : 0);
		assert_int_equal(kept[0].sample.bytes_in, strlen(request));
	}
}

TEST(segments_are_put_together)
{
	char first[10], second[20], rest[256];
	struct iovec iov[] = {{first, 10}, {second, 20}, {rest, sizeof(rest)}};
	struct pair pair;

	begin();
	dial(&pair);
	assert_int_equal(send(pair.client, GET, strlen(GET), 0), strlen(GET));
	assert_int_equal(readv(pair.server, iov, 3), strlen(GET));
	say(pair.server, pair.client, BROKEN, WHOLE);
	hang_up(&pair);
	assert_int_equal(drain(), 1);
	assert_string_equal(kept[0].head, GET);
}

TEST(pipelined_requests_have_the_first_one_s_head)
{
	struct pair pair;

	begin();
	dial(&pair);
	ask(&pair, GET POST "12345" GET, BROKEN BROKEN BROKEN);
	hang_up(&pair);
	assert_int_equal(drain(), 3);
	assert_memory_equal(kept[0].head, GET, strlen(GET));
	assert_int_equal(kept[0].sample.bytes_in, SAMPLE_UNKNOWN_64);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(kept[i].sample.number, i + 1);
		assert_int_equal(kept[i].sample.head_bytes, 0);
		assert_true(kept[i].sample.flags & SAMPLE_HEAD_PART);
	}
}

TEST(first_byte_comes_before_the_end)
{
	struct pair pair;

	begin();
	dial(&pair);
	say(pair.client, pair.server, GET, WHOLE);
	say(pair.server, pair.client, "HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\n", WHOLE);
	usleep(20000);
	say(pair.server, pair.client, "body", WHOLE);
	ask(&pair, GET, BROKEN);
	assert_int_equal(drain(), 2);
	assert_true(kept[0].sample.first_byte_ns + 20000000 <= kept[0].sample.service_ns);
	assert_int_equal(kept[1].sample.first_byte_ns, kept[1].sample.service_ns);
	say(pair.client, pair.server, GET, WHOLE);
	hang_up(&pair);
	assert_int_equal(drain(), 1);
	assert_int_equal(kept[0].sample.outcome, OUTCOME_SERVER_ABORT);
	assert_int_equal(kept[0].sample.first_byte_ns, SAMPLE_UNKNOWN_64);
	assert_int_equal(kept[0].sample.process.tgid, getpid());
	assert_string_equal(kept[0].head, GET);
}

/* Of the test's service, bad requests that no sample has stood for yet. */
static __u64 waiting_bad(void)
{
	struct {
		__u64 due_ns;
		__u32 skipped;
		__u32 pad;
	} class = {};
	__u32 index = kept[0].sample.service - SERVICE_FOUND;

	assert_true(n_kept > 0);
	bpf_map_lookup_elem(bpf_map__fd(skel->maps.sample_classes), &index, &class);
	return class.skipped;
}

/* Likewise, good ones. */
static __u64 waiting_good(void)
{
	static struct {
		struct {
			__u64 last_ns;
			__u32 skipped, shared, next, pad;
		} of[BLOCK];
	} goods[512];
	__u32 service = kept[0].sample.service, block = service / BLOCK;
	__u64 sum = 0;

	assert_true(n_kept > 0 && libbpf_num_possible_cpus() <= 512);
	bpf_map_lookup_elem(bpf_map__fd(skel->maps.sample_good), &block, goods);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		sum += goods[cpu].of[service % BLOCK].skipped +
		       goods[cpu].of[service % BLOCK].shared;
	return sum;
}

/* Good ones in so many whole seconds: twice the rate at once, and as many in each. */
#define GOOD_MAX(seconds) (20 + 20 * ((seconds) + 1))

TEST(samples_stand_for_what_is_counted)
{
	enum { REQUESTS = 3000 };
	struct pair pair;
	__u64 bad = 0, samples_bad = 0;
	const __u64 began_ns = now_ns();
	int seconds, samples_good;

	begin();
	dial(&pair);
	for (int i = 0; i < REQUESTS; i++) {
		bool broken = i % 10 == 0;

		ask(&pair, GET, broken ? BROKEN : OK);
		bad += broken;
	}
	hang_up(&pair);
	seconds = (int)((now_ns() - began_ns) / SECOND_NS);
	drain();
	for (int i = 0; i < n_kept; i++)
		samples_bad += kept[i].sample.flags & SAMPLE_BAD;
	assert_int_equal(stood_for(true) + waiting_bad(), bad);
	assert_int_equal(stood_for(false) + waiting_good(), REQUESTS - bad);
	/* as many as the rate allows at once, and no more than a second's worth beyond; of good ones twice the rate */
	samples_good = n_kept - (int)samples_bad;
	assert_true(samples_bad >= 50 && samples_bad <= 100 + 50 * (__u64)seconds);
	assert_true(samples_good >= 10 && samples_good <= GOOD_MAX(seconds));
	assert_int_equal(skel->bss->samples_lost[SAMPLE_RING_FOUND], 0);
}

TEST(all_bad_ones_up_to_the_rate)
{
	struct pair pair;

	begin();
	dial(&pair);
	for (int i = 0; i < 50; i++)
		ask(&pair, GET, BROKEN);
	hang_up(&pair);
	assert_int_equal(drain(), 50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(kept[i].sample.stands_for, 1);
}

TEST(a_full_ring_loses_samples_and_no_count)
{
	enum { REQUESTS = 3000 };
	struct pair pair;
	__u64 lost;

	begin();
	sample_as(SAMPLE_RATE_MAX, 10, SAMPLE_HEAD_MAX);
	dial(&pair);
	for (int i = 0; i < REQUESTS; i++)
		ask(&pair, GET, BROKEN);
	lost = skel->bss->samples_lost[SAMPLE_RING_FOUND];
	assert_true(lost > 0);
	assert_int_equal(drain() + lost, REQUESTS);
	assert_int_equal(stood_for(true) + lost, REQUESTS);
	assert_int_equal(waiting_bad(), lost);
	/* there is room again: the next one stands for all that were lost */
	ask(&pair, GET, BROKEN);
	hang_up(&pair);
	assert_int_equal(drain(), 1);
	assert_int_equal(kept[0].sample.stands_for, lost + 1);
}

TEST(good_ones_follow_their_rate)
{
	const __u64 began_ns = now_ns();
	__u64 seconds, n = 0;
	struct pair pair;

	begin();
	dial(&pair);
	for (; now_ns() - began_ns < 3 * SECOND_NS || n < 1000; n++)
		ask(&pair, GET, OK);
	seconds = (now_ns() - began_ns) / SECOND_NS;
	hang_up(&pair);
	drain();
	assert_int_equal(stood_for(false) + waiting_good(), n);
	/* twice the rate at once, then the rate; by chance some more or less */
	assert_in_range(n_kept, 22, seconds == 3 ? 80 : GOOD_MAX(seconds));
}

TEST(slow_traffic_is_sampled_whole)
{
	struct pair pair;

	begin();
	dial(&pair);
	for (int i = 0; i < 5; i++) {
		ask(&pair, GET, OK);
		usleep(100000);
	}
	hang_up(&pair);
	assert_int_equal(drain(), 5);
	assert_int_equal(stood_for(false), 5);
}

/* The found services' policy has these SLOs; NULL: none. */
static void judge_by(const struct slo_criteria *slos, __u16 n)
{
	struct policy policy = {.n_slos = n, .samples = 1, .other_mask = (1ULL << n) - 1};
	__u32 at = POLICY;

	for (int i = 0; i < HTTP_METHOD_COUNT; i++)
		policy.method_mask[i] = ~0ULL;
	for (__u32 i = 0; i < n; i++) {
		__u32 place = CRITERIA + i;

		policy.slos[i] = (struct policy_slo){place, SLO_CRITERIA_MAX + i * ENDPOINTS_MAX};
		assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.slo_criteria), &place,
						     &slos[i], 0),
				 0);
	}
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.policies), &at, &policy, 0), 0);
}

TEST(bad_is_told_of_each_slo)
{
	struct slo_criteria slos[3] = {
		{.latency_ns = ~0ULL, .client_abort_from_ns = ~0ULL}, /* no failure */
		{.latency_ns = 0, .client_abort_from_ns = ~0ULL}, /* none is fast enough */
		{.latency_ns = ~0ULL, .min_body_bytes = 1},
	};
	struct pair pair;

	for (int i = 0; i < SLO_STATUS_WORDS; i++) {
		slos[0].status[i] = i < 7 ? ~0ULL : 0; /* up to 447 */
		slos[1].status[i] = slos[2].status[i] = ~0ULL;
	}
	judge_by(slos, 3);
	begin();
	dial(&pair);
	ask(&pair, GET, OK);
	ask(&pair, GET, BROKEN);
	say(pair.client, pair.server, GET, WHOLE);
	close(pair.client);
	usleep(20000);
	close(pair.server);
	assert_int_equal(drain(), 3);
	assert_int_equal(kept[0].sample.bad_slos, 1 << 1);
	assert_int_equal(kept[0].sample.eligible_slos, 7);
	assert_int_equal(kept[1].sample.bad_slos, 7);
	assert_int_equal(kept[2].sample.outcome, OUTCOME_CLIENT_ABORT);
	assert_int_equal(kept[2].sample.bad_slos, 1 << 2);
	assert_int_equal(kept[2].sample.eligible_slos, 1 << 2);
}

/* The first SLO that it is bad for: each has a rate of its own. */
TEST(each_class_has_its_rate)
{
	struct slo_criteria slos[2] = {{.latency_ns = ~0ULL}, {.latency_ns = ~0ULL}};
	struct pair pair;
	int first = 0;

	for (int i = 0; i < SLO_STATUS_WORDS; i++) {
		slos[0].status[i] = i < 7 ? ~0ULL : 0;
		slos[1].status[i] = i == 400 / 64 ? 0 : ~0ULL;
	}
	judge_by(slos, 2);
	begin();
	dial(&pair);
	for (int i = 0; i < 50; i++)
		ask(&pair, GET, BROKEN);
	for (int i = 0; i < 50; i++)
		ask(&pair, GET, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	hang_up(&pair);
	drain();
	for (int i = 0; i < n_kept; i++)
		first += kept[i].sample.bad_slos & 1;
	assert_int_equal(first, 50);
	assert_int_equal(n_kept, 100);
}

TEST(without_an_slo_failures_are_bad)
{
	struct pair pair;

	judge_by(NULL, 0);
	begin();
	dial(&pair);
	ask(&pair, GET, OK);
	ask(&pair, GET, BROKEN);
	say(pair.client, pair.server, GET, WHOLE);
	hang_up(&pair);
	assert_int_equal(drain(), 3);
	assert_false(kept[0].sample.flags & SAMPLE_BAD);
	assert_true(kept[1].sample.flags & SAMPLE_BAD);
	assert_true(kept[2].sample.flags & SAMPLE_BAD);
	assert_int_equal(kept[1].sample.bad_slos, 0);
	assert_int_equal(kept[2].sample.outcome, OUTCOME_SERVER_ABORT);
}

TEST(what_is_not_accepted_is_none)
{
	struct pair pair;

	begin();
	dial(&pair);
	say(pair.client, pair.server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n" GET, WHOLE);
	say(pair.server, pair.client, OK, WHOLE);
	hang_up(&pair);
	assert_int_equal(drain(), 1);
}

static void *answer(void *context)
{
	const struct pair *pair = context;

	assert_int_equal(send(pair->server, BROKEN, strlen(BROKEN), 0), strlen(BROKEN));
	return NULL;
}

TEST(another_thread_answers)
{
	struct pair pair;
	pthread_t thread;

	begin();
	dial(&pair);
	say(pair.client, pair.server, GET, WHOLE);
	assert_int_equal(pthread_create(&thread, NULL, answer, &pair), 0);
	pthread_join(thread, NULL);
	hang_up(&pair);
	assert_int_equal(drain(), 1);
	assert_true(kept[0].sample.flags & SAMPLE_THREAD_MOVED);
	assert_int_equal(kept[0].sample.run_delay_ns, SAMPLE_UNKNOWN_64);
	assert_true(kept[0].sample.tid != (__u32)syscall(SYS_gettid));
	assert_int_equal(kept[0].sample.process.tgid, getpid());
	assert_string_equal(kept[0].head, GET);
}

/* Not before its service is known, nor of one that is not sampled. */
TEST(no_excerpt_of_who_is_not_sampled)
{
	struct policy policy;
	__u32 at = POLICY;
	struct pair pair;

	begin();
	bpf_map_lookup_elem(bpf_map__fd(skel->maps.policies), &at, &policy);
	policy.samples = 0;
	bpf_map_update_elem(bpf_map__fd(skel->maps.policies), &at, &policy, 0);
	dial(&pair);
	ask(&pair, GET, BROKEN);
	assert_int_equal(skel->bss->excerpts_kept, 0);
	hang_up(&pair);
	assert_int_equal(drain(), 0);
}

/* ---- the kernel side ---- */

static int set_up(void **state)
{
	const struct slo_criteria criteria = good_status(0, 500);
	int r;

	(void)state;
	skel = sliprobe_bpf__open();
	if (!skel)
		return -1;
	r = PREPARE(skel);
	skel->bss->tick_ns = 4000000;
	r = r ?: sliprobe_bpf__load(skel);
	r = r ?: CONFIGURE(skel, &criteria);
	r = r ?: sliprobe_bpf__attach(skel);
	r = r ?: ring_open(bpf_map__fd(skel->maps.samples_found), SAMPLES_FOUND_BYTES, &ring);
	if (r)
		fprintf(stderr, "test_samples: %s\n", strerror(-r));
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	ring_close(ring);
	sliprobe_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_sampled_until_asked_for),
		cmocka_unit_test(a_sample_tells_its_request),
		cmocka_unit_test(a_head_comes_in_parts),
		cmocka_unit_test(a_proxy_header_stays_in_front),
		cmocka_unit_test(a_long_head_is_cut),
		cmocka_unit_test(segments_are_put_together),
		cmocka_unit_test(pipelined_requests_have_the_first_one_s_head),
		cmocka_unit_test(first_byte_comes_before_the_end),
		cmocka_unit_test(samples_stand_for_what_is_counted),
		cmocka_unit_test(all_bad_ones_up_to_the_rate),
		cmocka_unit_test(a_full_ring_loses_samples_and_no_count),
		cmocka_unit_test(good_ones_follow_their_rate),
		cmocka_unit_test(slow_traffic_is_sampled_whole),
		cmocka_unit_test(bad_is_told_of_each_slo),
		cmocka_unit_test(each_class_has_its_rate),
		cmocka_unit_test(without_an_slo_failures_are_bad),
		cmocka_unit_test(what_is_not_accepted_is_none),
		cmocka_unit_test(another_thread_answers),
		cmocka_unit_test(no_excerpt_of_who_is_not_sampled),
	};

	return cmocka_run_group_tests_name("samples", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP inside of TLS, counted at the calls of this process's own libssl and on its real sockets. The client's end is in
 * the same process, so that each random is in two objects. Each way to attach is run by itself.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/bpf/counting.h"
#include "tests/bpf/loaded.h"
#include "tests/bpf/tls_ends.h"
#include "tests/bpf/uprobes.h"

#include "helper/objects.h"

#include "sliprobe.skel.h"

enum {
	PROFILE = 7,
	LINKS_MAX = 16,
	REQUESTS = 23,
	BODY = 100000,
	CROWD = 8,
	CROWD_REQUESTS = 61,
};

static struct sliprobe_bpf *skel;
static int links[LINKS_MAX];
static size_t n_links;
static struct tls_profile objects;

/* Connections that are older than the programs. */
static const struct {
	int version;
	bool ahead; /* the library takes all of a record by one read */
} olders[] = {
	{TLS1_3_VERSION, false},
	{TLS1_3_VERSION, true},
	{TLS1_2_VERSION, false},
	{TLS1_2_VERSION, true},
};

enum {
	OLDERS = sizeof(olders) / sizeof(olders[0]),
};

static struct tls_pair older[OLDERS];
static struct tls_pair over_memory; /* likewise */

/* A server's end in a call that reads, which it has entered before its library is probed. */
struct waiting {
	struct tls_pair p;
	pthread_t thread;
	int room; /* of the first call */
};

static struct waiting before_hooks; /* the connection is older than the programs */
static struct waiting
	between; /* it began when those on sockets were attached, and the probes were not */
static struct waiting pieces[2]; /* likewise; the call has no room for all of the request */

/* ---- reading ---- */

static __u64 lost(void)
{
	__u64 total = 0;

	for (int reason = 0; reason < LOST_REASON_COUNT; reason++)
		total += stat(STAT_LOST + reason);
	return total;
}

static size_t entries(struct bpf_map *map)
{
	char key[64], next[64];
	size_t n = 0;

	for (void *at = NULL; !bpf_map_get_next_key(bpf_map__fd(map), at, next); n++)
		at = memcpy(key, next, sizeof(key));
	return n;
}

/* Connections of this process that were counted as blind for that reason. */
static __u64 blind(enum blind_reason reason)
{
	struct unmeasured_key key, next;
	__u64 total = 0;

	for (void *at = NULL; !bpf_map_get_next_key(bpf_map__fd(skel->maps.unmeasured), at, &next);
	     at = &key) {
		struct blind row;

		assert_int_equal(
			bpf_map_lookup_elem(bpf_map__fd(skel->maps.unmeasured), &next, &row), 0);
		if (next.reason == reason &&
		    !strcmp(next.endpoint.process, program_invocation_short_name))
			total += row.connections;
		key = next;
	}
	return total;
}

static __u64 all_blind(void)
{
	__u64 total = 0;

	for (int reason = 0; reason < BLIND_REASON_COUNT; reason++)
		total += blind(reason);
	return total;
}

/* ---- HTTP ---- */

static const char *const methods[] = {[HTTP_METHOD_GET] = "GET",
				      [HTTP_METHOD_POST] = "POST",
				      [HTTP_METHOD_PUT] = "PUT",
				      [HTTP_METHOD_DELETE] = "DELETE"};

static void ask(struct tls_pair *p, enum http_method method, bool ex)
{
	char text[256];
	int len =
		snprintf(text, sizeof(text),
			 "%s /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", methods[method]);

	tls_put(p, p->client, text, (size_t)len, ex);
	tls_get(p, p->server, (size_t)len, 4096, ex);
}

static void answer(struct tls_pair *p, int status, size_t body, bool ex)
{
	static __thread char text[BODY + 256];
	int len = snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n",
			   status, body);

	memset(text + len, 'x', body);
	tls_put(p, p->server, text, (size_t)len + body, ex);
	tls_get(p, p->client, (size_t)len + body, END_BYTES, ex);
}

static void serve(struct tls_pair *p, enum http_method method, int status, int n, bool ex)
{
	for (int i = 0; i < n; i++) {
		ask(p, method, ex);
		answer(p, status, 10, ex);
	}
}

/* ---- tests ---- */

static const struct {
	bool memory;
	int version;
	bool ex;
} shapes[] = {
	{false, TLS1_3_VERSION, false},
	{false, TLS1_2_VERSION, true},
	{true, TLS1_3_VERSION, true},
	{true, TLS1_2_VERSION, false},
};

enum {
	SHAPES = sizeof(shapes) / sizeof(shapes[0]),
};

#define FOR_SHAPES(i) for (size_t i = 0; i < SHAPES; i++)

TEST(each_request_is_counted_once)
{
	size_t conns = entries(skel->maps.tls_conns), randoms = entries(skel->maps.tls_randoms);

	FOR_SHAPES(i)
	{
		__u64 was_seen = seen(), was_ended = ended();
		__u64 was = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 210 + i);
		struct tls_pair p;

		tls_pair_open(&p, shapes[i].memory, shapes[i].version);
		serve(&p, HTTP_METHOD_GET, 210 + (int)i, REQUESTS, shapes[i].ex);
		tls_pair_close(&p);
		assert_int_equal(seen() - was_seen, REQUESTS);
		assert_int_equal(ended() - was_ended, REQUESTS);
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 210 + i) - was,
				 REQUESTS);
	}
	assert_int_equal(lost(), 0);
	assert_int_equal(all_blind(), 0);
	assert_int_equal(entries(skel->maps.tls_conns), conns);
	assert_int_equal(entries(skel->maps.tls_randoms), randoms);
}

TEST(large_bodies_take_many_calls)
{
	FOR_SHAPES(i)
	{
		__u64 was = counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 220 + i);
		struct tls_pair p;

		tls_pair_open(&p, shapes[i].memory, shapes[i].version);
		for (int n = 0; n < 3; n++) {
			ask(&p, HTTP_METHOD_PUT, shapes[i].ex);
			answer(&p, 220 + (int)i, BODY, shapes[i].ex);
		}
		tls_pair_close(&p);
		assert_int_equal(counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 220 + i) - was, 3);
	}
}

/* Time that answers of GET took so far, with that status. */
static __u64 taken_ns(__u16 status)
{
	const size_t words = sizeof(struct series_value) / sizeof(__u64);
	const size_t at = offsetof(struct series_value, total_sum_ns) / sizeof(__u64);
	__u64 total = 0;

	for (__u32 id = 1; id <= skel->bss->series_last; id++) {
		struct series_key key;

		assert_int_equal(
			bpf_map_lookup_elem(bpf_map__fd(skel->maps.series_keys), &id, &key), 0);
		if (key.method == HTTP_METHOD_GET && key.status == status)
			total += sum(skel->maps.series, id / BLOCK, id % BLOCK * words + at) +
				 sum(skel->maps.series_shared, id / BLOCK, id % BLOCK * words + at);
	}
	return total;
}

/* Puts an answer into the server's memory, from which nothing is sent yet. */
static void answer_unsent(struct tls_pair *p, int status)
{
	char text[64];
	int len =
		snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status);

	assert_int_equal(SSL_write(p->server, text, len), len);
}

TEST(an_answer_in_memory_ends_when_it_is_sent)
{
	__u64 was = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 227), was_ns = taken_ns(227);
	struct tls_pair p;

	FOR_SHAPES(i)
	{
		if (!shapes[i].memory)
			continue;
		tls_pair_open(&p, true, shapes[i].version);
		serve(&p, HTTP_METHOD_GET, 200, 1, false);
		for (int n = 0; n < 3; n++)
			ask(&p, HTTP_METHOD_GET, false);
		answer_unsent(&p, 227);
		answer_unsent(&p, 227);
		usleep(100000);
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 227), was);
		tls_pair_pump(&p);
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 227) - was, 2);
		answer_unsent(&p, 227);
		tls_pair_pump(&p);
		tls_pair_close(&p);
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 227) - was, 3);
		was += 3;
	}
	assert_true(taken_ns(227) - was_ns > 2 * 3 * 100000000ULL);
	assert_int_equal(lost(), 0);
}

/* The first is sent, and not all of the second. */
TEST(an_answer_in_memory_that_is_cut_off_is_an_abort)
{
	__u64 was = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 228), was_blind = all_blind();
	__u64 aborts = counted(HTTP_METHOD_GET, OUTCOME_CLIENT_ABORT, 0);
	struct linger now = {.l_onoff = 1};
	char records[4096];
	struct tls_pair p;
	int n;

	FOR_SHAPES(i)
	{
		if (!shapes[i].memory)
			continue;
		tls_pair_open(&p, true, shapes[i].version);
		serve(&p, HTTP_METHOD_GET, 200, 1, false);
		ask(&p, HTTP_METHOD_GET, false);
		ask(&p, HTTP_METHOD_GET, false);
		answer_unsent(&p, 228);
		answer_unsent(&p, 228);
		n = BIO_read(p.out, records, sizeof(records));
		assert_true(n > 0);
		assert_int_equal(send(p.pair.server, records, (size_t)n - 1, 0), n - 1);
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 228) - was, 1);
		was++;
		SSL_free(p.client);
		setsockopt(p.pair.client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(p.pair.client);
		usleep(20000);
		SSL_free(p.server);
		close(p.pair.server);
	}
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_CLIENT_ABORT, 0) - aborts, 2);
	assert_int_equal(all_blind(), was_blind);
	assert_int_equal(lost(), 0);
}

TEST(two_connections_of_one_thread_are_told_apart)
{
	FOR_SHAPES(i)
	{
		__u64 get = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 231);
		__u64 post = counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 232);
		__u64 was_seen = seen();
		struct tls_pair a, b;

		tls_pair_open(&a, shapes[i].memory, shapes[i].version);
		tls_pair_open(&b, shapes[i].memory, shapes[i].version);
		for (int n = 0; n < REQUESTS; n++) {
			/* the thread reads the sockets in one order, and decrypts in the other */
			char text[] = "GET / HTTP/1.1\r\n\r\n", other[] = "POST / HTTP/1.1\r\n\r\n";

			tls_put(&a, a.client, text, strlen(text), false);
			tls_put(&b, b.client, other, strlen(other), false);
			for (int wait = 0; wait < 3; wait++) {
				tls_pair_pump(&a);
				tls_pair_pump(&b);
			}
			tls_get(&b, b.server, strlen(other), 7, shapes[i].ex);
			tls_get(&a, a.server, strlen(text), 4096, shapes[i].ex);
			answer(&a, 231, 5, shapes[i].ex);
			answer(&b, 232, 5000, shapes[i].ex);
		}
		tls_pair_close(&a);
		tls_pair_close(&b);
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 231) - get, REQUESTS);
		assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 232) - post, REQUESTS);
		assert_int_equal(seen() - was_seen, 2 * REQUESTS);
	}
}

TEST(a_reused_object_is_its_next_connections)
{
	__u64 get = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 241);
	__u64 post = counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 242);
	struct tls_pair a, b;
	SSL *object;

	for (int n = 0; n < REQUESTS; n++) {
		tls_pair_open(&a, true, TLS1_3_VERSION);
		serve(&a, HTTP_METHOD_GET, 241, 2, false);
		/* a's socket stays open: its object serves b */
		object = a.server;
		tls_pair_begin(&b, true, TLS1_3_VERSION);
		SSL_free(b.server);
		assert_int_equal(SSL_clear(object), 1);
		b.in = BIO_new(BIO_s_mem());
		b.out = BIO_new(BIO_s_mem());
		SSL_set_bio(object, b.in, b.out);
		SSL_set_accept_state(object);
		b.server = object;
		a.server = NULL;
		tls_pair_shake(&b);
		serve(&b, HTTP_METHOD_POST, 242, 3, false);
		tls_pair_close(&b);
		tls_pair_close(&a);
	}
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 241) - get, 2 * REQUESTS);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 242) - post, 3 * REQUESTS);
}

struct hand_over {
	struct tls_pair *pair;
	bool ex;
};

static void *answer_apart(void *arg)
{
	struct hand_over *over = arg;

	answer(over->pair, 251, 20000, over->ex);
	return NULL;
}

TEST(one_thread_reads_and_others_answer)
{
	FOR_SHAPES(i)
	{
		__u64 was = counted(HTTP_METHOD_DELETE, OUTCOME_COMPLETE, 251);
		struct tls_pair p;
		struct hand_over over = {.pair = &p, .ex = shapes[i].ex};

		tls_pair_open(&p, shapes[i].memory, shapes[i].version);
		for (int n = 0; n < REQUESTS; n++) {
			pthread_t thread;

			ask(&p, HTTP_METHOD_DELETE, over.ex);
			assert_int_equal(pthread_create(&thread, NULL, answer_apart, &over), 0);
			pthread_join(thread, NULL);
		}
		tls_pair_close(&p);
		assert_int_equal(counted(HTTP_METHOD_DELETE, OUTCOME_COMPLETE, 251) - was,
				 REQUESTS);
	}
}

static void *serve_apart(void *arg)
{
	size_t i = (size_t)arg;
	struct tls_pair p;

	tls_pair_open(&p, shapes[i % SHAPES].memory, shapes[i % SHAPES].version);
	for (int n = 0; n < CROWD_REQUESTS; n++) {
		ask(&p, HTTP_METHOD_GET, shapes[i % SHAPES].ex);
		answer(&p, 310 + (int)i, (size_t)n * 10, shapes[i % SHAPES].ex);
	}
	tls_pair_close(&p);
	return NULL;
}

/* On few processors, so that programs are preempted by each other where the kernel does that. */
TEST(a_crowd_of_threads_is_told_apart)
{
	__u64 was[CROWD], was_seen = seen(), was_blind = all_blind();
	pthread_t threads[CROWD];

	for (size_t i = 0; i < CROWD; i++) {
		was[i] = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 310 + i);
		assert_int_equal(pthread_create(&threads[i], NULL, serve_apart, (void *)i), 0);
	}
	for (size_t i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 310 + i) - was[i],
				 CROWD_REQUESTS);
	assert_int_equal(seen() - was_seen, CROWD * CROWD_REQUESTS);
	assert_int_equal(all_blind(), was_blind);
}

TEST(what_is_peeked_at_is_read_once)
{
	__u64 was = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 261);
	char text[] = "GET / HTTP/1.1\r\n\r\n", buf[8];
	struct tls_pair p;

	tls_pair_open(&p, false, TLS1_3_VERSION);
	for (int n = 0; n < REQUESTS; n++) {
		tls_put(&p, p.client, text, strlen(text), false);
		for (int i = 0; i < 1000 && SSL_peek(p.server, buf, sizeof(buf)) <= 0; i++)
			usleep(10);
		tls_get(&p, p.server, strlen(text), 4, false);
		answer(&p, 261, 1, false);
	}
	tls_pair_close(&p);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 261) - was, REQUESTS);
}

TEST(a_connection_that_ends_unanswered)
{
	FOR_SHAPES(i)
	{
		__u64 was = counted(HTTP_METHOD_GET, OUTCOME_SERVER_ABORT, 0);
		struct tls_pair p;

		tls_pair_open(&p, shapes[i].memory, shapes[i].version);
		ask(&p, HTTP_METHOD_GET, shapes[i].ex);
		close(p.pair.server);
		p.pair.server = -1;
		SSL_free(p.client);
		SSL_free(p.server);
		close(p.pair.client);
		assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_SERVER_ABORT, 0) - was, 1);
	}
}

/* The library's own BIO calls no function that is probed here: what it writes is missed, and known to be. */
TEST(an_answer_that_is_missed_is_no_abort)
{
	__u64 was = counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 281), was_blind = all_blind();
	__u64 aborts = counted(HTTP_METHOD_GET, OUTCOME_SERVER_ABORT, 0);
	__u64 differs = blind(BLIND_TLS_DIFFERS);
	char text[] = "HTTP/1.1 281 X\r\nContent-Length: 0\r\n\r\n";
	BIO *bio = BIO_new(BIO_f_ssl());
	struct tls_pair p;

	tls_pair_open(&p, false, TLS1_3_VERSION);
	serve(&p, HTTP_METHOD_GET, 281, 2, false);
	ask(&p, HTTP_METHOD_GET, false);
	BIO_set_ssl(bio, p.server, BIO_NOCLOSE);
	assert_int_equal(BIO_write(bio, text, (int)strlen(text)), strlen(text));
	tls_get(&p, p.client, strlen(text), 4096, false);
	BIO_free(bio);
	tls_pair_close(&p);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 281) - was, 2);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_SERVER_ABORT, 0), aborts);
	assert_int_equal(blind(BLIND_TLS_DIFFERS) - differs, 1);
	assert_int_equal(all_blind() - was_blind, 1);
}

static void client_of_its_own(struct tls_pair *p)
{
	char text[] = "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", buf[64];
	SSL *ssl = SSL_new(ends_client);
	int n = 0;

	SSL_set_fd(ssl, p->pair.client);
	if (SSL_connect(ssl) != 1)
		_exit(1);
	for (; n < REQUESTS; n++) {
		if (SSL_write(ssl, text, (int)strlen(text)) <= 0 ||
		    SSL_read(ssl, buf, sizeof(buf)) <= 0)
			_exit(1);
	}
	_exit(0);
}

/* Where objects do not tell their role, the process that uses the socket does. */
TEST(a_client_of_this_host_has_the_random_too)
{
	__u64 was = counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 200), was_seen = seen();
	__u64 was_blind = all_blind();
	struct tls_profile without = objects;
	__u32 at = PROFILE;
	char buf[256], text[] = "HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n";
	struct tls_pair p = {};
	int status;
	pid_t child;

	without.server_bits = 0;
	bpf_map_update_elem(bpf_map__fd(skel->maps.tls_profiles), &at, &without, 0);
	pair_dial(&p.pair);
	child = fork();
	if (!child)
		client_of_its_own(&p);
	p.server = SSL_new(ends_server);
	SSL_set_fd(p.server, p.pair.server);
	assert_int_equal(SSL_accept(p.server), 1);
	for (int n = 0; n < REQUESTS; n++) {
		assert_true(SSL_read(p.server, buf, sizeof(buf)) > 0);
		assert_int_equal(SSL_write(p.server, text, (int)strlen(text)), strlen(text));
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	SSL_free(p.server);
	hang_up(&p.pair);
	bpf_map_update_elem(bpf_map__fd(skel->maps.tls_profiles), &at, &objects, 0);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 200) - was, REQUESTS);
	assert_int_equal(seen() - was_seen, REQUESTS);
	assert_int_equal(all_blind(), was_blind);
}

TEST(an_older_connection_joins_by_a_nested_call)
{
	for (int i = 0; i < OLDERS; i++) {
		__u64 was = counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 291);
		__u64 was_blind = all_blind(), was_seen = seen();

		serve(&older[i], HTTP_METHOD_PUT, 291, REQUESTS, false);
		tls_pair_close(&older[i]);
		assert_int_equal(counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 291) - was, REQUESTS);
		assert_int_equal(seen() - was_seen, REQUESTS);
		assert_int_equal(all_blind(), was_blind);
	}
}

/* Nothing shows which one it is. */
TEST(an_older_connection_over_memory_is_blind)
{
	__u64 was_seen = seen(), was_blind = blind(BLIND_TLS_LATE), was_all = all_blind();

	serve(&over_memory, HTTP_METHOD_PUT, 292, 1, false);
	tls_pair_close(&over_memory);
	assert_int_equal(seen(), was_seen);
	assert_int_equal(blind(BLIND_TLS_LATE) - was_blind, 1);
	assert_int_equal(all_blind() - was_all, 1);
}

static const char waited_for[] = "GET /a HTTP/1.1\r\n\r\n";
static const char said[] = "HTTP/1.1 293 X\r\nContent-Length: 0\r\n\r\n";

static void *wait_and_answer(void *arg)
{
	struct waiting *w = arg;
	int have = 0, n = 1;
	char buf[256];

	for (; have < (int)sizeof(waited_for) - 1 && n > 0; have += n)
		n = SSL_read(w->p.server, buf, have ? (int)sizeof(buf) : w->room);
	if (have != sizeof(waited_for) - 1 ||
	    SSL_write(w->p.server, said, sizeof(said) - 1) != sizeof(said) - 1)
		return NULL;
	return w;
}

static void wait_begin(struct waiting *w, int version, int room)
{
	w->room = room;
	tls_pair_open(&w->p, false, version);
	ends_block(w->p.pair.server, true);
	assert_int_equal(pthread_create(&w->thread, NULL, wait_and_answer, w), 0);
	usleep(100000); /* it is in the call by then */
}

/* The request that it waits for comes, and more behind it. */
static void wait_end(struct waiting *w)
{
	void *done;

	tls_put(&w->p, w->p.client, waited_for, sizeof(waited_for) - 1, false);
	tls_get(&w->p, w->p.client, sizeof(said) - 1, END_BYTES, false);
	pthread_join(w->thread, &done);
	assert_ptr_equal(done, w);
	ends_block(w->p.pair.server, false);
	serve(&w->p, HTTP_METHOD_PUT, 294, REQUESTS, false);
}

/* What it has read is told by nobody. Those behind it are counted, and the connection is named before it ends. */
TEST(an_older_connection_in_a_call_is_blind_to_its_first_request)
{
	__u64 was = counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 294), was_seen = seen();
	__u64 was_blind = blind(BLIND_TLS_LATE), was_all = all_blind(), was_lost = lost();

	wait_end(&before_hooks);
	assert_int_equal(counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 294) - was, REQUESTS);
	assert_int_equal(seen() - was_seen, REQUESTS);
	assert_int_equal(blind(BLIND_TLS_LATE) - was_blind, 1);
	tls_pair_close(&before_hooks.p);
	assert_int_equal(all_blind() - was_all, 1);
	assert_int_equal(lost(), was_lost);
}

/* The call has read some of the first request, the next one the rest of it: nothing differs, but that request is not known. */
TEST(a_connection_in_a_call_that_reads_a_piece_is_counted_from_the_next_request_on)
{
	for (int i = 0; i < 2; i++) {
		__u64 was = counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 294), was_seen = seen();
		__u64 was_blind = blind(BLIND_TLS_LATE), was_all = all_blind();

		wait_end(&pieces[i]);
		tls_pair_close(&pieces[i].p);
		assert_int_equal(counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 294) - was, REQUESTS);
		assert_int_equal(seen() - was_seen, REQUESTS);
		assert_int_equal(blind(BLIND_TLS_LATE) - was_blind, 1);
		assert_int_equal(all_blind() - was_all, 1);
	}
}

/* Its answer tells of a request whose method nobody knows. */
TEST(a_connection_in_a_call_is_known_by_its_answer)
{
	__u64 was = counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 294), was_seen = seen();
	__u64 was_blind = all_blind(), was_lost = lost();

	wait_end(&between);
	tls_pair_close(&between.p);
	assert_int_equal(counted(HTTP_METHOD_PUT, OUTCOME_COMPLETE, 294) - was, REQUESTS);
	assert_int_equal(seen() - was_seen, 1 + REQUESTS);
	assert_int_equal(all_blind(), was_blind);
	assert_int_equal(lost(), was_lost);
}

struct samples {
	size_t n;
	size_t heads;
	size_t of_thread;
};

static const char asked[] = "DELETE /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
static const char answered[] = "HTTP/1.1 301 X\r\nContent-Length: 10\r\n\r\nxxxxxxxxxx";

static int take_sample(void *arg, void *record, size_t size)
{
	static const char head[] = "DELETE /a HTTP/1.1\r\n";
	struct samples *samples = arg;
	const struct sample *sample = record;

	if (sample->kind != RECORD_SAMPLE || sample->status != 301)
		return 0;
	samples->n++;
	samples->heads += size > sizeof(*sample) && sample->head_bytes > strlen(head) &&
			  !memcmp(sample->head, head, strlen(head));
	samples->of_thread += sample->tid == (__u32)syscall(SYS_gettid) &&
			      sample->bytes_in == strlen(asked) &&
			      sample->bytes_out == strlen(answered) &&
			      sample->service_ns >= sample->first_byte_ns;
	return 0;
}

/* With the head that was in the records, and the bytes of plaintext, not those that TCP has counted. */
TEST(a_sample_has_the_head_in_clear)
{
	struct samples samples = {};
	struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(skel->maps.samples_found),
						    take_sample, &samples, NULL);

	assert_non_null(ring);
	ring_buffer__consume(ring);
	skel->bss->sample_settings = (struct sample_settings){
		.on = 1, .bad_per_second = 100, .good_per_second = 100, .head_bytes = 1024};
	FOR_SHAPES(i)
	{
		struct tls_pair p;

		tls_pair_open(&p, shapes[i].memory, shapes[i].version);
		serve(&p, HTTP_METHOD_DELETE, 301, 5, shapes[i].ex);
		tls_pair_close(&p);
	}
	skel->bss->sample_settings.on = 0;
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_int_equal(samples.n, 5 * SHAPES);
	assert_int_equal(samples.heads, 5 * SHAPES);
	assert_int_equal(samples.of_thread, 5 * SHAPES);
	assert_int_equal(entries(skel->maps.tls_excerpts), 0);
	assert_int_equal(skel->bss->excerpts_kept, 0);
}

static int take_bytes(void *arg, void *record, size_t size)
{
	const struct sample *sample = record;
	__u64(*bytes)[2] = arg;

	(void)size;
	if (sample->kind == RECORD_SAMPLE && sample->status == 302) {
		(*bytes)[0] += sample->bytes_in;
		(*bytes)[1] += sample->bytes_out;
	}
	return 0;
}

/* Of requests that are read, and answers that are written, in many calls. */
TEST(a_sample_has_the_bytes_of_all_calls)
{
	static const char text[] = "DELETE /a HTTP/1.1\r\nContent-Length: 5000\r\n\r\n";
	static char body[5000];
	__u64 bytes[2] = {};
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(skel->maps.samples_found), take_bytes, &bytes, NULL);
	size_t head = strlen("HTTP/1.1 302 X\r\nContent-Length: 100000\r\n\r\n");

	assert_non_null(ring);
	skel->bss->sample_settings = (struct sample_settings){
		.on = 1, .bad_per_second = 100, .good_per_second = 100, .head_bytes = 1024};
	FOR_SHAPES(i)
	{
		struct tls_pair p;

		tls_pair_open(&p, shapes[i].memory, shapes[i].version);
		for (int n = 0; n < 3; n++) {
			tls_put(&p, p.client, text, strlen(text), shapes[i].ex);
			tls_get(&p, p.server, strlen(text), 4096, shapes[i].ex);
			tls_put(&p, p.client, body, sizeof(body), shapes[i].ex);
			tls_get(&p, p.server, sizeof(body), 700, shapes[i].ex);
			answer(&p, 302, BODY, shapes[i].ex);
		}
		tls_pair_close(&p);
	}
	skel->bss->sample_settings.on = 0;
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_int_equal(bytes[0], 3 * SHAPES * (strlen(text) + sizeof(body)));
	assert_int_equal(bytes[1], 3 * SHAPES * (head + BODY));
}

/* The plaintext of TLS in TLS is of no socket: its ClientHello was on none in clear. */
TEST(tls_in_tls_is_nobodys_request)
{
	__u64 was_seen = seen();
	struct tls_pair p;
	SSL *client, *server;
	BIO *outer_client, *outer_server;
	char text[] = "GET / HTTP/1.1\r\n\r\n", buf[256];
	int done = 0;

	tls_pair_open(&p, false, TLS1_3_VERSION);
	client = SSL_new(ends_client);
	server = SSL_new(ends_server);
	outer_client = BIO_new(BIO_f_ssl());
	outer_server = BIO_new(BIO_f_ssl());
	BIO_set_ssl(outer_client, p.client, BIO_NOCLOSE);
	BIO_set_ssl(outer_server, p.server, BIO_NOCLOSE);
	SSL_set_bio(client, outer_client, outer_client);
	SSL_set_bio(server, outer_server, outer_server);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int i = 0; i < 1000 && done != 3; i++) {
		done = (SSL_do_handshake(client) == 1) | (SSL_do_handshake(server) == 1) << 1;
		usleep(100);
	}
	assert_int_equal(done, 3);
	for (int n = 0; n < 3; n++) {
		tls_put(&p, client, text, strlen(text), false);
		tls_get(&p, server, strlen(text), 4096, false);
		snprintf(buf, sizeof(buf), "HTTP/1.1 271 X\r\nContent-Length: 0\r\n\r\n");
		tls_put(&p, server, buf, strlen(buf), false);
		tls_get(&p, client, strlen(buf), 4096, false);
	}
	SSL_free(client);
	SSL_free(server);
	tls_pair_close(&p);
	assert_int_equal(seen(), was_seen);
}

/* ---- the kernel side ---- */

/* Where an object keeps its random: looked for in one that has it. */
static int profile(void)
{
	struct tls_profile profile = {
		.random_in = TLS_RANDOM_DIRECT, .library = TLS_LIBRARY_OPENSSL, .has_random = 1};
	const unsigned char *is_server = dlsym(RTLD_DEFAULT, "SSL_is_server");
	unsigned char random[TLS_RANDOM_BYTES];
	__u32 at = PROFILE;
	struct tls_pair p;

	tls_pair_open(&p, false, TLS1_3_VERSION);
	assert_int_equal(SSL_get_client_random(p.server, random, sizeof(random)), sizeof(random));
	for (__u32 i = 0; i < 4096 && !profile.random_at; i += 4) {
		if (!memcmp((const char *)p.server + i, random, sizeof(random)))
			profile.random_at = i;
	}
	assert_true(profile.random_at);
	if (!memcmp(is_server, "\xf3\x0f\x1e\xfa", 4))
		is_server += 4;
	/* mov disp8(%rdi),%eax */
	assert_memory_equal(is_server, "\x8b\x47", 2);
	profile.server_at = is_server[2];
	profile.server_bits = 0xff;
	tls_pair_close(&p);
	objects = profile;
	return objects_make(bpf_map__fd(skel->maps.tls_objects)) ?:
		       bpf_map_update_elem(bpf_map__fd(skel->maps.tls_profiles), &at, &profile, 0);
}

static const struct {
	const char *name;
	enum tls_call call;
} functions[] = {
	{"SSL_read", TLS_CALL_READ},
	{"SSL_write", TLS_CALL_WRITE},
	{"SSL_read_ex", TLS_CALL_READ_AT},
	{"SSL_write_ex", TLS_CALL_WRITE_AT},
};

static int attach_one(bool multi, struct bpf_program *program, const char *name, __u64 cookie,
		      bool returns)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = cookie, .retprobe = returns);
	struct bpf_link *link;
	char path[PATH_MAX];
	__u64 place = uprobe_place(name, path);
	int fd;

	if (!place)
		return -ENOENT;
	if (multi) {
		fd = uprobe_multi_attach(bpf_program__fd(program), path, place, cookie, returns);
		if (fd < 0)
			return -errno;
	} else {
		link = bpf_program__attach_uprobe_opts(program, -1, path, place, &opts);
		if (!link)
			return -errno;
		fd = dup(bpf_link__fd(link));
		bpf_link__disconnect(link);
		bpf_link__destroy(link);
	}
	links[n_links++] = fd;
	return 0;
}

static int attach(bool multi)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		enum tls_call call = functions[i].call;

		r = r	  ?:
			    attach_one(multi, skel->progs.tls_return, functions[i].name,
				       uprobe_cookie(PROFILE, call, UPROBE_RETURNED), true);
		r = r	  ?:
			    attach_one(multi, skel->progs.tls_enter, functions[i].name,
				       uprobe_cookie(PROFILE, call, 0), false);
	}
	return r;
}

/* As the agent does. When this process has started is known by what the agent was asked. */
static int say_probed(void)
{
	struct tls_known known = {};
	struct {
		__u32 tgid;
		__u16 port, why;
	} wanted;
	__u32 tgid = getpid();

	if (bpf_map_get_next_key(bpf_map__fd(skel->maps.tls_asked), NULL, &wanted) ||
	    bpf_map_lookup_elem(bpf_map__fd(skel->maps.tls_asked), &wanted, &known) ||
	    wanted.tgid != tgid)
		return -ENOENT;
	known.probed = 1;
	return bpf_map_update_elem(bpf_map__fd(skel->maps.tls_known), &tgid, &known, 0);
}

static int set_up(bool multi)
{
	struct timespec tick;
	const struct slo_criteria criteria = good_status(200, 201);
	int r;

	skel = sliprobe_bpf__open();
	if (!skel)
		return -1;
	r = PREPARE(skel);
	bpf_program__set_autoload(skel->progs.tls_enter, true);
	bpf_program__set_autoload(skel->progs.tls_return, true);
	bpf_program__set_autoattach(skel->progs.tls_enter, false);
	bpf_program__set_autoattach(skel->progs.tls_return, false);
	if (multi) {
		bpf_program__set_expected_attach_type(skel->progs.tls_enter,
						      (enum bpf_attach_type)UPROBE_MULTI);
		bpf_program__set_expected_attach_type(skel->progs.tls_return,
						      (enum bpf_attach_type)UPROBE_MULTI);
	}
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	skel->bss->tick_ns = (__u64)tick.tv_nsec;
	skel->bss->tls_on = 1;
	r = r ?: sliprobe_bpf__load(skel);
	r = r ?: CONFIGURE(skel, &criteria);
	COUNT_IN(skel);
	r = r ?: profile();
	tls_pair_open(&over_memory, true, TLS1_3_VERSION);
	serve(&over_memory, HTTP_METHOD_PUT, 200, 1, false);
	wait_begin(&before_hooks, TLS1_3_VERSION, 256);
	for (int i = 0; i < OLDERS; i++) {
		tls_pair_open(&older[i], false, olders[i].version);
		SSL_set_read_ahead(older[i].server, olders[i].ahead);
		serve(&older[i], HTTP_METHOD_PUT, 200, 2, false);
	}
	r = r ?: sliprobe_bpf__attach(skel);
	wait_begin(&between, TLS1_3_VERSION, 256);
	wait_begin(&pieces[0], TLS1_2_VERSION, 7);
	wait_begin(&pieces[1], TLS1_3_VERSION, 7);
	r = r ?: attach(multi);
	r = r ?: say_probed();
	if (r)
		fprintf(stderr, "test_tls: %s\n", strerror(-r));
	return r;
}

static int set_up_perf(void **state)
{
	(void)state;
	return set_up(false);
}

static int set_up_multi(void **state)
{
	(void)state;
	return set_up(true);
}

static int tear_down(void **state)
{
	(void)state;
	while (n_links)
		close(links[--n_links]);
	sliprobe_bpf__destroy(skel);
	skel = NULL;
	return 0;
}

/* Multi links came with Linux 6.6, and with it this function. */
static bool has_multi(void)
{
	return kernel_has("bpf_uprobe_multi_link_attach", BTF_KIND_FUNC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_is_counted_once),
		cmocka_unit_test(large_bodies_take_many_calls),
		cmocka_unit_test(an_answer_in_memory_ends_when_it_is_sent),
		cmocka_unit_test(an_answer_in_memory_that_is_cut_off_is_an_abort),
		cmocka_unit_test(two_connections_of_one_thread_are_told_apart),
		cmocka_unit_test(a_reused_object_is_its_next_connections),
		cmocka_unit_test(one_thread_reads_and_others_answer),
		cmocka_unit_test(a_crowd_of_threads_is_told_apart),
		cmocka_unit_test(what_is_peeked_at_is_read_once),
		cmocka_unit_test(a_connection_that_ends_unanswered),
		cmocka_unit_test(an_answer_that_is_missed_is_no_abort),
		cmocka_unit_test(a_client_of_this_host_has_the_random_too),
		cmocka_unit_test(an_older_connection_joins_by_a_nested_call),
		cmocka_unit_test(an_older_connection_over_memory_is_blind),
		cmocka_unit_test(an_older_connection_in_a_call_is_blind_to_its_first_request),
		cmocka_unit_test(a_connection_in_a_call_is_known_by_its_answer),
		cmocka_unit_test(
			a_connection_in_a_call_that_reads_a_piece_is_counted_from_the_next_request_on),
		cmocka_unit_test(a_sample_has_the_head_in_clear),
		cmocka_unit_test(a_sample_has_the_bytes_of_all_calls),
		cmocka_unit_test(tls_in_tls_is_nobodys_request),
	};
	int failed;

	ends_open();
	failed = cmocka_run_group_tests_name("TLS, perf events", tests, set_up_perf, tear_down);
	if (has_multi())
		failed += cmocka_run_group_tests_name("TLS, multi links", tests, set_up_multi,
						      tear_down);
	ends_close();
	return failed;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* A deliverer with its receivers, and the loop that the agent runs for it. */
#ifndef SLIPROBE_TESTS_DELIVER_FIXTURE_H
#define SLIPROBE_TESTS_DELIVER_FIXTURE_H

#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "deliver/deliver.h"
#include "deliver/queue.h"
#include "deliver/receiver.h"
#include "tests/unit/fixtures/http_server.h"
#include "tests/unit/fixtures/test.h"

enum { FIXTURE_RECEIVERS = 4, FIXTURE_KEPT = 1024, FIXTURE_SERVERS = 3 };

struct fixture {
	struct config config;
	struct config_receiver receivers[FIXTURE_RECEIVERS];
	char urls[FIXTURE_RECEIVERS][128];
	struct server servers[FIXTURE_SERVERS];
	struct deliver *deliver;
	double skew_seconds; /* added to the clock that the deliverer is told */
	double slowest_run_seconds;
	struct {
		char key[64];
		char *text;
	} kept[FIXTURE_KEPT];
	int n_kept;
	struct {
		char key[160]; /* "" if there are none */
		char *text;
	} books[FIXTURE_RECEIVERS];
	char lost[1024]; /* what the owner was told of messages that were given up, a line each */
	char failing[512]; /* what the owner was told of receivers that fail, a line each */
};

static inline double clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double now_of(const struct fixture *fixture)
{
	return clock_seconds() + fixture->skew_seconds;
}

static inline bool is_books(const char *key)
{
	return !strncmp(key, "books ", 6);
}

/* The place of those, or a free one. */
static inline int books_place(const struct fixture *fixture, const char *key)
{
	int place = -1;

	for (int i = 0; i < FIXTURE_RECEIVERS; i++) {
		if (!strcmp(fixture->books[i].key, key))
			return i;
		if (!fixture->books[i].key[0])
			place = i;
	}
	if (place < 0)
		abort();
	return place;
}

static inline void books_keep(struct fixture *fixture, const char *key, const char *text)
{
	const int place = books_place(fixture, key);

	free(fixture->books[place].text);
	fixture->books[place].text = text ? strdup(text) : NULL;
	if (!text)
		fixture->books[place].key[0] = 0;
	else if (fixture->books[place].key != key)
		snprintf(fixture->books[place].key, sizeof(fixture->books[0].key), "%s", key);
}

static inline int n_books(const struct fixture *fixture)
{
	int n = 0;

	for (int i = 0; i < FIXTURE_RECEIVERS; i++)
		n += fixture->books[i].text != NULL;
	return n;
}

static inline void kept_drop(void *context, const char *key)
{
	struct fixture *fixture = context;

	if (is_books(key)) {
		books_keep(fixture, key, NULL);
		return;
	}
	for (int i = 0; i < fixture->n_kept; i++) {
		if (strcmp(fixture->kept[i].key, key) != 0)
			continue;
		free(fixture->kept[i].text);
		memmove(&fixture->kept[i], &fixture->kept[i + 1],
			(size_t)(fixture->n_kept - i - 1) * sizeof(fixture->kept[0]));
		fixture->n_kept--;
		return;
	}
}

static inline void kept_keep(void *context, const char *key, const char *text)
{
	struct fixture *fixture = context;
	char *copy;

	if (is_books(key)) {
		books_keep(fixture, key, text);
		return;
	}
	copy = strdup(text);
	kept_drop(context, key);
	if (fixture->n_kept == FIXTURE_KEPT)
		abort();
	snprintf(fixture->kept[fixture->n_kept].key, sizeof(fixture->kept[0].key), "%s", key);
	fixture->kept[fixture->n_kept++].text = copy;
}

static inline void note_failing(void *context, const char *receiver, const char *error)
{
	struct fixture *fixture = context;
	const size_t len = strlen(fixture->failing);

	snprintf(fixture->failing + len, sizeof(fixture->failing) - len, "%.7s: %s\n", receiver,
		 error ?: "well");
}

/* "webhook: 3 page 1 ticket: 4 full 0 old 0 refused; again 1 page; 2 missed" */
static inline void note_lost(void *context, const char *receiver,
			     const struct deliver_losses *losses)
{
	struct fixture *fixture = context;
	const size_t len = strlen(fixture->lost);
	FILE *out = fmemopen(fixture->lost + len, sizeof(fixture->lost) - len, "w");

	fprintf(out, "%.7s:", receiver);
	for (enum delivery_class class = DELIVERY_CLASSES; class -- > 0;) {
		if (losses->lost[class])
			fprintf(out, " %u %s", losses->lost[class], delivery_class_name(class));
	}
	fprintf(out, ": %u full %u old %u refused; again", losses->by[LOSS_FULL],
		losses->by[LOSS_OLD], losses->by[LOSS_REFUSED]);
	for (enum delivery_class class = DELIVERY_CLASSES; class -- > 0;) {
		if (losses->again[class])
			fprintf(out, " %u %s", losses->again[class], delivery_class_name(class));
	}
	fprintf(out, "; %zu missed\n", losses->missed);
	fclose(out);
}

static const struct deliver_ops kept_ops = {
	.keep = kept_keep, .drop = kept_drop, .failing = note_failing, .lost = note_lost};

static inline struct config_receiver *add_receiver(struct fixture *fixture,
						   enum config_receiver_kind kind)
{
	struct config_receiver *receiver = &fixture->receivers[fixture->config.n_receivers++];

	*receiver = (struct config_receiver){
		.kind = kind,
		.timeout_ns = 5000000000ULL,
		.severities = 1U << SEVERITY_PAGE | 1U << SEVERITY_TICKET,
	};
	fixture->config.receivers = fixture->receivers;
	return receiver;
}

static inline struct config_receiver *add_url(struct fixture *fixture,
					      enum config_receiver_kind kind, int port)
{
	struct config_receiver *receiver = add_receiver(fixture, kind);
	char *url = fixture->urls[receiver - fixture->receivers];

	snprintf(url, sizeof(fixture->urls[0]), "http://127.0.0.1:%d%s", port,
		 kind == RECEIVER_WEBHOOK ? "/hook" : "");
	receiver->url = url;
	return receiver;
}

/* argv must outlive the fixture's configuration. */
static inline struct config_receiver *add_command(struct fixture *fixture, char **argv, size_t n)
{
	struct config_receiver *receiver = add_receiver(fixture, RECEIVER_COMMAND);

	receiver->argv = argv;
	receiver->n_argv = n;
	return receiver;
}

static inline void fixture_init(struct fixture *fixture)
{
	signal(SIGPIPE, SIG_IGN);
	memset(fixture, 0, sizeof(*fixture));
	for (int i = 0; i < FIXTURE_SERVERS; i++)
		fixture->servers[i].fd = -1;
}

static inline bool fixture_start(struct fixture *fixture)
{
	return !deliver_new(&fixture->config, &kept_ops, fixture, &fixture->deliver);
}

static inline void fixture_clear(struct fixture *fixture)
{
	deliver_free(fixture->deliver);
	while (fixture->n_kept)
		kept_drop(fixture, fixture->kept[0].key);
	for (int i = 0; i < FIXTURE_RECEIVERS; i++)
		free(fixture->books[i].text);
	for (int i = 0; i < FIXTURE_SERVERS; i++) {
		if (fixture->servers[i].fd >= 0)
			server_close(&fixture->servers[i]);
	}
}

/* One turn of the agent's loop. */
static inline void turn(struct fixture *fixture)
{
	struct pollfd pollfd = {.fd = deliver_fd(fixture->deliver), .events = POLLIN};
	int timeout_ms = deliver_timeout_ms(fixture->deliver, now_of(fixture));
	double before, seconds;

	if (timeout_ms < 0 || timeout_ms > 5)
		timeout_ms = 5; /* for the servers */
	poll(&pollfd, 1, timeout_ms);
	before = clock_seconds();
	deliver_run(fixture->deliver, now_of(fixture));
	seconds = clock_seconds() - before;
	if (seconds > fixture->slowest_run_seconds)
		fixture->slowest_run_seconds = seconds;
	for (int i = 0; i < FIXTURE_SERVERS; i++)
		server_run(&fixture->servers[i]);
}

static inline void turn_for(struct fixture *fixture, double seconds)
{
	const double end = clock_seconds() + seconds;

	while (clock_seconds() < end)
		turn(fixture);
}

/* Turns until the condition holds, 10 s at most. */
#define TURN_UNTIL(fixture, condition)                                                             \
	({                                                                                         \
		const double turn_end = clock_seconds() + 10;                                      \
		while (!(condition) && clock_seconds() < turn_end)                                 \
			turn(fixture);                                                             \
		condition;                                                                         \
	})

static inline json_t *message(const char *id, const char *kind, const char *severity)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s,"
			 " s:[{s:s, s:{s:f, s:n}, s:{s:f, s:f}, s:[{s:s}, {s:s}]}],"
			 " s:{s:s, s:s, s:s, s:s}, s:s}",
			 "version", 1, "id", id, "kind", kind, "status",
			 !strcmp(kind, "resolve") ? "resolved" : "firing", "severity", severity,
			 "service", "shop", "host", "web-1", "started_at", "2026-02-28T12:00:00Z",
			 "sent_at", "2026-02-28T12:10:00Z", "summary", "checkout burns at 14.5",
			 "slos", "name", "checkout", "burn_rate", "5m", 14.5, "1h", "budget",
			 "remaining_ratio", 0.42, "exhausted_in_seconds", 9000.0, "alerts", "name",
			 "burn-1h", "name", "burn-6h", "about", "owner", "team-shop", "purpose",
			 "sells", "mitigation", "roll back", "runbook", "https://wiki/shop",
			 "command", "slictl slo checkout");
}

/* Of two SLOs; the kind `left` says that the first has ended. */
static inline json_t *message_of_two(const char *id, const char *kind)
{
	json_t *json = message(id, kind, "page");

	json_object_set_new(json, "slos",
			    json_pack("[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]", "name", "pay",
				      "status", !strcmp(kind, "left") ? "resolved" : "firing",
				      "started_at", "2026-02-28T12:05:00Z", "summary", "pay burns",
				      "name", "checkout", "status", "firing", "started_at",
				      "2026-02-28T12:00:00Z", "summary", "checkout burns"));
	return json;
}

static inline int send_message(struct fixture *fixture, const char *id, const char *kind)
{
	json_t *json = message(id, kind, "page");
	int r = json ? deliver_send(fixture->deliver, json, now_of(fixture)) : -1;

	json_decref(json);
	return r;
}

/* A number of the receiver's report; -1 if there is none. */
static inline long long reported(const struct fixture *fixture, size_t receiver, const char *key)
{
	json_t *report = deliver_report(fixture->deliver);
	const json_t *value = json_object_get(json_array_get(report, receiver), key);
	long long n = json_is_integer(value) ? json_integer_value(value) : -1;

	json_decref(report);
	return n;
}

/* A text of the receiver's report, or with `recent` >= 0, of that recent message. "" if none. */
static inline const char *reported_text(const struct fixture *fixture, size_t receiver, int recent,
					const char *key)
{
	static char text[512];
	json_t *report = deliver_report(fixture->deliver);
	const json_t *object = json_array_get(report, receiver);
	const char *value;

	if (recent >= 0)
		object = json_array_get(json_object_get(object, "recent"), (size_t)recent);
	value = json_string_value(json_object_get(object, key));
	snprintf(text, sizeof(text), "%s", value ? value : "");
	json_decref(report);
	return text;
}

/* ---- the one of a test ---- */

static struct fixture f;

static inline int setup(void **state)
{
	(void)state;
	fixture_init(&f);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	fixture_clear(&f);
	return 0;
}

/* Server `i` as a webhook. */
static inline struct server *webhook(int i)
{
	server_open(&f.servers[i], 0);
	add_url(&f, RECEIVER_WEBHOOK, f.servers[i].port);
	return &f.servers[i];
}

static inline void start(void)
{
	assert_true(fixture_start(&f));
}

static inline void restore(const char *key, const char *text, int result)
{
	_cleanup_free_ char *key_copy = strdup(key), *text_copy = strdup(text);

	assert_int_equal(deliver_restore(f.deliver, key_copy, text_copy, now_of(&f)), result);
}

/* As when it is killed: what was kept is all there is, messages in any order. */
static inline void restart(void)
{
	deliver_free(f.deliver);
	start();
	for (int i = f.n_kept; i-- > 0;)
		restore(f.kept[i].key, f.kept[i].text, 0);
	for (int i = 0; i < FIXTURE_RECEIVERS; i++) {
		if (f.books[i].text)
			restore(f.books[i].key, f.books[i].text, 0);
	}
}

static inline const char *id_of(const struct server *server, int request)
{
	static char id[64];
	json_t *json = json_loads(server_body(server, request), 0, NULL);

	assert_non_null(json);
	snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(json, "id")));
	json_decref(json);
	return id;
}

/* Lets the time to the next attempt pass. */
static inline void skip_backoff(void)
{
	f.skew_seconds += 1.25 * DELIVERY_BACKOFF_MAX_SECONDS;
}

#endif

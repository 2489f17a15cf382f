/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers of receivers of alerts: whatever comes back, each attempt ends, the books say what became of
 * the message, and another agent reads the same from what is kept.
 *
 * Input: a byte that chooses the receiver, then the bytes of its answers, with "\n--\n" between the
 * first, the second and later attempts.
 */
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "deliver/deliver.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/peer.h"

enum {
	KEPT_MAX = 16,
	TURNS_MAX = 200, /* of the loop, for one attempt */
	RETRY_SECONDS = 3700, /* longer than any receiver may ask for */
};

/* What is kept for the next agent. */
static struct {
	char key[256];
	char *text;
} kept[KEPT_MAX];

static void drop(void *context, const char *key)
{
	(void)context;
	for (size_t i = 0; i < KEPT_MAX; i++) {
		if (!kept[i].text || strcmp(kept[i].key, key) != 0)
			continue;
		free(kept[i].text);
		kept[i].text = NULL;
	}
}

static void keep(void *context, const char *key, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	size_t i = 0;

	require(json != NULL, "what is kept is no JSON");
	json_decref(json);
	drop(context, key);
	while (i < KEPT_MAX && kept[i].text)
		i++;
	require(i < KEPT_MAX, "too much is kept");
	snprintf(kept[i].key, sizeof(kept[i].key), "%s", key);
	kept[i].text = strdup(text);
}

static void failing(void *context, const char *receiver, const char *error)
{
	(void)context;
	require(receiver && receiver[0], "a receiver without a name");
	require(!error || error[0], "it fails without a reason");
}

static const struct deliver_ops ops = {.keep = keep, .drop = drop, .failing = failing};

static const char *const kinds[] = {"webhook", "alertmanager"};

static void configure(enum config_receiver_kind kind, struct config_receiver *receiver,
		      struct config *ret)
{
	*receiver = (struct config_receiver){
		.kind = kind,
		.url = (char *)"http://127.0.0.1:80/hook",
		.timeout_ns = 5000000000ULL,
		.severities = 1U << SEVERITY_PAGE,
	};
	*ret = (struct config){.receivers = receiver, .n_receivers = 1};
}

static json_t *message(void)
{
	return json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s, s:s}]}",
		"version", 1, "id", "0a1b", "kind", "fire", "status", "firing", "severity", "page",
		"service", "shop", "host", "web-1", "started_at", "2026-02-28T12:00:00Z", "sent_at",
		"2026-02-28T12:10:00Z", "summary", "checkout burns", "slos", "name", "checkout",
		"status", "firing", "started_at", "2026-02-28T12:00:00Z", "summary",
		"checkout burns");
}

static json_int_t number(const struct deliver *deliver, const char *key)
{
	json_t *report = deliver_report(deliver);
	const json_t *value = json_object_get(json_array_get(report, 0), key);
	const json_int_t n = json_integer_value(value);

	require(report != NULL, "no report");
	require(json_is_integer(value) && n >= 0, "a count that is none");
	json_decref(report);
	return n;
}

/* What a person reads of it is text. */
static void check_report(const struct deliver *deliver)
{
	json_t *report = deliver_report(deliver);
	char *text = report ? json_dumps(report, JSON_COMPACT) : NULL;

	require(text != NULL, "the report cannot be written");
	free(text);
	json_decref(report);
}

static double now(double skew)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9 + skew;
}

/* Until an attempt has ended. */
static void attempt(struct deliver *deliver, double skew)
{
	const json_int_t before =
		number(deliver, "failed") + number(deliver, "sent") + number(deliver, "given_up");

	for (int i = 0; i < TURNS_MAX; i++) {
		struct pollfd pollfd = {.fd = deliver_fd(deliver), .events = POLLIN};
		int timeout_ms = deliver_timeout_ms(deliver, now(skew));

		poll(&pollfd, 1, timeout_ms < 0 || timeout_ms > 5 ? 5 : timeout_ms);
		deliver_run(deliver, now(skew));
		if (number(deliver, "failed") + number(deliver, "sent") +
			    number(deliver, "given_up") >
		    before)
			return;
	}
	require(false, "an attempt does not end");
}

/* Another agent, with the same configuration, goes on. */
static void go_on(const struct config *config, const struct deliver *deliver, double skew)
{
	static const char *const keys[] = {"sent", "failed", "given_up", "waiting"};
	struct deliver *next;

	require(!deliver_new(config, NULL, NULL, &next), "no memory");
	/* deliveries, then books, as keys sort: those of deliveries begin with a digit */
	for (bool books = false;; books = true) {
		for (size_t i = 0; i < KEPT_MAX; i++) {
			if (kept[i].text && (kept[i].key[0] == 'b') == books)
				require(!deliver_restore(next, kept[i].key, kept[i].text,
							 now(skew)),
					"what was kept cannot be restored");
		}
		if (books)
			break;
	}
	check_report(next);
	for (size_t i = 0; i < 4; i++)
		require(number(next, keys[i]) == number(deliver, keys[i]),
			"other counts after a restart");
	deliver_free(next);
}

static void take_answers(const char *text, size_t size)
{
	static const char between[] = "\n--\n";

	while (peer.n_answers < PEER_ANSWERS_MAX) {
		const char *end = memmem(text, size, between, strlen(between));
		const size_t len = end ? (size_t)(end - text) : size;

		peer.answers[peer.n_answers++] = (struct peer_answer){"", text, len};
		if (!end)
			return;
		text = end + strlen(between);
		size -= len + strlen(between);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum config_receiver_kind kind_of[] = {RECEIVER_WEBHOOK,
							    RECEIVER_ALERTMANAGER};
	struct config_receiver receiver;
	struct config config;
	struct deliver *deliver;
	double skew = 0;
	json_t *fire;
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	peer_begin();
	take_answers(text, size - 1);
	configure(kind_of[data[0] & 1], &receiver, &config);
	require(!deliver_new(&config, &ops, NULL, &deliver), kinds[data[0] & 1]);
	fire = message();
	require(fire && !deliver_send(deliver, fire, now(skew)), "it is not taken");
	json_decref(fire);
	for (size_t i = 0; i < peer.n_answers && number(deliver, "waiting"); i++) {
		attempt(deliver, skew);
		skew += RETRY_SECONDS;
	}
	require(number(deliver, "waiting") + number(deliver, "sent") +
				number(deliver, "given_up") ==
			1,
		"the message is lost, or there twice");
	deliver_keep_books(deliver);
	check_report(deliver);
	go_on(&config, deliver, skew);
	deliver_free(deliver);
	peer_end();
	for (size_t i = 0; i < KEPT_MAX; i++) {
		free(kept[i].text);
		kept[i].text = NULL;
	}
	free(text);
	return 0;
}

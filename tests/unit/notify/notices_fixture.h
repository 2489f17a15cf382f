/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps of notices, and what each tells as one line of text. */
#ifndef SLIPROBE_TESTS_NOTICES_FIXTURE_H
#define SLIPROBE_TESTS_NOTICES_FIXTURE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify/notices.h"
#include "tests/unit/fixtures/test.h"

#define PAGE SEVERITY_PAGE

#define TICKET SEVERITY_TICKET

#define NOTICE SEVERITY_NOTICE

enum { REMIND_SECONDS = 3600, LOG_BYTES = 4096 };

/*
 * The messages told, one word each: "P+a:shop/x" is a page's fire; e, j, l, r, - are the other
 * kinds. News are told from the rest: "Pja:new/x|old/x".
 */
struct log {
	char text[LOG_BYTES];
	char ids[SEVERITY_COUNT][40]; /* of the last message of each severity */
	double started[8]; /* of the last message's first alerts */
	int fail_at; /* the call that fails, from 1 */
	int calls;
};

static inline int take(void *context, const struct notice *notice)
{
	static const char kinds[NOTICE_KIND_COUNT] = {'+', 'e', 'j', 'l', 'r', '-'};
	struct log *log = context;
	size_t len = strlen(log->text);

	if (++log->calls == log->fail_at)
		return -EIO;
	assert_in_range(notice->kind, 0, NOTICE_KIND_COUNT - 1);
	len += snprintf(log->text + len, LOG_BYTES - len, "%s%c%c%s", len ? " " : "",
			"NTP"[notice->severity], kinds[notice->kind], notice -> service);
	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct notice_alert *alert = &notice->alerts[i];

		assert_int_equal(alert->of_host, notice->of_host);
		assert_true(*alert->service);
		assert_string_equal(notice->service,
				    notice->of_host ? NOTICE_OF_HOST : alert->service);
		assert_int_equal(alert->severity, notice->severity);
		if (i < sizeof(log->started) / sizeof(log->started[0]))
			log->started[i] = alert->started_seconds;
		assert_false(alert->silenced);
		assert_in_range(alert->started_seconds, notice->started_seconds,
				notice->now_seconds);
		len += snprintf(log->text + len, LOG_BYTES - len, "%c%s/%s",
				!i		    ? ':' :
				i == notice->n_news ? '|' :
						      ',',
				alert->slo, alert->rule);
	}
	snprintf(log->ids[notice->severity], sizeof(log->ids[0]), "%s", notice->id);
	return 0;
}

#define STEP(notices, now, log, ...)                                                               \
	({                                                                                         \
		const struct notice_alert alerts_now[] = {{0}, ##__VA_ARGS__};                     \
		(log)->text[0] = 0;                                                                \
		(log)->calls = 0;                                                                  \
		notices_step((notices), (now), alerts_now + 1,                                     \
			     sizeof(alerts_now) / sizeof(alerts_now[0]) - 1, take, (log));         \
	})

/* Steps and compares what was told. */
#define TOLD(notices, now, log, words, ...)                                                        \
	do {                                                                                       \
		assert_int_equal(STEP(notices, now, log, ##__VA_ARGS__), 0);                       \
		assert_string_equal((log)->text, words);                                           \
	} while (0)

#define ALERT(service, slo, rule, severity)                                                        \
	((struct notice_alert){service, slo, rule, severity, false, false, false, 0})

#define SILENCED(service, slo, rule, severity)                                                     \
	((struct notice_alert){service, slo, rule, severity, true, false, false, 0})

#define OF_HOST(service, slo, rule, severity)                                                      \
	((struct notice_alert){service, slo, rule, severity, false, true, false, 0})

#define HOST_SILENCED(service, slo, rule, severity)                                                \
	((struct notice_alert){service, slo, rule, severity, true, true, false, 0})

static inline struct notices *fresh(void)
{
	struct notices *notices;

	assert_int_equal(notices_new(REMIND_SECONDS, &notices), 0);
	return notices;
}

static inline struct notices *reload(struct notices *notices)
{
	json_t *saved = notices_save(notices), *read;
	struct notices *loaded = fresh();
	char *text;

	assert_non_null(saved);
	text = json_dumps(saved, 0);
	read = json_loads(text, 0, NULL);
	assert_int_equal(notices_load(loaded, read), 0);
	notices_free(notices);
	json_decref(saved);
	json_decref(read);
	free(text);
	return loaded;
}

static inline int count(void *context, const struct notice *notice)
{
	(void)notice;
	++*(int *)context;
	return 0;
}

static inline int n_open(const struct notices *notices)
{
	int n = 0;

	assert_int_equal(notices_each(notices, count, &n), 0);
	return n;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "ctl/events.h"
#include "ctl/json.h"
#include "ctl/show.h"
#include "ctl/view_events.h"

enum {
	POLL_MS = 1000,
	AWAY_SECONDS_MAX = 30,
	CTL_STATUS_UNAVAILABLE = 503,
};

#define LIMIT_POLL "10000"

/* What was shown so far. */
struct followed {
	const struct ctl *ctl;
	const struct ctl_events_asked *asked;
	struct ctl_events_table table;
	bool begun;
	int64_t last_id;
	json_int_t lost; /* samples, as the agent has told last */
	double away_since; /* clock of CLOCK_MONOTONIC; NAN: the agent answers */
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void followed_clear(struct followed *followed)
{
	ctl_events_table_clear(&followed->table);
}

/* Says what was lost since the last answer; an agent that has begun anew counts from 0. */
static void say_lost(struct followed *followed, const json_t *answer)
{
	const json_int_t lost = ctl_count_or_zero(answer, "samples_lost");

	if (followed->begun && lost > followed->lost)
		fprintf(followed->ctl->err,
			"slictl: %" JSON_INTEGER_FORMAT
			" samples were lost; counts are not touched\n",
			lost - followed->lost);
	followed->lost = lost;
	if (followed->begun && json_is_true(json_object_get(answer, "more")))
		fprintf(followed->ctl->err,
			"slictl: more than " LIMIT_POLL " came at once: not all are shown\n");
	if (ctl_string(answer, "cut_at") || ctl_string(answer, "unread"))
		fprintf(followed->ctl->err, "slictl: not all could be looked at in time\n");
}

static int show(struct followed *followed, const json_t *answer)
{
	const struct ctl *ctl = followed->ctl;
	const json_t *events = json_object_get(answer, "events");
	const json_t *last = json_object_get(answer, "last_id");
	int r;

	if (!json_is_array(events) || !json_is_integer(last)) {
		fprintf(ctl->err, "slictl: the agent's answer is not understood\n");
		return CTL_CANNOT_TELL;
	}
	r = ctl->json ? ctl_events_lines(events, ctl->out) :
			ctl_events_table_print(&followed->table, events, ctl->colour, ctl->out);
	if (r < 0)
		return ctl_no_memory(ctl);
	fflush(ctl->out);
	say_lost(followed, answer);
	if (json_integer_value(last) > followed->last_id)
		followed->last_id = json_integer_value(last);
	followed->begun = true;
	return CTL_DONE;
}

static void say_away(struct followed *followed, double now)
{
	if (!isnan(followed->away_since))
		return;
	followed->away_since = now;
	fprintf(followed->ctl->err, "slictl: the agent does not answer; waiting for it\n");
}

static void say_back(struct followed *followed)
{
	if (isnan(followed->away_since))
		return;
	followed->away_since = NAN;
	fprintf(followed->ctl->err, "slictl: the agent answers again\n");
}

/* An agent that is away for a short time, as for a restart, is waited for. */
static int wait_for_agent(struct followed *followed, int r)
{
	const double now = clock_seconds(CLOCK_MONOTONIC);

	say_away(followed, now);
	return now - followed->away_since > AWAY_SECONDS_MAX ? r : CTL_DONE;
}

/* Asks without a word: what is wrong is said once. */
static int ask(const struct followed *followed, const char *path, struct ctl_answer *ret)
{
	struct ctl ctl = *followed->ctl;
	_cleanup_free_ char *said = NULL;
	_cleanup_fclose_ FILE *err = NULL;
	size_t len;

	if (!followed->begun)
		return ctl_ask(&ctl, &(struct ctl_request){.method = "GET", .path = path}, ret);
	err = open_memstream(&said, &len);
	if (!err)
		return ctl_no_memory(&ctl);
	ctl.err = err;
	return ctl_ask(&ctl, &(struct ctl_request){.method = "GET", .path = path}, ret);
}

static int turn(struct followed *followed)
{
	char after[24];
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ json_t *json = NULL;
	int r;

	snprintf(after, sizeof(after), "%" PRId64, followed->last_id);
	/* as long as there was none at all, `since` tells what is too old */
	path = followed->begun ? ctl_events_path(followed->asked, followed->last_id ? after : NULL,
						 "oldest", LIMIT_POLL) :
				 ctl_events_path(followed->asked, NULL, NULL, NULL);
	if (!path)
		return ctl_no_memory(followed->ctl);
	r = ask(followed, path, &answer);
	if (followed->begun &&
	    (r == CTL_UNREACHABLE || (r == CTL_DONE && answer.status == CTL_STATUS_UNAVAILABLE)))
		return wait_for_agent(followed, CTL_UNREACHABLE);
	if (r != CTL_DONE)
		return r;
	if (answer.status != CTL_STATUS_OK)
		return ctl_events_refused(followed->ctl, followed->asked, &answer);
	say_back(followed);
	json = ctl_answer_json(&answer);
	return show(followed, json);
}

/* Waits for the next turn. Returns false once nobody reads any more, or a signal came. */
static bool wait_turn(const struct ctl *ctl)
{
	struct pollfd reader = {.fd = fileno(ctl->out), .events = 0};

	if (poll(&reader, 1, POLL_MS) > 0 || ferror(ctl->out))
		return false;
	return !stopped;
}

int ctl_events_follow(const struct ctl *ctl, const struct ctl_events_asked *asked)
{
	/* a second signal ends it at once */
	const struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
	_cleanup_(followed_clear) struct followed followed = {
		.ctl = ctl,
		.asked = asked,
		.table = {.chosen = asked->fields != NULL},
		.away_since = NAN,
	};
	int r;

	stopped = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	do {
		r = turn(&followed);
	} while (r == CTL_DONE && !stopped && wait_turn(ctl));
	return r;
}

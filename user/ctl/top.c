/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl top: the loop, and what keys do. */
#include "ctl/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/query.h"
#include "ctl/show.h"
#include "ctl/top_screen.h"

static const double status_seconds = 2, service_seconds = 3, heat_seconds = 15, events_seconds = 2,
		    explain_seconds = 15, history_seconds = 600;

enum {
	TICK_MS = 1000,
	EVENTS_LIMIT = 100,
	HEAT_MINUTES_MIN = 30,
	SCROLL_MAX = 1000,
};

/* ---- what is asked ---- */

static const char *service_filter(const char *service, char *ret, size_t room)
{
	size_t len = (size_t)snprintf(ret, room, "bad and service=\"");

	for (; *service && len + 4 < room; service++) {
		if (*service == '"' || *service == '\\')
			ret[len++] = '\\';
		ret[len++] = *service;
	}
	snprintf(ret + len, room - len, "\"");
	return ret;
}

static void want(struct top *top, enum top_slot slot, char *path, double every)
{
	top_feed_want(top->feed, slot, path, every);
	free(path);
}

static void want_service(struct top *top)
{
	const int columns = screen_width();
	char since[16], limit[16], filter[1024];

	snprintf(since, sizeof(since), "%dm",
		 columns < HEAT_MINUTES_MIN ? HEAT_MINUTES_MIN :
		 columns > TOP_HEAT_COLUMNS ? TOP_HEAT_COLUMNS :
					      columns);
	snprintf(limit, sizeof(limit), "%d", EVENTS_LIMIT);
	want(top, TOP_SERVICE,
	     ctl_query("/v1/services", NULL,
		       (const struct ctl_argument[]){{"service", top->service}}, 1),
	     service_seconds);
	want(top, TOP_HEAT,
	     ctl_query("/v1/history/", top->service,
		       (const struct ctl_argument[]){{"kind", "service"},
						     {"by", "minute"},
						     {"since", since},
						     {"histograms", "yes"}},
		       4),
	     heat_seconds);
	want(top, TOP_EVENTS,
	     ctl_query("/v1/events", NULL,
		       (const struct ctl_argument[]){
			       {"filter", service_filter(top->service, filter, sizeof(filter))},
			       {"limit", limit}},
		       2),
	     events_seconds);
}

static void want_all(struct top *top)
{
	const double now = clock_seconds(CLOCK_MONOTONIC);
	const char *due = top->view == TOP_VIEW_SLOS ? top_spark_due(top, now) : NULL;

	for (enum top_slot slot = TOP_STATUS; slot < TOP_SLOTS && top->paused; slot++)
		top_feed_want(top->feed, slot, NULL, 0);
	if (top->paused)
		return;
	top_feed_want(top->feed, TOP_STATUS, "/v1/status?services=no", status_seconds);
	if (top->view == TOP_VIEW_SERVICE)
		want_service(top);
	if (top->view == TOP_VIEW_EXPLAIN && top->chosen)
		want(top, TOP_EXPLAIN, ctl_query("/v1/explain/", top->chosen, NULL, 0),
		     explain_seconds);
	want(top, TOP_HISTORY, due ? ctl_query("/v1/history/", due, NULL, 0) : NULL,
	     history_seconds);
	for (enum top_slot slot = TOP_SERVICE; slot <= TOP_EVENTS; slot++) {
		if (top->view != TOP_VIEW_SERVICE)
			top_feed_want(top->feed, slot, NULL, 0);
	}
	if (top->view != TOP_VIEW_EXPLAIN)
		top_feed_want(top->feed, TOP_EXPLAIN, NULL, 0);
}

/* ---- answers ---- */

static void note_time(struct top *top)
{
	const time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(top->as_of, sizeof(top->as_of), "%H:%M:%S", &local);
}

/* An answer to what was asked for before is none: SLOs and services go by. */
static bool is_for(const struct top *top, enum top_slot slot, const struct top_answer *answer)
{
	const char *name = slot == TOP_EXPLAIN ? top->chosen : top->service;
	char *segment;
	bool is;

	if (slot == TOP_STATUS || slot == TOP_HISTORY)
		return true;
	segment = name ? ctl_query("", name, NULL, 0) : NULL;
	is = segment && strstr(answer->path, segment);
	free(segment);
	return is;
}

static void take(struct top *top, enum top_slot slot, struct top_answer *answer)
{
	const double now = clock_seconds(CLOCK_MONOTONIC);

	free(top->why[slot]);
	top->why[slot] = TAKE_PTR(answer->why);
	if (slot == TOP_HISTORY && answer->json) {
		top_spark_take(top, answer->json, now);
		return;
	}
	/* what was known stays while the agent is gone, or busy */
	if (!answer->json)
		return;
	json_decref(top->answers[slot]);
	top->answers[slot] = TAKE_PTR(answer->json);
	if (slot == TOP_STATUS)
		top_slos_update(top);
	if (slot == TOP_HEAT)
		top_heat_read(&top->heat, top->answers[slot]);
}

static void take_all(struct top *top)
{
	struct top_answer answer;

	for (enum top_slot slot = TOP_STATUS; slot < TOP_SLOTS; slot++) {
		if (!top_feed_take(top->feed, slot, &answer))
			continue;
		if (slot == TOP_STATUS) {
			free(top->silent);
			top->silent = answer.json ? NULL : strdup(answer.why ?: "no answer");
			if (answer.json)
				note_time(top);
		}
		if (is_for(top, slot, &answer))
			take(top, slot, &answer);
		top_answer_clear(&answer);
	}
}

static void forget(struct top *top, enum top_slot slot)
{
	json_decref(top->answers[slot]);
	top->answers[slot] = NULL;
	free(top->why[slot]);
	top->why[slot] = NULL;
}

/* ---- keys ---- */

static void enter_service(struct top *top)
{
	const char *service = ctl_string(top_slo(top), "service");

	if (!service)
		return;
	for (enum top_slot slot = TOP_SERVICE; slot <= TOP_EVENTS; slot++)
		forget(top, slot);
	top->heat = (struct top_heat){.low = 1};
	free(top->service);
	top->service = strdup(service);
	top->view = top->service ? TOP_VIEW_SERVICE : TOP_VIEW_SLOS;
	top->part = TOP_PART_ALL;
	top->scroll = 0;
}

static void enter(struct top *top, enum top_view view)
{
	if (top->view == view)
		return;
	if (view == TOP_VIEW_EXPLAIN)
		forget(top, TOP_EXPLAIN);
	if (top->view == TOP_VIEW_SLOS || top->view == TOP_VIEW_SERVICE)
		top->before = top->view;
	top->view = view;
	top->scroll = 0;
}

static void go_back(struct top *top)
{
	top->scroll = 0;
	if (top->view == TOP_VIEW_SERVICE && top->part != TOP_PART_ALL)
		top->part = TOP_PART_ALL;
	else if (top->view == TOP_VIEW_SERVICE)
		top->view = TOP_VIEW_SLOS;
	else if (top->view != TOP_VIEW_SLOS)
		top->view = top->before;
	else if (top->filter[0]) {
		top->filter[0] = 0;
		top_slos_update(top);
	}
}

static void move_by(struct top *top, long rows)
{
	const long scroll = (long)top->scroll + rows;

	if (top->view == TOP_VIEW_SLOS)
		top_slos_move(top, rows);
	else
		top->scroll = scroll < 0 ? 0 : scroll > SCROLL_MAX ? SCROLL_MAX : (size_t)scroll;
}

static void type(struct top *top, int key)
{
	const size_t len = strlen(top->filter);

	if (key == '\n' || (key == SCREEN_KEY_BACK && !len))
		top->typing = false;
	else if (key == SCREEN_KEY_BACK)
		top->filter[len - 1] = 0;
	else if (key >= ' ' && key < 127 && len + 1 < sizeof(top->filter)) {
		top->filter[len] = (char)key;
		top->filter[len + 1] = 0;
	}
	top_slos_update(top);
}

static void next_part(struct top *top)
{
	if (top->view != TOP_VIEW_SERVICE)
		return;
	top->part = (enum top_part)((top->part + 1) % TOP_PARTS);
	top->scroll = 0;
}

static void next_sort(struct top *top)
{
	top->sort = (enum top_sort)((top->sort + 1) % TOP_SORTS);
	top_slos_update(top);
}

static void move_key(struct top *top, int key)
{
	const long page = top_lines() > 2 ? top_lines() - 2 : 1;

	switch (key) {
	case SCREEN_KEY_UP:
	case 'k':
		move_by(top, -1);
		break;
	case SCREEN_KEY_DOWN:
	case 'j':
		move_by(top, 1);
		break;
	case SCREEN_KEY_PAGE_UP:
		move_by(top, -page);
		break;
	case SCREEN_KEY_PAGE_DOWN:
	case ' ':
		move_by(top, page);
		break;
	case SCREEN_KEY_HOME:
		move_by(top, -(long)(top->view == TOP_VIEW_SLOS ? top->row : top->scroll));
		break;
	case SCREEN_KEY_END:
		move_by(top, (long)top->n_slos);
		break;
	default:
		break;
	}
}

/* False: it is the last one. */
static bool press(struct top *top, int key)
{
	if (top->typing) {
		type(top, key);
		return true;
	}
	switch (key) {
	case 'q':
		return false;
	case '\n':
	case SCREEN_KEY_RIGHT:
		if (top->view == TOP_VIEW_SLOS)
			enter_service(top);
		break;
	case SCREEN_KEY_LEFT:
	case SCREEN_KEY_BACK:
		go_back(top);
		break;
	case '\t':
		next_part(top);
		break;
	case 'e':
		enter(top, TOP_VIEW_EXPLAIN);
		break;
	case '?':
	case 'h':
		enter(top, TOP_VIEW_HELP);
		break;
	case 's':
		next_sort(top);
		break;
	case '/':
		top->view = TOP_VIEW_SLOS;
		top->typing = true;
		break;
	case 'p':
		top->paused = !top->paused;
		break;
	default:
		move_key(top, key);
	}
	return true;
}

/* ---- the loop ---- */

static void draw(const struct top *top)
{
	screen_clear();
	switch (top->view) {
	case TOP_VIEW_SLOS:
		top_slos_draw(top);
		break;
	case TOP_VIEW_SERVICE:
		top_service_draw(top);
		break;
	case TOP_VIEW_EXPLAIN:
		top_explain_draw(top);
		break;
	case TOP_VIEW_HELP:
		top_help_draw(top);
		break;
	}
	/* last: what scrolls is under it */
	top_frame_draw(top);
	screen_show();
}

static void run(struct top *top)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = top_feed_fd(top->feed), .events = POLLIN}};
	int key;

	while (!screen_ended_by()) {
		want_all(top);
		draw(top);
		poll(fds, 2, TICK_MS);
		/* the terminal is gone */
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
		take_all(top);
		while ((key = screen_key()) != SCREEN_KEY_NONE) {
			if (!press(top, key))
				return;
		}
		top_slos_move(top, 0);
	}
}

static void top_clear(struct top *top)
{
	for (enum top_slot slot = TOP_STATUS; slot < TOP_SLOTS; slot++)
		forget(top, slot);
	for (size_t i = 0; i < TOP_SPARKS; i++)
		free(top->sparks[i].slo);
	free((void *)top->slos);
	free(top->silent);
	free(top->chosen);
	free(top->service);
}

/* Says why a terminal is no use, and ends. */
static int say_no_terminal(const struct ctl *ctl, int r)
{
	if (r == -ENODEV)
		return ctl_usage_error(ctl, NULL, "nothing is known of this terminal (TERM)",
				       getenv("TERM") ?: "not set");
	fprintf(ctl->err,
		"slictl: top needs a terminal: for a program there is slictl --json status\n");
	return CTL_CANNOT_TELL;
}

int ctl_top(const struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_request request = {.method = "GET", .path = "/v1/status?services=no"};
	static struct top top; /* large */
	int r = ctl_options(ctl, argc, argv, NULL, 0, NULL, NULL), ended_by;

	if (r != CTL_DONE)
		return r;
	if (ctl->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return say_no_terminal(ctl, -ENOTTY);
	/* an agent that is not there is told on the usual screen */
	r = ctl_ask_json(ctl, &request, &top.answers[TOP_STATUS]);
	if (r != CTL_DONE)
		return r;
	note_time(&top);
	r = top_feed_new(ctl, &top.feed) ?: screen_begin(ctl->colour);
	if (r) {
		top_clear(&top);
		return say_no_terminal(ctl, r);
	}
	top_slos_update(&top);
	run(&top);
	ended_by = screen_ended_by();
	screen_end();
	top_clear(&top);
	/* as whoever has sent it expects of a program that it ends */
	if (ended_by)
		raise(ended_by);
	return CTL_DONE;
}

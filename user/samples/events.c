/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "samples/decode.h"
#include "samples/event_store.h"

#define STEP_SECONDS 10.0
#define KEEP_SECONDS (7 * 86400.0) /* until the first context says otherwise */
#define KEEP_BYTES (256ULL << 20)

struct events {
	struct event_store *store;
	struct event_store_limits limits;
	double stepped;
	struct error why;
	struct decoded decoded;
};

static void events_free_at(struct events **events)
{
	free(*events);
}

int events_open(const char *dir, struct events **ret)
{
	_cleanup_(events_free_at) struct events *events = calloc(1, sizeof(*events));
	int r;

	if (!events)
		return -ENOMEM;
	events->limits = (struct event_store_limits){KEEP_SECONDS, KEEP_BYTES};
	r = event_store_open(dir, &events->limits, &events->store, &events->why);
	if (r)
		return r;
	if (*events->why.text)
		say_as(SAY_WARNING, "%s", events->why.text);
	*ret = TAKE_PTR(events);
	return 0;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	event_store_close(events->store);
	free(events);
}

void events_take(struct events *events, const struct names *names, const struct sample *sample,
		 size_t bytes, double boot_seconds)
{
	struct decoded *const decoded = &events->decoded;

	if (!decode_sample(sample, bytes, boot_seconds, names, decoded))
		event_store_add(events->store, &decoded->event, decoded->found, &decoded->draw);
}

static void take_limits(struct events *events, const struct names *names)
{
	const struct names_settings *const settings = names ? names_settings(names) : NULL;

	if (!settings || !(settings->keep_seconds > 0) || !settings->keep_bytes)
		return;
	if (settings->keep_seconds == events->limits.keep_seconds &&
	    settings->keep_bytes == events->limits.keep_bytes)
		return;
	events->limits = (struct event_store_limits){settings->keep_seconds, settings->keep_bytes};
	event_store_set_limits(events->store, &events->limits);
}

void events_step(struct events *events, const struct names *names, double now)
{
	struct error notice;
	int r;

	/* a clock that was set back steps, too */
	if (now >= events->stepped && now - events->stepped < STEP_SECONDS)
		return;
	events->stepped = now;
	take_limits(events, names);
	r = event_store_step(events->store, now, &notice);
	if (*notice.text)
		say_as(r ? SAY_WARNING : SAY_NOTICE, "%s", notice.text);
	if (*notice.text || !r)
		events->why = r ? notice : (struct error){};
}

void events_state(const struct events *events, struct events_state *ret)
{
	struct event_store_stats stats;

	event_store_stats(events->store, &stats);
	*ret = (struct events_state){
		.lost = stats.lost,
		.kept = stats.events,
		.bytes = stats.bytes,
		.oldest = stats.oldest_seconds,
		.why = stats.failing ? events->why.text : NULL,
	};
}

/* ---- reading ---- */

enum { STOPPED = 1 };

struct reading {
	bool (*each)(void *context, const struct event *event);
	void *context;
};

static int visit(void *context, const struct event *event)
{
	const struct reading *reading = context;

	return reading->each(reading->context, event) ? 0 : STOPPED;
}

int events_read(struct events *events, const struct events_range *range,
		bool (*each)(void *context, const struct event *event), void *context)
{
	const struct event_span span = {
		.since = range->since,
		.until = range->until,
		.after = range->after,
		.service = range->service,
		.eligible_for = range->eligible_for,
		.oldest_first = !range->backwards,
	};
	struct reading reading = {each, context};
	const int r = event_store_each(events->store, &span, visit, &reading);

	return r == STOPPED ? 0 : r;
}

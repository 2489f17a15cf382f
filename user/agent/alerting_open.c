/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/alerting_open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/alerting_message.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"
#include "deliver/receiver.h"

struct open_notices {
	struct alerting *alerting;
	double now_seconds;
	json_t *messages;
};

static int add_open(void *context, const struct notice *notice)
{
	struct open_notices *open = context;

	return json_array_append_new(open->messages, alerting_message(open->alerting, notice)) ?
		       -ENOMEM :
		       0;
}

/* Without the alerts that are silenced now, and not at all if they all are. */
static int add_loud(void *context, const struct notice *notice)
{
	struct open_notices *open = context;
	_cleanup_free_ struct notice_alert *loud = calloc(notice->n_alerts ?: 1, sizeof(*loud));
	struct notice told = *notice;

	if (!loud)
		return -ENOMEM;
	told.alerts = loud;
	told.n_alerts = 0;
	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct notice_alert *alert = &notice->alerts[i];
		const struct track *track =
			tracks_named(&open->alerting->applied->tracks, alert->slo);

		if (!track ||
		    !alerting_silenced(open->alerting, track, alert->severity, open->now_seconds))
			loud[told.n_alerts++] = *alert;
	}
	told.n_news = told.n_alerts;
	return told.n_alerts ? add_open(open, &told) : 0;
}

/* Gives the messages of the notices that are open, as `add` makes them, to `tell`. */
static int tell_open(struct alerting *alerting, double now,
		     int (*add)(void *context, const struct notice *notice),
		     int (*tell)(struct deliver *deliver, const json_t *messages, double seconds))
{
	struct open_notices open = {alerting, now, json_array()};
	int r = open.messages ? notices_each(alerting->notices, add, &open) : -ENOMEM;

	r = r ?: tell(alerting->deliver, open.messages, clock_seconds(CLOCK_BOOTTIME));
	json_decref(open.messages);
	return r;
}

int alerting_introduce(struct alerting *alerting, double now)
{
	return deliver_has_newcomers(alerting->deliver) ?
		       tell_open(alerting, now, add_loud, deliver_introduce) :
		       0;
}

int alerting_refresh(struct alerting *alerting, double now)
{
	return deliver_open_is_due(alerting->deliver, clock_seconds(CLOCK_BOOTTIME)) ?
		       tell_open(alerting, now, add_open, deliver_open) :
		       0;
}

/* ---- what was missed ---- */

static int note_id(void *context, const struct notice *notice)
{
	return json_object_set_new(context, notice->id, json_true()) ? -ENOMEM : 0;
}

static int forget_closed(struct alerting *alerting)
{
	json_t *ids = json_object();
	int r = ids ? notices_each(alerting->notices, note_id, ids) : -ENOMEM;

	if (!r)
		deliver_forget_missed(alerting->deliver, ids);
	json_decref(ids);
	return r;
}

static int add_missed(void *context, const struct notice *notice)
{
	const struct open_notices *open = context;

	return deliver_misses(open->alerting->deliver, notice->id, clock_seconds(CLOCK_BOOTTIME)) ?
		       add_loud(context, notice) :
		       0;
}

int alerting_send_again(struct alerting *alerting, double now)
{
	int r;

	if (!deliver_has_missed(alerting->deliver))
		return 0;
	r = forget_closed(alerting);
	return r ?: tell_open(alerting, now, add_missed, deliver_send_again);
}

/* "1 page, 3 tickets"; "" if there are none. */
static const char *counts_text(const unsigned int counts[static DELIVERY_CLASSES], char *ret,
			       size_t size)
{
	size_t len = 0;

	ret[0] = 0;
	for (enum delivery_class class = DELIVERY_CLASSES; class -- > DELIVERY_NOTICE;) {
		if (counts[class] && len < size)
			len += (size_t)snprintf(ret + len, size - len, "%s%u %s%s", len ? ", " : "",
						counts[class], delivery_class_name(class),
						format_plural(counts[class]));
	}
	return ret;
}

void alerting_tell_losses(void *context, const char *receiver, const struct deliver_losses *losses)
{
	const struct alerting *alerting = context;
	const double now = axis_now(alerting->axis);
	char lost[128], again[128];

	if (*counts_text(losses->lost, lost, sizeof(lost)))
		journal_say(alerting->journal, JOURNAL_RECEIVER,
			    losses->lost[DELIVERY_PAGE] ? SAY_ERROR : SAY_WARNING, now,
			    "%s: messages were given up: %s (%u as too many wait, %u not taken for "
			    "24 hours, %u refused); %zu open alert%s of these %s sent again",
			    receiver, lost, losses->by[LOSS_FULL], losses->by[LOSS_OLD],
			    losses->by[LOSS_REFUSED], losses->missed, format_plural(losses->missed),
			    losses->missed == 1 ? "is" : "are");
	if (*counts_text(losses->again, again, sizeof(again)))
		journal_say(alerting->journal, JOURNAL_RECEIVER, SAY_NOTICE, now,
			    "%s: open alerts whose messages were given up are sent again: %s",
			    receiver, again);
}

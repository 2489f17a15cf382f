/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is new about a notice: its alerts of this step against those that were told. Pure. Part of
 * notify/notices.
 */
#ifndef SLIPROBE_NOTIFY_NOTICES_NEWS_H
#define SLIPROBE_NOTIFY_NOTICES_NEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "notify/notices_open.h"

/*
 * The alerts of one service and severity in one step: those that may be told, then those that may
 * not, being silenced or held back.
 */
struct standing {
	const struct notice_alert *alerts;
	size_t n;
	size_t n_quiet;
};

/* Alerts that a message lists: texts are others'. */
struct news {
	struct alert_list list;
	size_t n_news; /* of the list, in front */
};

void news_clear(struct news *news);

/* Whether an SLO that was told of still fires, quietly or not. */
bool news_goes_on(const struct open_notice *open, const struct standing *standing);
/* Whether each SLO that was told of is held back since. */
bool news_all_held(const struct open_notice *open);
/* Notes which SLOs are held back now. */
void news_mark_held(struct open_notice *open, const struct standing *standing);

/* Each returns 0 or -ENOMEM. */

/* The SLOs that have begun, or are not held back any more, then the others that stand. */
int news_joined(const struct open_notice *open, const struct standing *standing, double now_seconds,
		struct news *ret);
/* The SLOs that have ended, then those that stand. */
int news_left(const struct open_notice *open, const struct standing *standing, double now_seconds,
	      struct news *ret);
/* What stands, with nothing new. */
int news_standing(const struct open_notice *open, const struct standing *standing,
		  double now_seconds, struct news *ret);

/*
 * Copies what is told after a message: what stands, and of the quiet SLOs what `before` has, which
 * is open->told or open->now. With `keep_ended`, of those that have ended, too.
 */
int news_next(const struct open_notice *open, const struct alert_list *before,
	      const struct standing *standing, double now_seconds, bool keep_ended,
	      struct alert_list *ret);

#endif

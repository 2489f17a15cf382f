/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/former.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "record/private.h"

struct search {
	const struct track *track;
	double before_seconds; /* those that were counted until then, or later, are passed over */
	size_t n;
	int64_t id; /* 0: none is found */
	double since_seconds, until_seconds;
};

/* The last one that ended before `before_seconds`. */
static int look_at(void *context, const struct store_slo *slo)
{
	struct search *search = context;

	if (strcmp(slo->name, search->track->name) != 0 ||
	    (!strcmp(slo->service, search->track->service) &&
	     !strcmp(slo->definition, search->track->definition)))
		return 0;
	search->n++;
	if (!(slo->last_seconds < search->before_seconds) ||
	    (search->id && slo->last_seconds <= search->until_seconds))
		return 0;
	search->id = slo->id;
	search->since_seconds = slo->since_seconds;
	search->until_seconds = slo->last_seconds;
	return 0;
}

static int load(struct store *store, const struct search *search, struct slo_history **ret)
{
	int r = slo_history_new(TRACK_WINDOW_S, ret);

	if (r)
		return r;
	r = store_load_history(store, search->id, STORE_EVENTS, *ret);
	r = r ?: slo_history_restored(*ret, search->until_seconds);
	if (r)
		slo_history_free(*ret);
	return r;
}

int record_former(struct record *record, const struct track *track, size_t which,
		  struct record_former *ret)
{
	struct search search = {.track = track, .before_seconds = INFINITY};
	struct slo_history *history;
	int r = record->store ? 0 : -ENOENT;

	for (size_t i = 0; !r && i < which; i++) {
		if (i)
			search = (struct search){.track = track,
						 .before_seconds = search.until_seconds};
		r = store_each_slo(record->store, look_at, &search);
		if (!r && !search.id)
			r = -ENOENT;
	}
	r = r ?: load(record->store, &search, &history);
	if (r)
		return r;
	*ret = (struct record_former){search.n, search.since_seconds, search.until_seconds,
				      history};
	return 0;
}

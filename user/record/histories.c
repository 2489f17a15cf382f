/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/histories.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/track.h"
#include "base/cleanup.h"

struct record_history {
	int64_t slo;
	enum store_history which;
	struct slo_history *history;
};

static struct record_history *find(const struct record_histories *histories, int64_t slo,
				   enum store_history which, size_t *ret_at)
{
	size_t low = 0, high = histories->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct record_history *at = &histories->list[mid];

		if (at->slo < slo || (at->slo == slo && at->which < which))
			low = mid + 1;
		else
			high = mid;
	}
	*ret_at = low;
	if (low < histories->n && histories->list[low].slo == slo &&
	    histories->list[low].which == which)
		return &histories->list[low];
	return NULL;
}

static int insert(struct record_histories *histories, size_t at, int64_t slo,
		  enum store_history which)
{
	struct record_history *grown =
		realloc(histories->list, (histories->n + 1) * sizeof(*grown));
	struct slo_history *history;
	int r;

	if (!grown)
		return -ENOMEM;
	histories->list = grown;
	r = slo_history_new(TRACK_WINDOW_S, &history);
	if (r)
		return r;
	memmove(grown + at + 1, grown + at, (histories->n - at) * sizeof(*grown));
	grown[at] = (struct record_history){slo, which, history};
	histories->n++;
	return 0;
}

static int add(void *context, int64_t slo, enum store_history which, enum slo_tier tier,
	       int64_t end_seconds, struct slo_events events)
{
	struct record_histories *histories = context;
	size_t at;
	int r = 0;

	if (!find(histories, slo, which, &at))
		r = insert(histories, at, slo, which);
	return r ?: slo_history_restore(histories->list[at].history, tier, end_seconds, events);
}

int record_histories_load(struct record_histories *histories, struct store *store)
{
	int r = store_each_bucket(store, add, histories);

	if (r)
		record_histories_clear(histories);
	histories->complete = !r;
	return r;
}

void record_histories_clear(struct record_histories *histories)
{
	for (size_t i = 0; i < histories->n; i++)
		slo_history_free(histories->list[i].history);
	free(histories->list);
	*histories = (struct record_histories){};
}

struct slo_history *record_histories_take(struct record_histories *histories, int64_t slo,
					  enum store_history which)
{
	size_t at;
	struct record_history *found = find(histories, slo, which, &at);

	return found ? TAKE_PTR(found->history) : NULL;
}

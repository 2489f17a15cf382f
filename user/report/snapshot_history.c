/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/snapshot_history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slo/steps.h"

struct fill {
	struct snapshot_history *ret;
	const struct coverage *coverage;
	const struct timeline *timeline;
	size_t room; /* for steps */
	int64_t end_seconds; /* of the last step; INT64_MIN: none yet */
};

static int add_step(struct fill *fill, const struct slo_step *step)
{
	struct snapshot_history *ret = fill->ret;

	if (ret->n_steps == fill->room) {
		size_t room = fill->room ? 2 * fill->room : 256;
		struct snapshot_step *grown = realloc(ret->steps, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ret->steps = grown;
		fill->room = room;
	}
	ret->steps[ret->n_steps++] = (struct snapshot_step){
		.end_unix = timeline_wall(fill->timeline, (double)step->end_seconds),
		.width_seconds = (uint64_t)step->width_seconds,
		.events = step->events,
	};
	return 0;
}

static int add_idle(struct fill *fill, int64_t until_seconds, int64_t width_seconds)
{
	int r = 0;

	if (fill->end_seconds == INT64_MIN)
		return 0;
	for (int64_t end = (fill->end_seconds / width_seconds + 1) * width_seconds;
	     !r && end <= until_seconds; end += width_seconds) {
		double covered = coverage_seconds(fill->coverage, (double)(end - width_seconds),
						  (double)end);

		if (covered * 2 >= (double)width_seconds)
			r = add_step(fill, &(struct slo_step){end, width_seconds, {0}});
	}
	return r;
}

static int take_step(void *context, const struct slo_step *step)
{
	struct fill *fill = context;
	int r = add_idle(fill, step->end_seconds - step->width_seconds, step->width_seconds);

	fill->end_seconds = step->end_seconds;
	return r ?: add_step(fill, step);
}

static int fill_covered(const struct fill *fill)
{
	struct snapshot_history *ret = fill->ret;

	ret->covered = calloc(fill->coverage->n ?: 1, sizeof(*ret->covered));
	if (!ret->covered)
		return -ENOMEM;
	for (size_t i = 0; i < fill->coverage->n; i++) {
		const struct coverage_span *span = &fill->coverage->spans[i];

		ret->covered[ret->n_covered++] = (struct snapshot_span){
			.from_unix = timeline_wall(fill->timeline, span->from_seconds),
			.to_unix = timeline_wall(fill->timeline, span->to_seconds),
		};
	}
	return 0;
}

int snapshot_history_fill(struct snapshot_history *ret, const struct slo_history *history,
			  const struct coverage *coverage, const struct timeline *timeline,
			  double until_seconds)
{
	struct fill fill = {
		.ret = ret,
		.coverage = coverage,
		.timeline = timeline,
		.end_seconds = INT64_MIN,
	};
	int r = slo_history_steps(history, take_step, &fill);

	r = r ?: add_idle(&fill, (int64_t)until_seconds, slo_tier_width_seconds[0]);
	return r ?: fill_covered(&fill);
}

void snapshot_history_clear(struct snapshot_history *history)
{
	free(history->covered);
	free(history->steps);
	memset(history, 0, sizeof(*history));
}

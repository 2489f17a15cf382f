/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/alerts.h"

#include <math.h>

#include "slo/calm.h"
#include "slo/judge.h"

const char *alert_status_name(enum alert_status status)
{
	switch (status) {
	case ALERT_INACTIVE:
		return "inactive";
	case ALERT_FIRING:
		return "firing";
	case ALERT_EXHAUSTED:
		return "exhausted";
	}
	return "unknown";
}

static void state_enter(struct alert_state *state, enum alert_status to, double now)
{
	if (state->status == ALERT_INACTIVE)
		state->started_seconds = now;
	state->status = to;
	state->since_seconds = now;
}

size_t alerts_evaluate(const struct alert_rule *rules, size_t n,
		       const struct alert_subject *subject, double now_seconds,
		       struct alert_state *states, struct alert_change *ret_changes,
		       struct alert_reading *ret_readings)
{
	size_t n_changes = 0;
	struct judge judge;

	judge_begin(&judge, subject, now_seconds);
	for (size_t i = 0; i < n; i++) {
		enum alert_status from = states[i].status;
		enum alert_status to;

		if (!ret_readings && alert_calm_holds(&states[i].calm, now_seconds, judge.total))
			continue;
		to = judge_rule(&judge, &rules[i], &states[i]);
		if (ret_readings)
			ret_readings[i] = judge_reading(&judge, &rules[i]);
		states[i].calm =
			ret_readings ? (struct alert_calm){} : calm_find(&judge, &rules[i], to);
		if (to == from)
			continue;
		state_enter(&states[i], to, now_seconds);
		ret_changes[n_changes++] = (struct alert_change){i, from, to, now_seconds};
	}
	return n_changes;
}

struct alert_calm alerts_calm(const struct alert_state *states, size_t n)
{
	struct alert_calm all = {true, INFINITY, {UINT64_MAX, UINT64_MAX}};

	for (size_t i = 0; i < n && all.valid; i++) {
		const struct alert_calm *calm = &states[i].calm;

		all.valid = calm->valid;
		all.until_seconds = fmin(all.until_seconds, calm->until_seconds);
		if (calm->most.good < all.most.good)
			all.most.good = calm->most.good;
		if (calm->most.bad < all.most.bad)
			all.most.bad = calm->most.bad;
	}
	return all;
}

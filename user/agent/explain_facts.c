/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/explain_facts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/burn.h"
#include "agent/explain_exact.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/json_values.h"
#include "base/suggest.h"
#include "base/term_names.h"
#include "explain/kind.h"
#include "explain/onset.h"
#include "report/period_query.h"

enum {
	FINE_SECONDS = 6 * 3600, /* as far back as the history has steps of 10 s */
	FAR_SECONDS = 8 * 86400, /* of a minute: farther back nothing is looked at */
};

static int no_slo(const struct agent *agent, const char *name, struct error *error)
{
	struct suggestion suggestion = suggestion_for(name);
	char meant[SUGGESTION_BYTES];
	const struct track *track;
	size_t at = 0;

	while ((track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE, &at)))
		suggestion_try(&suggestion, track->name);
	return error_set(error, -ENOENT, "no SLO of this name%s",
			 suggestion_text(&suggestion, meant));
}

/* NAN: not asked for. */
static int take_time(const json_t *question, const char *key, double now, double *ret,
		     struct error *error)
{
	const json_t *value = json_object_get(question, key);
	const char *text = json_string_value(value);

	*ret = json_is_number(value) ? json_number_value(value) : NAN;
	if (!text || !period_time_parse(text, now, ret))
		return 0;
	return error_set(error, -EINVAL,
			 "%s: expected a duration such as 2h (so long ago), or a time such as "
			 "2030-01-02T03:04:05Z, got \"%.60s\"",
			 key, text);
}

/* ---- the span ---- */

struct span {
	double since, until; /* Unix seconds */
	double onset; /* NAN: there is none */
};

static double from_of(const struct span *span)
{
	return isnan(span->onset) ? span->since : span->onset;
}

static int choose_span(const struct agent *agent, const struct track *track, const json_t *question,
		       struct span *ret, struct error *error)
{
	const struct incident_record *incident = incidents_open_of(&agent->incidents, track->name);
	const double now = axis_wall(&agent->axis, axis_now(&agent->axis));
	int r = take_time(question, "since", now, &ret->since, error);

	r = r ?: take_time(question, "until", now, &ret->until, error);
	if (r)
		return r;
	ret->onset = NAN;
	ret->until = isnan(ret->until) ? now : fmin(ret->until, now);
	if (isnan(ret->since)) {
		ret->since = ret->until - EXPLAIN_SPAN_SECONDS;
		if (incident && incident->started < ret->until)
			ret->since = fmin(ret->since, incident->started - EXPLAIN_SPAN_SECONDS);
	}
	ret->since = fmax(ret->since, now - FAR_SECONDS);
	if (ret->since < ret->until)
		return 0;
	return error_set(error, -EINVAL, "since: expected a time before %s, and not in the future",
			 "until");
}

/* ---- steps, and the onset ---- */

struct steps {
	struct explain_step *list;
	size_t n, max;
	double until; /* on the axis */
	double wall_offset;
};

static int push_step(struct steps *steps, const struct explain_step *step)
{
	if (steps->n == steps->max) {
		const size_t max = steps->max ? 2 * steps->max : 512;
		struct explain_step *grown = realloc(steps->list, max * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		steps->list = grown;
		steps->max = max;
	}
	steps->list[steps->n++] = *step;
	return 0;
}

static int add_step(void *context, enum slo_tier tier, int64_t end_seconds,
		    struct slo_events events)
{
	struct steps *steps = context;

	if ((double)end_seconds > steps->until)
		return 0;
	return push_step(steps, &(const struct explain_step){
					.end = (double)end_seconds + steps->wall_offset,
					.seconds = (double)slo_tier_width_seconds[tier],
					.good = events.good,
					.bad = events.bad,
				});
}

/* What came since the last step, if the span reaches so far. */
struct since_step {
	bool is;
	struct slo_counts counts;
	struct slo_events events;
};

static struct since_step live_of(const struct agent *agent, const struct track *track,
				 const struct span *span, const struct slo_counts *counts)
{
	struct since_step live = {};

	if (!counts || track->excluding || isnan(track->stepped_seconds) ||
	    timeline_axis(&agent->axis.timeline, span->until) < track->stepped_seconds)
		return live;
	live.is = true;
	live.events.good = counts->good - track->stepped.good;
	for (size_t i = 0; i < BAD_REASON_COUNT; i++)
		live.counts.bad[i] = counts->bad[i] - track->stepped.bad[i];
	live.events.bad = slo_counts_bad(&live.counts);
	return live;
}

/* As a step of its own: exact to the second. */
static int add_live(struct steps *steps, const struct track *track, const struct since_step *live,
		    const struct span *span)
{
	const double end = span->until, begin = track->stepped_seconds + steps->wall_offset;

	return push_step(steps, &(const struct explain_step){
					.end = end,
					.seconds = fmax(end - begin, 0.1),
					.good = live->events.good,
					.bad = live->events.bad,
				});
}

/* Where the steps show no change for the worse: that of the burn that goes on, if it is in the span. */
static double burn_onset(const struct agent *agent, const struct track *track,
			 const struct span *span)
{
	const double now = axis_now(&agent->axis);
	const double began = axis_wall(&agent->axis, burn_began(track, now, 0));

	return began >= span->since && began < span->until ? began : NAN;
}

static int find_onset(const struct agent *agent, const struct track *track,
		      const struct since_step *live, struct span *span)
{
	const struct timeline *axis = &agent->axis.timeline;
	const double now = axis_now(&agent->axis), since = timeline_axis(axis, span->since);
	const enum slo_tier tier = since < now - FINE_SECONDS ? SLO_TIER_1MIN : SLO_TIER_10S;
	const double width = (double)slo_tier_width_seconds[tier];
	struct steps steps = {
		/* the step that is being filled is one, too */
		.until = timeline_axis(axis, span->until) + width,
		.wall_offset = axis->wall_offset_seconds,
	};
	int r = slo_history_each(track->history, tier, (int64_t)since + (int64_t)width, add_step,
				 &steps);

	if (!r && live->events.good + live->events.bad)
		r = add_live(&steps, track, live, span);
	if (!r)
		span->onset = explain_onset(steps.list, steps.n);
	if (!r && isnan(span->onset))
		span->onset = burn_onset(agent, track, span);
	free(steps.list);
	return r;
}

/* ---- what is put into the question ---- */

static json_t *unix_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *reasons_json(const struct track *track, double until, double length, uint64_t bad,
			    const struct since_step *live)
{
	struct slo_counts counts;
	json_t *object;
	int failed = 0;

	reasons_sum(&track->reasons, until, length, &counts);
	if (slo_counts_bad(&counts) != bad)
		return json_null();
	object = json_object();
	for (int i = 0; i < BAD_REASON_COUNT; i++)
		failed |= json_put(object, bad_reason_name(i),
				   json_count(counts.bad[i] + live->counts.bad[i]));
	return json_checked(object, failed);
}

static int put_counts(struct agent *agent, const struct track *track, const struct span *span,
		      const struct since_step *live, json_t *question)
{
	const struct timeline *axis = &agent->axis.timeline;
	const double until = timeline_axis(axis, span->until);
	const double length = until - timeline_axis(axis, from_of(span));
	const struct slo_events events = slo_history_sum(track->history, until, length);
	int failed = json_put(question, "good", json_count(events.good + live->events.good));

	failed |= json_put(question, "bad", json_count(events.bad + live->events.bad));
	failed |=
		json_put(question, "reasons", reasons_json(track, until, length, events.bad, live));
	return failed | json_put(question, "exact",
				 explain_exact_json(agent, track, until - length, until, events));
}

static int put_slo(const struct agent *agent, const struct track *track, json_t *question)
{
	const uint64_t latency_ns = track->slo->good.latency_ns;
	const struct incident_record *incident = incidents_open_of(&agent->incidents, track->name);
	int failed = json_put(question, "service", json_text_or_null(track->service));

	failed |= json_put(question, "objective", json_real(track->slo->objective));
	failed |=
		json_put(question, "latency_seconds",
			 latency_ns ? json_real((double)latency_ns / DURATION_S_NS) : json_null());
	return failed | json_put(question, "incident",
				 incident ? json_count(incident->number) : json_null());
}

static int put_span(const struct agent *agent, const struct track *track, const struct span *span,
		    json_t *question)
{
	int failed = json_put(question, "since", json_real(span->since));

	failed |= json_put(question, "until", json_real(span->until));
	failed |= json_put(question, "onset", unix_or_null(span->onset));
	return failed | json_put(question, "changes",
				 timeline_json(&agent->timeline, track->service,
					       from_of(span) - EXPLAIN_CHANGES_BEFORE_SECONDS,
					       span->until, EXPLAIN_CHANGES_MAX));
}

int explain_facts_add(struct agent *agent, json_t *question, const struct slo_counts *counts,
		      struct error *ret_error)
{
	const char *name = json_string_value(json_object_get(question, "slo"));
	const struct track *track = name ? tracks_named(&agent->applied.tracks, name) : NULL;
	struct span span;
	struct since_step live;
	int failed, r;

	if (!track)
		return no_slo(agent, name ?: "", ret_error);
	r = choose_span(agent, track, question, &span, ret_error);
	if (r)
		return r;
	live = live_of(agent, track, &span, counts);
	r = find_onset(agent, track, &live, &span);
	if (r)
		return r == -ENOMEM ? error_set(ret_error, r, "out of memory") : r;
	failed = put_slo(agent, track, question);
	failed |= put_span(agent, track, &span, question);
	failed |= put_counts(agent, track, &span, &live, question);
	return failed ? error_set(ret_error, -ENOMEM, "out of memory") : 0;
}

/* ---- without samples ---- */

static json_t *time_of(const json_t *question, const char *key)
{
	const json_t *value = json_object_get(question, key);

	return json_is_number(value) ? json_time_or_null(json_number_value(value)) : json_null();
}

static enum explain_kind kind_of(const json_t *question)
{
	const json_t *reasons = json_object_get(question, "reasons");
	uint64_t counts[BAD_REASON_COUNT];

	for (int i = 0; i < BAD_REASON_COUNT; i++)
		counts[i] =
			(uint64_t)json_integer_value(json_object_get(reasons, bad_reason_name(i)));
	return explain_kind_of(counts, NULL, 0);
}

static json_t *sentence_json(const json_t *question, enum explain_kind kind, const char *why)
{
	const json_int_t bad = json_integer_value(json_object_get(question, "bad"));
	const json_int_t good = json_integer_value(json_object_get(question, "good"));
	const json_t *onset = json_object_get(question, "onset");
	char since[32];

	calendar_rfc3339(json_number_value(json_is_number(onset) ?
						   onset :
						   json_object_get(question, "since")),
			 since);
	if (!bad)
		return json_sprintf("No request was bad since %.10s %.8s UTC", since, since + 11);
	return json_sprintf(
		"%lld %s since %.10s %.8s UTC, of %lld requests; what they have in common "
		"is not known: %s",
		(long long)bad, explain_kind_words(kind), since, since + 11,
		(long long)(bad + good), why);
}

json_t *explain_facts_alone(const json_t *question, const char *why)
{
	static const char *const same[] = {"slo", "service", "good", "bad", "reasons", "changes"};
	const enum explain_kind kind = kind_of(question);
	json_t *answer = json_object();
	int failed = 0;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		failed |=
			json_put(answer, same[i], json_incref(json_object_get(question, same[i])));
	failed |= json_put(answer, "since", time_of(question, "since"));
	failed |= json_put(answer, "until", time_of(question, "until"));
	failed |= json_put(answer, "onset", time_of(question, "onset"));
	failed |= json_put(answer, "kind", json_string(explain_kind_name(kind)));
	failed |= json_put(answer, "sentence", sentence_json(question, kind, why));
	failed |= json_put(answer, "enough", json_false());
	failed |= json_put(answer, "findings", json_array());
	failed |= json_put(answer, "no_samples", json_text_or_null(why));
	return json_checked(answer, failed);
}

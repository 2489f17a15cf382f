/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/explain_events.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "samples/explain_columns.h"
#include "samples/explain_json.h"

enum {
	SLICES = 16, /* of the time, so that rings are read meanwhile */
	HARDLY_GOOD = 20, /* good samples; of fewer earlier ones are taken, too */
	EARLIER_MAX = 5000,
	EARLIER_SECONDS = 1800,
	SEED = 1, /* of the shuffling: who asks twice gets the same answer */
};

struct reading {
	struct explain_columns *columns;
	bool earlier;
	size_t most_good;
	int error;
};

static bool take(void *context, const struct event *event)
{
	struct reading *reading = context;

	if (reading->earlier && explain_columns_good(reading->columns) >= reading->most_good)
		return false;
	reading->error = explain_columns_add(reading->columns, event, reading->earlier);
	return !reading->error;
}

/* The newest first, as many as there is room for. Returns 0; -ETIME; or what reading fails with. */
static int read_span(struct events *events, struct question *question,
		     const struct explain_question *asked, double since, double until,
		     struct reading *reading)
{
	double slice = (until - since) / SLICES;

	for (int i = SLICES - 1; i >= 0 && !reading->error; i--) {
		struct events_range range = {
			.since = since + i * slice,
			.until = i == SLICES - 1 ? until : since + (i + 1) * slice,
			.backwards = true,
			.service = asked->service,
			.eligible_for = asked->slo,
		};
		int r;

		if (!question_go_on(question))
			return -ETIME;
		r = events_read(events, &range, take, reading);
		if (r)
			return r;
	}
	return reading->error == -ENOSPC ? 0 : reading->error;
}

static int read_events(struct events *events, struct question *question,
		       const struct explain_question *asked, struct explain_columns *columns)
{
	struct reading reading = {.columns = columns};
	double begin = explain_question_begin(asked);
	int r = read_span(events, question, asked, begin, asked->until, &reading);

	if (r || isnan(asked->onset) || explain_columns_good(columns) >= HARDLY_GOOD ||
	    !explain_columns_bad(columns))
		return r;
	reading = (struct reading){
		.columns = columns,
		.earlier = true,
		.most_good = explain_columns_good(columns) + EARLIER_MAX,
	};
	return read_span(events, question, asked, begin - EARLIER_SECONDS, begin, &reading);
}

static int explain(const struct explain_question *asked, struct explain_columns *columns,
		   struct answer *answer)
{
	struct explain_findings findings;
	struct explain_story story = {
		/* what is said of a time without samples is not known */
		.since = fmax(asked->since, explain_columns_first(columns)),
		.until = asked->until,
		.onset = asked->onset,
		/* samples may be newer than the counts that came with the question */
		.bad = asked->bad || !explain_columns_bad(columns) ? asked->bad : UINT64_MAX,
		.status = explain_columns_status(columns),
		.findings = &findings,
		.changes = asked->changes,
		.n_changes = asked->n_changes,
	};
	uint64_t reasons[BAD_REASON_COUNT];
	const struct explain_times *times;
	size_t n_times;
	int r;

	if (asked->reasons_known)
		memcpy(reasons, asked->reasons, sizeof(reasons));
	else
		explain_columns_reasons(columns, asked->latency_seconds, reasons);
	times = explain_columns_times(columns, &n_times);
	story.kind = explain_kind_of(reasons, times, n_times);
	r = explain_rank(explain_columns_samples(columns, story.kind), asked->exact, asked->n_exact,
			 SEED, &findings);
	if (!r)
		r = explain_json_write(asked, &story, answer->out);
	return r;
}

int explain_answer(struct events *events, const struct names *names, struct question *question,
		   struct answer *answer)
{
	_cleanup_(explain_question_clear) struct explain_question asked = {0};
	_cleanup_(explain_columns_freep) struct explain_columns *columns = NULL;
	int r = explain_question_read(question->json, question->now, &asked);

	(void)names;
	if (r == -EINVAL)
		return answer_refuse(answer, 400,
				     "explain: the name of an SLO, and a time, are expected");
	if (!r)
		r = explain_columns_new(asked.slo, explain_question_begin(&asked), asked.until,
					&columns);
	if (!r)
		r = read_events(events, question, &asked, columns);
	if (r == -ETIME)
		return answer_refuse(answer, 503, "explain: reading the samples takes too long");
	return r ? r : explain(&asked, columns, answer);
}

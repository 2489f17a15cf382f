/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/answers.h"

#include <errno.h>
#include <math.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "samples/event_json.h"
#include "samples/query.h"

/* A walk over events, as long as somebody waits for its result. */
struct walk {
	struct events *events;
	struct question *question;
	query_visit *visit;
	void *context;
	int r;
};

static bool each(void *context, const struct event *event)
{
	struct walk *walk = context;

	walk->r = question_go_on(walk->question) ? walk->visit(walk->context, event) : -ETIME;
	return !walk->r;
}

static int walk_events(void *context, const struct query_span *span, query_visit *visit,
		       void *visit_context)
{
	struct walk *walk = context;
	const struct events_range range = {
		.since = span->since,
		.until = isnan(span->until) ? INFINITY : nextafter(span->until, INFINITY),
		.after = span->after,
		.backwards = span->newest_first,
		.service = span->service,
		.eligible_for = span->eligible_for,
	};
	int r;

	walk->visit = visit;
	walk->context = visit_context;
	walk->r = 0;
	r = events_read(walk->events, &range, each, walk);
	return walk->r ?: r;
}

int answers_events(struct events *events, const struct names *names, struct question *question,
		   struct answer *answer)
{
	_cleanup_json_ json_t *arguments = json_copy((json_t *)question->json);
	_cleanup_json_ json_t *about =
		json_pack("{s:I}", "samples_lost", (json_int_t)question->lost);
	_cleanup_(query_freep) struct query *query = NULL;
	struct walk walk = {.events = events, .question = question};
	const struct query_source source = {walk_events, &walk, event_json, about};
	struct error error;
	int r;

	(void)names;
	if (!arguments || !about)
		return -ENOMEM;
	json_object_del(arguments, "what");
	r = query_parse(arguments, question->now, &query, &error);
	if (r == -EINVAL)
		return answer_refuse(answer, 400, "%s", error.text);
	if (r)
		return r;
	answer->format = query->csv ? PACKET_CSV : PACKET_JSON;
	return query_write(query, &source, answer->out);
}

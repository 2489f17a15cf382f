/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/explaining.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/explain_facts.h"
#include "agent/parts.h"
#include "agent/sampling.h"
#include "base/cleanup.h"

enum {
	OK = 200,
	HOT_SECONDS = 60, /* that an SLO must have burned in, */
	HOT_BAD = 5, /* with so many bad requests, to be asked for before it fires */
};

/* What was asked: its answer may come when the agent is gone. */
struct explaining_question {
	struct agent *agent; /* NULL: it is gone */
	char *slo;
	uint64_t ended; /* the incident that is over, or 0 */
	double at; /* on the axis */
};

static void question_free(struct explaining_question *question)
{
	free(question->slo);
	free(question);
}

/* ---- answers ---- */

static struct explained *find(const struct explaining *explaining, const char *slo)
{
	for (size_t i = 0; i < explaining->n; i++) {
		if (!strcmp(explaining->list[i].slo, slo))
			return (struct explained *)&explaining->list[i];
	}
	return NULL;
}

static void explained_clear(struct explained *explained)
{
	json_decref(explained->kept);
	free(explained->slo);
}

/* Its place: a new one, or that of the one asked longest ago. NULL when out of memory. */
static struct explained *place_of(struct explaining *explaining, const char *slo)
{
	struct explained *place = find(explaining, slo);
	char *copy;

	if (place)
		return place;
	copy = strdup(slo);
	if (!copy)
		return NULL;
	if (explaining->n < EXPLAINED_MAX) {
		place = &explaining->list[explaining->n++];
	} else {
		place = &explaining->list[0];
		for (size_t i = 1; i < explaining->n; i++) {
			if (explaining->list[i].at < place->at)
				place = &explaining->list[i];
		}
		explained_clear(place);
	}
	*place = (struct explained){.slo = copy, .at = -INFINITY};
	return place;
}

const json_t *explaining_latest(const struct explaining *explaining, const char *slo, double now)
{
	const struct explained *explained = find(explaining, slo);

	return explained && explained->at >= now - EXPLAINING_FRESH_SECONDS ? explained->kept :
									      NULL;
}

const char *explaining_sentence(const struct explaining *explaining, const char *slo, double now)
{
	const json_t *kept = explaining_latest(explaining, slo, now);
	const json_t *findings = json_object_get(kept, "findings");

	/* that nothing stands out need not be told */
	return json_array_size(findings) ? json_string_value(json_object_get(kept, "sentence")) :
					   NULL;
}

void explaining_clear(struct explaining *explaining)
{
	for (size_t i = 0; i < explaining->n; i++)
		explained_clear(&explaining->list[i]);
	if (explaining->waiting)
		explaining->waiting->agent = NULL;
	*explaining = (struct explaining){};
}

static json_t *read_answer(const struct elsewhere_answer *answer)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;

	if (answer->bytes > EXPLAINING_ANSWER_BYTES)
		return NULL;
	text = malloc(answer->bytes ?: 1);
	while (text && n < answer->bytes) {
		const ssize_t got = pread(answer->fd, text + n, answer->bytes - n, (off_t)n);

		if (got <= 0)
			return NULL;
		n += (size_t)got;
	}
	return text ? json_loadb(text, n, 0, NULL) : NULL;
}

static bool has_findings(const json_t *kept)
{
	return json_array_size(json_object_get(kept, "findings"));
}

static void keep_in_incident(struct agent *agent, const struct explaining_question *question,
			     json_t *kept)
{
	struct incident_record *incident =
		question->ended ? incidents_numbered(&agent->incidents, question->ended) :
				  incidents_open_of(&agent->incidents, question->slo);
	json_t **part;

	if (!incident)
		return;
	part = question->ended ? &incident->at_resolution : &incident->at_detection;
	if (!question->ended && incident->explained)
		return;
	if (!question->ended) {
		const double after = axis_wall(&agent->axis, question->at) - incident->detected;

		/* of its first seconds there may be too few samples */
		incident->explained = after >= (has_findings(kept) ? 0 : EXPLAINING_FEW_SECONDS);
		if (has_findings(*part) && !has_findings(kept))
			return;
	}
	json_decref(*part);
	*part = json_incref(kept);
	incidents_keep(&agent->incidents, incident);
}

/* answer: NULL if there is none. */
static void take(struct agent *agent, const struct explaining_question *question,
		 const json_t *answer)
{
	json_t *kept = incident_explained(answer, axis_wall(&agent->axis, question->at));
	struct explained *explained =
		question->ended ? NULL : find(&agent->explaining, question->slo);

	if (kept)
		keep_in_incident(agent, question, kept);
	if (kept && explained) {
		json_decref(explained->kept);
		explained->kept = json_incref(kept);
	}
	json_decref(kept);
}

static void ask_next(struct agent *agent);

static void answered(void *context, const struct elsewhere_answer *answer)
{
	struct explaining_question *question = context;
	struct agent *agent = question->agent;
	json_t *json = answer->code == OK ? read_answer(answer) : NULL;

	if (answer->code == OK)
		close(answer->fd);
	if (agent) {
		agent->explaining.waiting = NULL;
		take(agent, question, json);
	}
	json_decref(json);
	question_free(question);
	if (agent)
		ask_next(agent);
}

/* ---- what is asked next ---- */

/* Whether the SLO burned in the last minute: then it may fire soon. */
static bool is_hot(const struct track *track, double now)
{
	const double allowed = 1 - track->slo->objective;
	struct slo_events minute;

	if ((double)track->latest.bad <= allowed * (double)(track->latest.good + track->latest.bad))
		return false;
	minute = slo_history_sum(track->history, now, HOT_SECONDS);
	return minute.bad >= HOT_BAD &&
	       (double)minute.bad > allowed * (double)(minute.good + minute.bad);
}

struct choice {
	const char *slo;
	struct incident_record *ended;
	double worth; /* the highest is asked; below 0: nothing is to be asked */
};

enum worth {
	WORTH_AGAIN,
	WORTH_ENDED,
	WORTH_HOT,
	WORTH_NEW,
};

/* A class of worth, and in it from 0 to 1: pages first, then what was asked longest ago. */
static void choose(struct choice *choice, enum worth worth, bool page, double waited,
		   const char *slo, struct incident_record *ended)
{
	const double value = (double)worth + (page ? 0.5 : 0) + 0.49 * fmin(waited / 86400, 1);

	if (value > choice->worth)
		*choice = (struct choice){slo, ended, value};
}

static double waited(const struct agent *agent, const char *slo, double now)
{
	const struct explained *explained = find(&agent->explaining, slo);

	return explained ? now - explained->at : INFINITY;
}

static void choose_incidents(struct agent *agent, double now, struct choice *choice)
{
	const double wall = axis_wall(&agent->axis, now);

	for (size_t i = 0; i < agent->incidents.n; i++) {
		struct incident_record *incident = agent->incidents.list[i];
		const bool page = incident->severity == SEVERITY_PAGE;
		const double ago = waited(agent, incident->slo, now);

		if (incident->end == INCIDENT_OPEN &&
		    ago >= (incident->explained ? EXPLAINING_AGAIN_SECONDS :
						  EXPLAINING_NEW_SECONDS))
			choose(choice, incident->explained ? WORTH_AGAIN : WORTH_NEW, page, ago,
			       incident->slo, NULL);
		/* samples of an hour ago are there, whoever asks */
		if (incident->end == INCIDENT_RECOVERED &&
		    !json_is_object(incident->at_resolution) && incident->resolved > wall - 3600 &&
		    incident->tries < EXPLAINING_TRIES)
			choose(choice, WORTH_ENDED, page, wall - incident->resolved, incident->slo,
			       incident);
	}
}

/* What found nothing had too few samples, it may be. */
static bool hot_is_due(const struct agent *agent, const char *slo, double now)
{
	const struct explained *explained = find(&agent->explaining, slo);
	const bool found =
		explained && json_array_size(json_object_get(explained->kept, "findings"));

	return waited(agent, slo, now) >=
	       (found ? EXPLAINING_AGAIN_SECONDS : EXPLAINING_NEW_SECONDS);
}

static void choose_hot(struct agent *agent, double now, struct choice *choice)
{
	const struct track *track;
	size_t at = 0;

	while ((track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE, &at))) {
		if (hot_is_due(agent, track->name, now) && is_hot(track, now) &&
		    !incidents_open_of(&agent->incidents, track->name))
			choose(choice, WORTH_HOT, false, waited(agent, track->name, now),
			       track->name, NULL);
	}
}

static json_t *question_json(const struct choice *choice)
{
	json_t *json = json_pack("{s:s, s:s}", "what", "explain", "slo", choice->slo);

	if (choice->ended && isfinite(choice->ended->started))
		json_object_set_new(json, "since",
				    json_real(choice->ended->started - EXPLAIN_SPAN_SECONDS));
	if (choice->ended)
		json_object_set_new(json, "until", json_real(choice->ended->resolved));
	return json;
}

/* With what came since the last step. */
static int add_facts(struct agent *agent, json_t *question, struct error *error)
{
	const char *name = json_string_value(json_object_get(question, "slo"));
	const struct track *track = name ? tracks_named(&agent->applied.tracks, name) : NULL;
	struct slo_counts counts;
	const bool live = track && !kernel_side_counts(&agent->kernel, track, &counts);

	return explain_facts_add(agent, question, live ? &counts : NULL, error);
}

/* Without samples, exact counts answer. */
static void ask(struct agent *agent, const struct choice *choice, double now)
{
	struct explaining_question *question = calloc(1, sizeof(*question));
	json_t *json = question_json(choice), *alone = NULL;
	struct error error;
	int r = question && json ? 0 : -ENOMEM;

	if (question) {
		*question = (struct explaining_question){
			.agent = agent,
			.slo = strdup(choice->slo),
			.ended = choice->ended ? choice->ended->number : 0,
			.at = now,
		};
		r = r ?: question->slo ? r : -ENOMEM;
	}
	r = r ?: add_facts(agent, json, &error);
	if (!r) {
		agent->explaining.waiting = question;
		r = sampling_ask(agent, json, answered, question, &error);
	}
	if (!r) {
		json_decref(json);
		return;
	}
	agent->explaining.waiting = NULL;
	if (r == -ENOTCONN) {
		alone = explain_facts_alone(json, error.text);
		take(agent, question, alone);
	}
	json_decref(alone);
	json_decref(json);
	if (question)
		question_free(question);
}

static void ask_next(struct agent *agent)
{
	struct explaining *explaining = &agent->explaining;
	const double now = axis_now(&agent->axis);
	struct choice choice = {.worth = -1};
	struct explained *place;

	if (explaining->waiting || explaining->asked >= EXPLAINING_A_STEP)
		return;
	choose_incidents(agent, now, &choice);
	if (agent->sampling.opened) /* it is asked for its sentence */
		choose_hot(agent, now, &choice);
	if (!choice.slo)
		return;
	explaining->asked++;
	if (choice.ended) {
		choice.ended->tries++;
	} else {
		place = place_of(explaining, choice.slo);
		if (!place)
			return;
		place->at = now;
	}
	ask(agent, &choice, now);
}

void explaining_step(struct agent *agent)
{
	agent->explaining.asked = 0;
	ask_next(agent);
}

/* ---- for whoever asks ---- */

static int answer_alone(const json_t *question, const char *why, elsewhere_done_fn *done,
			void *context)
{
	json_t *json = explain_facts_alone(question, why);
	_cleanup_free_ char *text =
		json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	struct elsewhere_answer answer = {
		.code = OK,
		.content_type = "application/json",
		.fd = text ? memfd_create("explain", MFD_CLOEXEC) : -1,
		.bytes = text ? strlen(text) : 0,
	};

	json_decref(json);
	if (answer.fd < 0)
		return -ENOMEM;
	if (pwrite(answer.fd, text, answer.bytes, 0) != (ssize_t)answer.bytes) {
		close(answer.fd);
		return -ENOMEM;
	}
	done(context, &answer);
	return 0;
}

int explain_ask(struct agent *agent, json_t *question, elsewhere_done_fn *done, void *context,
		struct error *ret_error)
{
	int r = add_facts(agent, question, ret_error);

	if (r)
		return r;
	r = sampling_ask(agent, question, done, context, ret_error);
	return r == -ENOTCONN ? answer_alone(question, ret_error->text, done, context) : r;
}

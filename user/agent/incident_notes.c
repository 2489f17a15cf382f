/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/incident_notes.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "agent/explaining.h"
#include "agent/incidents_step.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/json_values.h"

static struct incidents_scene scene_of(struct agent *agent)
{
	return (struct incidents_scene){&agent->incidents, &agent->alerting, &agent->timeline};
}

/* What was found before it fired is better than nothing. */
static void take_explained(struct agent *agent, double now)
{
	for (size_t i = 0; agent->incidents.n_open && i < agent->incidents.n; i++) {
		struct incident_record *incident = agent->incidents.list[i];
		const json_t *latest;

		if (incident->end != INCIDENT_OPEN || json_is_object(incident->at_detection))
			continue;
		latest = explaining_latest(&agent->explaining, incident->slo, now);
		if (!latest)
			continue;
		json_decref(incident->at_detection);
		incident->at_detection = json_incref((json_t *)latest);
		incidents_keep(&agent->incidents, incident);
	}
}

static void judged(void *context, double now)
{
	const struct incidents_scene scene = scene_of(context);

	incidents_judge(&scene, now);
	take_explained(context, now);
}

/* The one that a message of that time tells of: its end is sent when the incident is over. */
static struct incident_record *told_of(struct agent *agent, const char *slo, double sent)
{
	for (size_t i = agent->incidents.n; i--;) {
		struct incident_record *incident = agent->incidents.list[i];

		/* the message has whole seconds */
		if (!strcmp(incident->slo, slo) && !(incident->detected > sent + 1))
			return incident;
	}
	return NULL;
}

static void settled(void *context, const char *receiver, const json_t *message, const char *result,
		    unsigned int attempts, const char *error)
{
	struct agent *agent = context;
	const json_t *slos = json_object_get(message, "slos");
	const double sent =
		format_parse_time(json_string_value(json_object_get(message, "sent_at")));

	for (size_t i = 0; i < json_array_size(slos); i++) {
		const char *slo =
			json_string_value(json_object_get(json_array_get(slos, i), "name"));
		struct incident_record *incident = slo ? told_of(agent, slo, sent) : NULL;

		if (!incident)
			continue;
		incident_told(incident, receiver, message, result, attempts, error,
			      clock_seconds(CLOCK_REALTIME));
		incidents_keep(&agent->incidents, incident);
	}
}

static const char *sentence(void *context, const char *slo, double now)
{
	const struct agent *agent = context;

	return explaining_sentence(&agent->explaining, slo, now);
}

const struct alerting_ops incident_notes = {
	.judged = judged,
	.settled = settled,
	.sentence = sentence,
};

/* ---- for the socket ---- */

static bool is_wanted(const struct incident_record *incident, const struct incidents_query *query)
{
	if (query->slo && strcmp(query->slo, incident->slo) != 0)
		return false;
	if (!isnan(query->since_unix) && incident->end != INCIDENT_OPEN &&
	    incident->resolved < query->since_unix)
		return false;
	return isnan(query->until_unix) ||
	       fmin(incident->started, incident->detected) <= query->until_unix;
}

int incidents_list(struct agent *agent, const struct incidents_query *query, json_t **ret)
{
	const struct incidents_scene scene = scene_of(agent);
	const double now = axis_now(&agent->axis);
	json_t *array = json_array(), *object = json_object();
	size_t left_out = 0;
	int failed = 0;

	for (size_t i = agent->incidents.n; i--;) {
		struct incident_record *incident = agent->incidents.list[i];

		if (!is_wanted(incident, query))
			continue;
		if (json_array_size(array) >= query->limit) {
			left_out++;
			continue;
		}
		incidents_measure(&scene, incident, now);
		failed |= json_push(array, incident_json(incident, true));
	}
	failed |= json_put(object, "incidents", array);
	failed |= json_put(object, "left_out", json_count(left_out));
	*ret = json_checked(object, failed);
	return *ret ? 0 : -ENOMEM;
}

int incidents_show(struct agent *agent, uint64_t number, json_t **ret)
{
	const struct incidents_scene scene = scene_of(agent);
	struct incident_record *incident = incidents_numbered(&agent->incidents, number);

	if (!incident)
		return -ENOENT;
	incidents_measure(&scene, incident, axis_now(&agent->axis));
	*ret = incident_json(incident, false);
	return *ret ? 0 : -ENOMEM;
}

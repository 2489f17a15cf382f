/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/incidents.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define LAST_KEY "last"

static void key_of(uint64_t number, char ret[static 24])
{
	snprintf(ret, 24, "%020" PRIu64, number);
}

void incidents_keep(struct incidents *incidents, const struct incident_record *incident)
{
	_cleanup_free_ char *text = NULL;
	json_t *json = NULL;
	char key[24];

	if (!incidents->record)
		return;
	json = incident_save(incident);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!text)
		return;
	key_of(incident->number, key);
	record_keep(incidents->record, RECORD_INCIDENT, key, text);
}

static void keep_last(struct incidents *incidents)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, incidents->last);
	if (incidents->record)
		record_keep(incidents->record, RECORD_INCIDENT, LAST_KEY, text);
}

static void drop(struct incidents *incidents, size_t i)
{
	struct incident_record *incident = incidents->list[i];
	char key[24];

	key_of(incident->number, key);
	if (incidents->record)
		record_drop(incidents->record, RECORD_INCIDENT, key);
	incidents->n_open -= incident->end == INCIDENT_OPEN;
	incident_record_clear(incident);
	free(incident);
	incidents->n--;
	memmove(&incidents->list[i], &incidents->list[i + 1],
		(incidents->n - i) * sizeof(incidents->list[0]));
}

/* ---- bounds ---- */

static size_t count(const struct incidents *incidents, bool found, const char *service)
{
	size_t n = 0;

	for (size_t i = 0; i < incidents->n; i++)
		n += incidents->list[i]->found == found &&
		     (!service || !strcmp(incidents->list[i]->service, service));
	return n;
}

/* One that is over goes before one that is open, then of the service that has most, the oldest. */
static size_t find_least(const struct incidents *incidents, bool found)
{
	size_t most = 0, ret = 0;

	for (size_t i = 0; i < incidents->n; i++) {
		const struct incident_record *incident = incidents->list[i];
		size_t worth;

		if (incident->found != found)
			continue;
		worth = count(incidents, found, incident->service) +
			(incident->end == INCIDENT_OPEN ? 0 : INCIDENTS_MAX);
		if (worth > most) {
			most = worth;
			ret = i;
		}
	}
	return ret;
}

static void forget_old(struct incidents *incidents, double now)
{
	for (size_t i = incidents->n; i--;) {
		const struct incident_record *incident = incidents->list[i];

		if (incident->end != INCIDENT_OPEN &&
		    incident->detected < now - INCIDENTS_KEPT_SECONDS)
			drop(incidents, i);
	}
}

static void insert(struct incidents *incidents, struct incident_record *incident)
{
	size_t at;

	if (count(incidents, incident->found, NULL) >= INCIDENTS_HALF)
		drop(incidents, find_least(incidents, incident->found));
	at = incidents->n++;
	while (at && incidents->list[at - 1]->number > incident->number) {
		incidents->list[at] = incidents->list[at - 1];
		at--;
	}
	incidents->list[at] = incident;
	incidents->n_open += incident->end == INCIDENT_OPEN;
	if (incident->number > incidents->last)
		incidents->last = incident->number;
}

/* ---- what befalls them ---- */

struct incident_record *incidents_add(struct incidents *incidents, const char *slo,
				      const char *service, bool found, double detected)
{
	struct incident_record *incident = calloc(1, sizeof(*incident));

	if (!incident || incident_record_init(incident, slo, service)) {
		free(incident);
		return NULL;
	}
	forget_old(incidents, detected);
	incident->number = incidents->last + 1;
	incident->found = found;
	incident->detected = detected;
	insert(incidents, incident);
	keep_last(incidents);
	return incident;
}

void incidents_end(struct incidents *incidents, struct incident_record *incident,
		   enum incident_end how, double at)
{
	if (incident->end != INCIDENT_OPEN)
		return;
	incident->end = how;
	incident->resolved = at;
	incidents->n_open--;
}

struct incident_record *incidents_open_of(const struct incidents *incidents, const char *slo)
{
	for (size_t i = incidents->n_open ? incidents->n : 0; i--;) {
		struct incident_record *incident = incidents->list[i];

		if (incident->end == INCIDENT_OPEN && !strcmp(incident->slo, slo))
			return incident;
	}
	return NULL;
}

struct incident_record *incidents_numbered(const struct incidents *incidents, uint64_t number)
{
	for (size_t i = 0; i < incidents->n; i++) {
		if (incidents->list[i]->number == number)
			return incidents->list[i];
	}
	return NULL;
}

/* ---- life ---- */

static int restore(void *context, const char *key, const char *text)
{
	struct incidents *incidents = context;
	struct incident_record *incident;
	json_t *saved;
	int r;

	if (!strcmp(key, LAST_KEY)) {
		const uint64_t last = strtoull(text, NULL, 10);

		if (last > incidents->last && last < INT64_MAX)
			incidents->last = last;
		return 0;
	}
	incident = calloc(1, sizeof(*incident));
	if (!incident)
		return -ENOMEM;
	saved = json_loads(text, 0, NULL);
	r = incident_load(saved, incident);
	json_decref(saved);
	if (r) {
		free(incident);
		return r == -ENOMEM ? r : 0;
	}
	insert(incidents, incident);
	return 0;
}

int incidents_open(struct incidents *incidents, struct record *record)
{
	int r = record ? record_each_text(record, RECORD_INCIDENT, restore, incidents) : 0;

	incidents->record = record;
	return r;
}

void incidents_close(struct incidents *incidents)
{
	for (size_t i = 0; i < incidents->n; i++) {
		incident_record_clear(incidents->list[i]);
		free(incidents->list[i]);
	}
	*incidents = (struct incidents){};
}

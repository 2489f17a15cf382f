/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules over the agent's restarts, as JSON:
 *   {"generation", "serials", "services": [name, ...], "routes": [name, ...], "policies": [n, ...],
 *    "ports": [n, ...], "tracks": [{"name", "service", "definition", "counts", "serial", "born"}],
 *    "wildcards": [{"name", "definition", "criteria", "base", "serial", "born"}]}
 */
#include <errno.h>
#include <string.h>

#include "rules_private.h"
#include "util.h"

static json_t *note_names(const struct names *names)
{
	json_t *array = json_array();
	const char *name;

	for (__u32 i = 1; (name = names_name(names, i)); i++) {
		if (json_array_append_new(array, json_string(name))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *note_numbers(const __u16 *numbers, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(array, json_integer(numbers[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *note_tracks(const struct change *change)
{
	json_t *array = json_array();

	for (size_t i = 0; i < change->n_tracks; i++) {
		const struct track *track = change->tracks[i];

		if (json_array_append_new(
			    array, json_pack("{s:s, s:s, s:s, s:I, s:I, s:f}", "name", track->name,
					     "service", track->service, "definition",
					     track->definition, "counts", (json_int_t)track->counts,
					     "serial", (json_int_t)track->birth.serial, "born",
					     track->birth.boottime_seconds))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *note_wildcards(const struct change *change)
{
	json_t *array = json_array();

	for (size_t i = 0; i < change->n_wildcards; i++) {
		const struct wildcard *wildcard = &change->wildcards[i];

		if (json_array_append_new(
			    array, json_pack("{s:s, s:s, s:I, s:I, s:I, s:f}", "name",
					     wildcard->name, "definition", wildcard->definition,
					     "criteria", (json_int_t)wildcard->criteria, "base",
					     (json_int_t)wildcard->base, "serial",
					     (json_int_t)wildcard->birth.serial, "born",
					     wildcard->birth.boottime_seconds))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *rules_note(const struct change *change)
{
	const struct rules *rules = change->rules;

	/* a NULL argument makes it fail, and the others are released */
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "generation",
			 (json_int_t)change->generation, "serials", (json_int_t)rules->serials,
			 "services", note_names(rules->services), "routes",
			 note_names(rules->routes), "policies",
			 note_numbers(change->policies, change->tables.n_policies), "ports",
			 note_numbers(change->ports, change->tables.n_ports), "tracks",
			 note_tracks(change), "wildcards", note_wildcards(change));
}

/* ---- the way back ---- */

static int restore_names(struct names *names, const json_t *array)
{
	const json_t *name;
	size_t i;

	json_array_foreach(array, i, name) {
		if (!json_is_string(name))
			return -EINVAL;
		if (names_number(names, json_string_value(name)) != i + 1)
			return -ENOMEM;
	}
	return 0;
}

static int restore_numbers(const json_t *array, __u16 **ret, size_t *ret_n)
{
	size_t n = json_array_size(array);
	_cleanup_free_ __u16 *numbers = calloc(n ?: 1, sizeof(*numbers));

	if (!numbers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		numbers[i] = json_integer_value(json_array_get(array, i));
	*ret = TAKE_PTR(numbers);
	*ret_n = n;
	return 0;
}

static const struct config_slo *slo_named(const struct config *config, const char *name,
					  const char *service)
{
	for (size_t i = 0; i < config->n_slos; i++) {
		const struct config_slo *slo = &config->slos[i];
		_cleanup_free_ char *instance = slo_instance_name(slo->name, service);

		if (!strcmp(service, "*") ? !strcmp(slo->service, "*") && !strcmp(slo->name, name)
					  : instance && !strcmp(instance, name))
			return slo;
	}
	return NULL;
}

static int restore_track(struct rules *rules, const struct config *config, json_t *note)
{
	const char *name, *service, *definition;
	const struct config_slo *slo;
	json_int_t counts, serial;
	struct track *track;
	double born;
	int r;

	if (json_unpack(note, "{s:s, s:s, s:s, s:I, s:I, s:f}", "name", &name, "service", &service,
			"definition", &definition, "counts", &counts, "serial", &serial, "born",
			&born) ||
	    counts < 0 || counts >= SLO_CRITERIA_MAX)
		return -EINVAL;
	slo = slo_named(config, name, service);
	if (!slo)
		return 0;
	r = track_new(name, service, definition, slo, counts,
		      (struct track_birth){.serial = serial, .boottime_seconds = born}, &track);
	if (!r)
		rules->tracks[rules->n_tracks++] = track;
	return r;
}

static int restore_tracks(struct rules *rules, const struct config *config, const json_t *array)
{
	json_t *note;
	size_t i;
	int r = 0;

	rules->tracks = calloc(json_array_size(array) + 1, sizeof(struct track *));
	if (!rules->tracks)
		return -ENOMEM;
	json_array_foreach(array, i, note) {
		r = r ?: restore_track(rules, config, note);
	}
	return r;
}

static int restore_wildcard(struct rules *rules, const struct config *config, json_t *note)
{
	struct wildcard *wildcard = &rules->wildcards[rules->n_wildcards];
	json_int_t criteria, base, serial;
	const char *name, *definition;
	double born;

	if (json_unpack(note, "{s:s, s:s, s:I, s:I, s:I, s:f}", "name", &name, "definition",
			&definition, "criteria", &criteria, "base", &base, "serial", &serial,
			"born", &born) ||
	    criteria < 0 || criteria >= SLO_CRITERIA_MAX || base < SLO_CRITERIA_MAX ||
	    base >= SLO_COUNTS_MAX)
		return -EINVAL;
	*wildcard = (struct wildcard){
		.slo = slo_named(config, name, "*"),
		.name = strdup(name),
		.definition = strdup(definition),
		.criteria = criteria,
		.base = base,
		.birth = {.serial = serial, .boottime_seconds = born},
	};
	rules->n_wildcards += wildcard->slo && wildcard->name && wildcard->definition;
	if (wildcard->slo && wildcard->name && wildcard->definition)
		return 0;
	free(wildcard->name);
	free(wildcard->definition);
	return wildcard->slo ? -ENOMEM : 0;
}

static int restore_wildcards(struct rules *rules, const struct config *config, const json_t *array)
{
	json_t *note;
	size_t i;
	int r = 0;

	rules->wildcards = calloc(json_array_size(array) + 1, sizeof(*rules->wildcards));
	if (!rules->wildcards)
		return -ENOMEM;
	json_array_foreach(array, i, note) {
		r = r ?: restore_wildcard(rules, config, note);
	}
	return r;
}

int rules_restore(struct rules *rules, struct probe *probe, const struct config *config,
		  const json_t *note)
{
	int r;

	rules->generation = probe_generation(probe);
	rules->serials = json_integer_value(json_object_get(note, "serials"));
	if (!rules->generation ||
	    json_integer_value(json_object_get(note, "generation")) != rules->generation)
		return -EINVAL;
	r = restore_names(rules->services, json_object_get(note, "services"));
	r = r ?: restore_names(rules->routes, json_object_get(note, "routes"));
	r = r
		    ?: restore_numbers(json_object_get(note, "policies"), &rules->policies,
				       &rules->n_policies);
	r = r ?: restore_numbers(json_object_get(note, "ports"), &rules->ports, &rules->n_ports);
	r = r ?: restore_tracks(rules, config, json_object_get(note, "tracks"));
	r = r ?: restore_wildcards(rules, config, json_object_get(note, "wildcards"));
	return r ?: places_restore(rules, probe);
}

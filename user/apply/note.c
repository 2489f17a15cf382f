/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/note.h"

#include <errno.h>
#include <string.h>

#include "apply/change.h"
#include "base/cleanup.h"

static json_t *note_names(const struct ids *names)
{
	json_t *array = json_array();
	const char *name;

	for (__u32 i = 1; (name = ids_name(names, i)); i++) {
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

static int add_track(json_t *array, const struct track *track)
{
	return json_array_append_new(
		array,
		json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:f, s:I, s:I, s:f}", "name", track->name,
			  "service", track->service, "definition", track->definition, "slo",
			  track->slo_name, "wildcard", (int)track->wildcard, "slice_seconds",
			  (json_int_t)track->slice_seconds, "slice_target", track->slice_target,
			  "counts", (json_int_t)track->counts, "serial",
			  (json_int_t)track->birth.serial, "born", track->birth.boottime_seconds));
}

static json_t *note_tracks(const struct change *change)
{
	const struct applied *applied = change->applied;
	json_t *array = json_array();
	int r = array ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < change->n_tracks; i++)
		r = add_track(array, change->tracks[i]);
	/* those that end are counted on, and another agent must know their slots */
	for (size_t i = 0; !r && i < applied->tracks.n_configured; i++) {
		if (!change_has_track(change, applied->tracks.configured[i]))
			r = add_track(array, applied->tracks.configured[i]);
	}
	for (size_t i = 0; !r && i < applied->tracks.n_ending; i++) {
		const struct track_entry *ending = &applied->tracks.ending[i];

		if (!ending->base && !change_has_track(change, ending->track))
			r = add_track(array, ending->track);
	}
	if (!r)
		return array;
	json_decref(array);
	return NULL;
}

static int add_wildcard(json_t *array, const struct wildcard *wildcard)
{
	return json_array_append_new(
		array, json_pack("{s:s, s:s, s:I, s:f, s:I, s:I, s:I, s:f}", "name", wildcard->name,
				 "definition", wildcard->definition, "slice_seconds",
				 (json_int_t)wildcard->slice_seconds, "slice_target",
				 wildcard->slice_target, "criteria", (json_int_t)wildcard->criteria,
				 "base", (json_int_t)wildcard->base, "serial",
				 (json_int_t)wildcard->birth.serial, "born",
				 wildcard->birth.boottime_seconds));
}

static json_t *note_wildcards(const struct change *change)
{
	const struct applied *applied = change->applied;
	json_t *array = json_array();
	int r = array ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < change->n_wildcards; i++)
		r = add_wildcard(array, &change->wildcards[i]);
	for (size_t i = 0; !r && i < applied->tracks.n_wildcards; i++) {
		const struct wildcard *wildcard = &applied->tracks.wildcards[i];

		if (!wildcard_at(change->wildcards, change->n_wildcards, wildcard->base))
			r = add_wildcard(array, wildcard);
	}
	if (!r)
		return array;
	json_decref(array);
	return NULL;
}

/* The body for what will be in force after the change; NULL when out of memory. */
static json_t *note_body(const struct change *change)
{
	const struct applied *applied = change->applied;
	const struct tables_change *write = &change->write;

	/* a NULL among the values makes json_pack() fail, which releases the others */
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "generation",
			 (json_int_t)write->generation, "serials",
			 (json_int_t)applied->numbers.serials, "services",
			 note_names(applied->numbers.services), "routes",
			 note_names(applied->numbers.routes), "policies",
			 note_numbers(write->policies, write->tables.n_policies), "tracks",
			 note_tracks(change), "wildcards", note_wildcards(change));
}

int note_persist(const struct change *change)
{
	const struct applied *applied = change->applied;
	json_t *body;
	int r;

	if (!applied->persist)
		return 0;
	body = note_body(change);
	if (!body)
		return -ENOMEM;
	r = applied->persist(applied->persist_context, change->write.generation, body);
	json_decref(body);
	return r;
}

void note_persist_again(struct applied *applied)
{
	const struct change none = {
		.applied = applied,
		.write = {.generation = applied->in_force.generation,
			  .tables = {.n_policies = applied->in_force.n_policies},
			  .policies = applied->in_force.policies},
		.tracks = applied->tracks.configured,
		.n_tracks = applied->tracks.n_configured,
		.wildcards = applied->tracks.wildcards,
		.n_wildcards = applied->tracks.n_wildcards,
	};

	note_persist(&none);
}

json_t *note_wrap(const struct note_head *head, const json_t *body)
{
	return json_pack("{s:i, s:s, s:s, s:f, s:O}", "format", NOTE_FORMAT, "build", head->build,
			 "instance", head->instance, "attached", head->attached_boottime_seconds,
			 "rules", (json_t *)body);
}

/* ---- reading ---- */

static int restore_names(struct ids *names, const json_t *array)
{
	const json_t *name;
	size_t i;

	json_array_foreach(array, i, name) {
		if (!json_is_string(name))
			return -EINVAL;
		if (ids_number(names, json_string_value(name)) != i + 1)
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

static int restore_track(struct applied *applied, json_t *note)
{
	const char *name, *service, *definition, *slo_name;
	json_int_t counts, serial, slice_seconds;
	struct config_slo former = {};
	struct track *track;
	int wildcard;
	double born;
	int r;

	if (json_unpack(note, "{s:s, s:s, s:s, s:s, s:b, s:I, s:F, s:I, s:I, s:f}", "name", &name,
			"service", &service, "definition", &definition, "slo", &slo_name,
			"wildcard", &wildcard, "slice_seconds", &slice_seconds, "slice_target",
			&former.slice_target, "counts", &counts, "serial", &serial, "born",
			&born) ||
	    counts < 0 || counts >= SLO_CRITERIA_MAX || slice_seconds < 0)
		return -EINVAL;
	former.name = (char *)slo_name;
	former.service = (char *)(wildcard ? CONFIG_EVERY_SERVICE : service);
	former.slice_seconds = (uint64_t)slice_seconds;
	r = track_new(name, service, definition, &former, counts,
		      (struct track_birth){.serial = serial, .boottime_seconds = born}, &track);
	if (r)
		return r;
	track_end(track);
	applied->tracks.ending[applied->tracks.n_ending++] = (struct track_entry){.track = track};
	return 0;
}

static int restore_tracks(struct applied *applied, const json_t *array)
{
	json_t *note;
	size_t i;
	int r = 0;

	applied->tracks.ending =
		calloc(json_array_size(array) + 1, sizeof(*applied->tracks.ending));
	if (!applied->tracks.ending)
		return -ENOMEM;
	json_array_foreach(array, i, note) {
		r = r ?: restore_track(applied, note);
	}
	return r;
}

static int restore_wildcard(struct applied *applied, json_t *note)
{
	struct wildcard *wildcard = &applied->tracks.wildcards[applied->tracks.n_wildcards];
	json_int_t criteria, base, serial, slice_seconds;
	const char *name, *definition;
	double born, slice_target;

	if (json_unpack(note, "{s:s, s:s, s:I, s:F, s:I, s:I, s:I, s:f}", "name", &name,
			"definition", &definition, "slice_seconds", &slice_seconds, "slice_target",
			&slice_target, "criteria", &criteria, "base", &base, "serial", &serial,
			"born", &born) ||
	    criteria < 0 || criteria >= SLO_CRITERIA_MAX || base < SLO_CRITERIA_MAX ||
	    base >= SLO_COUNTS_MAX || slice_seconds < 0)
		return -EINVAL;
	*wildcard = (struct wildcard){
		.name = strdup(name),
		.definition = strdup(definition),
		.slice_seconds = (uint64_t)slice_seconds,
		.slice_target = slice_target,
		.criteria = criteria,
		.base = base,
		.birth = {.serial = serial, .boottime_seconds = born},
	};
	applied->tracks.n_wildcards++;
	return wildcard->name && wildcard->definition ? 0 : -ENOMEM;
}

static int restore_wildcards(struct applied *applied, const json_t *array)
{
	json_t *note;
	size_t i;
	int r = 0;

	applied->tracks.wildcards =
		calloc(json_array_size(array) + 1, sizeof(*applied->tracks.wildcards));
	if (!applied->tracks.wildcards)
		return -ENOMEM;
	json_array_foreach(array, i, note) {
		r = r ?: restore_wildcard(applied, note);
	}
	return r;
}

int note_read(const json_t *body, __u32 generation, struct applied *ret)
{
	int r;

	if (!generation || json_integer_value(json_object_get(body, "generation")) != generation)
		return -EINVAL;
	ret->in_force.generation = generation;
	ret->numbers.serials = json_integer_value(json_object_get(body, "serials"));
	r = restore_names(ret->numbers.services, json_object_get(body, "services"));
	r = r ?: restore_names(ret->numbers.routes, json_object_get(body, "routes"));
	r = r	  ?:
		    restore_numbers(json_object_get(body, "policies"), &ret->in_force.policies,
				    &ret->in_force.n_policies);
	r = r ?: restore_tracks(ret, json_object_get(body, "tracks"));
	return r ?: restore_wildcards(ret, json_object_get(body, "wildcards"));
}

int note_open(const json_t *note, struct note_head *ret_head, const json_t **ret_body)
{
	const char *instance = json_string_value(json_object_get(note, "instance"));

	if (!instance || json_integer_value(json_object_get(note, "format")) != NOTE_FORMAT)
		return -EINVAL;
	*ret_head = (struct note_head){
		.build = json_string_value(json_object_get(note, "build")),
		.instance = instance,
		.attached_boottime_seconds = json_real_value(json_object_get(note, "attached")),
	};
	*ret_body = json_object_get(note, "rules");
	return 0;
}

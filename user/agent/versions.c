/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/file_look.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "kernel/versions.h"

static const __u64 second_ns = 1000000000;
/* Of an id whose requests were seen to move, the time is noted so often. */
static const __u64 note_ns = 300 * second_ns;
/* An id that nobody has is given to another version after this: a connection may outlive its process. */
static const __u64 wait_ns = 3600 * second_ns;
/* An id without a process is taken back at the earliest after this. */
static const __u64 idle_ns = 60 * second_ns;
/* Longer than the history of agent/version_history goes. */
static const __u64 named_ns = 25 * 3600 * second_ns;

enum {
	LOOK_WAIT_MS = 20,
	VANISHED_SECONDS = 60,
};

double versions_unix(const struct versions *versions, __u64 monotonic_ns)
{
	return (double)monotonic_ns / 1e9 + versions->wall_offset;
}

struct versions *versions_new(void)
{
	struct versions *versions = calloc(1, sizeof(*versions));

	if (!versions)
		return NULL;
	serving_init(&versions->serving, clock_ns(CLOCK_MONOTONIC));
	versions->look = file_look_new();
	if (versions->look)
		return versions;
	versions_free(versions);
	return NULL;
}

static void named_free(struct version_named *named)
{
	free(named->exe);
	free(named);
}

void versions_free(struct versions *versions)
{
	if (!versions)
		return;
	for (size_t id = 0; id < VERSIONS_MAX; id++)
		free(versions->ids[id]);
	for (size_t i = 0; i < versions->n_named; i++)
		named_free(versions->named[i]);
	free(versions->named);
	free(versions->waiting);
	serving_clear(&versions->serving);
	version_history_clear(&versions->history);
	version_counts_free(versions->stepped);
	file_look_free(versions->look);
	free(versions);
}

const char *versions_name(const struct versions *versions, __u32 id)
{
	const struct version_id *known = id < VERSIONS_MAX ? versions->ids[id] : NULL;

	return known && known->named ? known->named->name.name : NULL;
}

/* ---- names ---- */

static bool number_is_free(const struct versions *versions, __u32 number)
{
	for (size_t i = 0; i < versions->n_named; i++) {
		if (versions->named[i]->number == number)
			return false;
	}
	return true;
}

static __u32 take_number(struct versions *versions)
{
	do
		versions->numbers = versions->numbers % UINT16_MAX + 1;
	while (!number_is_free(versions, versions->numbers));
	return versions->numbers;
}

/* Of those without an id, the one that was served longest ago goes; or all that are so old that nobody asks for them. */
static void drop_named(struct versions *versions, bool one)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC);
	size_t oldest = versions->n_named;

	for (size_t i = 0; i < versions->n_named;) {
		const struct version_named *named = versions->named[i];

		if (named->ids) {
			i++;
		} else if (now - named->last_ns > named_ns) {
			named_free(versions->named[i]);
			versions->named[i] = versions->named[--versions->n_named];
			oldest = versions->n_named;
			one = false;
		} else {
			if (oldest >= versions->n_named ||
			    named->last_ns < versions->named[oldest]->last_ns)
				oldest = i;
			i++;
		}
	}
	if (!one || oldest >= versions->n_named)
		return;
	named_free(versions->named[oldest]);
	versions->named[oldest] = versions->named[--versions->n_named];
}

static struct version_named *named_find(struct versions *versions, __u32 service,
					const struct version_name *name)
{
	for (size_t i = 0; i < versions->n_named; i++) {
		struct version_named *named = versions->named[i];

		if (named->service == service && named->name.kind == name->kind &&
		    !strcmp(named->name.name, name->name))
			return named;
	}
	return NULL;
}

static struct version_named *named_make(struct versions *versions, __u32 service,
					const struct version_name *name)
{
	struct version_named *named, **grown;

	if (versions->n_named >= VERSIONS_MAX)
		drop_named(versions, true);
	if (versions->n_named >= VERSIONS_MAX)
		return NULL;
	grown = realloc(versions->named, (versions->n_named + 1) * sizeof(struct version_named *));
	if (!grown)
		return NULL;
	versions->named = grown;
	named = calloc(1, sizeof(*named));
	if (!named)
		return NULL;
	named->service = service;
	named->name = *name;
	named->number = take_number(versions);
	grown[versions->n_named++] = named;
	versions->serial++;
	return named;
}

/* The id is called so from now on. */
static void call_id(struct versions *versions, struct version_id *id,
		    const struct version_name *name)
{
	struct version_named *named = named_find(versions, id->service, name);

	if (named && named == id->named)
		return;
	if (!named)
		named = named_make(versions, id->service, name);
	if (!named)
		return;
	if (id->named)
		id->named->ids--;
	id->named = named;
	named->ids++;
	if (!named->first_ns || id->first_ns < named->first_ns)
		named->first_ns = id->first_ns;
	if (id->last_ns > named->last_ns)
		named->last_ns = id->last_ns;
	versions->serial++;
}

static void forget_id(struct versions *versions, __u32 id)
{
	struct version_id *known = versions->ids[id];

	if (!known)
		return;
	if (known->named)
		known->named->ids--;
	free(known);
	versions->ids[id] = NULL;
	versions->serial++;
}

static void note_id(struct versions *versions, struct probe *probe, __u32 id)
{
	struct version_id *known = versions->ids[id];
	struct version_note note = {.last_ns = known->last_ns};

	if (known->named && known->named->name.kind != VERSION_UNKNOWN) {
		note.kind = known->named->name.kind;
		memcpy(note.name, known->named->name.name, sizeof(note.name));
		memcpy(note.script, known->named->name.script, sizeof(note.script));
	}
	if (!probe_note_version(probe, id, &note))
		known->noted_ns = known->last_ns;
}

/* ---- what the kernel has ---- */

struct refreshing {
	struct versions *versions;
	struct probe *probe;
	versions_change_fn fn;
	void *context;
};

/* What the kernel knows may be more than when the version was first seen: a build id. */
static void name_id(struct versions *versions, struct version_id *known,
		    const struct version *version, const struct version_note *note)
{
	struct version_name name;

	version_name(version, &name);
	if (name.kind == VERSION_NOT_NAMED && note->kind > VERSION_UNKNOWN && !known->named) {
		name = (struct version_name){.kind = note->kind};
		snprintf(name.name, sizeof(name.name), "%.*s", VERSION_NAME_BYTES - 1, note->name);
		snprintf(name.script, sizeof(name.script), "%.*s", SCRIPT_BYTES - 1, note->script);
	}
	if (name.kind != VERSION_NOT_NAMED)
		call_id(versions, known, &name);
	if (!known->named)
		return;
	if (!known->named->build_id[0])
		version_build_id(version, known->named->build_id);
	if (!known->named->exe)
		known->named->exe = strndup(version->exe_path, EXE_BYTES - 1);
}

static int take_version(void *context, __u32 id, const struct version *version,
			const struct version_note *note, __u64 requests)
{
	struct refreshing *refreshing = context;
	struct versions *versions = refreshing->versions;
	struct version_id *known = versions->ids[id];

	if (known && known->service != version->key.service) {
		forget_id(versions, id);
		known = NULL;
	}
	if (!known) {
		known = calloc(1, sizeof(*known));
		if (!known)
			return -ENOMEM;
		known->service = (__u32)version->key.service;
		known->first_ns = version->first_ns;
		known->last_ns =
			note->last_ns > version->first_ns ? note->last_ns : version->first_ns;
		known->noted_ns = known->last_ns;
		known->requests = requests;
		versions->ids[id] = known;
		versions->last = id > versions->last ? id : versions->last;
		versions->serial++;
	}
	if (requests != known->requests)
		known->last_ns = clock_ns(CLOCK_MONOTONIC);
	known->requests = requests;
	name_id(versions, known, version, note);
	if (known->named && known->last_ns > known->named->last_ns)
		known->named->last_ns = known->last_ns;
	if (known->last_ns - known->noted_ns > note_ns)
		note_id(versions, refreshing->probe, id);
	return 0;
}

/* ---- processes ---- */

static void tell_change(void *context, const struct serving_change *change)
{
	struct refreshing *refreshing = context;

	refreshing->fn(refreshing->context, change,
		       versions_unix(refreshing->versions, change->at_ns));
}

static const char *tell_version(void *context, __u32 id)
{
	struct refreshing *refreshing = context;

	return versions_name(refreshing->versions, id) ?: id ? NULL : "unknown";
}

static void call_unknown(struct versions *versions, struct version_id *known)
{
	const struct version_name unknown = {.kind = VERSION_UNKNOWN, .name = "unknown"};

	call_id(versions, known, &unknown);
}

/* An interpreter that was told no version: its script is looked at. */
static void ask_script(struct refreshing *refreshing, const struct process_facts *facts)
{
	struct versions *versions = refreshing->versions;
	struct version_id *known =
		facts->version < VERSIONS_MAX ? versions->ids[facts->version] : NULL;

	if (!known || known->asked || !facts->interpreter || facts->told_by ||
	    (known->named && known->named->name.kind != VERSION_UNKNOWN))
		return;
	if (!version_script_path(facts, known->script, &known->jar)) {
		call_unknown(versions, known);
		return;
	}
	known->started_ns = (__u64)(versions_unix(versions, facts->root_start_ns) * 1e9);
	if (file_look_ask(versions->look, known->script, facts->version))
		call_unknown(versions, known);
	else
		known->asked = true;
}

static void take_process(void *context, const struct process_facts *facts)
{
	struct refreshing *refreshing = context;
	const struct serving_tells tells = {tell_change, tell_version, refreshing};

	if (facts->version && facts->version < VERSIONS_MAX &&
	    !refreshing->versions->ids[facts->version])
		probe_each_version(refreshing->probe, take_version, refreshing);
	serving_told(&refreshing->versions->serving, facts, &tells);
	ask_script(refreshing, facts);
}

static void take_exit(void *context, const struct process_exit *exit)
{
	struct refreshing *refreshing = context;
	const struct serving_tells tells = {tell_change, tell_version, refreshing};

	serving_ended(&refreshing->versions->serving, exit, &tells);
}

static void take_file(void *context, __u64 question, const struct version_file *file)
{
	struct refreshing *refreshing = context;
	struct versions *versions = refreshing->versions;
	struct version_id *known = versions->ids[question % VERSIONS_MAX];
	struct version_name name;

	if (!known || !known->asked)
		return; /* it was given back meanwhile */
	known->asked = false;
	version_script(known->script, known->jar, file, known->started_ns, &name);
	call_id(versions, known, &name);
	note_id(versions, refreshing->probe, (__u32)question);
}

/* Ends that found no room in the ring. */
static void look_for_vanished(struct refreshing *refreshing)
{
	struct versions *versions = refreshing->versions;
	const struct serving_tells tells = {tell_change, tell_version, refreshing};
	__u64 lost = probe_processes_lost(refreshing->probe), now = clock_ns(CLOCK_MONOTONIC);

	if (lost == versions->lost)
		return;
	versions->lost = lost;
	for (size_t i = 0; i < versions->serving.n;) {
		const struct process_key key = versions->serving.list[i]->key;

		if (probe_serves(refreshing->probe, &key))
			i++;
		else
			serving_vanished(&versions->serving, &key, now, &tells);
	}
}

int versions_refresh(struct versions *versions, struct probe *probe, versions_change_fn fn,
		     void *context)
{
	struct refreshing refreshing = {versions, probe, fn, context};
	const struct process_reader reader = {take_process, take_exit, &refreshing};
	const struct serving_tells tells = {tell_change, tell_version, &refreshing};
	int r;

	versions->wall_offset = clock_seconds(CLOCK_REALTIME) - clock_seconds(CLOCK_MONOTONIC);
	r = probe_each_version(probe, take_version, &refreshing);
	probe_read_processes(probe, &reader);
	look_for_vanished(&refreshing);
	file_look_take(versions->look, LOOK_WAIT_MS, take_file, &refreshing);
	serving_decide(&versions->serving, clock_ns(CLOCK_MONOTONIC), &tells);
	return r;
}

/* ---- steps ---- */

static const struct version_slo_count *count_of(const struct version_counts *counts, __u32 slo,
						__u32 version, size_t *at)
{
	for (; *at < counts->n_slos; (*at)++) {
		const struct version_slo_count *count = &counts->slos[*at];

		if (count->slo == slo && count->version == version)
			return count;
		if (count->slo > slo || (count->slo == slo && count->version > version))
			return NULL;
	}
	return NULL;
}

/* Both are in the same order. A count that went down is another SLO's. */
static void add_history(struct versions *versions, const struct version_counts *counts, double now)
{
	size_t at = 0;

	for (size_t i = 0; i < counts->n_slos; i++) {
		const struct version_slo_count *count = &counts->slos[i];
		const struct version_slo_count *was =
			count_of(versions->stepped, count->slo, count->version, &at);
		const struct version_id *known =
			count->version < VERSIONS_MAX ? versions->ids[count->version] : NULL;
		__u64 good = count->good, bad = count->bad;

		if (was && was->good <= good && was->bad <= bad) {
			good -= was->good;
			bad -= was->bad;
		} else if (was) {
			version_history_forget(&versions->history, count->slo);
		}
		if (known && known->named && (good || bad))
			version_history_add(&versions->history, now, count->slo,
					    known->named->number, good, bad);
	}
}

static int wait_id(struct versions *versions, __u32 id, __u32 service, __u64 since_ns)
{
	struct version_waiting *grown =
		realloc(versions->waiting, (versions->n_waiting + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	versions->waiting = grown;
	grown[versions->n_waiting++] = (struct version_waiting){id, service, since_ns};
	return 0;
}

/* How many ids a service may have before some are taken back. */
static size_t most_ids(__u32 service)
{
	return service < SERVICE_FOUND ? VERSION_IDS_OF_SERVICE * 3 / 4 : VERSION_IDS_OF_FOUND - 1;
}

/* Without a process for a while; the one that was served longest ago. 0: there is none. */
static __u32 idle_id(const struct versions *versions, __u32 service, __u64 now)
{
	__u32 found = 0;

	for (__u32 id = 1; id < VERSIONS_MAX; id++) {
		const struct version_id *known = versions->ids[id];

		if (known && known->service == service && now - known->last_ns > idle_ns &&
		    (!found || known->last_ns < versions->ids[found]->last_ns) &&
		    !serving_of_version(&versions->serving, id))
			found = id;
	}
	return found;
}

static int take_back(struct versions *versions, struct probe *probe)
{
	_cleanup_free_ __u16 *n = calloc(SERVICES_MAX, sizeof(*n));
	__u64 now = clock_ns(CLOCK_MONOTONIC);

	if (!n)
		return -ENOMEM;
	for (__u32 id = 1; id < VERSIONS_MAX; id++) {
		if (versions->ids[id])
			n[versions->ids[id]->service % SERVICES_MAX]++;
	}
	for (__u32 service = 0; service < SERVICES_MAX; service++) {
		while (n[service] && n[service]-- > most_ids(service)) {
			__u32 id = idle_id(versions, service, now);
			int r = id ? wait_id(versions, id, service, now) : 0;

			if (r || !id)
				break;
			r = probe_take_version(probe, id);
			forget_id(versions, id);
			if (r)
				return r;
		}
	}
	return 0;
}

static int spare_waiting(struct versions *versions, struct probe *probe)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < versions->n_waiting;) {
		const struct version_waiting waiting = versions->waiting[i];
		int r;

		if (now - waiting.since_ns < wait_ns) {
			i++;
			continue;
		}
		versions->waiting[i] = versions->waiting[--versions->n_waiting];
		r = probe_spare_version(probe, waiting.id, waiting.service);
		if (r)
			return r;
	}
	return 0;
}

static int wait_taken(void *context, __u32 id, __u32 service)
{
	return wait_id(context, id, service, clock_ns(CLOCK_MONOTONIC));
}

int versions_step(struct versions *versions, struct probe *probe, double now)
{
	struct version_counts *counts;
	int r = version_counts_read(probe, &counts);

	if (r)
		return r;
	if (versions->stepped)
		add_history(versions, counts, now);
	else
		r = probe_each_taken_version(probe, wait_taken, versions);
	version_counts_free(versions->stepped);
	versions->stepped = counts;
	drop_named(versions, false);
	r = r ?: take_back(versions, probe);
	return r ?: spare_waiting(versions, probe);
}

int versions_forget(struct versions *versions, struct probe *probe, __u32 service)
{
	int r = 0;

	for (__u32 id = 1; id < VERSIONS_MAX; id++) {
		int done;

		if (!versions->ids[id] || versions->ids[id]->service != service)
			continue;
		forget_id(versions, id);
		done = probe_take_version(probe, id);
		done = done ?: probe_spare_version(probe, id, service);
		r = r ?: done;
	}
	for (size_t i = 0; i < versions->n_waiting;) {
		struct version_waiting waiting = versions->waiting[i];

		if (waiting.service != service) {
			i++;
			continue;
		}
		versions->waiting[i] = versions->waiting[--versions->n_waiting];
		r = r ?: probe_spare_version(probe, waiting.id, service);
	}
	/* its id may become another service's */
	for (size_t i = 0; i < versions->n_named;) {
		if (versions->named[i]->service != service) {
			i++;
			continue;
		}
		named_free(versions->named[i]);
		versions->named[i] = versions->named[--versions->n_named];
	}
	serving_forget(&versions->serving, service);
	return r;
}

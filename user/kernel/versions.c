/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/versions.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/private.h"

/*
 * Names of executables that run programs of others: what they are says nothing of what they run. Without what
 * follows the first digit or dot: python3.11, beam.smp.
 */
static const char *const interpreter_names[] = {
	"python", "pypy",    "node", "nodejs", "deno", "bun",	  "ruby",    "jruby",  "perl",
	"php",	  "php-fpm", "java", "dotnet", "mono", "beam",	  "lua",     "luajit", "julia",
	"guile",  "uwsgi",   "bash", "dash",   "sh",   "busybox", "Rscript", "R",      "php-cgi",
};

_Static_assert(sizeof(interpreter_names) / sizeof(interpreter_names[0]) <= INTERPRETERS_MAX,
	       "room for all interpreters");

static __u64 name_hash(const char *name)
{
	__u64 hash = PROCESS_HASH_BASIS;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * PROCESS_HASH_PRIME;
	return hash;
}

/* ---- processes ---- */

static int take_record(void *context, void *data, size_t bytes)
{
	struct probe *probe = context;
	const struct process_reader *reader = probe->reader;
	const __u32 *kind = data;

	if (!reader || bytes < sizeof(*kind))
		return 0;
	if (*kind == RECORD_PROCESS && bytes >= sizeof(struct process_facts))
		reader->process(reader->context, data);
	else if (*kind == RECORD_EXIT && bytes >= sizeof(struct process_exit))
		reader->exit(reader->context, data);
	return 0;
}

void probe_begin_versions(struct probe *probe)
{
	for (size_t i = 0; i < sizeof(interpreter_names) / sizeof(interpreter_names[0]); i++)
		probe->skel->bss->interpreters[i] = name_hash(interpreter_names[i]);
	probe->skel->bss->env_names[ENV_VERSION] = name_hash("OTEL_SERVICE_VERSION");
	probe->skel->bss->env_names[ENV_ATTRIBUTES] = name_hash("OTEL_RESOURCE_ATTRIBUTES");
	probe->processes = ring_buffer__new(bpf_map__fd(probe->skel->maps.processes), take_record,
					    probe, NULL);
}

void probe_end_versions(struct probe *probe)
{
	ring_buffer__free(probe->processes);
	probe->processes = NULL;
}

void probe_read_processes(struct probe *probe, const struct process_reader *reader)
{
	if (!probe->processes)
		return;
	probe->reader = reader;
	ring_buffer__consume(probe->processes);
	probe->reader = NULL;
}

__u64 probe_processes_lost(const struct probe *probe)
{
	return probe->skel->bss->processes_lost;
}

bool probe_serves(struct probe *probe, const struct process_key *process)
{
	struct serving serving;

	return !bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.serving_processes),
				    &process->tgid, &serving) &&
	       serving.start_ns == process->start_ns;
}

void probe_version_env(struct probe *probe, char *const *names, size_t n)
{
	for (size_t i = 0; i < ENV_NAMES_MAX - ENV_CONFIGURED; i++)
		probe->skel->bss->env_names[ENV_CONFIGURED + i] = i < n ? name_hash(names[i]) : 0;
}

/* ---- versions ---- */

static __u32 n_versions(const struct probe *probe)
{
	__u32 last = probe->skel->bss->version_last;

	return last < VERSIONS_MAX ? last + 1 : VERSIONS_MAX;
}

struct version_tables {
	void *versions, *notes, *requests;
};

static void version_tables_clear(struct version_tables *tables)
{
	free(tables->versions);
	free(tables->notes);
	free(tables->requests);
}

int probe_each_version(struct probe *probe, probe_version_fn fn, void *context)
{
	_cleanup_(version_tables_clear) struct version_tables tables = {};
	__u32 n = n_versions(probe);
	int r = probe_read_array(probe, probe->skel->maps.versions, n, &tables.versions);

	r = r ?: probe_read_array(probe, probe->skel->maps.version_notes, n, &tables.notes);
	r = r ?: probe_read_array(probe, probe->skel->maps.version_requests, n, &tables.requests);
	for (__u32 id = 1; !r && id < n; id++) {
		const struct version *version = (struct version *)tables.versions + id;
		const struct version_requests *requests =
			(struct version_requests *)tables.requests + id;

		if (version->key.service != SERVICE_NONE)
			r = fn(context, id, version, (struct version_note *)tables.notes + id,
			       requests->sent + requests->shared);
	}
	return r;
}

/* ---- SLOs ---- */

struct slo_reading {
	struct probe *probe;
	probe_version_slo_fn fn;
	void *context;
};

/* What is counted under a name that is no SLO's any more is not read. */
static int take_slo(const struct slo_reading *reading, __u32 name, __u32 version,
		    const struct version_slo *counts)
{
	__u32 slo = version_slo_index(name);

	if (slo >= SLO_COUNTS_MAX ||
	    version_slo_name(slo, reading->probe->skel->bss->slo_births[slo]) != name)
		return 0;
	return reading->fn(reading->context, slo, version,
			   counts->n[VERSION_GOOD_SENT] + counts->n[VERSION_GOOD],
			   counts->n[VERSION_BAD]);
}

static int take_row(void *context, const void *key_at, const void *value)
{
	const struct version_slo_key *key = key_at;

	return take_slo(context, key->slo, key->version, value);
}

/* Each CPU has its own SLOs there. */
static int take_slots(const struct slo_reading *reading, __u32 version, struct version_slot *slots)
{
	int fd = bpf_map__fd(reading->probe->skel->maps.version_slots), r = 0;

	for (__u32 i = 0; !r && i < VERSION_SLOTS; i++) {
		__u32 at = version * VERSION_SLOTS + i;

		r = bpf_map_lookup_elem(fd, &at, slots);
		for (int cpu = 0; !r && cpu < reading->probe->n_cpus; cpu++) {
			if (slots[cpu].slo)
				r = take_slo(reading, slots[cpu].slo, version, &slots[cpu].counts);
		}
	}
	return r;
}

int probe_each_version_slo(struct probe *probe, probe_version_slo_fn fn, void *context)
{
	struct slo_reading reading = {probe, fn, context};
	_cleanup_free_ struct version_slot *slots = calloc((size_t)probe->n_cpus, sizeof(*slots));
	_cleanup_free_ void *versions = NULL;
	__u32 n = n_versions(probe);
	int r = slots ? probe_read_array(probe, probe->skel->maps.versions, n, &versions) : -ENOMEM;

	for (__u32 id = 1; !r && id < n; id++) {
		if (((struct version *)versions + id)->key.service != SERVICE_NONE)
			r = take_slots(&reading, id, slots);
	}
	return r ?: probe_each(probe, probe->skel->maps.version_slos, take_row, &reading);
}

int probe_note_version(struct probe *probe, __u32 id, const struct version_note *note)
{
	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.version_notes), &id, note,
				   BPF_ANY);
}

/* ---- giving back ---- */

/* Rows of `version_slos` that are to be deleted: of a version, or of some SLOs. */
struct slo_rows {
	__u32 version; /* 0: any */
	__u32 first, n; /* SLOs */
	struct version_slo_key *keys;
	size_t n_keys, room;
};

static int find_row(void *context, const void *key_at, const void *value)
{
	const struct version_slo_key *key = key_at;
	struct slo_rows *rows = context;

	(void)value;
	if ((rows->version && key->version != rows->version) ||
	    version_slo_index(key->slo) - rows->first >= rows->n)
		return 0;
	if (rows->n_keys == rows->room) {
		size_t room = rows->room * 2 ?: 64;
		struct version_slo_key *grown = realloc(rows->keys, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		rows->keys = grown;
		rows->room = room;
	}
	rows->keys[rows->n_keys++] = *key;
	return 0;
}

/* Finds all before it deletes any: else a reading in batches might miss some. */
static int delete_rows(struct probe *probe, struct slo_rows *rows)
{
	int r = probe_each(probe, probe->skel->maps.version_slos, find_row, rows);

	for (size_t i = 0; i < rows->n_keys; i++)
		bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.version_slos), &rows->keys[i]);
	free(rows->keys);
	return r;
}

int probe_forget_version_slos(struct probe *probe, __u32 first, __u32 n)
{
	struct slo_rows rows = {.first = first, .n = n};

	for (__u32 slo = first; slo < first + n && slo < SLO_COUNTS_MAX; slo++)
		probe->skel->bss->slo_births[slo]++;
	return delete_rows(probe, &rows);
}

static int zero_slots(struct probe *probe, __u32 id)
{
	_cleanup_free_ struct version_slot *zero = calloc((size_t)probe->n_cpus, sizeof(*zero));
	int fd = bpf_map__fd(probe->skel->maps.version_slots), r = zero ? 0 : -ENOMEM;

	for (__u32 i = 0; !r && i < VERSION_SLOTS; i++) {
		__u32 at = id * VERSION_SLOTS + i;

		r = bpf_map_update_elem(fd, &at, zero, BPF_ANY);
	}
	return r;
}

static int zero_requests(struct probe *probe, __u32 id)
{
	_cleanup_free_ struct version_requests *zero = calloc((size_t)probe->n_cpus, sizeof(*zero));

	if (!zero)
		return -ENOMEM;
	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.version_requests), &id, zero,
				   BPF_ANY);
}

int probe_take_version(struct probe *probe, __u32 id)
{
	int versions = bpf_map__fd(probe->skel->maps.versions);
	struct version_note note = {.waits = 1};
	struct version version;
	int r = bpf_map_lookup_elem(versions, &id, &version);

	if (r || version.key.service == SERVICE_NONE)
		return r;
	note.last_ns = version.key.service; /* whose it was: see probe_each_taken_version() */
	r = bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.version_ids), &version.key);
	r = r && r != -ENOENT ? r : probe_note_version(probe, id, &note);
	version.key = (struct version_key){};
	return r ?: bpf_map_update_elem(versions, &id, &version, BPF_ANY);
}

int probe_spare_version(struct probe *probe, __u32 id, __u32 service)
{
	struct slo_rows rows = {.version = id, .n = SLO_COUNTS_MAX};
	struct version_note none = {};
	int r = zero_requests(probe, id);

	r = r ?: zero_slots(probe, id);
	r = r ?: delete_rows(probe, &rows);
	r = r ?: probe_note_version(probe, id, &none);
	if (r || service >= SERVICES_MAX)
		return r ?: -EINVAL;
	if (service >= SERVICE_FOUND)
		__atomic_fetch_sub(&probe->skel->bss->versions_found, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&probe->skel->bss->versions_of[service], 1, __ATOMIC_RELAXED);
	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.spare_versions), NULL, &id,
				   BPF_ANY);
}

struct taken_reading {
	int (*fn)(void *context, __u32 id, __u32 service);
	void *context;
};

int probe_each_taken_version(struct probe *probe, int (*fn)(void *context, __u32 id, __u32 service),
			     void *context)
{
	_cleanup_free_ void *notes = NULL;
	__u32 n = n_versions(probe);
	int r = probe_read_array(probe, probe->skel->maps.version_notes, n, &notes);

	for (__u32 id = 1; !r && id < n; id++) {
		const struct version_note *note = (struct version_note *)notes + id;

		if (note->waits)
			r = fn(context, id, (__u32)note->last_ns);
	}
	return r;
}

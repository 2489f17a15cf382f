/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/tls_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* ---- processes ---- */

static void clear_findings(struct tls_process *process)
{
	for (size_t i = 0; i < process->n; i++)
		free(process->findings[i].text);
	free(process->findings);
	process->findings = NULL;
	process->n = 0;
}

void tls_table_clear(struct tls_table *table)
{
	for (size_t i = 0; i < table->n_processes; i++)
		clear_findings(&table->processes[i]);
	free(table->processes);
	free(table->files);
	*table = (struct tls_table){};
}

static struct tls_process *find(const struct tls_table *table, __u32 tgid)
{
	for (size_t i = 0; i < table->n_processes; i++) {
		if (table->processes[i].tgid == tgid)
			return &table->processes[i];
	}
	return NULL;
}

/* Room for one more: the one that was looked at longest ago goes. */
static struct tls_process *oldest(struct tls_table *table)
{
	struct tls_process *found = &table->processes[0];

	for (size_t i = 1; i < table->n_processes; i++) {
		if (table->processes[i].looked_at < found->looked_at)
			found = &table->processes[i];
	}
	clear_findings(found);
	return found;
}

static struct tls_process *add(struct tls_table *table)
{
	struct tls_process *grown;

	if (table->n_processes == TLS_PROCESSES_MAX)
		return oldest(table);
	grown = realloc(table->processes, (table->n_processes + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	table->processes = grown;
	return &grown[table->n_processes++];
}

int tls_table_want(struct tls_table *table, const struct tls_wanted *wanted, double now)
{
	const bool serves = wanted->why == TLS_WANTED_SPEAKS;
	struct tls_process *process = find(table, wanted->tgid);

	if (process && process->start_ns != wanted->start_ns) {
		clear_findings(process);
		*process = (struct tls_process){};
	} else if (!process) {
		process = add(table);
		if (!process)
			return -ENOMEM;
		*process = (struct tls_process){};
	} else if (process->state != TLS_LOOKED_AT || process->probed) {
		/* one that is asked for as a listener is asked for again once it has served */
		if (process->state == TLS_ASKED && serves && !process->serves)
			process->due = now;
		process->serves |= serves;
		process->port = wanted->port;
		return 0;
	}
	process->tgid = wanted->tgid;
	process->start_ns = wanted->start_ns;
	process->port = wanted->port;
	/* what has just begun to serve may be probed itself */
	process->due = process->looked_at && (process->serves || !serves) ?
			       process->looked_at + TLS_AGAIN_SECONDS :
			       now;
	process->serves |= serves;
	process->state = TLS_WAITS;
	return 0;
}

struct tls_process *tls_table_due(struct tls_table *table, double now)
{
	for (size_t i = 0; i < table->n_processes; i++) {
		struct tls_process *process = &table->processes[i];

		if (process->state == TLS_WAITS && process->due <= now)
			return process;
	}
	return NULL;
}

void tls_process_ask(struct tls_process *process)
{
	clear_findings(process);
	process->state = TLS_ASKED;
	process->due = 0;
}

static size_t count(const struct tls_table *table, enum tls_process_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_processes; i++)
		n += table->processes[i].state == state;
	return n;
}

size_t tls_table_open(const struct tls_table *table)
{
	return count(table, TLS_WAITS) + count(table, TLS_ASKED);
}

size_t tls_table_asked(const struct tls_table *table)
{
	return count(table, TLS_ASKED);
}

const struct tls_process *tls_table_process(const struct tls_table *table, __u32 tgid)
{
	return find(table, tgid);
}

const struct tls_process *tls_table_at_port(const struct tls_table *table, __u16 port)
{
	for (size_t i = table->n_processes; i; i--) {
		if (table->processes[i - 1].port == port)
			return &table->processes[i - 1];
	}
	return NULL;
}

size_t tls_table_users(const struct tls_table *table, __u32 profile)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_processes; i++) {
		const struct tls_process *process = &table->processes[i];

		for (size_t k = 0; k < process->n; k++) {
			if (process->findings[k].profile != profile)
				continue;
			n++;
			break;
		}
	}
	return n;
}

void tls_table_forget(struct tls_table *table, bool (*lives)(const struct tls_process *process),
		      void (*gone)(void *context, const struct tls_process *process), void *context)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_processes; i++) {
		struct tls_process *process = &table->processes[i];

		if (lives(process)) {
			table->processes[n++] = *process;
			continue;
		}
		gone(context, process);
		clear_findings(process);
	}
	table->n_processes = n;
}

void tls_table_anew(struct tls_table *table)
{
	for (size_t i = 0; i < table->n_processes; i++) {
		table->processes[i].state = TLS_WAITS;
		table->processes[i].due = 0;
	}
	table->n_files = 0;
}

/* ---- files ---- */

static int keep_file(struct tls_table *table, const struct tls_packet_found *found)
{
	struct tls_file *file = NULL, *grown;

	if (!found->profile)
		return 0;
	for (size_t i = 0; i < table->n_files; i++) {
		if (table->files[i].profile == found->profile)
			file = &table->files[i];
	}
	if (!file) {
		grown = realloc(table->files, (table->n_files + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		table->files = grown;
		file = &grown[table->n_files++];
		*file = (struct tls_file){.profile = found->profile};
	}
	file->probes = found->probes ?: file->probes;
	/* of one that was adopted less is known */
	if (found->name[0])
		memcpy(file->name, found->name, sizeof(file->name));
	if (found->path[0])
		memcpy(file->path, found->path, sizeof(file->path));
	if (found->text[0])
		memcpy(file->text, found->text, sizeof(file->text));
	return 0;
}

void tls_table_gone(struct tls_table *table, __u32 profile)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_files; i++) {
		if (table->files[i].profile != profile)
			table->files[n++] = table->files[i];
	}
	table->n_files = n;
}

/* ---- findings ---- */

static bool is_of(const struct tls_process *process, __u64 start_ns)
{
	return process && process->state == TLS_ASKED &&
	       (!start_ns || start_ns == process->start_ns);
}

int tls_table_found(struct tls_table *table, const struct tls_packet_found *found)
{
	struct tls_process *process = found->tgid ? find(table, found->tgid) : NULL;
	struct tls_finding *grown;
	char *text;
	int r = found->kind == TLS_FOUND_NOT ? 0 : keep_file(table, found);

	if (r || !is_of(process, found->start_ns) || process->n == TLS_FINDINGS_MAX)
		return r;
	text = utf8_show(found->kind == TLS_FOUND_NOT ? found->text : "", "");
	grown = text ? realloc(process->findings, (process->n + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	process->findings = grown;
	grown[process->n++] = (struct tls_finding){
		.reason = found->kind == TLS_FOUND_NOT ? found->reason : TLS_NOT_NONE,
		.profile = found->kind == TLS_FOUND_NOT ? 0 : found->profile,
		.text = text,
	};
	return 0;
}

/* Some file of it is probed, and none that could be. */
static bool all_probed(const struct tls_process *process)
{
	bool any = false;

	for (size_t i = 0; i < process->n; i++) {
		if (process->findings[i].reason == TLS_NOT_NONE)
			any = true;
		else if (process->findings[i].reason != TLS_NOT_NO_LIBRARY)
			return false;
	}
	return any;
}

static bool was_busy(const struct tls_process *process)
{
	for (size_t i = 0; i < process->n; i++) {
		if (process->findings[i].reason == TLS_NOT_BUSY)
			return true;
	}
	return false;
}

struct tls_process *tls_table_looked(struct tls_table *table,
				     const struct tls_packet_looked *looked, double now)
{
	struct tls_process *process = find(table, looked->tgid);

	if (!is_of(process, looked->start_ns))
		return NULL;
	process->probed = all_probed(process);
	process->looked_at = now;
	process->state = TLS_LOOKED_AT;
	if (was_busy(process) || (process->due && !process->probed)) {
		process->state = TLS_WAITS;
		process->due = was_busy(process) ? now + TLS_BUSY_SECONDS : now;
	}
	return process;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's memory without a kernel side: two SLOs, their alerts, notices, messages and silences, and the
 * database that keeps them, in a directory in memory.
 */
#ifndef SLIPROBE_TESTS_MEMORY_H
#define SLIPROBE_TESTS_MEMORY_H

#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/alerting.h"
#include "base/say.h"
#include "config/load.h"
#include "tests/fuzz/fuzz.h"

enum { MEMORY_TRACKS = 2, MEMORY_STEP_SECONDS = 10 };

#define MEMORY_INSTANCE "0123456789abcdef0123456789abcdef"

static const char memory_yaml[] =
	"services: [{name: shop, match: {port: 1}}]\n"
	"slos:\n"
	"  - {name: checkout, service: shop, objective: 99, window: 30d}\n"
	"  - name: sliced\n"
	"    service: shop\n"
	"    objective: 90\n"
	"    window: 1d\n"
	"    budgeting: {timeslices: {slice: 1m, target: 95}}\n"
	"notify:\n"
	"  - webhook: {url: \"http://127.0.0.1:9/\", severities: [page, ticket, notice]}\n";

struct memory {
	struct applied applied;
	struct track *tracks[MEMORY_TRACKS];
	struct slo_counts counts;
	struct axis axis;
	struct record *record;
	struct journal journal;
	struct alerting alerting;
	double now_seconds;
};

static char memory_dir[64]; /* "": none yet */

/* Nothing is said: it would fill the log. */
void __wrap_say(const char *format, ...);
void __wrap_say_as(enum say_level level, const char *format, ...);

void __wrap_say(const char *format, ...)
{
	(void)format;
}

void __wrap_say_as(enum say_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

static int memory_remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static void memory_remove(void)
{
	nftw(memory_dir, memory_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/*
 * Makes the directory, which goes when the process does: a child waits for that, as a fuzzer may
 * end in any way.
 */
static inline void memory_init(void)
{
	int pipes[2];
	char byte;

	snprintf(memory_dir, sizeof(memory_dir), "%s/sliprobe-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	require(mkdtemp(memory_dir) && !pipe(pipes), "no directory");
	if (fork()) {
		close(pipes[0]);
		return;
	}
	setsid();
	close(pipes[1]);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (read(pipes[0], &byte, 1) > 0)
		;
	memory_remove();
	_exit(0);
}

static inline void memory_quiet(const char *format, ...)
{
	(void)format;
}

static inline int memory_facts_of(void *context, const struct track *track,
				  struct snapshot_slo *ret)
{
	const struct memory *memory = context;

	*ret = (struct snapshot_slo){
		.name = track->name,
		.service = track->service,
		.config = track->slo,
		.objective = track->slo->objective,
		.now_seconds = memory->now_seconds,
		.since_seconds = track->since_seconds,
	};
	return 0;
}

/* The start of an agent, in the order of agent/agent. */
static inline void memory_open(struct memory *memory)
{
	struct config *config = &memory->applied.in_force.config;
	struct error error;
	double ago;

	*memory = (struct memory){};
	require(!config_parse(memory_yaml, strlen(memory_yaml), "fuzz.yaml", config, &error),
		"no configuration");
	require(!record_new(memory_dir, memory_quiet, &memory->record, &error), error.text);
	ago = record_start(memory->record, &memory->axis.timeline, &memory->axis.coverage);
	memory->now_seconds = axis_now(&memory->axis);
	memory->axis.stepped_seconds = ago >= 0 ? memory->now_seconds - ago : memory->now_seconds;
	for (size_t i = 0; i < MEMORY_TRACKS; i++) {
		const struct track_birth birth = {.serial = i + 1};
		struct config_slo *slo = &config->slos[i];

		require(!track_new(slo->name, slo->service, "all", slo, 0, birth,
				   &memory->tracks[i]),
			"no memory");
		/* an error is told, and the history begins anew */
		record_load(memory->record, MEMORY_INSTANCE, &memory->axis.timeline,
			    memory->axis.stepped_seconds, memory->tracks[i]);
		memory->counts = memory->tracks[i]->stepped;
	}
	memory->applied.tracks.configured = memory->tracks;
	memory->applied.tracks.n_configured = MEMORY_TRACKS;
	memory->alerting = (struct alerting){
		.applied = &memory->applied,
		.axis = &memory->axis,
		.record = memory->record,
		.journal = &memory->journal,
		.facts_of = memory_facts_of,
		.context = memory,
	};
	require(!alerting_start(&memory->alerting), "no alerting");
}

static inline void memory_step(struct memory *memory, uint64_t good, uint64_t bad)
{
	const struct record_step step = {
		.instance = MEMORY_INSTANCE,
		.timeline = &memory->axis.timeline,
		.coverage = &memory->axis.coverage,
		.now_seconds = memory->now_seconds + MEMORY_STEP_SECONDS,
		.tracks = memory->tracks,
		.n_tracks = MEMORY_TRACKS,
	};

	memory->counts.good += good;
	memory->counts.bad[BAD_STATUS] += bad;
	memory->now_seconds = step.now_seconds;
	axis_step(&memory->axis, memory->now_seconds);
	for (size_t i = 0; i < MEMORY_TRACKS; i++)
		track_step(memory->tracks[i], memory->now_seconds, &memory->counts,
			   &memory->axis.coverage, false);
	alerting_step(&memory->alerting, memory->now_seconds);
	require(!record_step(memory->record, &step), "no memory for a step");
}

static inline void memory_close(struct memory *memory)
{
	alerting_clear(&memory->alerting);
	record_flush(memory->record);
	record_free(memory->record);
	for (size_t i = 0; i < MEMORY_TRACKS; i++)
		track_free(memory->tracks[i]);
	axis_clear(&memory->axis);
	config_clear(&memory->applied.in_force.config);
}

#endif

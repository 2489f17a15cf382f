/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/quotas.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/process.h"

static void met_clear(struct quota_met *met)
{
	free(met->what);
	met->what = NULL;
}

void quotas_clear(struct quotas *quotas)
{
	for (size_t i = 0; i < quotas->n; i++)
		met_clear(&quotas->list[i]);
	free(quotas->list);
	*quotas = (struct quotas){};
}

__u32 quota_limit(enum owner_kind kind)
{
	switch (kind) {
	case OWNER_ALL:
		return ENDPOINTS_FOUND_MAX;
	case OWNER_USER:
		return ENDPOINTS_OF_USER;
	case OWNER_SERVICE:
		return ENDPOINTS_OF_SERVICE;
	default:
		return ENDPOINTS_OF_GROUP;
	}
}

char *quota_owner_text(const struct quota_met *met)
{
	static const char *const words[OWNER_KIND_COUNT] = {
		[OWNER_ALL] = "all found services together", [OWNER_USER] = "user",
		[OWNER_USER_NS] = "user namespace",	     [OWNER_CGROUP] = "cgroup",
		[OWNER_NETNS] = "network namespace",	     [OWNER_SERVICE] = "service",
	};
	const char *word = met->owner.kind < OWNER_KIND_COUNT ? words[met->owner.kind] : "owner";
	char *text;
	int n;

	if (met->owner.kind == OWNER_ALL)
		return strdup(word);
	n = met->what ? asprintf(&text, "%s %s", word, met->what) :
			asprintf(&text, "%s %llu", word, met->owner.id);
	return n < 0 ? NULL : text;
}

static bool makes_too_many(const struct quota_met *met)
{
	return met->made >= MADE_TIMES * quota_limit(met->owner.kind);
}

bool quota_is_over(const struct quota_met *met, __u64 now_ns)
{
	if (now_ns > met->fold.last_ns && now_ns - met->fold.last_ns > QUOTA_OVER_S * 1000000000ULL)
		return true;
	return met->has < quota_limit(met->owner.kind) / 4 * 3 && !makes_too_many(met) &&
	       met->fold.connections == met->told_connections;
}

/* ---- reading ---- */

/* The path of the process's cgroup, of version 2: "0::/system.slice/shop.service". NULL: not known. */
static char *cgroup_of_process(__u32 pid)
{
	_cleanup_free_ char *line = NULL;
	_cleanup_fclose_ FILE *file = process_open(pid, "cgroup");
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "0::", 3))
			return strdup(line + 3);
	}
	return NULL;
}

static void name_process(__u32 pid, char ret[static COMM_BYTES])
{
	_cleanup_fclose_ FILE *file = process_open(pid, "comm");

	if (file && fgets(ret, COMM_BYTES, file))
		ret[strcspn(ret, "\n")] = 0;
}

struct reading {
	struct quotas *now;
	struct quotas *before;
	const struct ids *services;
};

static struct quota_met *find(const struct quotas *quotas, const struct owner_key *owner)
{
	for (size_t i = 0; i < quotas->n; i++) {
		if (!memcmp(&quotas->list[i].owner, owner, sizeof(*owner)))
			return &quotas->list[i];
	}
	return NULL;
}

bool quotas_met(const struct quotas *quotas, const struct owner_key *owner)
{
	return find(quotas, owner);
}

/* What is known of it already stays; else it is looked for once, while its process lives. */
static void describe(struct quota_met *met, struct quota_met *before, const struct ids *services)
{
	const char *name;

	if (before) {
		met->what = TAKE_PTR(before->what);
		met->told = before->told;
		met->told_connections = before->told_connections;
		memcpy(met->process, before->process, sizeof(met->process));
		return;
	}
	name = met->owner.kind == OWNER_SERVICE ? ids_name(services, (__u32)met->owner.id) : NULL;
	if (name)
		met->what = strdup(name);
	else if (met->owner.kind == OWNER_CGROUP)
		met->what = cgroup_of_process(met->fold.tgid);
	name_process(met->fold.tgid, met->process);
}

static int add(void *context, const struct owner_key *owner, const struct fold *fold)
{
	const struct reading *reading = context;
	struct quotas *now = reading->now;
	struct quota_met *grown = realloc(now->list, (now->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	now->list = grown;
	grown[now->n] = (struct quota_met){.owner = *owner, .fold = *fold};
	describe(&grown[now->n++], find(reading->before, owner), reading->services);
	return 0;
}

int quotas_read(struct quotas *quotas, struct probe *probe, const struct ids *services)
{
	struct quotas now = {};
	struct reading reading = {&now, quotas, services};
	int r = probe_each_fold(probe, add, &reading);

	if (r) {
		quotas_clear(&now);
		return r;
	}
	quotas_clear(quotas);
	*quotas = now;
	for (size_t i = 0; i < now.n; i++) {
		const struct owner owner = probe_owned(probe, &now.list[i].owner);

		now.list[i].has = owner.endpoints;
		now.list[i].made = owner.made;
	}
	return 0;
}

/* ---- a step ---- */

static void tell(const struct quota_met *met, bool over, struct journal *journal, double now)
{
	_cleanup_free_ char *owner = quota_owner_text(met);

	if (!owner)
		return;
	if (over)
		journal_say(journal, JOURNAL_QUOTA, SAY_NOTICE, now,
			    "quota of endpoints: %s is within it again; %" PRIu32
			    " endpoints had counted under _overflow or were not listed",
			    owner, met->fold.endpoints);
	else if (met->owner.kind == OWNER_SERVICE)
		journal_say(journal, JOURNAL_QUOTA, SAY_WARNING, now,
			    "quota of endpoints: %s has %" PRIu32
			    ": more of them are counted, and not listed",
			    owner, quota_limit(met->owner.kind));
	else
		journal_say(journal, JOURNAL_QUOTA, SAY_WARNING, now,
			    "quota of endpoints: %s has %" PRIu32 " of at most %" PRIu32
			    "%s: connections to others (process %s, pid %" PRIu32
			    ") count under _overflow: slictl status",
			    owner, met->has, quota_limit(met->owner.kind),
			    makes_too_many(met) ? ", and has made two times as many in an hour" :
						  "",
			    met->process[0] ? met->process : "?", met->fold.tgid);
}

int quotas_step(struct quotas *quotas, struct probe *probe, struct journal *journal,
		double now_seconds)
{
	const __u64 now_ns = clock_ns(CLOCK_MONOTONIC);
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < quotas->n; i++) {
		struct quota_met *met = &quotas->list[i];

		if (!met->told)
			tell(met, false, journal, now_seconds);
		met->told = true;
		if (quota_is_over(met, now_ns)) {
			tell(met, true, journal, now_seconds);
			r = probe_drop_fold(probe, &met->owner) ?: r;
			met_clear(met);
			continue;
		}
		met->told_connections = met->fold.connections;
		quotas->list[n++] = *met;
	}
	quotas->n = n;
	return r;
}

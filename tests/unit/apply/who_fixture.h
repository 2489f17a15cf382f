/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes, and the service that each is of: by the sets that are compiled, as bpf/who/match.bpf.h narrows them. */
#ifndef SLIPROBE_TESTS_WHO_FIXTURE_H
#define SLIPROBE_TESTS_WHO_FIXTURE_H

#include "tests/unit/apply/compile_fixture.h"

enum mounts {
	HOST,
	PRIVATE, /* of a namespace that the host's root has made */
	FOREIGN_EXE, /* the executable was opened through somebody else's */
	FOREIGN, /* so is the process's whole namespace */
};

struct who {
	__u16 port;
	const char *process;
	const char *exe; /* NULL: not known as a whole */
	const char *
		file; /* the path of a configuration that leads to that executable on the host, or NULL */
	__u32 uid;
	const char *netns; /* NULL: the host's; else the path that leads to it */
	const char *cgroup, *unit, *container; /* NULL: there is no such text */
	enum mounts mounts;
};

/* ---- as the kernel judges ---- */

static inline void narrow(struct service_set *services, const struct world *w, __u32 one,
			  __u32 other)
{
	for (int i = 0; i < SERVICE_SET_WORDS; i++)
		services->words[i] &= set_at(w, one)->words[i] | set_at(w, other)->words[i];
}

static inline __u32 number_set(const struct world *w, enum fact_kind kind, __u64 number,
			       __u32 otherwise)
{
	for (size_t i = 0; i < w->tables.n_facts; i++) {
		if (w->tables.facts[i].kind == kind && w->tables.facts[i].value.ino == number)
			return w->tables.facts[i].set;
	}
	return otherwise;
}

/* `host`: where the path is NULL, the number of the host's namespace. */
static inline __u32 lookup_set(const struct world *w, enum fact_kind kind, const char *path,
			       int host, __u32 otherwise)
{
	for (size_t i = 0; i < w->tables.n_lookups; i++) {
		const struct tables_lookup *lookup = &w->tables.lookups[i];

		if (lookup->kind != kind || !lookup->path != !path)
			continue;
		if (path ? strcmp(lookup->path, path) != 0 : lookup->host != host)
			continue;
		assert_memory_equal(&lookup->services, set_at(w, lookup->set),
				    sizeof(lookup->services));
		return lookup->set;
	}
	return otherwise;
}

static inline __u32 text_set(const struct world *w, enum service_text text, const char *value)
{
	const struct live *live = &w->tables.live;
	const struct accept *accept = value ? match(w, live->text_start[text], value) : NULL;

	return accept ? accept->value : live->any_text[text];
}

static inline void match_exe(struct service_set *services, const struct world *w,
			     const struct who *who)
{
	const struct live *live = &w->tables.live;
	__u32 text = text_set(w, TEXT_EXE, who->exe), same = text;

	if (who->file && who->exe)
		same = lookup_set(w, FACT_FILE, who->file, 0, text);
	narrow(services, w, text, same);
	if (who->mounts == PRIVATE)
		narrow(services, w, live->any_exe_file, same == text ? live->any_exe_file : same);
}

/* `host`: the host's namespace is that of 0 the first process, 1 the agent. */
static inline int match_who(const struct world *w, const struct who *who, int host)
{
	const struct live *live = &w->tables.live;
	const enum service_text places[] = {TEXT_CGROUP, TEXT_UNIT, TEXT_CONTAINER};
	const char *const values[] = {who->cgroup, who->unit, who->container};
	struct service_set all;
	enum mounts mounts = who->mounts;
	__u32 set;

	memset(&all, 0xff, sizeof(all));
	set = number_set(w, FACT_PORT, who->port, live->any_port);
	narrow(&all, w, set, set);
	set = text_set(w, TEXT_PROCESS, who->process);
	narrow(&all, w, set, set);
	set = number_set(w, FACT_USER, who->uid, live->any_user);
	narrow(&all, w, set, set);
	if (live->text_start[TEXT_EXE] != DFA_DEAD)
		match_exe(&all, w, who);
	else if (mounts == FOREIGN_EXE)
		mounts = HOST; /* not looked at */
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		set = text_set(w, places[i], values[i]);
		narrow(&all, w, set, set);
	}
	set = lookup_set(w, FACT_NETNS, who->netns, host, live->any_netns);
	narrow(&all, w, set, set);
	if (mounts == FOREIGN || mounts == FOREIGN_EXE) {
		set = mounts == FOREIGN ? live->any_mounts : live->any_exe_mounts;
		narrow(&all, w, set, set);
	}
	for (int i = 0; i < SERVICE_SET_WORDS; i++) {
		if (all.words[i])
			return i * 64 + __builtin_ctzll(all.words[i]);
	}
	return NO_SERVICE;
}

#endif

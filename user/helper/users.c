/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "helper/look.h"
#include "helper/mapped.h"

static void end(struct users *users, struct probed_set *set)
{
	const __u32 profile = probed_end(users->probed, set);

	if (profile)
		users->gone(users->context, profile);
}

/* ---- those that are known ---- */

static bool lives(__u32 tgid, __u64 start)
{
	_cleanup_close_ int process = mapped_process(tgid, 0);
	__u64 began;

	return process >= 0 && !mapped_began(process, &began) && began == start;
}

static bool has_mapped(__u32 tgid, const struct file_id *file)
{
	_cleanup_(maps_clear) struct maps maps = {};
	_cleanup_close_ int process = mapped_process(tgid, 0);
	const struct maps_id id = {.ino = file->ino, .dev = file->dev};

	return process >= 0 && !mapped_files(process, &maps) && maps_find(&maps, &id);
}

static void check_witness(struct probed_set *set, bool verify)
{
	if (!set->witness)
		return;
	if (!lives(set->witness, set->witness_start) ||
	    (verify && !has_mapped(set->witness, &set->key.file)))
		set->witness = 0;
}

static void check_all(struct users *users)
{
	const bool verify = users->checks++ % USERS_VERIFY == 0;

	for (size_t i = 0; i < PROBED_MAX; i++) {
		struct probed_set *set = &users->probed->sets[i];

		if (!set->key.profile)
			continue;
		if (set->key.tgid && !lives(set->key.tgid, set->key.start))
			end(users, set);
		else if (!set->key.tgid)
			check_witness(set, verify);
	}
}

/* ---- forks ---- */

static bool any_executable(const struct users *users)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		if (users->probed->sets[i].key.profile && users->probed->sets[i].key.tgid)
			return true;
	}
	return false;
}

static void meet_worker(const struct users *users, __u32 tgid)
{
	const struct tls_packet_look look = {
		.tgid = tgid, .why = TLS_WANTED_LISTENS, .allow_executable = 1};

	users->born(users->context, &look);
}

static void wait_for_executed(struct users *users, __u32 tgid, const struct file_id *file)
{
	if (users->n_executed < USERS_EXECUTED_MAX)
		users->executed[users->n_executed++] = (struct users_executed){
			tgid, *file, users->births_at + USERS_EXECUTED_MS / 1000.0};
}

/* Those that have executed another file are none of the server's workers. */
static void meet_executed(struct users *users, double now)
{
	size_t n = 0;

	for (; n < users->n_executed && users->executed[n].due <= now; n++) {
		if (has_mapped(users->executed[n].tgid, &users->executed[n].file))
			meet_worker(users, users->executed[n].tgid);
	}
	users->n_executed -= n;
	memmove(users->executed, users->executed + n,
		users->n_executed * sizeof(users->executed[0]));
}

static void meet_born(void *context, const struct birth *birth)
{
	struct users *users = context;

	for (size_t i = 0; i < PROBED_MAX; i++) {
		const struct probed_set *set = &users->probed->sets[i];

		if (!set->key.profile || set->key.tgid != birth->parent)
			continue;
		if (birth->executed)
			wait_for_executed(users, birth->tgid, &set->key.file);
		else
			meet_worker(users, birth->tgid);
		return;
	}
}

/* ---- all processes ---- */

/* A library without a witness, or anything that was adopted and has no name yet. */
static bool is_wanted(const struct users *users, const struct probed_set *set)
{
	return set->key.profile &&
	       ((!set->key.tgid && !set->witness) || !*users->probed->files[set->key.profile].path);
}

static bool wants_walk(const struct users *users)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		if (is_wanted(users, &users->probed->sets[i]))
			return true;
	}
	return users->all;
}

static void ask_to_look(const struct users *users, __u32 tgid, bool executable)
{
	const struct tls_packet_look look = {
		.tgid = tgid, .why = TLS_WANTED_LISTENS, .allow_executable = executable};

	users->meet(users->context, &look);
}

static void meet_set(struct users *users, struct probed_set *set, __u32 tgid, __u64 start)
{
	const bool named = *users->probed->files[set->key.profile].path;

	if (set->key.tgid ? set->key.tgid != tgid || set->key.start != start : false)
		return;
	if (!set->key.tgid && !set->witness) {
		set->witness = tgid;
		set->witness_start = start;
	}
	set->unused = 0;
	if (!named && !set->asked) {
		set->asked = true;
		ask_to_look(users, tgid, set->key.tgid != 0);
	}
}

/* Whether a library of the process is probed. */
static bool meet_file(struct users *users, const struct maps_file *file, __u32 tgid, __u64 start)
{
	bool probed = false;

	for (size_t i = 0; i < PROBED_MAX; i++) {
		struct probed_set *set = &users->probed->sets[i];

		if (!set->key.profile || set->key.file.ino != file->id.ino ||
		    set->key.file.dev != file->id.dev)
			continue;
		meet_set(users, set, tgid, start);
		probed |= !set->key.tgid;
	}
	return probed;
}

static void meet(struct users *users, __u32 tgid)
{
	_cleanup_(maps_clear) struct maps maps = {};
	_cleanup_close_ int process = mapped_process(tgid, 0);
	bool unprobed = false;
	__u64 start;

	if (process < 0 || mapped_began(process, &start) || mapped_files(process, &maps))
		return;
	for (size_t i = 0; i < maps.n; i++) {
		const bool probed = meet_file(users, &maps.list[i], tgid, start);

		unprobed |= !probed && look_is_library(maps_name(maps.list[i].path));
	}
	if (users->all && unprobed)
		ask_to_look(users, tgid, false);
}

static void finish_walk(struct users *users)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		struct probed_set *set = &users->probed->sets[i];

		set->asked = false;
		/* a process may have begun behind the walk */
		if (set->key.profile && !set->key.tgid && !set->witness && ++set->unused > 1)
			end(users, set);
	}
}

static void go_on_walking(struct users *users, double now)
{
	for (int n = 0; n < USERS_WALK_PROCESSES; n++) {
		const struct dirent *entry = readdir(users->walk);
		char *rest;
		unsigned long tgid;

		if (!entry) {
			closedir(users->walk);
			users->walk = NULL;
			users->walked_at = now;
			finish_walk(users);
			return;
		}
		tgid = strtoul(entry->d_name, &rest, 10);
		if (tgid && !*rest)
			meet(users, (__u32)tgid);
	}
}

static bool any(const struct users *users)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		if (users->probed->sets[i].key.profile)
			return true;
	}
	return false;
}

void users_begin(struct users *users)
{
	births_each(&users->births, meet_born, users);
}

int users_run(struct users *users, double now)
{
	const bool forks = any_executable(users);

	if (forks && (now - users->births_at) * 1000 >= USERS_BIRTHS_MS) {
		users->births_at = now;
		births_each(&users->births, meet_born, users);
	}
	meet_executed(users, now);
	if ((now - users->checked_at) * 1000 >= USERS_CHECK_MS) {
		users->checked_at = now;
		check_all(users);
	}
	if (!users->walk && (now - users->walked_at) * 1000 >= USERS_WALK_PAUSE_MS &&
	    wants_walk(users))
		users->walk = opendir("/proc");
	if (users->walk)
		go_on_walking(users, now);
	if (users->walk)
		return USERS_WALK_MS;
	return forks || users->n_executed ? USERS_BIRTHS_MS :
	       users->all || any(users)	  ? USERS_CHECK_MS :
					    -1;
}

void users_close(struct users *users)
{
	if (users->walk)
		closedir(users->walk);
	users->walk = NULL;
}

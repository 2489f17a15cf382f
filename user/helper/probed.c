/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/probed.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "helper/objects.h"

/* ---- profiles ---- */

static __u32 profile_of(const struct probed *probed, const struct file_id *file)
{
	for (__u32 i = 1; i < TLS_PROFILES_MAX; i++) {
		if (probed->files[i].id.ino && mapped_same_file(&probed->files[i].id, file))
			return i;
	}
	return 0;
}

/* The one that was not in use for longest: calls that are under way may still carry the number of the last use. */
static __u32 free_profile(struct probed *probed)
{
	for (__u32 n = 1; n < TLS_PROFILES_MAX; n++) {
		const __u32 i = (probed->last_profile + n - 1) % (TLS_PROFILES_MAX - 1) + 1;

		if (!probed->files[i].id.ino)
			return probed->last_profile = i;
	}
	return 0;
}

static int write_profile(const struct probed *probed, __u32 number,
			 const struct tls_profile *profile)
{
	return bpf_map_update_elem(probed->profiles, &number, profile, BPF_ANY);
}

static void forget_profile(struct probed *probed, __u32 number)
{
	const struct tls_profile none = {};

	if (probed->profiles_are_array)
		write_profile(probed, number, &none);
	else
		bpf_map_delete_elem(probed->profiles, &number);
	probed->files[number] = (struct probed_file){};
}

/* Written before the file is probed: a program that runs finds it. */
static int begin_profile(struct probed *probed, const struct known_file *known, __u32 *ret)
{
	const __u32 number = profile_of(probed, &known->state.id) ?: free_profile(probed);
	int r = number ? write_profile(probed, number, &known->profile) : -ENOSPC;

	if (!r)
		*ret = number;
	return r;
}

static void fill_file(struct probed_file *file, const struct known_file *known, const char *path,
		      bool executable)
{
	const __u32 sets = file->sets;

	*file = (struct probed_file){
		.id = known->state.id,
		.library = known->profile.library,
		.probes = (__u32)known->n,
		.sets = sets,
		.executable = executable,
		.sendfile = known->sendfile,
	};
	memcpy(file->name, known->name, sizeof(file->name));
	tls_text_end(file->path, sizeof(file->path), path);
}

/* ---- sets of links ---- */

struct probed_set *probed_find(struct probed *probed, const struct file_id *file,
			       const struct probed_process *process)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		struct probed_set *set = &probed->sets[i];

		if (set->key.profile && mapped_same_file(&set->key.file, file) &&
		    set->key.tgid == (process ? process->tgid : 0) &&
		    set->key.start == (process ? process->start : 0))
			return set;
	}
	return NULL;
}

static struct probed_set *free_set(struct probed *probed)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		if (!probed->sets[i].key.profile)
			return &probed->sets[i];
	}
	return NULL;
}

static int keep_links(const struct attach_links *links, struct attach_links **ret)
{
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	**ret = *links;
	return 0;
}

static int attach_and_pin(struct probed *probed, const struct attach_file *file,
			  const struct pins_key *key, struct attach_links **ret,
			  struct error *ret_error)
{
	struct attach_links links;
	int r = objects_make(probed->objects);

	if (r)
		return error_set(ret_error, r, "map of objects: %s", strerror(-r));
	r = attach_to(probed->way, &probed->programs, file, &links, ret_error);
	if (r)
		return r;
	r = keep_links(&links, ret);
	if (r) {
		attach_end(&links);
		return error_set(ret_error, r, "out of memory");
	}
	/* without pins its calls are counted as long as this process lives, as those of plain sockets are */
	if (probed->pins >= 0)
		pins_put(probed->pins, key, &links);
	return 0;
}

enum tls_not_reason probed_attach(struct probed *probed, int fd, const struct known_file *known,
				  const struct probed_process *process, const char *path,
				  struct probed_set **ret, struct error *ret_error)
{
	struct probed_set *set = free_set(probed);
	struct pins_key key = {.file = known->state.id};
	struct attach_links *links;
	struct attach_file file;

	error_set(ret_error, 0, "%s", "");
	if (!set || begin_profile(probed, known, &key.profile))
		return TLS_NOT_TOO_MANY;
	if (process) {
		key.tgid = process->tgid;
		key.start = process->start;
	}
	file = (struct attach_file){fd, known->sites, known->n, key.profile, key.tgid};
	if (attach_and_pin(probed, &file, &key, &links, ret_error)) {
		if (!probed->files[key.profile].sets)
			forget_profile(probed, key.profile);
		return TLS_NOT_NOT_ATTACHED;
	}
	*set = (struct probed_set){.key = key, .links = links};
	fill_file(&probed->files[key.profile], known, path, process != NULL);
	probed->files[key.profile].sets++;
	*ret = set;
	return TLS_NOT_NONE;
}

void probed_name(struct probed *probed, const struct probed_set *set,
		 const struct known_file *known, const char *path)
{
	struct probed_file *file = &probed->files[set->key.profile];

	if (!*file->path)
		fill_file(file, known, path, set->key.tgid != 0);
}

__u32 probed_end(struct probed *probed, struct probed_set *set)
{
	const struct attach_links pinned = *set->links;
	const __u32 profile = set->key.profile;

	/*
	 * Nobody is left who makes these calls. Who closes the last descriptor of a link waits for the kernel to take it
	 * off, 90 ms each; of what a pin has held last the kernel does it by itself.
	 */
	attach_end(set->links);
	if (probed->pins >= 0)
		pins_drop(probed->pins, &set->key, &pinned);
	free(set->links);
	*set = (struct probed_set){};
	if (--probed->files[profile].sets)
		return 0;
	forget_profile(probed, profile);
	return profile;
}

/* ---- taking over, and closing ---- */

static int adopt(void *context, const struct pins_key *key, struct attach_links *links)
{
	struct probed *probed = context;
	struct probed_file *file = &probed->files[key->profile];
	struct probed_set *set = free_set(probed);
	struct tls_profile profile;
	__u32 sites = 0;
	int r = set ? bpf_map_lookup_elem(probed->profiles, &key->profile, &profile) : -ENOSPC;

	if (!r &&
	    (!mapped_same_file(&profile.file, &key->file) || profile.library > TLS_LIBRARY_GO))
		r = -ESTALE;
	if (r)
		return r;
	set->links = malloc(sizeof(*set->links));
	if (!set->links)
		return -ENOMEM;
	*set->links = *links;
	set->key = *key;
	for (size_t i = 0; i < links->n; i++)
		sites += links->list[i].sites;
	file->id = key->file;
	file->library = profile.library;
	file->probes = sites;
	file->executable = key->tgid != 0;
	file->sets++;
	if (key->profile > probed->last_profile)
		probed->last_profile = key->profile;
	return 0;
}

int probed_adopt(struct probed *probed)
{
	struct pins_programs programs = {};
	int n = 0;
	int r = attach_program_id(probed->programs.enter, &programs.enter);

	if (probed->pins < 0)
		return r;
	r = r ?: attach_program_id(probed->programs.exit, &programs.exit);
	r = r ?: pins_adopt(probed->pins, &programs, adopt, probed);
	for (__u32 i = 1; i < TLS_PROFILES_MAX; i++)
		n += probed->files[i].sets != 0;
	return r ?: n;
}

int probed_pin_again(struct probed *probed, int dir)
{
	int r = 0;

	close_descriptor_at(&probed->pins);
	probed->pins = dir;
	for (size_t i = 0; i < PROBED_MAX; i++) {
		const struct probed_set *set = &probed->sets[i];

		if (set->key.profile)
			r = r ?: pins_put(dir, &set->key, set->links);
	}
	return r;
}

void probed_close(struct probed *probed)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		struct probed_set *set = &probed->sets[i];

		if (set->key.profile)
			attach_end(set->links);
		free(set->links);
		*set = (struct probed_set){};
	}
}

void probed_tell(const struct probed *probed, __u32 profile, struct tls_packet_found *ret)
{
	const struct probed_file *file = &probed->files[profile];

	*ret = (struct tls_packet_found){
		.kind = TLS_FOUND_LISTED,
		.profile = profile,
		.probes = file->probes,
		.library = file->library,
		.file = file->id,
		.executable = file->executable,
		.sendfile = file->sendfile,
	};
	memcpy(ret->name, file->name, sizeof(ret->name));
	memcpy(ret->path, file->path, sizeof(ret->path));
}

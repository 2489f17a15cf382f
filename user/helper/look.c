/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/look.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "helper/mapped.h"

/* A process while it is looked at. */
struct looking {
	struct look *look;
	const struct tls_packet_look *what;
	int process;
	__u64 start; /* in ticks */
	struct maps_id executable; /* ino 0: not known, as of a kernel thread */
	__u32 told, probed;
};

bool look_is_excluded(const struct look *look, const char *path)
{
	for (size_t i = 0; i < look->n_excludes; i++) {
		if (!fnmatch(look->excludes[i], path, 0))
			return true;
	}
	return false;
}

bool look_is_library(const char *name)
{
	return !strncmp(name, "libssl", 6) || !strncmp(name, "libgnutls", 9);
}

/* ---- telling ---- */

static void tell(struct looking *looking, struct tls_packet_found *found, const char *path)
{
	found->tgid = looking->what->tgid;
	found->start_ns = looking->what->start_ns;
	if (path)
		tls_text_end(found->path, sizeof(found->path), path);
	looking->told++;
	looking->look->tell(looking->look->context, found);
}

static void tell_not(struct looking *looking, enum tls_not_reason reason, const char *path,
		     const char *text)
{
	struct tls_packet_found found = {.kind = TLS_FOUND_NOT, .reason = reason};

	tls_text_begin(found.text, sizeof(found.text), text ?: "");
	tell(looking, &found, path);
}

static void tell_probed(struct looking *looking, const struct probed_set *set, const char *path,
			enum tls_found_kind kind, const struct known_file *known)
{
	struct tls_packet_found found;

	probed_tell(looking->look->probed, set->key.profile, &found);
	found.kind = kind;
	if (known)
		memcpy(found.text, known->text, sizeof(found.text));
	looking->probed++;
	tell(looking, &found, path);
}

static bool is_executable(const struct looking *looking, const struct maps_id *id)
{
	return looking->executable.ino && maps_same(&looking->executable, id);
}

static void tell_known(struct looking *looking, const struct known_file *known,
		       enum tls_not_reason reason, const char *path, const char *text)
{
	const struct maps_id id = mapped_id(&known->state.id);
	struct tls_packet_found found = {
		.kind = TLS_FOUND_NOT,
		.reason = reason,
		.library = known->profile.library,
		.file = known->state.id,
		.executable = is_executable(looking, &id),
		.sendfile = known->sendfile,
	};

	memcpy(found.name, known->name, sizeof(found.name));
	tls_text_begin(found.text, sizeof(found.text), text);
	tell(looking, &found, path);
}

/* ---- a file ---- */

static void witness(const struct looking *looking, struct probed_set *set)
{
	set->witness = set->key.tgid ? 0 : looking->what->tgid;
	set->witness_start = looking->start;
	set->unused = 0;
}

/*
 * An executable is probed in a process that has served TLS; or that begins to listen, if another one of the same file has
 * served: a program that looks at its own code does so before.
 */
static bool may_probe_executable(const struct looking *looking, const struct known_file *known)
{
	return looking->what->allow_executable ||
	       (known->served && looking->what->why == TLS_WANTED_LISTENS);
}

static void probe(struct looking *looking, struct known_file *known, int fd,
		  const struct maps_file *file)
{
	const bool own = is_executable(looking, &file->id);
	const struct probed_process process = {looking->what->tgid, looking->start};
	struct probed *probed = looking->look->probed;
	struct probed_set *set = probed_find(probed, &known->state.id, own ? &process : NULL);
	enum tls_not_reason reason;
	struct error error;

	known->served |= own && (set || looking->what->allow_executable);
	if (set) {
		probed_name(probed, set, known, file->path);
		witness(looking, set);
		tell_probed(looking, set, file->path, TLS_FOUND_ALREADY, known);
		return;
	}
	if (own && !may_probe_executable(looking, known)) {
		tell_known(looking, known, TLS_NOT_NOT_SERVED, file->path, "");
		return;
	}
	if (!known_is_unchanged(known, fd)) {
		tell_known(looking, known, TLS_NOT_UNREADABLE, file->path, "it is being written");
		return;
	}
	reason = probed_attach(probed, fd, known, own ? &process : NULL, file->path, &set, &error);
	if (reason) {
		tell_known(looking, known, reason, file->path, error.text);
		return;
	}
	witness(looking, set);
	looking->look->attached_executable |= own;
	tell_probed(looking, set, file->path, TLS_FOUND_ATTACHED, known);
}

/* A probed library keeps its inode: nothing else has its number meanwhile, and it need not be opened. */
static struct probed_set *probed_library(struct probed *probed, const struct maps_id *id)
{
	for (size_t i = 0; i < PROBED_MAX; i++) {
		struct probed_set *set = &probed->sets[i];
		const struct maps_id of_set = mapped_id(&set->key.file);

		if (set->key.profile && !set->key.tgid && maps_same(&of_set, id))
			return set;
	}
	return NULL;
}

static bool is_named(const struct looking *looking, const struct maps_file *file)
{
	return is_executable(looking, &file->id) || look_is_library(maps_name(file->path));
}

static struct known_file *know(struct look *look, int fd, int *ret_r)
{
	struct known_file *known;
	struct mapped_state state;

	*ret_r = mapped_state(fd, &state);
	if (*ret_r)
		return NULL;
	known = known_find(look->known, &state) ?: known_look(look->known, fd, &state);
	*ret_r = known ? 0 : -ENOMEM;
	return known;
}

/* r: why it is not known. */
static void tell_opened(struct looking *looking, int fd, struct known_file *known, int r,
			const struct maps_file *file)
{
	if (known && !known->reason)
		probe(looking, known, fd, file);
	else if (known && known->reason != TLS_NOT_NO_LIBRARY)
		tell_known(looking, known, known->reason, file->path, known->text);
	else if (r == -ESTALE && is_named(looking, file))
		tell_not(looking, TLS_NOT_REPLACED, file->path, NULL);
	else if (r && r != -ENOEXEC && is_named(looking, file))
		tell_not(looking, TLS_NOT_UNREADABLE, file->path, strerror(-r));
}

static void look_at_file(struct looking *looking, const struct maps_file *file)
{
	struct look *look = looking->look;
	struct probed_set *set = probed_library(look->probed, &file->id);
	struct known_file *known = NULL;
	int fd, r;

	/* of one that was adopted nothing but its number is known, until it is looked into again */
	if (set && *look->probed->files[set->key.profile].path) {
		witness(looking, set);
		tell_probed(looking, set, file->path, TLS_FOUND_ALREADY, NULL);
		return;
	}
	if (watch_is_stuck(look->watch, &file->id)) {
		if (is_named(looking, file))
			tell_not(looking, TLS_NOT_STUCK, file->path, NULL);
		return;
	}
	watch_begin(look->watch, &file->id);
	fd = mapped_open(looking->process, file);
	r = fd < 0 ? fd : 0;
	if (!r)
		known = know(look, fd, &r);
	watch_end(look->watch);
	tell_opened(looking, fd, known, r, file);
	close_descriptor_at(&fd);
}

/* ---- a process ---- */

static void look_at_files(struct looking *looking, const struct maps *maps)
{
	const struct maps_file *own = mapped_executable(looking->process, maps);

	if (own)
		looking->executable = own->id;
	if (own && look_is_excluded(looking->look, own->path)) {
		tell_not(looking, TLS_NOT_EXCLUDED, own->path, NULL);
		return;
	}
	for (size_t i = 0; i < maps->n; i++)
		look_at_file(looking, &maps->list[i]);
	if (!looking->told)
		tell_not(looking, TLS_NOT_NO_LIBRARY, own ? own->path : NULL,
			 maps->cut ? "it has too many files mapped to look at all" : NULL);
}

__u32 look_at(struct look *look, const struct tls_packet_look *what)
{
	_cleanup_(maps_clear) struct maps maps = {};
	struct looking looking = {.look = look, .what = what};
	_cleanup_close_ int process = mapped_process(what->tgid, what->start_ns);
	int r = process < 0 ? process : mapped_began(process, &looking.start);

	looking.process = process;
	look->attached_executable = false;
	r = r ?: mapped_files(process, &maps);
	if (r == -ESRCH || r == -ENOENT)
		tell_not(&looking, TLS_NOT_ENDED, NULL, NULL);
	else if (r)
		tell_not(&looking, TLS_NOT_UNREADABLE, NULL, strerror(-r));
	else
		look_at_files(&looking, &maps);
	return looking.probed;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

struct known {
	size_t n;
	unsigned long clock;
	struct known_file list[KNOWN_MAX];
};

struct known *known_new(void)
{
	return calloc(1, sizeof(struct known));
}

static void clear(struct known_file *file)
{
	free(file->sites);
	free(file->code);
	*file = (struct known_file){};
}

void known_free(struct known *known)
{
	for (size_t i = 0; known && i < known->n; i++)
		clear(&known->list[i]);
	free(known);
}

static bool is_same(const struct mapped_state *a, const struct mapped_state *b)
{
	return mapped_same_file(&a->id, &b->id) && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

struct known_file *known_find(struct known *known, const struct mapped_state *state)
{
	for (size_t i = 0; i < known->n; i++) {
		if (is_same(&known->list[i].state, state)) {
			known->list[i].used = ++known->clock;
			return &known->list[i];
		}
	}
	return NULL;
}

/* Of a file that was written to what was known goes first. */
static struct known_file *make_room(struct known *known, const struct mapped_state *state)
{
	struct known_file *oldest = &known->list[0];

	for (size_t i = 0; i < known->n; i++) {
		struct known_file *file = &known->list[i];

		if (file->state.id.ino == state->id.ino && file->state.id.dev == state->id.dev) {
			oldest = file;
			break;
		}
		if (file->used < oldest->used)
			oldest = file;
		if (i + 1 == known->n && known->n < KNOWN_MAX) {
			oldest = &known->list[known->n++];
			break;
		}
	}
	if (!known->n)
		known->n = 1;
	clear(oldest);
	return oldest;
}

/* ---- what a file has ---- */

static enum tls_not_reason reason_of(enum sites_kind kind)
{
	static const enum tls_not_reason reasons[SITES_KINDS] = {
		[SITES_NOTHING] = TLS_NOT_NO_LIBRARY, [SITES_FOUND] = TLS_NOT_NONE,
		[SITES_REFUSED] = TLS_NOT_REFUSED,    [SITES_STRIPPED] = TLS_NOT_STRIPPED,
		[SITES_RUSTLS] = TLS_NOT_RUSTLS,      [SITES_JAVA] = TLS_NOT_JAVA,
		[SITES_GO_REFUSED] = TLS_NOT_GO,
	};

	return reasons[kind];
}

/* What is beyond the file's end is 0, before and later alike. */
static int read_code(int fd, const struct site *site, unsigned char to[static KNOWN_SITE_BYTES])
{
	memset(to, 0, KNOWN_SITE_BYTES);
	return pread(fd, to, KNOWN_SITE_BYTES, (off_t)site->at) < 1 ? -EIO : 0;
}

static int keep_sites(struct known_file *file, int fd, const struct sites *sites)
{
	file->sites = calloc(sites->n, sizeof(*file->sites));
	file->code = calloc(sites->n, sizeof(*file->code));
	if (!file->sites || !file->code)
		return -ENOMEM;
	file->n = sites->n;
	memcpy(file->sites, sites->list, sites->n * sizeof(*file->sites));
	for (size_t i = 0; i < file->n; i++) {
		if (read_code(fd, &file->sites[i], file->code[i]))
			file->reason = TLS_NOT_UNREADABLE;
	}
	return 0;
}

/* It has sites, of both kinds, within bounds: a file cannot have the kernel probe what is none. */
static bool has_both(const struct sites *sites)
{
	size_t entries = 0;

	for (size_t i = 0; i < sites->n; i++) {
		if (sites->list[i].call == TLS_CALL_NONE || sites->list[i].call >= TLS_CALLS)
			return false;
		entries += !sites->list[i].returns;
	}
	return sites->n <= SITES_MAX && entries && entries < sites->n;
}

static int fill(struct known_file *file, int fd, const struct sites *sites, const char *reason)
{
	file->reason = sites->kind < SITES_KINDS ? reason_of(sites->kind) : TLS_NOT_REFUSED;
	tls_text_begin(file->name, sizeof(file->name), sites->name);
	tls_text_begin(file->text, sizeof(file->text), file->reason ? reason : sites->missing);
	file->sendfile = sites->has_sendfile;
	file->profile = sites->profile;
	file->profile.file = file->state.id;
	if (!file->reason && !has_both(sites))
		file->reason = TLS_NOT_REFUSED;
	return file->reason ? 0 : keep_sites(file, fd, sites);
}

struct known_file *known_look(struct known *known, int fd, const struct mapped_state *state)
{
	struct known_file *file = make_room(known, state);
	_cleanup_free_ struct sites *sites = calloc(1, sizeof(*sites));
	struct error reason = {};
	int r = sites ? sites_find(fd, sites, &reason) : -ENOMEM;

	file->state = *state;
	file->used = ++known->clock;
	if (!r)
		r = fill(file, fd, sites, reason.text);
	else if (r == -ENOEXEC)
		file->reason = TLS_NOT_NO_LIBRARY;
	else if (r != -ENOMEM)
		file->reason = TLS_NOT_UNREADABLE;
	if (r && r != -ENOMEM && r != -ENOEXEC)
		tls_text_begin(file->text, sizeof(file->text), strerror(-r));
	if (r == -ENOMEM) {
		clear(file);
		return NULL;
	}
	return file;
}

bool known_is_unchanged(const struct known_file *file, int fd)
{
	unsigned char now[KNOWN_SITE_BYTES];

	for (size_t i = 0; i < file->n; i++) {
		if (read_code(fd, &file->sites[i], now) ||
		    memcmp(now, file->code[i], sizeof(now)) != 0)
			return false;
	}
	return true;
}

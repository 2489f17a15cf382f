/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "helper/mapped.h"

#define PREFIX "link_tls_"

/* ---- names ---- */

void pins_name_text(const struct pins_name *name, char ret[static PINS_NAME_BYTES])
{
	const struct pins_key *key = &name->key;

	snprintf(ret, PINS_NAME_BYTES, PREFIX "%x_%llx_%x_%x_%llx_%u_%c%u_%u_%u", key->file.dev,
		 key->file.ino, key->file.generation, key->tgid, key->start, key->profile,
		 name->returns ? 'r' : 'e', name->index, name->sites, name->of);
}

static bool is_valid(const struct pins_name *name)
{
	return name->key.file.ino && name->key.profile && name->key.profile < TLS_PROFILES_MAX &&
	       !name->key.tgid == !name->key.start && name->of >= 2 && name->of <= SITES_MAX &&
	       name->index < name->of && name->sites && name->sites <= SITES_MAX;
}

int pins_name_parse(const char *text, struct pins_name *ret)
{
	char back[PINS_NAME_BYTES];
	struct pins_name name = {};
	char role;

	if (strncmp(text, PREFIX, sizeof(PREFIX) - 1) != 0)
		return -ENOENT;
	/* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is written back as another */
	if (sscanf(text, PREFIX "%x_%llx_%x_%x_%llx_%u_%c%u_%u_%u", &name.key.file.dev,
		   &name.key.file.ino, &name.key.file.generation, &name.key.tgid, &name.key.start,
		   &name.key.profile, &role, &name.index, &name.sites, &name.of) != 10)
		return -EINVAL;
	name.returns = role == 'r';
	/* written again it is the same: no other number has that text */
	pins_name_text(&name, back);
	if (strcmp(text, back) != 0 || !is_valid(&name))
		return -EINVAL;
	*ret = name;
	return 0;
}

/* ---- what belongs together ---- */

static int compare_keys(const struct pins_key *a, const struct pins_key *b)
{
	const __u64 of_a[] = {a->profile,	  a->file.dev, a->file.ino,
			      a->file.generation, a->tgid,     a->start};
	const __u64 of_b[] = {b->profile,	  b->file.dev, b->file.ino,
			      b->file.generation, b->tgid,     b->start};

	for (size_t i = 0; i < sizeof(of_a) / sizeof(of_a[0]); i++) {
		if (of_a[i] != of_b[i])
			return of_a[i] < of_b[i] ? -1 : 1;
	}
	return 0;
}

static int compare(const void *one, const void *other)
{
	const struct pins_name *a = one, *b = other;
	const int keys = compare_keys(&a->key, &b->key);

	return keys ?: (a->index > b->index) - (a->index < b->index);
}

/* Links 0 to of - 1, those of ends first. */
static bool is_whole(const struct pins_name *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i].index != i || names[i].of != n ||
		    (i && names[i].returns && !names[i - 1].returns))
			return false;
	}
	return n >= 2 && names[0].returns && !names[n - 1].returns;
}

static size_t profile_end(const struct pins_name *names, size_t n, size_t from)
{
	size_t end = from;

	while (end < n && names[end].key.profile == names[from].key.profile)
		end++;
	return end;
}

static size_t key_end(const struct pins_name *names, size_t n, size_t from)
{
	size_t end = from;

	while (end < n && !compare_keys(&names[end].key, &names[from].key))
		end++;
	return end;
}

void pins_plan(struct pins_name *names, size_t n, bool *take)
{
	if (n)
		qsort(names, n, sizeof(*names), compare);
	for (size_t i = 0; i < n;) {
		const size_t end = profile_end(names, n, i);
		/* two files of one profile: neither is sure */
		const bool one = mapped_same_file(&names[i].key.file, &names[end - 1].key.file);

		while (i < end) {
			const size_t whole_end = key_end(names, end, i);
			const bool whole = one && is_whole(names + i, whole_end - i);

			while (i < whole_end)
				take[i++] = whole;
		}
	}
}

/* ---- pins ---- */

static void path_of(int dir, const char *name, char ret[static PINS_NAME_BYTES + 32])
{
	snprintf(ret, PINS_NAME_BYTES + 32, "/proc/self/fd/%d/%s", dir, name);
}

static struct pins_name name_of(const struct pins_key *key, const struct attach_links *links,
				size_t i)
{
	return (struct pins_name){
		.key = *key,
		.returns = links->list[i].returns,
		.index = (__u32)i,
		.sites = links->list[i].sites,
		.of = (__u32)links->n,
	};
}

int pins_put(int dir, const struct pins_key *key, const struct attach_links *links)
{
	char text[PINS_NAME_BYTES], path[PINS_NAME_BYTES + 32];
	int r = 0;

	for (size_t i = 0; i < links->n && !r; i++) {
		const struct pins_name name = name_of(key, links, i);

		pins_name_text(&name, text);
		path_of(dir, text, path);
		r = bpf_obj_pin(links->list[i].fd, path);
	}
	if (r)
		pins_drop(dir, key, links);
	return r;
}

void pins_drop(int dir, const struct pins_key *key, const struct attach_links *links)
{
	char text[PINS_NAME_BYTES];

	for (size_t i = links->n; i > 0; i--) {
		const struct pins_name name = name_of(key, links, i - 1);

		pins_name_text(&name, text);
		unlinkat(dir, text, 0);
	}
}

/* ---- what was pinned before ---- */

static DIR *open_listing(int dir)
{
	const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *ret = fd < 0 ? NULL : fdopendir(fd);

	if (!ret && fd >= 0)
		close(fd);
	return ret;
}

/* Those that are none, or too many, are removed. */
static int list_names(int dir, struct pins_name *names, size_t *ret_n)
{
	DIR *entries = open_listing(dir);
	struct dirent *entry;
	size_t n = 0;

	if (!entries)
		return -errno;
	while ((entry = readdir(entries))) {
		int r = pins_name_parse(entry->d_name, &names[n]);

		if (!r && n + 1 < PINS_NAMES_MAX)
			n++;
		else if (r != -ENOENT)
			unlinkat(dir, entry->d_name, 0);
	}
	closedir(entries);
	*ret_n = n;
	return 0;
}

static void drop_name(int dir, const struct pins_name *name)
{
	char text[PINS_NAME_BYTES];

	pins_name_text(name, text);
	unlinkat(dir, text, 0);
}

static int open_link(int dir, const struct pins_name *name, const struct pins_programs *programs)
{
	char text[PINS_NAME_BYTES], path[PINS_NAME_BYTES + 32];
	__u32 program = 0;
	int fd, r;

	pins_name_text(name, text);
	path_of(dir, text, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	r = attach_program_of(fd, &program);
	if (!r && program != (name->returns ? programs->exit : programs->enter))
		r = -ESTALE;
	if (r)
		close(fd);
	return r ?: fd;
}

/* The links of a whole: all, or none, and then their pins are removed. */
static int open_links(int dir, const struct pins_name *names, const struct pins_programs *programs,
		      struct attach_links *ret)
{
	const size_t n = names[0].of;

	ret->n = 0;
	for (size_t i = 0; i < n; i++) {
		const int fd = open_link(dir, &names[i], programs);

		if (fd < 0) {
			attach_end(ret);
			return fd;
		}
		ret->list[ret->n++] = (struct attach_link){fd, names[i].sites, names[i].returns};
	}
	return 0;
}

static int adopt_whole(int dir, const struct pins_name *names, const struct pins_programs *programs,
		       pins_adopt_fn *adopt, void *context)
{
	struct attach_links links;
	int r = open_links(dir, names, programs, &links);

	if (r) {
		for (size_t i = names[0].of; i > 0; i--)
			drop_name(dir, &names[i - 1]);
		return 0;
	}
	r = adopt(context, &names[0].key, &links);
	if (r) {
		pins_drop(dir, &names[0].key, &links);
		attach_end(&links);
	}
	return r == -ENOMEM ? r : 0;
}

int pins_adopt(int dir, const struct pins_programs *programs, pins_adopt_fn *adopt, void *context)
{
	_cleanup_free_ struct pins_name *names = calloc(PINS_NAMES_MAX, sizeof(*names));
	_cleanup_free_ bool *take = calloc(PINS_NAMES_MAX, sizeof(*take));
	size_t n = 0;
	int r = names && take ? list_names(dir, names, &n) : -ENOMEM;

	if (r)
		return r;
	pins_plan(names, n, take);
	for (size_t i = 0; i < n && !r;) {
		if (take[i]) {
			r = adopt_whole(dir, &names[i], programs, adopt, context);
			i += names[i].of;
		} else {
			drop_name(dir, &names[i++]);
		}
	}
	return r;
}

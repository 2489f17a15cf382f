/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define DELETED " (deleted)"

/* ---- a line: "start-end perms offset major:minor inode   path" ---- */

/* A number of 16 digits at most, and what follows it. Returns behind that, or NULL. */
static char *take_number(char *text, unsigned int base, char follows, __u64 *ret)
{
	__u64 value = 0;
	unsigned int n;

	for (n = 0; n < 17; n++) {
		const char c = *text;
		unsigned int digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = (unsigned int)(c - 'a') + 10;
		else
			break;
		value = value * base + digit;
		text++;
	}
	if (!n || n > 16 || *text != follows)
		return NULL;
	*ret = value;
	return text + 1;
}

/* Inode numbers are decimal, of 20 digits at most. */
static char *take_inode(char *text, __u64 *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno ? NULL : end;
}

/* Line ends are written as \012. Other names with that text in them are not found again, which is no harm. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (!strncmp(from, "\\012", 4)) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

bool maps_cut_deleted(char *path)
{
	const size_t len = strlen(path);

	if (!text_ends_in(path, len, DELETED))
		return false;
	path[len - (sizeof(DELETED) - 1)] = 0;
	return true;
}

/* Of a file, with no path yet. Returns behind the inode's number; NULL: it is no such line. */
static char *take_mapping(char *line, struct maps_file *ret, bool *ret_runs)
{
	struct maps_file file = {};
	__u64 offset, major, minor;
	char *at = take_number(line, 16, '-', &file.start);

	at = at ? take_number(at, 16, ' ', &file.end) : NULL;
	if (!at || strnlen(at, 5) < 5 || at[4] != ' ' || file.end <= file.start)
		return NULL;
	*ret_runs = at[2] == 'x';
	at = take_number(at + 5, 16, ' ', &offset);
	at = at ? take_number(at, 16, ':', &major) : NULL;
	at = at ? take_number(at, 16, ' ', &minor) : NULL;
	at = at ? take_inode(at, &file.id.ino) : NULL;
	if (!at || !file.id.ino || major >= 1 << 12 || minor >= 1 << 20)
		return NULL;
	file.id.dev = (__u32)(major << 20 | minor);
	*ret = file;
	return at;
}

bool maps_mapping(char *line, struct maps_file *ret)
{
	bool runs;

	return take_mapping(line, ret, &runs);
}

bool maps_parse(char *line, struct maps_file *ret)
{
	struct maps_file file;
	bool runs;
	char *at = take_mapping(line, &file, &runs);

	if (!at || !runs)
		return false;
	at += strspn(at, " ");
	/* others are no files: [vdso], anon_inode:..., /dev/zero of shared memory has one */
	if (*at != '/')
		return false;
	unescape(at);
	file.deleted = maps_cut_deleted(at);
	file.path = at;
	*ret = file;
	return true;
}

/* ---- all of them ---- */

bool maps_same(const struct maps_id *a, const struct maps_id *b)
{
	return a->ino == b->ino && a->dev == b->dev;
}

const struct maps_file *maps_find(const struct maps *maps, const struct maps_id *id)
{
	for (size_t i = maps->n; i > 0; i--) {
		if (maps_same(&maps->list[i - 1].id, id))
			return &maps->list[i - 1];
	}
	return NULL;
}

int maps_add(struct maps *maps, char *line)
{
	struct maps_file file;

	if (!maps_parse(line, &file) || maps_find(maps, &file.id))
		return 0;
	if (maps->n == MAPS_FILES_MAX) {
		maps->cut = true;
		return 0;
	}
	file.path = strdup(file.path);
	if (!file.path)
		return -ENOMEM;
	maps->list[maps->n++] = file;
	return 0;
}

/* Hands on whole lines of the `len` bytes; one that is longer than all room is passed over. Returns how many are left. */
static ssize_t take_lines(struct maps *maps, char *bytes, size_t len, bool *skips, size_t *lines)
{
	char *line = bytes, *end;
	int r = 0;

	while (!r && (end = memchr(line, '\n', len - (size_t)(line - bytes)))) {
		*end = 0;
		if (!*skips)
			r = maps_add(maps, line);
		*skips = false;
		line = end + 1;
		if (++*lines == MAPS_LINES_MAX)
			r = -E2BIG;
	}
	if (r)
		return r;
	len -= (size_t)(line - bytes);
	if (len >= MAPS_LINE_BYTES) {
		*skips = true;
		len = 0;
	}
	memmove(bytes, line, len);
	return (ssize_t)len;
}

int maps_read(struct maps *maps, int fd)
{
	const size_t size = MAPS_LINE_BYTES * 2;
	_cleanup_free_ char *bytes = malloc(size);
	size_t len = 0, lines = 0;
	bool skips = false;

	if (!bytes)
		return -ENOMEM;
	for (;;) {
		const ssize_t n = read(fd, bytes + len, size - len);
		ssize_t left;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		left = take_lines(maps, bytes, len + (size_t)n, &skips, &lines);
		if (left < 0) {
			maps->cut = true;
			return left == -E2BIG ? 0 : (int)left;
		}
		len = (size_t)left;
	}
}

void maps_clear(struct maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		free(maps->list[i].path);
	maps->n = 0;
}

const char *maps_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

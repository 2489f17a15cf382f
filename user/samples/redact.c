/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/redact.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum {
	MORE_BYTES = sizeof(REDACT_MORE) - 1,
	WRITTEN_OUT_MAX = 12, /* bytes of one character, and a NUL */
};

/* Text that grows in a bounded room. */
struct room {
	char *to;
	size_t used, max;
	size_t safe; /* so much of it leaves room for REDACT_MORE */
	bool full;
};

static struct room room_of(char *to, size_t max)
{
	struct room room = {.max = max};

	room.to = to;
	return room;
}

static void put(struct room *room, const char *bytes, size_t len)
{
	if (room->full || room->used + len > room->max) {
		room->full = true;
		return;
	}
	memcpy(room->to + room->used, bytes, len);
	room->used += len;
	if (room->used + MORE_BYTES <= room->max)
		room->safe = room->used;
}

static void end(struct room *room, bool cut)
{
	if (room->full || cut) {
		if (room->used + MORE_BYTES > room->max)
			room->used = room->safe;
		memcpy(room->to + room->used, REDACT_MORE, MORE_BYTES);
		room->used += MORE_BYTES;
	}
	room->to[room->used] = '\0';
}

static void put_text(struct room *room, const char *bytes, size_t len)
{
	while (len && !room->full) {
		char out[WRITTEN_OUT_MAX];
		uint32_t code;
		size_t n = utf8_decode(bytes, len, &code);

		if (!n) {
			n = 1;
			put(room, out, (size_t)sprintf(out, "\\x%02x", (unsigned char)*bytes));
		} else if (utf8_is_unsafe(code)) {
			put(room, out,
			    (size_t)sprintf(out, code > 0xffff ? "\\U%08x" : "\\u%04x", code));
		} else {
			put(room, bytes, n);
		}
		bytes += n;
		len -= n;
	}
}

void redact_text(const char *bytes, size_t len, bool cut, size_t max, char *ret)
{
	struct room room = room_of(ret, max);

	put_text(&room, bytes, len);
	end(&room, cut);
}

static size_t until(const char *text, size_t len, char c)
{
	const char *at = memchr(text, c, len);

	return at ? (size_t)(at - text) : len;
}

void redact_query(const char *query, size_t len, bool cut, char *ret)
{
	struct room room = room_of(ret, REDACT_QUERY_BYTES);

	len = until(query, len, '#');
	while (len) {
		const size_t part = until(query, len, '&');
		const size_t name = until(query, part, '=');

		if (name == part && part == len && cut)
			break;
		if (part) {
			char clean[REDACT_NAME_BYTES + 1] = "*";

			if (name < part)
				redact_text(query, name, false, REDACT_NAME_BYTES, clean);
			if (room.used)
				put(&room, "&", 1);
			put(&room, clean, strlen(clean));
		}
		query += part + (part < len);
		len -= part + (part < len);
	}
	end(&room, cut);
}

/* One segment without its '/': "a;jsessionid=1" is "a;jsessionid=*" */
static void put_segment(struct room *room, const char *text, size_t len)
{
	size_t at = until(text, len, ';');

	put_text(room, text, at);
	while (at < len) {
		const size_t part = until(text + at + 1, len - at - 1, ';') + 1;
		const size_t name = until(text + at, part, '=');

		put_text(room, text + at, name);
		if (name < part)
			put(room, "=*", 2);
		at += part;
	}
}

static bool has_wildcard(const char *text, size_t len)
{
	return memchr(text, '*', len) || memchr(text, '{', len);
}

/* The template's part for the next segment. "**" stays where it is: it is for all that follow. */
static const char *next_of_route(const char **route, size_t *ret_len)
{
	const char *at = *route;
	size_t len;

	if (!at)
		return NULL;
	at += *at == '/';
	len = strcspn(at, "/");
	if (len >= 2 && memmem(at, len, "**", 2)) {
		*ret_len = 1;
		return "*";
	}
	*route = at[len] ? at + len : NULL;
	*ret_len = len;
	return at;
}

/* What the template spells out is the same in the path: a path that fits another is masked all the same. */
static void put_masked(struct room *room, const char *text, size_t len, const char *template,
		       size_t template_len)
{
	if (!len)
		return;
	if (template && has_wildcard(template, template_len))
		put_text(room, template, template_len);
	else if (template && template_len == len && !memcmp(template, text, len))
		put_text(room, text, len);
	else
		put(room, "*", 1);
}

void redact_path(const char *path, size_t len, bool cut, enum redact_path how, const char *route,
		 char *ret)
{
	struct room room = room_of(ret, REDACT_PATH_BYTES);

	if (how == REDACT_PATH_TEMPLATE) {
		path = route ?: "*";
		len = strlen(path);
		cut = false;
	}
	while (len) {
		size_t segment, of_route = 0;
		const char *template = NULL;

		if (*path == '/') {
			put(&room, "/", 1);
			path++;
			len--;
		}
		segment = until(path, len, '/');
		if (how == REDACT_PATH_MASK) {
			template = next_of_route(&route, &of_route);
			put_masked(&room, path, segment, template, of_route);
		} else {
			put_segment(&room, path, segment);
		}
		path += segment;
		len -= segment;
	}
	end(&room, cut);
}

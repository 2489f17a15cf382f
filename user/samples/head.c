/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/head.h"

#include <string.h>
#include <strings.h>

#include "samples/head_fields.h"

enum {
	PROXY_MAX = 107, /* bytes of a header of version 1, with its end */
	PROXY_SIGNATURE = 12,
	PROXY_FIXED = 16, /* bytes before the addresses of version 2 */
	PROXY_TCP4 = 0x11,
	PROXY_TCP6 = 0x21,
	METHOD_MAX = 32, /* as HTTP1_METHOD_MAX */
	VERSION_BYTES = 9, /* " HTTP/1.x" */
};

/* What is left to read. */
struct cursor {
	const char *at;
	size_t left;
};

static void skip(struct cursor *in, size_t n)
{
	in->at += n;
	in->left -= n;
}

/* The next line, without its end. False: it has none within the excerpt; then it is what is left. */
static bool take_line(struct cursor *in, struct head_part *ret)
{
	const char *end = memchr(in->at, '\n', in->left);
	size_t len = end ? (size_t)(end - in->at) : in->left;

	*ret = (struct head_part){in->at, len, !end};
	skip(in, len + (end != NULL));
	if (end && len && ret->at[len - 1] == '\r')
		ret->len--;
	return end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct head_part head_trimmed(struct head_part part)
{
	while (part.len && is_blank(*part.at)) {
		part.at++;
		part.len--;
	}
	while (part.len && is_blank(part.at[part.len - 1]))
		part.len--;
	return part;
}

/* ---- the PROXY protocol ---- */

/* The word at *at, which goes behind it. */
static struct head_part take_word(struct head_part *line)
{
	const char *space = memchr(line->at, ' ', line->len);
	struct head_part word = {line->at, space ? (size_t)(space - line->at) : line->len, false};
	const size_t passed = word.len + (space != NULL);

	line->at += passed;
	line->len -= passed;
	return word;
}

/* "PROXY TCP4 10.0.0.7 10.0.0.1 4711 80" */
static bool read_proxy_1(struct cursor *in, struct head *ret)
{
	struct cursor rest = *in;
	struct head_part line;

	if (in->left < 6 || memcmp(in->at, "PROXY ", 6) != 0)
		return true;
	if (!take_line(&rest, &line) || line.len > PROXY_MAX)
		return false;
	*in = rest;
	take_word(&line);
	if (take_word(&line).len == 4) { /* TCP4, TCP6; not UNKNOWN */
		struct head_part source = take_word(&line);

		ret->has_proxy = address_read(source.at, source.len, ret->proxy);
	}
	return true;
}

static bool read_proxy_2(struct cursor *in, struct head *ret)
{
	const unsigned char *const bytes = (const unsigned char *)in->at;
	size_t len;

	if (in->left < PROXY_FIXED || memcmp(bytes, "\r\n\r\n\0\r\nQUIT\n", PROXY_SIGNATURE) != 0)
		return true;
	len = (size_t)bytes[14] << 8 | bytes[15];
	if (bytes[12] >> 4 != 2 || in->left - PROXY_FIXED < len)
		return false;
	if ((bytes[12] & 15) == 1 && bytes[13] == PROXY_TCP4 && len >= 12) {
		memset(ret->proxy, 0, 10);
		memset(ret->proxy + 10, 0xff, 2);
		memcpy(ret->proxy + 12, bytes + PROXY_FIXED, 4);
		ret->has_proxy = true;
	} else if ((bytes[12] & 15) == 1 && bytes[13] == PROXY_TCP6 && len >= 36) {
		memcpy(ret->proxy, bytes + PROXY_FIXED, ADDRESS_BYTES);
		ret->has_proxy = true;
	}
	skip(in, PROXY_FIXED + len);
	return true;
}

/* ---- the request line ---- */

/* tchar of RFC 9110, section 5.6.2 */
static bool is_token(char c)
{
	return c && ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		     strchr("!#$%&'*+-.^_`|~", c));
}

bool head_method(struct head_part word, struct head *ret)
{
	if (!word.len || word.len > METHOD_MAX)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (!is_token(word.at[i]))
			return false;
	}
	ret->method = word;
	return true;
}

static bool read_method(struct head_part *line, struct head *ret)
{
	struct head_part word = take_word(line);

	return line->at && word.at + word.len != line->at && head_method(word, ret);
}

struct head_part head_without_user(struct head_part host)
{
	const char *at = host.len ? memrchr(host.at, '@', host.len) : NULL;

	if (!at)
		return host;
	return (struct head_part){at + 1, (size_t)(host.at + host.len - at - 1), host.cut};
}

/* scheme "://": what is before it is letters, digits, '+', '-', '.' */
static size_t scheme_bytes(struct head_part target)
{
	for (size_t i = 0; i + 2 < target.len; i++) {
		const char c = target.at[i];

		if (c == ':')
			return i && !memcmp(target.at + i, "://", 3) ? i + 3 : 0;
		if (!is_token(c))
			return 0;
	}
	return 0;
}

static size_t until_any(struct head_part part, const char *of)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.at[i] && strchr(of, part.at[i]))
			return i;
	}
	return part.len;
}

static struct head_part behind(struct head_part part, size_t n)
{
	return (struct head_part){part.at + n, part.len - n, part.cut};
}

void head_target(struct head_part target, bool connect, struct head *ret)
{
	const size_t scheme = scheme_bytes(target);
	size_t len;

	if (connect || scheme) {
		target = behind(target, scheme);
		len = until_any(target, "/?#");
		if (len < target.len || !target.cut)
			ret->host = head_without_user(
				(struct head_part){len ? target.at : NULL, len, false});
		if (connect || (len == target.len && target.cut))
			return;
		target = behind(target, len);
		if (!target.len || *target.at != '/')
			ret->path = (struct head_part){"/", 1, false};
	}
	len = until_any(target, "?#");
	if (!ret->path.at && target.len)
		ret->path = (struct head_part){target.at, len, target.cut && len == target.len};
	if (len == target.len || target.at[len] != '?')
		return;
	ret->query = behind(target, len + 1);
	len = until_any(ret->query, "#");
	ret->query.cut = ret->query.cut && len == ret->query.len;
	ret->query.len = len;
}

static bool read_request_line(struct cursor *in, struct head *ret)
{
	struct head_part line, target;
	const bool whole = take_line(in, &line);

	if (!read_method(&line, ret))
		return false;
	target = line;
	if (whole) {
		const char *version =
			line.len < VERSION_BYTES ? NULL : line.at + line.len - VERSION_BYTES;

		if (!version || memcmp(version, " HTTP/1.", VERSION_BYTES - 1) != 0) {
			ret->method = (struct head_part){};
			return false;
		}
		ret->old = version[VERSION_BYTES - 1] == '0';
		target.len = (size_t)(version - line.at);
	} else {
		target.len = until_any(line, " ");
		target.cut = target.len == line.len;
	}
	head_target(target, ret->method.len == 7 && !memcmp(ret->method.at, "CONNECT", 7), ret);
	return whole;
}

/* ---- fields ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_hex_run(const char *text, size_t len)
{
	bool zero = true;

	for (size_t i = 0; i < len; i++) {
		if (!is_hex(text[i]))
			return false;
		zero = zero && text[i] == '0';
	}
	return len == 2 || !zero; /* ids of zeros are none */
}

/* version "-" trace-id "-" parent-id "-" flags; later versions may have more behind */
static bool is_traceparent(struct head_part value)
{
	const char *const at = value.at;

	if (value.len < HEAD_TRACEPARENT_BYTES || at[2] != '-' || at[35] != '-' || at[52] != '-')
		return false;
	if (!memcmp(at, "ff", 2) ||
	    (!memcmp(at, "00", 2) ? value.len > HEAD_TRACEPARENT_BYTES :
				    value.len > HEAD_TRACEPARENT_BYTES && at[55] != '-'))
		return false;
	return is_hex_run(at, 2) && is_hex_run(at + 3, 32) && is_hex_run(at + 36, 16) &&
	       is_hex_run(at + 53, 2);
}

static bool is_name(struct head_part part, const char *name)
{
	return part.len == strlen(name) && !strncasecmp(part.at, name, part.len);
}

static void keep_first(struct head_part *ret, struct head_part value)
{
	if (!ret->at)
		*ret = value;
}

/* All values together are parts of the excerpt: they fit. */
static void join(char *list, struct head_part value)
{
	char *end = list + strlen(list);

	/* a NUL would end the list before what a proxy has put behind it */
	if (end != list)
		*end++ = ',';
	for (size_t i = 0; i < value.len; i++)
		end[i] = value.at[i] ? value.at[i] : '?';
	end[value.len] = '\0';
}

void head_field(struct head_part name, struct head_part value, const char *const *names, size_t n,
		struct head_seen *seen, struct head *ret)
{
	const bool x_forwarded_for = is_name(name, "x-forwarded-for");

	if (x_forwarded_for || is_name(name, "forwarded"))
		join(x_forwarded_for ? ret->x_forwarded_for : ret->forwarded, value);
	if (value.cut)
		return;
	if (is_name(name, "host")) {
		keep_first(&ret->host, head_without_user(value));
	} else if (is_name(name, "user-agent")) {
		keep_first(&ret->user_agent, value);
	} else if (is_name(name, "x-request-id")) {
		keep_first(&ret->request_id, value);
	} else if (is_name(name, "traceparent") && !seen->traceparents++ && is_traceparent(value)) {
		value.len = HEAD_TRACEPARENT_BYTES;
		ret->traceparent = value;
	}
	for (size_t i = 0; i < n; i++) {
		if (is_name(name, names[i]))
			keep_first(&ret->headers[i], value);
	}
}

/* A field of its line and of those that go on with it (obs-fold). */
static struct head_part take_field(struct cursor *in)
{
	struct head_part field, more;

	take_line(in, &field);
	while (!field.cut && field.len && in->left && is_blank(*in->at)) {
		take_line(in, &more);
		field.len = (size_t)(more.at + more.len - field.at);
		field.cut = more.cut;
	}
	return field;
}

static void read_fields(struct cursor *in, const char *const *names, size_t n, struct head *ret)
{
	struct head_seen seen = {};

	while (in->left) {
		struct head_part field = take_field(in), name;
		const char *colon = field.len ? memchr(field.at, ':', field.len) : NULL;

		seen.end = !field.len && !field.cut;
		if (seen.end)
			break;
		if (!colon)
			continue;
		name = (struct head_part){field.at, (size_t)(colon - field.at), false};
		head_field(name, head_trimmed(behind(field, name.len + 1)), names, n, &seen, ret);
	}
	head_end(&seen, ret);
}

void head_end(const struct head_seen *seen, struct head *ret)
{
	if (seen->traceparents > 1)
		ret->traceparent = (struct head_part){};
	/* what is not seen may be what the nearest proxy has put behind */
	if (!seen->end)
		ret->x_forwarded_for[0] = ret->forwarded[0] = '\0';
}

void head_begin(struct head *ret)
{
	/* the lists by their first byte alone: there are 2 KiB of them */
	memset(ret, 0, offsetof(struct head, x_forwarded_for));
	ret->x_forwarded_for[0] = ret->forwarded[0] = '\0';
}

void head_parse(const char *bytes, size_t len, const char *const *names, size_t n, struct head *ret)
{
	struct cursor in = {bytes, len < SAMPLE_HEAD_MAX ? len : SAMPLE_HEAD_MAX};

	head_begin(ret);
	if (n > EVENT_HEADERS_MAX)
		n = EVENT_HEADERS_MAX;
	if (!read_proxy_2(&in, ret))
		return;
	while (in.left && (*in.at == '\r' || *in.at == '\n'))
		skip(&in, 1);
	if (!read_proxy_1(&in, ret))
		return;
	while (in.left && (*in.at == '\r' || *in.at == '\n'))
		skip(&in, 1);
	if (read_request_line(&in, ret))
		read_fields(&in, names, n, ret);
}

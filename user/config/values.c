/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/values.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/suggest.h"
#include "base/term_names.h"
#include "config/config.h"
#include "config/texts.h"

enum {
	MAX_COMM_BYTES = 15, /* of a process name; the kernel cuts the rest off */
	MIN_STATUS = 100,
	MAX_STATUS = 599,
};

#define MAX_MIN_BODY_BYTES 1000000000000ULL

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits only: no sign, no space, no hex. */
static bool parse_number(const char *text, size_t len, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
		if (number > max)
			return false;
	}
	*ret_number = number;
	return true;
}

/* Names appear in URLs, labels and tables, where these bytes end a name. */
bool valid_name(const char *text)
{
	return !strpbrk(text, "/\"");
}

bool valid_service_name(const char *text)
{
	return valid_name(text) && strcmp(text, CONFIG_EVERY_SERVICE) != 0 && !strpbrk(text, "{}");
}

bool valid_absolute(const char *text)
{
	return text[0] == '/';
}

/* Whatever a line of group(5) can name, and so also names of directory services. */
bool valid_group(const char *text)
{
	return text[0] && !strpbrk(text, ":,\n");
}

bool valid_listen(const char *text)
{
	struct sockaddr_storage address;
	socklen_t len;

	return !address_parse(text, &address, &len);
}

/* Names, and nothing that only looks like one: a port, a scheme, a pattern. */
bool valid_hosts(const char *text)
{
	return text[0] &&
	       !text[strspn(
		       text,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._ ")] &&
	       text[strspn(text, " ")];
}

bool valid_template(const char *text)
{
	return text[0] == '/' && !strpbrk(text, " ?#");
}

bool valid_eligible_route(const char *text)
{
	return valid_template(text) || !strcmp(text, "_other");
}

bool valid_process(const char *text)
{
	size_t len = 0;

	for (; *text; text++)
		len += *text != '*';
	return len <= MAX_COMM_BYTES;
}

bool valid_exe(const char *text)
{
	return strchr("/*?", text[0]) != NULL;
}

bool valid_netns(const char *text)
{
	return text[0] == '/' || !strcmp(text, CONFIG_NETNS_HOST) ||
	       !strcmp(text, CONFIG_NETNS_ANY);
}

bool valid_unit(const char *text)
{
	return !strchr(text, '/');
}

bool valid_url(const char *text)
{
	size_t scheme = !strncmp(text, "http://", 7) ? 7 : !strncmp(text, "https://", 8) ? 8 : 0;

	return scheme && text[scheme] && !strchr("/?#", text[scheme]) && !strchr(text, ' ');
}

bool valid_base_url(const char *text)
{
	return valid_url(text) && !strpbrk(text, "?#");
}

const struct schema_field config_template_item = {
	.read = read_text,
	.valid = valid_template,
	.max = VALUE_MAX_TEMPLATE_BYTES,
	.expected = "a path template that starts with '/' and has no space, '?' or '#'",
};

int read_count(struct document *doc, yaml_node_t *node, const struct schema_field *field,
	       void *base)
{
	const char *text = scalar_text(node);
	uint64_t count;

	if (!text || !parse_number(text, strlen(text), field->max, &count) || count < field->min)
		return document_expected(doc, node, field->expected);
	*VALUE_AT(uint64_t, base, field) = count;
	return 0;
}

int read_port(struct document *doc, yaml_node_t *node, const struct schema_field *field, void *base)
{
	const char *text = scalar_text(node);
	uint64_t port;

	if (!text || !parse_number(text, strlen(text), UINT16_MAX, &port) || !port)
		return document_expected(doc, node, field->expected);
	*VALUE_AT(uint16_t, base, field) = (uint16_t)port;
	return 0;
}

enum {
	USER_ROOM = 16384, /* for what the system knows of a user */
	CONTAINER_ID_BYTES = 64,
	CONTAINER_SHORT_BYTES = 12,
};

int read_user(struct document *doc, yaml_node_t *node, const struct schema_field *field, void *base)
{
	struct config_match *match = VALUE_AT(struct config_match, base, field);
	const char *text = scalar_text(node);
	struct passwd user, *found = NULL;
	char room[USER_ROOM];
	uint64_t number;

	if (!text || !*text || strpbrk(text, ":,\n"))
		return document_expected(doc, node, field->expected);
	match->user_known = true;
	if (parse_number(text, strlen(text), UINT32_MAX - 1, &number)) {
		match->uid = (uint32_t)number;
	} else if (!getpwnam_r(text, &user, room, sizeof(room), &found) && found) {
		match->uid = user.pw_uid;
	} else if (strspn(text, "0123456789") == strlen(text)) {
		return document_expected(doc, node, field->expected); /* beyond all users */
	} else {
		match->user_known = false;
	}
	match->user = dup_text(text);
	return match->user ? 0 : -ENOMEM;
}

int read_container(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		   void *base)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0, digits = text ? strspn(text, "0123456789abcdef") : 0;
	bool is_id = digits == len;
	char *glob;

	if (!len || len > CONTAINER_ID_BYTES || strspn(text, "0123456789abcdef*?") != len ||
	    (is_id && len < CONTAINER_SHORT_BYTES))
		return document_expected(doc, node, field->expected);
	if (asprintf(&glob, "%s%s", text, is_id && len < CONTAINER_ID_BYTES ? "*" : "") < 0)
		return -ENOMEM;
	*VALUE_AT(char *, base, field) = glob;
	return 0;
}

/*
 * The ratio nearest to the written percentage: 99.9 becomes the double nearest to 0.999, which
 * dividing by 100 would miss. 0 if it is none.
 */
static double parse_percent(const char *text, size_t len)
{
	size_t point = 0, end;
	char shifted[32];

	while (point < len && is_digit(text[point]))
		point++;
	end = point + (point < len && text[point] == '.');
	while (end < len && is_digit(text[end]))
		end++;
	if (!point || end != len || !is_digit(text[len - 1]) || len >= sizeof(shifted) - 3)
		return 0;
	snprintf(shifted, sizeof(shifted), "%.*se-2", (int)len, text);
	return strtod(shifted, NULL);
}

/* Of "99.9" or "99.9%", as parse_percent(). */
static double percent_at(const yaml_node_t *node)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0;

	return len ? parse_percent(text, len - (text[len - 1] == '%')) : 0;
}

int read_percent(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		 void *base)
{
	double ratio = percent_at(node);

	if (!(ratio > 0 && ratio < 1))
		return document_expected(doc, node, field->expected);
	*VALUE_AT(double, base, field) = ratio;
	return 0;
}

int read_share(struct document *doc, yaml_node_t *node, const struct schema_field *field,
	       void *base)
{
	double ratio = percent_at(node);

	if (!(ratio > 0 && ratio <= (double)field->max / 100))
		return document_expected(doc, node, field->expected);
	*VALUE_AT(double, base, field) = ratio;
	return 0;
}

/* "404", "2xx" or "100-499"; sets bits in the bitmap at `base`. */
int read_status(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		void *base)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0;
	uint64_t *status = base, first = 0, last = 0;
	bool valid = false;

	if (len == 3 && !strcmp(text + 1, "xx")) {
		valid = parse_number(text, 1, MAX_STATUS / 100, &first);
		first *= 100;
		last = first + 99;
	} else if (len == 3) {
		valid = parse_number(text, 3, MAX_STATUS, &first);
		last = first;
	} else if (len == 7 && text[3] == '-') {
		valid = parse_number(text, 3, MAX_STATUS, &first) &&
			parse_number(text + 4, 3, MAX_STATUS, &last);
	}
	if (!valid || first < MIN_STATUS || first > last)
		return document_expected(doc, node, field->expected);
	for (uint64_t s = first; s <= last; s++)
		status[s / 64] |= 1ULL << (s % 64);
	return 0;
}

int read_statuses(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		  void *base)
{
	memset((char *)base + field->offset, 0, sizeof(((struct config_slo *)NULL)->good.status));
	return read_list(doc, node, field, base);
}

static int refuse_grpc_status(struct document *doc, const yaml_node_t *node,
			      const struct schema_field *field, const char *text)
{
	struct suggestion suggestion = suggestion_for(text);
	char meant[SUGGESTION_BYTES];

	if (!strcmp(text, grpc_status_name(GRPC_HIDDEN)))
		return document_refuse(doc, node,
				       "expected %s, got \"%s\": a status that is not known is "
				       "neither good nor bad",
				       field->expected, text);
	for (enum grpc_status i = 0; i < GRPC_HIDDEN; i++)
		suggestion_try(&suggestion, grpc_status_name(i));
	return document_refuse(doc, node, "expected %s, got \"%.40s\"%s", field->expected, text,
			       suggestion_text(&suggestion, meant));
}

/* "NOT_FOUND" or "5"; what is no code has a name alone. */
int read_grpc_status(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		     void *base)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0;
	uint64_t number = GRPC_OTHER;

	if (!text)
		return document_expected(doc, node, field->expected);
	if (len && strspn(text, "0123456789") == len) {
		if (!parse_number(text, len, GRPC_OTHER - 1, &number))
			return document_expected(doc, node, field->expected);
		*(uint32_t *)base |= 1U << number;
		return 0;
	}
	for (enum grpc_status i = 0; i < GRPC_HIDDEN; i++) {
		if (!strcmp(text, grpc_status_name(i))) {
			*(uint32_t *)base |= 1U << i;
			return 0;
		}
	}
	return refuse_grpc_status(doc, node, field, text);
}

int read_grpc_statuses(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	*VALUE_AT(uint32_t, base, field) = 0;
	return read_list(doc, node, field, base);
}

static int refuse_method(struct document *doc, const yaml_node_t *node,
			 const struct schema_field *field, const char *text)
{
	struct suggestion suggestion = suggestion_for(text);
	char meant[SUGGESTION_BYTES];

	for (enum http_method i = 0; i < HTTP_METHOD_COUNT; i++)
		suggestion_try(&suggestion, method_name(i));
	return document_refuse(doc, node, "expected %s, got \"%.40s\"%s", field->expected, text,
			       suggestion_text(&suggestion, meant));
}

int read_method(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		void *base)
{
	const char *text = scalar_text(node);

	for (enum http_method i = 0; text && i < HTTP_METHOD_COUNT; i++) {
		if (!strcmp(text, method_name(i))) {
			*(uint32_t *)base |= 1U << i;
			return 0;
		}
	}
	return text ? refuse_method(doc, node, field, text) :
		      document_expected(doc, node, field->expected);
}

int read_methods(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		 void *base)
{
	*VALUE_AT(uint32_t, base, field) = 0;
	return read_list(doc, node, field, base);
}

/* k and M are SI: 1000 and 1000000. */
int read_bytes(struct document *doc, yaml_node_t *node, const struct schema_field *field,
	       void *base)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0;
	uint64_t factor = 1, bytes;

	if (len && text[len - 1] == 'k')
		factor = 1000;
	else if (len && text[len - 1] == 'M')
		factor = 1000000;
	if (!text || !parse_number(text, len - (factor > 1), MAX_MIN_BODY_BYTES / factor, &bytes))
		return document_expected(doc, node, field->expected);
	*VALUE_AT(uint64_t, base, field) = bytes * factor;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/body.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	bool bare;
} fields[] = {
#define X(word, text, is_bare) [BODY_##word] = {text, is_bare},
	BODY_FIELDS(X)
#undef X
};

const char *body_field_name(enum body_field field)
{
	return fields[field].name;
}

bool body_field_is_bare(enum body_field field)
{
	return fields[field].bare;
}

/* The length of "{name}" at `text`; 0 if there is none. */
static size_t placeholder_bytes(const char *text)
{
	size_t len = 1;

	if (text[0] != '{' || !(isalpha((unsigned char)text[1]) || text[1] == '_'))
		return 0;
	while (isalnum((unsigned char)text[len]) || (text[len] && strchr("_.-", text[len])))
		len++;
	return text[len] == '}' ? len + 1 : 0;
}

static void find_field(struct body_part *part)
{
	part->kind = BODY_UNKNOWN;
	for (int i = 0; i < BODY_FIELD_COUNT; i++) {
		if (strlen(fields[i].name) != part->len ||
		    strncmp(fields[i].name, part->text, part->len) != 0)
			continue;
		part->kind = BODY_FIELD;
		part->field = i;
	}
}

bool body_next(const char **at, struct body_part *ret)
{
	const char *text = *at;
	size_t len;

	if (!*text)
		return false;
	*ret = (struct body_part){.kind = BODY_TEXT, .text = text};
	len = text[0] == '{' ? placeholder_bytes(text + 1) : 0;
	if (len && text[1 + len] == '}') { /* {{name}} */
		ret->text++;
		ret->len = len;
		*at += len + 2;
		return true;
	}
	len = placeholder_bytes(text);
	if (len) {
		ret->text++;
		ret->len = len - 2;
		find_field(ret);
		*at += len;
		return true;
	}
	ret->len = 1 + strcspn(text + 1, "{");
	*at += ret->len;
	return true;
}

enum body_format body_format_of(const char *content_type)
{
	size_t len;

	if (!content_type)
		return BODY_AS_JSON;
	len = strcspn(content_type, "; \t");
	if (len >= 4 && !strncasecmp(content_type + len - 4, "json", 4))
		return BODY_AS_JSON;
	if (len == strlen("application/x-www-form-urlencoded") &&
	    !strncasecmp(content_type, "application/x-www-form-urlencoded", len))
		return BODY_AS_FORM;
	return BODY_AS_TEXT;
}

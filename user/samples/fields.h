/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of an event by their names, for filters, groups and tables. Pure.
 *
 * Each field has the name that people write ("total") and the one that it has in the event's JSON
 * ("total_seconds"). Both are taken everywhere.
 */
#ifndef SLIPROBE_SAMPLES_FIELDS_H
#define SLIPROBE_SAMPLES_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "samples/event.h"

enum field_type {
	FIELD_TEXT,
	FIELD_ADDRESS, /* a text that may be compared with a network: 10.0.0.0/8 */
	FIELD_WORD, /* one of few texts, see field_words() */
	FIELD_LIST, /* of texts: each comparison is true if it is true of one of them */
	FIELD_NUMBER,
	FIELD_STATUS, /* a number that may be compared with a class: 5xx */
	FIELD_DURATION, /* seconds */
	FIELD_BYTES,
	FIELD_TIME, /* Unix seconds */
	FIELD_BOOL,
};

enum {
	FIELD_TEXT_BYTES = 512,
	FIELD_HEADER_BYTES = 64, /* of the NAME of header.NAME, with its end */
	FIELD_SENTENCE_SHOWN = 40, /* bytes of a text from outside in a sentence */
};

struct field {
	const char *name;
	const char *json_name;
	enum field_type type;
	const char *help; /* a few words */
	/* One of these three. NULL: not known. */
	const char *(*text)(const struct event *event);
	const char *(*made_text)(const struct event *event, char buffer[static FIELD_TEXT_BYTES]);
	double (*number)(const struct event *event); /* NAN: not known */
	/* Of FIELD_LIST: how many there are, and where. */
	size_t (*list)(const struct event *event, const char *const **ret);
};

/* A field that was asked for. */
struct field_ref {
	const struct field *field;
	bool json_named; /* by its name in JSON, which says the unit */
	char header[FIELD_HEADER_BYTES]; /* of the field "header.": NAME, in lower case */
};

/* The fields in the order of a listing, `header.NAME` among them as "header."; NULL behind the last one. */
const struct field *field_by_index(size_t i);

/*
 * Finds a field by one of its names; "header.NAME" is one of any name of up to FIELD_HEADER_BYTES - 1 token
 * characters (RFC 9110, section 5.6.2). Returns 0; or -ENOENT and a sentence: what is near, and what there is.
 */
int field_find(const char *name, size_t len, struct field_ref *ret, struct error *ret_error);

static inline bool field_is_text(const struct field *field)
{
	return field->text || field->made_text;
}

/* Of a field with numbers: the number, 1 or 0 of FIELD_BOOL. NAN: not known. */
double field_number(const struct field_ref *ref, const struct event *event);

/*
 * Any field as text: as it is, or a number without its unit, "true" and "false", a time as RFC 3339 with
 * nanoseconds; a list parted by ",". Valid as long as `event` and `buffer` are. NULL: not known.
 */
const char *field_text(const struct field_ref *ref, const struct event *event,
		       char buffer[static FIELD_TEXT_BYTES]);

/* Likewise as JSON; null: not known. NULL without memory. */
json_t *field_json(const struct field_ref *ref, const struct event *event);

bool field_is_known(const struct field_ref *ref, const struct event *event);

/* The name as it was asked for: "header.x-user-id". Returns `ret`. */
const char *field_ref_name(const struct field_ref *ref, char ret[static FIELD_TEXT_BYTES]);

/* The words of a FIELD_WORD, one for each index; NULL behind the last one. */
const char *field_word(const struct field *field, size_t i);

enum {
	FIELD_ADDRESS_BYTES = 16, /* of IPv6; IPv4 has 4 */
};

/*
 * Reads an address; of a network, which a client is where clients are redacted, the address before its "/". Returns
 * AF_INET, AF_INET6, or 0 if it is none.
 */
int field_address(const char *text, unsigned char ret[static FIELD_ADDRESS_BYTES]);

/*
 * The network of an address: 24 bits of IPv4, 48 of IPv6, "10.0.0.0/24". Returns false if `address` is none.
 */
bool field_network(const char *address, char ret[static FIELD_TEXT_BYTES]);

#endif

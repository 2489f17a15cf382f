/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/explain_columns.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "samples/fields.h"

enum {
	SHARE_OF_STATUS = 60, /* percent of the bad that have it; more than half */
	NAME_BYTES = FIELD_HEADER_BYTES + 8,
};

/* Which kinds a field can be a cause of. */
enum when {
	ALWAYS,
	IF_SLOW, /* of errors it would be a consequence */
	IF_ERRORS, /* of what is slow likewise */
	IF_CHANGED = 4, /* always, and with earlier rows, too */
};

/* Those that one can act on first: of values that coincide the first is named. */
static const struct {
	const char *name;
	enum when when;
} wanted[] = {
	{"version", IF_CHANGED}, {"route", ALWAYS},	     {"method", ALWAYS},
	{"user_agent", ALWAYS},	 {"client_network", ALWAYS}, {"host", ALWAYS},
	{"path", ALWAYS},	 {"query", ALWAYS},	     {"client", ALWAYS},
	{"protocol", ALWAYS},	 {"pod", IF_CHANGED},	     {"container", IF_CHANGED},
	{"unit", ALWAYS},	 {"process", ALWAYS},	     {"pid", ALWAYS},
	{"bytes_in", ALWAYS},	 {"bytes_out", IF_SLOW},     {"queue", IF_ERRORS},
};

enum {
	N_WANTED = sizeof(wanted) / sizeof(wanted[0]),
	N_COLUMNS = N_WANTED + EVENT_HEADERS_MAX,
};

/* The distinct texts of a column, and where they are in a hash table. */
struct column {
	char name[NAME_BYTES];
	struct field_ref ref;
	enum when when;
	bool continuous;
	uint32_t *value;
	double *number;
	const char **values;
	size_t n_values, room;
	uint32_t *slot; /* index in values + 1; a power of two of them */
	size_t n_slots;
};

struct row {
	uint8_t outcome;
	uint16_t status;
	double total;
	double time;
};

/* Texts, in blocks that do not move. */
struct block {
	struct block *next;
	char bytes[];
};

struct explain_columns {
	char *slo;
	double since, until;
	size_t n, room, n_bad, n_earlier;
	bool *bad;
	double *weight;
	uint32_t *stratum;
	struct row *rows;
	struct explain_times *times;
	struct column column[N_COLUMNS];
	size_t n_columns;
	struct block *blocks;
	size_t block_used, block_room, text_bytes;
	struct explain_dimension dimensions[N_COLUMNS];
	struct explain_samples samples;
};

enum { BLOCK_BYTES = 256 << 10 };

static int add_column(struct explain_columns *columns, const char *name, enum when when)
{
	struct column *column = &columns->column[columns->n_columns];
	struct error error;

	if (columns->n_columns == N_COLUMNS || field_find(name, strlen(name), &column->ref, &error))
		return -ENOENT;
	snprintf(column->name, sizeof(column->name), "%s", name);
	column->when = when;
	column->continuous = !field_is_text(column->ref.field) && strcmp(name, "pid") != 0;
	columns->n_columns++;
	return 0;
}

int explain_columns_new(const char *slo, double since, double until, struct explain_columns **ret)
{
	struct explain_columns *columns = calloc(1, sizeof(*columns));

	if (!columns)
		return -ENOMEM;
	columns->slo = strdup(slo);
	if (!columns->slo) {
		explain_columns_free(columns);
		return -ENOMEM;
	}
	columns->since = since;
	columns->until = until;
	for (size_t i = 0; i < N_WANTED; i++)
		add_column(columns, wanted[i].name, wanted[i].when);
	*ret = columns;
	return 0;
}

void explain_columns_free(struct explain_columns *columns)
{
	if (!columns)
		return;
	for (size_t c = 0; c < columns->n_columns; c++) {
		free(columns->column[c].value);
		free(columns->column[c].number);
		free(columns->column[c].values);
		free(columns->column[c].slot);
	}
	while (columns->blocks) {
		struct block *next = columns->blocks->next;

		free(columns->blocks);
		columns->blocks = next;
	}
	free(columns->slo);
	free(columns->bad);
	free(columns->weight);
	free(columns->stratum);
	free(columns->rows);
	free(columns->times);
	free(columns);
}

static bool resize(void *at, size_t n, size_t size)
{
	void *resized = realloc(*(void **)at, n * size);

	if (resized)
		*(void **)at = resized;
	return resized;
}

static bool resize_column(const struct explain_columns *columns, struct column *column)
{
	return column->continuous ? resize(&column->number, columns->room, sizeof(double)) :
				    resize(&column->value, columns->room, sizeof(uint32_t));
}

static bool grow(struct explain_columns *columns)
{
	size_t room = columns->room;

	if (columns->n < room)
		return true;
	columns->room = room ? 2 * room : 1024;
	for (size_t c = 0; c < columns->n_columns; c++) {
		if (!resize_column(columns, &columns->column[c])) {
			columns->room = room;
			return false;
		}
	}
	if (resize(&columns->bad, columns->room, sizeof(bool)) &&
	    resize(&columns->weight, columns->room, sizeof(double)) &&
	    resize(&columns->stratum, columns->room, sizeof(uint32_t)) &&
	    resize(&columns->rows, columns->room, sizeof(struct row)) &&
	    resize(&columns->times, columns->room, sizeof(struct explain_times)))
		return true;
	columns->room = room;
	return false;
}

/* A copy of the text; NULL without room. */
static const char *keep_text(struct explain_columns *columns, const char *text, size_t bytes)
{
	char *kept;

	if (columns->block_room - columns->block_used < bytes) {
		size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
		struct block *block;

		if (columns->text_bytes + room > EXPLAIN_COLUMNS_TEXT_BYTES)
			return NULL;
		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->next = columns->blocks;
		columns->blocks = block;
		columns->block_used = 0;
		columns->block_room = room;
		columns->text_bytes += room;
	}
	kept = columns->blocks->bytes + columns->block_used;
	columns->block_used += bytes;
	return memcpy(kept, text, bytes);
}

static uint32_t *slot_of(const struct column *column, const char *text, size_t len)
{
	size_t at = hash_fnv1a(text, len) & (column->n_slots - 1);

	while (column->slot[at] && strcmp(column->values[column->slot[at] - 1], text) != 0)
		at = (at + 1) & (column->n_slots - 1);
	return &column->slot[at];
}

static bool grow_values(struct column *column)
{
	size_t room = column->room ? 2 * column->room : 32;
	uint32_t *slots;

	if (column->n_values < column->room)
		return true;
	if (!resize(&column->values, room, sizeof(*column->values)))
		return false;
	slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return false;
	free(column->slot);
	column->slot = slots;
	column->n_slots = 2 * room;
	column->room = room;
	for (size_t v = 0; v < column->n_values; v++)
		*slot_of(column, column->values[v], strlen(column->values[v])) = (uint32_t)v + 1;
	return true;
}

/* The number of a text; UINT32_MAX: it is not known, or there is no room for it. */
static uint32_t number_of(struct explain_columns *columns, struct column *column, const char *text)
{
	uint32_t *slot;
	const char *kept;
	size_t len;

	if (!text || !grow_values(column))
		return UINT32_MAX;
	len = strlen(text);
	slot = slot_of(column, text, len);
	if (*slot)
		return *slot - 1;
	kept = keep_text(columns, text, len + 1);
	if (!kept)
		return UINT32_MAX;
	column->values[column->n_values++] = kept;
	*slot = (uint32_t)column->n_values;
	return *slot - 1;
}

/* Configured headers become columns when they are first seen. */
static bool add_headers(struct explain_columns *columns, const struct event *event)
{
	for (size_t h = 0; h < event->n_headers; h++) {
		char name[NAME_BYTES];
		struct column *column = &columns->column[N_WANTED];
		size_t c;

		snprintf(name, sizeof(name), "header.%s", event->headers[h].name);
		for (c = N_WANTED; c < columns->n_columns && strcmp(column->name, name) != 0; c++)
			column++;
		if (c < columns->n_columns || add_column(columns, name, ALWAYS))
			continue;
		if (!resize_column(columns, column)) {
			columns->n_columns--;
			return false;
		}
		for (size_t i = 0; i < columns->n; i++)
			column->value[i] = UINT32_MAX;
	}
	return true;
}

static bool is_bad_for(const struct explain_columns *columns, const struct event *event)
{
	for (size_t i = 0; i < event->n_bad_for; i++) {
		if (!strcmp(event->bad_for[i], columns->slo))
			return true;
	}
	return false;
}

int explain_columns_add(struct explain_columns *columns, const struct event *event, bool earlier)
{
	bool bad = is_bad_for(columns, event);
	size_t i = columns->n;
	char buffer[FIELD_TEXT_BYTES];

	/* a request that was not answered to the end is good for nothing: it is bad, or not eligible */
	if ((!bad && event->outcome != OUTCOME_COMPLETE) || (bad && earlier))
		return 0;
	if (i == EXPLAIN_COLUMNS_ROWS)
		return -ENOSPC;
	if (!grow(columns) || !add_headers(columns, event))
		return -ENOMEM;
	columns->bad[i] = bad;
	columns->weight[i] = event->weight > 0 ? event->weight : 1;
	columns->rows[i] = (struct row){
		.outcome = (uint8_t)event->outcome,
		.status = event->status,
		.total = event->total_seconds,
		.time = event->time,
	};
	columns->times[i] = (struct explain_times){
		.bad = bad,
		.weight = columns->weight[i],
		.queue = event->queue_seconds,
		.service = event->service_seconds,
		.run_delay = event->run_delay_seconds,
		.window_full = event->window_full_seconds,
		.rtt = event->rtt_seconds,
		.retransmits = event->retransmits,
	};
	for (size_t c = 0; c < columns->n_columns; c++) {
		struct column *column = &columns->column[c];

		if (column->continuous)
			column->number[i] = field_number(&column->ref, event);
		else
			column->value[i] =
				number_of(columns, column, field_text(&column->ref, event, buffer));
	}
	columns->n++;
	columns->n_bad += bad;
	columns->n_earlier += earlier;
	return 0;
}

size_t explain_columns_bad(const struct explain_columns *columns)
{
	return columns->n_bad;
}

size_t explain_columns_good(const struct explain_columns *columns)
{
	return columns->n - columns->n_bad;
}

double explain_columns_first(const struct explain_columns *columns)
{
	double first = NAN;

	for (size_t i = 0; i < columns->n; i++)
		first = fmin(first, columns->rows[i].time);
	return first;
}

const struct explain_times *explain_columns_times(const struct explain_columns *columns,
						  size_t *ret_n)
{
	*ret_n = columns->n;
	return columns->times;
}

void explain_columns_reasons(const struct explain_columns *columns, double latency_seconds,
			     uint64_t ret[BAD_REASON_COUNT])
{
	double reasons[BAD_REASON_COUNT] = {0};

	for (size_t i = 0; i < columns->n; i++) {
		const struct row *row = &columns->rows[i];
		enum bad_reason reason = BAD_STATUS;

		if (!columns->bad[i])
			continue;
		if (row->outcome == OUTCOME_SERVER_ABORT)
			reason = BAD_SERVER_ABORT;
		else if (row->outcome == OUTCOME_CLIENT_ABORT)
			reason = BAD_CLIENT_ABORT;
		else if (row->outcome == OUTCOME_UNANSWERED)
			reason = BAD_UNANSWERED;
		else if (status_http(row->status) < 400 && !status_failed(row->status) &&
			 row->total > latency_seconds)
			reason = BAD_LATENCY;
		reasons[reason] += columns->weight[i];
	}
	for (int r = 0; r < BAD_REASON_COUNT; r++)
		ret[r] = (uint64_t)llround(reasons[r]);
}

unsigned int explain_columns_status(const struct explain_columns *columns)
{
	double ahead = 0, has = 0, all = 0;
	unsigned int status = 0;

	/* what more than half have is what is left when each is set off against one of another (Boyer and Moore) */
	for (size_t i = 0; i < columns->n; i++) {
		const double weight = columns->bad[i] ? columns->weight[i] : 0;
		const bool same = columns->rows[i].status == status;

		all += weight;
		ahead += same ? weight : -weight;
		if (ahead < 0) {
			status = columns->rows[i].status;
			ahead = -ahead;
		}
	}
	for (size_t i = 0; i < columns->n; i++) {
		if (columns->bad[i] && columns->rows[i].status == status)
			has += columns->weight[i];
	}
	return has * 100 > all * SHARE_OF_STATUS ? status : 0;
}

static bool is_wanted(const struct explain_columns *columns, const struct column *column,
		      enum explain_kind kind)
{
	bool slow = kind == EXPLAIN_SLOW_QUEUE || kind == EXPLAIN_SLOW_SERVICE ||
		    kind == EXPLAIN_SLOW_NETWORK || kind == EXPLAIN_STARVED;

	if (columns->n_earlier && column->when != IF_CHANGED)
		return false;
	return (column->when != IF_SLOW || slow) &&
	       (column->when != IF_ERRORS || kind == EXPLAIN_ERRORS);
}

/*
 * Rows of about the same time are a stratum, as far as there are enough of them. Before and after the onset are none: there
 * would be nothing to shuffle. Returns their number.
 */
static size_t part_by_time(struct explain_columns *columns)
{
	size_t n_good = columns->n - columns->n_bad;
	double rows = (double)(n_good < columns->n_bad ? n_good : columns->n_bad);
	double seconds = columns->until - columns->since;
	double n = fmin(rows / EXPLAIN_COLUMNS_STRATUM_ROWS,
			seconds / EXPLAIN_COLUMNS_STRATUM_SECONDS);

	n = columns->n_earlier ? 1 : floor(fmax(fmin(n, EXPLAIN_COLUMNS_STRATA), 1));
	for (size_t i = 0; i < columns->n; i++) {
		double at = floor((columns->rows[i].time - columns->since) / seconds * n);

		columns->stratum[i] = (uint32_t)fmax(fmin(at, n - 1), 0);
	}
	return (size_t)n;
}

const struct explain_samples *explain_columns_samples(struct explain_columns *columns,
						      enum explain_kind kind)
{
	size_t n = 0, n_strata;

	for (size_t c = 0; c < columns->n_columns; c++) {
		const struct column *column = &columns->column[c];

		if (!is_wanted(columns, column, kind))
			continue;
		columns->dimensions[n++] = (struct explain_dimension){
			.name = column->name,
			.continuous = column->continuous,
			.at_least_only = column->when != ALWAYS,
			.value = column->value,
			.values = column->values,
			.n_values = column->n_values,
			.number = column->number,
		};
	}
	n_strata = part_by_time(columns);
	columns->samples = (struct explain_samples){
		.n = columns->n,
		.bad = columns->bad,
		.weight = columns->weight,
		.stratum = columns->stratum,
		.n_strata = n_strata,
		.dimensions = columns->dimensions,
		.n_dimensions = n,
	};
	return &columns->samples;
}

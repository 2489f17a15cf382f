/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A database that is not what the agent wrote: it starts, steps, answers and stops, and what it writes
 * then is what the next agent reads.
 *
 * Input: lines, each a change of the database of an agent that has alerted:
 *
 *   TABLE COLUMN N VALUE    of the table's n-th row, the value becomes iNUMBER, rNUMBER, tTEXT or bHEX
 *   TABLE - N               the row goes
 *   @OFFSET HEX             bytes of the file are overwritten
 */
#include <sqlite3.h>

#include "record/former.h"
#include "tests/fuzz/json_mutate.h"
#include "tests/fuzz/memory.h"

enum { LINES_MAX = 64, PATCH_BYTES = 64, SERIES = 3 };

static const struct table {
	const char *name;
	const char *key; /* what its rows are told apart by */
	const char *columns;
} tables[] = {
	{"value", "name", "name value"},
	{"slo", "id",
	 "id name service definition wildcard since_seconds last_seconds kernel_good kernel_bad "
	 "kernel_serial excluded"},
	{"series", "id", "service role route method outcome status id requests last_seconds"},
	{"coverage", "from_seconds", "from_seconds to_seconds"},
	{"alert", "slo, rule", "slo rule status since_seconds started_seconds"},
	{"change", "t_seconds, n",
	 "t_seconds n slo service rule severity from_status to_status budget_spent_ratio "
	 "started_seconds"},
	{"text", "kind, key", "kind key text"},
	{"bucket_10s", "end_seconds, slo, which", "end_seconds slo which good bad"},
	{"bucket_1min", "end_seconds, slo, which", "end_seconds slo which good bad"},
	{"bucket_1h", "end_seconds, slo, which", "end_seconds slo which good bad"},
	{"series_10s", "end_seconds, series", "end_seconds series requests"},
	{"series_1h", "end_seconds, series", "end_seconds series requests"},
	{"reasons", "tier, end_seconds, slo, which", "tier end_seconds slo which good bad"},
	{"reasons_kernel", "slo", "slo sums"},
	{"traffic", "tier, to_us", "tier to_us from_us cells"},
	{"traffic_key", "id", "id service role route method last_seconds"},
};

enum { N_TABLES = sizeof(tables) / sizeof(tables[0]) };

/* The file of an agent that was stopped. */
static struct {
	unsigned char *bytes;
	size_t n;
} original;

static char path[128];

/* ---- the original ---- */

static void add_series(struct memory *memory)
{
	struct store_series series[SERIES] = {
		{"shop", "/cart/*", "GET", "complete", 200, 0, 100, false},
		{"shop", "/cart/*", "GET", "complete", 503, 0, 7, false},
		{"shop", "_other", "POST", "server_abort", 0, 0, 3, false},
	};
	const struct record_step step = {
		.instance = MEMORY_INSTANCE,
		.timeline = &memory->axis.timeline,
		.coverage = &memory->axis.coverage,
		.now_seconds = memory->now_seconds,
		.tracks = memory->tracks,
		.n_tracks = MEMORY_TRACKS,
		.series = series,
		.n_series = SERIES,
	};

	for (int i = 0; i < 2; i++) {
		require(!record_step(memory->record, &step), "no step");
		series[0].requests += 50;
	}
}

static void add_traffic(struct memory *memory)
{
	const struct store_traffic_key keys[] = {{"shop", "/cart/*", "GET", 0},
						 {"shop", "_other", "POST", 0}};
	struct traffic *traffic = record_traffic(memory->record);
	uint64_t n = 100;

	for (double at = memory->now_seconds - 4000; at < memory->now_seconds;
	     at += 400, n += 100) {
		struct cells cells = {};
		uint32_t key;

		for (size_t i = 0; i < 2; i++) {
			require(!traffic_key(traffic, &keys[i], &key), "no key");
			cells_add(&cells, key, cell_of_outcome(OUTCOME_COMPLETE, 200), n);
			cells_add(&cells, key, CELL_TOTAL + 100, n);
			cells_add(&cells, key, CELL_QUEUE + 10, n);
		}
		cells_settle(&cells);
		require(!traffic_step(traffic, MEMORY_INSTANCE, at - 10, at, &cells), "no traffic");
		cells_clear(&cells);
	}
}

static void read_original(void)
{
	FILE *file = fopen(path, "re");

	require(file && !fseek(file, 0, SEEK_END), "no database");
	original.n = (size_t)ftell(file);
	original.bytes = malloc(original.n);
	rewind(file);
	require(original.bytes && fread(original.bytes, original.n, 1, file) == 1, "not read");
	fclose(file);
}

static void make_original(void)
{
	static const char silence[] = "{\"slo\": \"checkout\", \"for_seconds\": 3600, "
				      "\"severity\": \"ticket\", \"comment\": \"c\"}";
	struct memory memory;
	struct error error;
	const struct asker by = {.known = true};
	struct silence_made made;
	sqlite3 *db;

	memory_open(&memory);
	memory.now_seconds -= 6000;
	for (size_t i = 0; i < MEMORY_TRACKS; i++) {
		memory.tracks[i]->since_seconds = memory.now_seconds - 31 * 86400;
		memory.tracks[i]->stepped_seconds = memory.now_seconds;
	}
	memory.axis.stepped_seconds = memory.now_seconds;
	for (int i = 0; i < 30; i++)
		memory_step(&memory, 100, i > 5 && i < 20 ? 60 : 0);
	require(!alerting_silence(&memory.alerting, &by, silence, strlen(silence), &made, &error),
		error.text);
	add_series(&memory);
	add_traffic(&memory);
	memory_step(&memory, 100, 50);
	memory_close(&memory);
	snprintf(path, sizeof(path), "%s/sliprobe.db", memory_dir);
	/* without a WAL: one file is all of it */
	require(sqlite3_open(path, &db) == SQLITE_OK &&
			sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) ==
				SQLITE_OK,
		"no database");
	sqlite3_close(db);
	read_original();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	memory_init();
	make_original();
	return 0;
}

/* ---- changes ---- */

static const struct table *table_named(const char *name)
{
	for (size_t i = 0; i < N_TABLES; i++) {
		if (!strcmp(tables[i].name, name))
			return &tables[i];
	}
	return NULL;
}

static bool has_column(const struct table *table, const char *name)
{
	const size_t len = strlen(name);
	const char *at = table->columns;

	while (len && (at = strstr(at, name))) {
		if ((at == table->columns || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
		at += len;
	}
	return false;
}

static size_t read_hex(const char *text, unsigned char *ret, size_t max)
{
	size_t n = 0;
	unsigned int byte;

	while (n < max && sscanf(text, "%2x", &byte) == 1 && text[1]) {
		ret[n++] = (unsigned char)byte;
		text += 2;
	}
	return n;
}

static void bind_value(sqlite3_stmt *statement, const char *value)
{
	unsigned char bytes[PATCH_BYTES];

	switch (value[0]) {
	case 'i':
		sqlite3_bind_int64(statement, 1, strtoll(value + 1, NULL, 10));
		break;
	case 'r':
		sqlite3_bind_double(statement, 1, strtod(value + 1, NULL));
		break;
	case 'b':
		sqlite3_bind_blob(statement, 1, bytes,
				  (int)read_hex(value + 1, bytes, sizeof(bytes)), SQLITE_TRANSIENT);
		break;
	default:
		sqlite3_bind_text(statement, 1, value[0] ? value + 1 : value, -1, SQLITE_STATIC);
	}
}

/* What the table's own rules refuse does not come about. */
static void change_row(sqlite3 *db, char *line)
{
	char *rest, *name = strtok_r(line, " ", &rest), *column = strtok_r(NULL, " ", &rest);
	char *n = strtok_r(NULL, " ", &rest), *value = rest, *sql = NULL;
	const struct table *table = name ? table_named(name) : NULL;
	sqlite3_stmt *statement;
	bool drop;

	if (!table || !column || !n)
		return;
	drop = !strcmp(column, "-");
	if (!drop && (!has_column(table, column) || !value))
		return;
	if (asprintf(&sql, "%s%s%s WHERE (%s) IN (SELECT %s FROM %s LIMIT 1 OFFSET %u)",
		     drop ? "DELETE FROM " : "UPDATE OR IGNORE ", table->name, drop ? "" : " SET ",
		     table->key, table->key, table->name, (unsigned int)atoi(n) % 256) < 0)
		return;
	if (!drop) {
		free(sql);
		if (asprintf(&sql,
			     "UPDATE OR IGNORE %s SET %s = ?1 WHERE (%s) IN "
			     "(SELECT %s FROM %s LIMIT 1 OFFSET %u)",
			     table->name, column, table->key, table->key, table->name,
			     (unsigned int)atoi(n) % 256) < 0)
			return;
	}
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
		if (!drop)
			bind_value(statement, value);
		sqlite3_step(statement);
		sqlite3_finalize(statement);
	}
	free(sql);
}

static void patch(FILE *file, const char *line)
{
	unsigned char bytes[PATCH_BYTES];
	char *end;
	const unsigned long offset = strtoul(line, &end, 10);
	const size_t n = read_hex(end + (*end == ' '), bytes, sizeof(bytes));

	if (!n || offset + n > original.n)
		return;
	require(!fseek(file, (long)offset, SEEK_SET) && fwrite(bytes, n, 1, file) == 1,
		"not written");
}

static void write_original(void)
{
	FILE *file = fopen(path, "we");

	require(file && fwrite(original.bytes, original.n, 1, file) == 1 && !fclose(file),
		"not written");
}

static void write_changed(char *text)
{
	char *lines[LINES_MAX], *line;
	size_t n = 0;
	sqlite3 *db;
	FILE *file;

	while (n < LINES_MAX && (line = fuzz_line(&text)))
		lines[n++] = line;
	require(sqlite3_open(path, &db) == SQLITE_OK, "no database");
	sqlite3_exec(db, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL);
	for (size_t i = 0; i < n; i++) {
		if (lines[i][0] != '@')
			change_row(db, lines[i]);
	}
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	file = fopen(path, "r+e");
	require(file != NULL, "no database");
	for (size_t i = 0; i < n; i++) {
		if (lines[i][0] == '@')
			patch(file, lines[i] + 1);
	}
	fclose(file);
}

/* ---- what an agent does with it ---- */

static int see_change(void *context, const struct store_change *change)
{
	(void)context;
	require(change->slo && change->service && change->rule && change->severity &&
			change->from && change->to,
		"a change without a text");
	return 0;
}

static int see_requests(void *context, const struct record_requests *sum)
{
	(void)context;
	require(sum->route && sum->method && sum->outcome, "requests without a text");
	return 0;
}

static int see_span(void *context, const struct store_traffic_span *span)
{
	(void)context;
	for (size_t i = 0; i < span->cells.n; i++)
		require(span->cells.list[i].code < CELL_CODES, "a code beyond all codes");
	return 0;
}

static int see_series(void *context, int64_t end_seconds, const struct store_series *series)
{
	(void)context;
	(void)end_seconds;
	require(series->service && series->route, "a series without a text");
	return 0;
}

static int see_found(void *context, const struct store_slo *slo)
{
	(void)context;
	require(slo->name && slo->service && slo->definition, "an SLO without a text");
	return 0;
}

static void check_silences(const struct memory *memory)
{
	require(memory->alerting.silences.n <= SILENCES_MAX, "too many silences");
	for (size_t i = 0; i < memory->alerting.silences.n; i++) {
		json_t *json = silence_report(&memory->alerting.silences.list[i], 1e9);

		require(json != NULL, "a silence that cannot be shown");
		json_decref(json);
	}
}

static void check_deliveries(const struct memory *memory)
{
	json_t *report = deliver_report(memory->alerting.deliver);
	char *text = report ? json_dumps(report, JSON_COMPACT) : NULL;

	require(text != NULL, "messages that cannot be shown");
	free(text);
	json_decref(report);
}

static void check_tracks(struct memory *memory)
{
	struct record_former former;

	for (size_t i = 0; i < MEMORY_TRACKS; i++) {
		const struct track *track = memory->tracks[i];
		const double spans[] = {60, 3600, 86400, 2592000};

		require(!isnan(track->stepped_seconds) && !isnan(track->since_seconds),
			"an SLO without a time");
		for (size_t j = 0; j < 4; j++)
			track_events(track, memory->now_seconds, spans[j], &memory->counts);
		if (!record_former(memory->record, track, 1, &former))
			slo_history_free(former.history);
	}
}

static void look_at_all(struct memory *memory)
{
	struct record *record = memory->record;
	const double now = memory->now_seconds;
	struct traffic_sum sum = {};

	record_each_found(record, 0, see_found, NULL);
	record_each_change(record, -INFINITY, 200, see_change, NULL);
	record_each_requests(record, "shop", now - 90000, now, see_requests, NULL);
	for (int tier = 0; tier < STORE_TRAFFIC_TIERS; tier++)
		record_each_span(record, "shop", (enum store_traffic)tier, now - 90000, now,
				 see_span, see_series, NULL);
	if (!record_traffic_sum(record, now - 7200, now, &sum))
		cells_clear(&sum.cells);
	check_silences(memory);
	check_deliveries(memory);
	check_tracks(memory);
}

static void live(int steps)
{
	struct memory memory;
	enum record_state state;

	memory_open(&memory);
	for (int i = 0; i < steps; i++)
		memory_step(&memory, 10, (uint64_t)i);
	look_at_all(&memory);
	state = record_report(memory.record).state;
	require(state == RECORD_OK || record_report(memory.record).reason[0],
		"it is not kept, for no reason");
	memory_close(&memory);
}

static bool is_there(const char *name)
{
	char file[160];

	snprintf(file, sizeof(file), "%s%s", memory_dir, name);
	return !access(file, F_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	memory_remove();
	require(!mkdir(memory_dir, 0700), "no directory");
	write_original();
	write_changed(text);
	free(text);
	live(2);
	require(is_there("/sliprobe.db"), "the database is gone");
	live(1);
	return 0;
}

/* ---- mutations ---- */

static const char *word_of(const char *words, size_t *ret_len)
{
	size_t n = 1;

	for (const char *at = words; *at; at++)
		n += *at == ' ';
	for (n = random_below(n); n; n--)
		words = strchr(words, ' ') + 1;
	*ret_len = strcspn(words, " ");
	return words;
}

static int odd_value(char *ret, size_t size)
{
	static const char *const values[] = {
		"i0",
		"i-1",
		"i9223372036854775807",
		"i-9223372036854775808",
		"i4294967296",
		"i2147483648",
		"i599",
		"i1900000000",
		"r0.5",
		"r-1",
		"r1e308",
		"r-1e308",
		"r1e18",
		"r1e19",
		"rnan",
		"rinf",
		"t",
		"tpage",
		"t\xff\xfe",
		"t{}",
		"t[]",
		"tnull",
		"b",
		"bffffffffffffffffff",
		"b80808080808080808001",
		"b00000000",
		"tcheckout",
		"tshop",
		"tbooks webhook http://127.0.0.1:9/",
		"tstate",
		"tdelivery",
		"tsilence",
		"tnotices",
		"tsilenced",
		"ttimeline",
	};

	return snprintf(ret, size, "%s", values[random_below(sizeof(values) / sizeof(values[0]))]);
}

static size_t add_line(uint8_t *data, size_t size, size_t max_size)
{
	const struct table *table = &tables[random_below(N_TABLES)];
	char line[256], value[64];
	size_t len;
	const char *column = word_of(table->columns, &len);
	int n;

	odd_value(value, sizeof(value));
	if (random_below(16) == 0)
		n = snprintf(line, sizeof(line), "@%u %02x%02x\n",
			     (unsigned int)random_below(original.n),
			     (unsigned int)random_below(256), (unsigned int)random_below(256));
	else if (random_below(16) == 0)
		n = snprintf(line, sizeof(line), "%s - %u\n", table->name,
			     (unsigned int)random_below(8));
	else
		n = snprintf(line, sizeof(line), "%s %.*s %u %s\n", table->name, (int)len, column,
			     (unsigned int)random_below(24), value);
	if (size + (size_t)n > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	memmove(data + n, data, size);
	memcpy(data, line, (size_t)n);
	return size + (size_t)n;
}

/* Of a line: its value, as JSON if it is some. */
static size_t mutate_line(uint8_t *line, size_t size, size_t max_size)
{
	uint8_t *json = memmem(line, size, " t{", 3);

	if (!json)
		return LLVMFuzzerMutate(line, size, max_size);
	return fuzz_mutate_part(line, size, max_size, (size_t)(json + 2 - line),
				size - (size_t)(json + 2 - line), json_mutate);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	random_seed(seed);
	if (size < 2 || random_below(3) == 0)
		return add_line(data, size, max_size);
	return fuzz_mutate_any_part(data, size, max_size, 0, "\n", mutate_line);
}

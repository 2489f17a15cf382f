/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts on disk are as they are in memory after each step, and are left alone while they stay. */
#include <errno.h>
#include <math.h>
#include <sqlite3.h>

#include "tests/unit/store/store_fixture.h"
#include "record/former.h"
#include "record/record.h"

enum { RULES = 3, STEP_S = 10 };

static const char *const names[RULES] = {"burn-1h", "burn-6h", "burn-3d"};

/* An SLO with three alerts, and what it takes to record its steps. */
struct recorded {
	struct alert_rule rules[RULES];
	struct config_slo slo;
	struct track *track;
	struct record *record;
	struct timeline timeline;
	struct coverage coverage;
	double now_seconds;
};

static char heard[1024]; /* what the record has said, a line each */

__attribute__((format(printf, 1, 2))) static void hear(const char *format, ...)
{
	const size_t len = strlen(heard);
	va_list args;

	va_start(args, format);
	vsnprintf(heard + len, sizeof(heard) - len, format, args);
	va_end(args);
	strncat(heard, "\n", sizeof(heard) - strlen(heard) - 1);
}

static void assert_heard(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Since it was last asked. */
static void assert_heard(const char *format, ...)
{
	char expected[sizeof(heard)];
	va_list args;

	va_start(args, format);
	vsnprintf(expected, sizeof(expected), format, args);
	va_end(args);
	assert_string_equal(heard, expected);
	heard[0] = 0;
}

static void start(struct recorded *ret)
{
	struct track_birth birth = {.serial = 7};

	*ret = (struct recorded){.now_seconds = 1000};
	for (size_t i = 0; i < RULES; i++)
		strcpy(ret->rules[i].name, names[i]);
	ret->slo = (struct config_slo){.name = (char *)"checkout", .service = (char *)"shop"};
	ret->slo.alerts = ret->rules;
	ret->slo.n_alerts = RULES;
	assert_int_equal(track_new("checkout", "shop", "all", &ret->slo, 0, birth, &ret->track), 0);
	assert_int_equal(record_new(state_dir, hear, &ret->record, &(struct error){}), 0);
	record_start(ret->record, &ret->timeline, &ret->coverage);
	assert_int_equal(
		record_load(ret->record, "one", &ret->timeline, ret->now_seconds, ret->track), 0);
}

static void end(struct recorded *recorded)
{
	record_free(recorded->record);
	track_free(recorded->track);
	coverage_clear(&recorded->coverage);
}

/* A step with the counters at `counts`, which is to leave the record in `state`. */
static void step_counts(struct recorded *recorded, enum record_state state,
			struct slo_counts counts)
{
	struct record_step step = {
		.instance = "one",
		.timeline = &recorded->timeline,
		.coverage = &recorded->coverage,
		.tracks = &recorded->track,
		.n_tracks = 1,
	};

	recorded->now_seconds += STEP_S;
	step.now_seconds = recorded->now_seconds;
	assert_int_equal(track_step(recorded->track, recorded->now_seconds, &counts, NULL, false),
			 0);
	assert_int_equal(coverage_add(&recorded->coverage, recorded->now_seconds - STEP_S,
				      recorded->now_seconds),
			 0);
	assert_int_equal(record_step(recorded->record, &step), 0);
	assert_int_equal(record_report(recorded->record).state, state);
}

static void step(struct recorded *recorded, enum record_state state)
{
	step_counts(recorded, state, (struct slo_counts){.good = (uint64_t)recorded->now_seconds});
}

static void set_alert(struct recorded *recorded, size_t i, enum alert_status status, double since)
{
	recorded->track->alerts.states[i].status = status;
	recorded->track->alerts.states[i].since_seconds = since;
	recorded->track->alerts.states[i].started_seconds = since - 1;
}

static sqlite3 *open_database(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	return db;
}

static void execute(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void change_database(const char *sql)
{
	sqlite3 *db = open_database();

	execute(db, sql);
	sqlite3_close(db);
}

/* ---- alerts ---- */

/* "rule status since started, ..." of all on disk. */
static void assert_alerts(const char *expected)
{
	sqlite3 *db = open_database();
	sqlite3_stmt *row;

	assert_int_equal(
		sqlite3_prepare_v2(
			db,
			"SELECT group_concat(rule || ' ' || status || ' ' ||"
			" CAST(since_seconds AS INT) || ' ' || CAST(started_seconds AS INT), ', ')"
			" FROM (SELECT * FROM alert ORDER BY slo, rule)",
			-1, &row, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(row, 0), expected);
	sqlite3_finalize(row);
	sqlite3_close(db);
}

TEST(each_part_of_a_changed_state_is_written)
{
	struct recorded recorded;

	start(&recorded);
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 0 0 0, burn-3d 0 0 0, burn-6h 0 0 0");
	set_alert(&recorded, 1, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 0 0 0, burn-3d 0 0 0, burn-6h 1 1005 1004");
	recorded.track->alerts.states[1].since_seconds = 1015;
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 0 0 0, burn-3d 0 0 0, burn-6h 1 1015 1004");
	recorded.track->alerts.states[1].started_seconds = 1014;
	recorded.track->alerts.states[2].status = ALERT_EXHAUSTED;
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 0 0 0, burn-3d 2 0 0, burn-6h 1 1015 1014");
	recorded.track->alerts.states[1].status = ALERT_INACTIVE;
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 0 0 0, burn-3d 2 0 0, burn-6h 0 1015 1014");
	end(&recorded);
}

TEST(what_stays_is_not_written_again)
{
	struct recorded recorded;

	start(&recorded);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	change_database("UPDATE alert SET since_seconds = 1");
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1 1004, burn-3d 0 1 0, burn-6h 0 1 0");
	end(&recorded);
}

/* Another configuration may have the rules in another order: none is taken for another. */
TEST(a_configuration_may_change_their_order)
{
	struct recorded recorded;
	struct config_slo slo;
	struct alert_rule rules[2];

	start(&recorded);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	slo = recorded.slo;
	slo.alerts = rules;
	slo.n_alerts = 2;
	rules[0] = recorded.rules[1];
	rules[1] = recorded.rules[0];
	track_configure(recorded.track, &slo);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1005 1004, burn-3d 0 0 0, burn-6h 1 1005 1004");
	end(&recorded);
}

TEST(a_step_that_failed_counts_for_nothing)
{
	struct recorded recorded;
	sqlite3 *other;

	start(&recorded);
	step(&recorded, RECORD_OK);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	other = open_database();
	execute(other, "BEGIN IMMEDIATE");
	step(&recorded, RECORD_FAILING);
	execute(other, "ROLLBACK");
	assert_alerts("burn-1h 0 0 0, burn-3d 0 0 0, burn-6h 0 0 0");
	/* it fails when the state is in the transaction already */
	execute(other, "CREATE TRIGGER no AFTER INSERT ON alert WHEN NEW.rule = 'burn-3d'"
		       " BEGIN SELECT RAISE(ABORT, 'no'); END;"
		       "CREATE TRIGGER nor AFTER UPDATE ON alert WHEN NEW.rule = 'burn-3d'"
		       " BEGIN SELECT RAISE(ABORT, 'no'); END");
	set_alert(&recorded, 2, ALERT_FIRING, 1005);
	step(&recorded, RECORD_FAILING);
	assert_alerts("burn-1h 0 0 0, burn-3d 0 0 0, burn-6h 0 0 0");
	execute(other, "DROP TRIGGER no; DROP TRIGGER nor");
	sqlite3_close(other);
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1005 1004, burn-3d 1 1005 1004, burn-6h 0 0 0");
	end(&recorded);
}

TEST(a_new_database_gets_them_all)
{
	struct recorded recorded;

	start(&recorded);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	assert_int_equal(unlink(database), 0);
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1005 1004, burn-3d 0 0 0, burn-6h 0 0 0");
	end(&recorded);
}

TEST(an_older_one_in_its_place_gets_them_all)
{
	struct recorded recorded;
	char sql[160], copy[128];

	start(&recorded);
	step(&recorded, RECORD_OK);
	snprintf(copy, sizeof(copy), "%s/copy.db", base_dir);
	snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", copy);
	change_database(sql);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	assert_int_equal(rename(copy, database), 0);
	snprintf(copy, sizeof(copy), "%s-wal", database);
	assert_int_equal(unlink(copy), 0);
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1005 1004, burn-3d 0 0 0, burn-6h 0 0 0");
	end(&recorded);
}

/* Its row is gone: it gets another id, under which there is nothing yet. */
TEST(a_new_row_gets_them_all)
{
	struct recorded recorded;

	start(&recorded);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	change_database("DELETE FROM alert; DELETE FROM slo");
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1005 1004, burn-3d 0 0 0, burn-6h 0 0 0");
	end(&recorded);
}

TEST(the_next_agent_reads_and_goes_on)
{
	struct recorded recorded;

	start(&recorded);
	set_alert(&recorded, 0, ALERT_FIRING, 1005);
	step(&recorded, RECORD_OK);
	end(&recorded);
	start(&recorded);
	assert_int_equal(recorded.track->alerts.states[0].status, ALERT_FIRING);
	assert_true(recorded.track->alerts.states[0].since_seconds == 1005);
	assert_true(recorded.track->alerts.states[0].started_seconds == 1004);
	set_alert(&recorded, 0, ALERT_INACTIVE, 1020);
	recorded.now_seconds = 1020;
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 0 1020 1019, burn-3d 0 0 0, burn-6h 0 0 0");
	end(&recorded);
}

static int copy_text(void *context, const char *key, const char *text)
{
	strcat(context, key);
	strcat(context, text);
	return 0;
}

static void assert_silences(const struct recorded *recorded, const char *expected)
{
	char texts[64] = "";

	assert_int_equal(record_each_text(recorded->record, RECORD_SILENCE, copy_text, texts), 0);
	assert_string_equal(texts, expected);
}

/* Somebody else is writing when the agent starts. */
static sqlite3 *start_locked(struct recorded *ret)
{
	sqlite3 *other;

	start(ret);
	set_alert(ret, 0, ALERT_FIRING, 1005);
	record_keep(ret->record, RECORD_SILENCE, "a", "1");
	step(ret, RECORD_OK);
	end(ret);
	other = open_database();
	execute(other, "BEGIN IMMEDIATE");
	start(ret);
	ret->now_seconds = 1020;
	return other;
}

TEST(what_cannot_be_written_at_the_start_is_read)
{
	struct recorded recorded;
	sqlite3 *other = start_locked(&recorded);

	assert_int_equal(record_report(recorded.record).state, RECORD_FAILING);
	assert_int_equal(recorded.track->alerts.states[0].status, ALERT_FIRING);
	assert_silences(&recorded, "a1");
	assert_true(recorded.coverage.n == 1 && recorded.coverage.spans[0].from_seconds == 1000);
	step(&recorded, RECORD_FAILING);
	record_keep(recorded.record, RECORD_SILENCE, "b", "2");
	record_drop(recorded.record, RECORD_SILENCE, "a");
	execute(other, "ROLLBACK");
	sqlite3_close(other);
	step(&recorded, RECORD_FAILING); /* not tried again yet */
	recorded.now_seconds += 20;
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1005 1004, burn-3d 0 0 0, burn-6h 0 0 0");
	end(&recorded);
	start(&recorded);
	assert_silences(&recorded, "b2");
	end(&recorded);
}

/* Somebody makes room by deleting it: all that was read is written again. */
TEST(what_was_read_outlives_its_file)
{
	struct recorded recorded;
	sqlite3 *other = start_locked(&recorded);
	char path[128];

	step(&recorded, RECORD_FAILING);
	execute(other, "ROLLBACK");
	sqlite3_close(other);
	assert_int_equal(unlink(database), 0);
	snprintf(path, sizeof(path), "%s-wal", database);
	unlink(path);
	snprintf(path, sizeof(path), "%s-shm", database);
	unlink(path);
	recorded.now_seconds += 30;
	step(&recorded, RECORD_OK);
	assert_alerts("burn-1h 1 1005 1004, burn-3d 0 0 0, burn-6h 0 0 0");
	end(&recorded);
	start(&recorded);
	assert_silences(&recorded, "a1");
	assert_int_equal(recorded.track->alerts.states[0].status, ALERT_FIRING);
	end(&recorded);
}

TEST(its_owner_is_told_what_befalls_it)
{
	struct recorded recorded;
	sqlite3 *other;

	heard[0] = 0;
	start(&recorded);
	step(&recorded, RECORD_OK);
	assert_heard("%s", "");
	other = open_database();
	execute(other, "BEGIN IMMEDIATE");
	step(&recorded, RECORD_FAILING);
	step(&recorded, RECORD_FAILING);
	assert_heard("cannot write %s: Device or resource busy: counting goes on, and is written "
		     "when it can be\n",
		     database);
	execute(other, "ROLLBACK");
	sqlite3_close(other);
	step(&recorded, RECORD_OK);
	assert_heard("%s is written again; nothing was lost\n", database);
	assert_int_equal(unlink(database), 0);
	step(&recorded, RECORD_OK);
	step(&recorded, RECORD_OK);
	assert_heard("%s was deleted, replaced or damaged: everything in memory is written to a "
		     "new one\n",
		     database);
	end(&recorded);
}

/* ---- reasons ---- */

static struct slo_counts ever(const struct recorded *recorded)
{
	struct slo_counts counts;

	reasons_sum(&recorded->track->reasons, 1e6, 1e9, &counts);
	return counts;
}

static const struct slo_counts of_all_kinds = {
	.good = 100, .bad = {1, 2, 3, 4, 5, 6}, .left_out = 7, .status_unknown = 8};

static void assert_of_all_kinds(struct slo_counts counts)
{
	assert_memory_equal(counts.bad, of_all_kinds.bad, sizeof(counts.bad));
	assert_int_equal(counts.left_out, 7);
	assert_int_equal(counts.status_unknown, 8);
}

TEST(reasons_are_read_by_the_next_agent)
{
	struct recorded recorded;

	start(&recorded);
	step_counts(&recorded, RECORD_OK, of_all_kinds);
	end(&recorded);
	start(&recorded);
	assert_of_all_kinds(ever(&recorded));
	/* the kernel's counters go on from where they were */
	assert_memory_equal(&recorded.track->stepped, &of_all_kinds, sizeof(of_all_kinds));
	end(&recorded);
}

TEST(without_a_bad_event_there_are_none)
{
	struct recorded recorded;

	start(&recorded);
	step(&recorded, RECORD_OK);
	end(&recorded);
	start(&recorded);
	for (size_t i = 0; i < REASON_PAIRS; i++)
		assert_null(recorded.track->reasons.pairs[i]);
	end(&recorded);
}

/* A database of a version that had no reasons: how many were bad is known, but not why. */
TEST(an_older_versions_bad_events_have_no_reason)
{
	struct recorded recorded;

	start(&recorded);
	step_counts(&recorded, RECORD_OK, of_all_kinds);
	end(&recorded);
	change_database("DROP TABLE reasons; DROP TABLE reasons_kernel");
	start(&recorded);
	assert_int_equal(slo_history_sum(recorded.track->history, 1e6, 1e9).bad, 21);
	assert_int_equal(slo_counts_bad(&recorded.track->stepped), 21);
	recorded.now_seconds += 100;
	step_counts(&recorded, RECORD_OK,
		    (struct slo_counts){.good = 100, .bad = {21, [BAD_LATENCY] = 1}});
	assert_int_equal(ever(&recorded).bad[BAD_LATENCY], 1);
	end(&recorded);
}

/* ---- former definitions ---- */

/* Gives the SLO another definition, as a reload would, whose counters begin at 0. */
static void redefine(struct recorded *recorded, const char *definition, __u64 serial)
{
	const struct track_birth birth = {.serial = serial};

	track_free(recorded->track);
	assert_int_equal(track_new("checkout", "shop", definition, &recorded->slo, 0, birth,
				   &recorded->track),
			 0);
	assert_int_equal(record_load(recorded->record, "one", &recorded->timeline,
				     recorded->now_seconds, recorded->track),
			 0);
}

static void assert_former(struct recorded *recorded, size_t which, size_t n, uint64_t good,
			  uint64_t bad)
{
	struct record_former former;
	struct slo_events sum;

	assert_int_equal(record_former(recorded->record, recorded->track, which, &former), 0);
	assert_int_equal(former.n, n);
	assert_true(former.until_seconds < recorded->now_seconds);
	sum = slo_history_sum(former.history, recorded->now_seconds, INFINITY);
	assert_int_equal(sum.good, good);
	assert_int_equal(sum.bad, bad);
	slo_history_free(former.history);
}

TEST(histories_of_former_definitions_can_be_read)
{
	struct recorded recorded;
	struct record_former none;

	start(&recorded);
	step_counts(&recorded, RECORD_OK, (struct slo_counts){.good = 5, .bad = {[0] = 1}});
	assert_int_equal(record_former(recorded.record, recorded.track, 1, &none), -ENOENT);
	redefine(&recorded, "some", 2);
	step_counts(&recorded, RECORD_OK, (struct slo_counts){.good = 7});
	step_counts(&recorded, RECORD_OK, (struct slo_counts){.good = 9});
	assert_former(&recorded, 1, 1, 5, 1);
	assert_int_equal(record_former(recorded.record, recorded.track, 2, &none), -ENOENT);
	redefine(&recorded, "few", 3);
	step_counts(&recorded, RECORD_OK, (struct slo_counts){.good = 1, .bad = {[0] = 1}});
	assert_former(&recorded, 1, 2, 9, 0);
	assert_former(&recorded, 2, 2, 5, 1);
	assert_int_equal(record_former(recorded.record, recorded.track, 3, &none), -ENOENT);
	end(&recorded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(each_part_of_a_changed_state_is_written),
		STORE_TEST(what_stays_is_not_written_again),
		STORE_TEST(a_configuration_may_change_their_order),
		STORE_TEST(a_step_that_failed_counts_for_nothing),
		STORE_TEST(a_new_database_gets_them_all),
		STORE_TEST(an_older_one_in_its_place_gets_them_all),
		STORE_TEST(a_new_row_gets_them_all),
		STORE_TEST(the_next_agent_reads_and_goes_on),
		STORE_TEST(what_cannot_be_written_at_the_start_is_read),
		STORE_TEST(what_was_read_outlives_its_file),
		STORE_TEST(its_owner_is_told_what_befalls_it),
		STORE_TEST(reasons_are_read_by_the_next_agent),
		STORE_TEST(without_a_bad_event_there_are_none),
		STORE_TEST(an_older_versions_bad_events_have_no_reason),
		STORE_TEST(histories_of_former_definitions_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

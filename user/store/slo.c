/* SPDX-License-Identifier: GPL-2.0-only */
/* SLOs in the store: counters and history, alerts and the changes of alerts. */
#include "store/db.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUMS_TEXT_BYTES = STORE_REASON_SUMS * 21 };

/* An SLO without a bad event has none. */
static int put_sums(struct store *store, const struct store_slo *slo)
{
	char text[SUMS_TEXT_BYTES] = "";
	size_t len = 0;
	bool any = false;

	for (size_t i = 0; i < STORE_REASON_SUMS; i++) {
		any |= slo->kernel_sums[i] != 0;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%" PRIu64 " ",
					slo->kernel_sums[i]);
	}
	return any ? store_run(store, STORE_PUT_REASONS_KERNEL,
			       STORE_ARGS(STORE_INT(slo->id), STORE_TEXT(text))) :
		     0;
}

/* Those that are not there are 0. */
static int get_sums(struct store *store, struct store_slo *slo)
{
	const char *at;
	char *end;
	int r = store->statements[STORE_GET_REASONS_KERNEL] ?
			store_first(store, STORE_GET_REASONS_KERNEL,
				    STORE_ARGS(STORE_INT(slo->id))) :
			0;

	if (r <= 0)
		return r;
	at = store_text(store->statements[STORE_GET_REASONS_KERNEL], 0);
	for (size_t i = 0; i < STORE_REASON_SUMS; i++, at = end)
		slo->kernel_sums[i] = strtoull(at, &end, 10);
	store_end(store, STORE_GET_REASONS_KERNEL);
	return 0;
}

int store_put_slo(struct store *store, struct store_slo *slo)
{
	const struct store_arg args[] = {
		STORE_TEXT(slo->name),
		STORE_TEXT(slo->service),
		STORE_TEXT(slo->definition),
		STORE_INT(slo->wildcard),
		STORE_REAL(slo->since_seconds),
		STORE_REAL(slo->last_seconds),
		STORE_INT(slo->kernel_good),
		STORE_INT(slo->kernel_bad),
		STORE_INT(slo->kernel_serial),
		STORE_INT(slo->excluded),
		STORE_INT(slo->id),
	};
	int r;

	if (slo->id) {
		r = store_run(store, STORE_SET_SLO, args, 11);
		if (r)
			return r;
		if (sqlite3_changes(store->db))
			return put_sums(store, slo);
	}
	/* it is new, or its transaction was rolled back and the id may be another's by now */
	r = store_run(store, STORE_NEW_SLO, args, 10);
	if (!r)
		slo->id = sqlite3_last_insert_rowid(store->db);
	return r ?: put_sums(store, slo);
}

int store_each_slo(struct store *store, int (*fn)(void *context, const struct store_slo *slo),
		   void *context)
{
	int r = store_start(store, STORE_EACH_SLO, NULL, 0);

	while (store_more(store, STORE_EACH_SLO, &r)) {
		sqlite3_stmt *row = store->statements[STORE_EACH_SLO];
		struct store_slo slo = {
			.id = sqlite3_column_int64(row, 0),
			.name = store_text(row, 1),
			.service = store_text(row, 2),
			.definition = store_text(row, 3),
			.wildcard = sqlite3_column_int(row, 4),
			.since_seconds = sqlite3_column_double(row, 5),
			.last_seconds = sqlite3_column_double(row, 6),
			.kernel_good = (uint64_t)sqlite3_column_int64(row, 7),
			.kernel_bad = (uint64_t)sqlite3_column_int64(row, 8),
			.kernel_serial = (uint64_t)sqlite3_column_int64(row, 9),
			.excluded = (uint64_t)sqlite3_column_int64(row, 10),
		};

		r = get_sums(store, &slo) ?: fn(context, &slo);
	}
	return r;
}

int store_reset_counters(struct store *store)
{
	int r = store_run(store, STORE_RESET_SLOS, NULL, 0);

	return r ?: store_run(store, STORE_RESET_SERIES, NULL, 0);
}

int store_drop_slo(struct store *store, int64_t id)
{
	bool own;
	int r = store_enter(store, &own);

	if (r)
		return r;
	r = store_run(store, STORE_DROP_ALERTS, STORE_ARGS(STORE_INT(id)));
	r = r ?: store_run(store, STORE_DROP_REASONS_KERNEL, STORE_ARGS(STORE_INT(id)));
	r = r ?: store_run(store, STORE_DROP_SLO, STORE_ARGS(STORE_INT(id)));
	return store_leave(store, own, r);
}

int store_put_bucket(struct store *store, int64_t slo, enum store_history which, enum slo_tier tier,
		     int64_t end_seconds, struct slo_events events)
{
	if ((unsigned int)tier >= SLO_TIERS || (unsigned int)which >= STORE_HISTORIES)
		return -EINVAL;
	store->n_puts++;
	if (which >= STORE_REASONS)
		return store_run(store, STORE_PUT_REASONS,
				 STORE_ARGS(STORE_INT(tier), STORE_INT(end_seconds), STORE_INT(slo),
					    STORE_INT(which), STORE_INT(events.good),
					    STORE_INT(events.bad)));
	return store_run(store, store_tier_statement(STORE_PUT_BUCKET_10S, tier),
			 STORE_ARGS(STORE_INT(end_seconds), STORE_INT(slo), STORE_INT(which),
				    STORE_INT(events.good), STORE_INT(events.bad)));
}

static struct slo_events row_events(sqlite3_stmt *row, int column)
{
	return (struct slo_events){
		.good = (uint64_t)sqlite3_column_int64(row, column),
		.bad = (uint64_t)sqlite3_column_int64(row, column + 1),
	};
}

int store_each_bucket_of(struct store *store, int64_t slo, enum store_history which,
			 enum slo_tier tier, slo_bucket_fn fn, void *context)
{
	enum store_statement statement = which >= STORE_REASONS ?
						 STORE_LOAD_REASONS :
						 store_tier_statement(STORE_LOAD_BUCKETS_10S, tier);
	const struct store_arg args[] = {STORE_INT(slo), STORE_INT(which), STORE_INT(tier)};
	int r;

	if (!store->statements[statement])
		return 0;
	r = store_start(store, statement, args, which >= STORE_REASONS ? 3 : 2);
	while (store_more(store, statement, &r)) {
		sqlite3_stmt *row = store->statements[statement];

		r = fn(context, tier, sqlite3_column_int64(row, 0), row_events(row, 1));
	}
	return r;
}

static int restore_bucket(void *context, enum slo_tier tier, int64_t end_seconds,
			  struct slo_events events)
{
	return slo_history_restore(context, tier, end_seconds, events);
}

int store_load_history(struct store *store, int64_t slo, enum store_history which,
		       struct slo_history *ret)
{
	int r = store_first(store, STORE_HAS_SLO, STORE_ARGS(STORE_INT(slo)));

	if (r <= 0)
		return r; /* buckets that a dropped SLO left behind are not read */
	store_end(store, STORE_HAS_SLO);
	r = 0;
	for (enum slo_tier tier = 0; tier < SLO_TIERS && !r; tier++)
		r = store_each_bucket_of(store, slo, which, tier, restore_bucket, ret);
	return r;
}

/* `args`: of a statement whose rows are end_seconds, slo, which, good, bad. */
static int each_row(struct store *store, enum store_statement statement, enum slo_tier tier,
		    const struct store_arg *args, size_t n_args,
		    int (*fn)(void *context, int64_t slo, enum store_history which,
			      enum slo_tier tier, int64_t end_seconds, struct slo_events events),
		    void *context)
{
	int r = store_start(store, statement, args, n_args);

	while (store_more(store, statement, &r)) {
		sqlite3_stmt *row = store->statements[statement];
		int64_t which = sqlite3_column_int64(row, 2);

		r = which < 0 || which >= STORE_HISTORIES ?
			    -EUCLEAN :
			    fn(context, sqlite3_column_int64(row, 1), (enum store_history)which,
			       tier, sqlite3_column_int64(row, 0), row_events(row, 3));
	}
	return r;
}

int store_each_bucket(struct store *store,
		      int (*fn)(void *context, int64_t slo, enum store_history which,
				enum slo_tier tier, int64_t end_seconds, struct slo_events events),
		      void *context)
{
	int r = 0;

	for (enum slo_tier tier = 0; tier < SLO_TIERS && !r; tier++)
		r = each_row(store, store_tier_statement(STORE_EACH_BUCKET_10S, tier), tier, NULL,
			     0, fn, context);
	for (enum slo_tier tier = 0; tier < SLO_TIERS && !r; tier++) {
		if (store->statements[STORE_EACH_REASONS])
			r = each_row(store, STORE_EACH_REASONS, tier, STORE_ARGS(STORE_INT(tier)),
				     fn, context);
	}
	return r;
}

int store_put_alert(struct store *store, int64_t slo, const char *rule,
		    const struct alert_state *state)
{
	return store_run(store, STORE_PUT_ALERT,
			 STORE_ARGS(STORE_INT(slo), STORE_TEXT(rule), STORE_INT(state->status),
				    STORE_REAL(state->since_seconds),
				    STORE_REAL(state->started_seconds)));
}

int store_each_alert(struct store *store, int64_t slo,
		     int (*fn)(void *context, const char *rule, const struct alert_state *state),
		     void *context)
{
	int r = store_start(store, STORE_EACH_ALERT, STORE_ARGS(STORE_INT(slo)));

	while (store_more(store, STORE_EACH_ALERT, &r)) {
		sqlite3_stmt *row = store->statements[STORE_EACH_ALERT];
		int64_t status = sqlite3_column_int64(row, 1);
		struct alert_state state = {
			.status = (enum alert_status)status,
			.since_seconds = sqlite3_column_double(row, 2),
			.started_seconds = sqlite3_column_double(row, 3),
		};

		r = status < ALERT_INACTIVE || status > ALERT_EXHAUSTED ?
			    -EUCLEAN :
			    fn(context, store_text(row, 0), &state);
	}
	return r;
}

int store_add_change(struct store *store, const struct store_change *change)
{
	return store_run(store, STORE_ADD_CHANGE,
			 STORE_ARGS(STORE_REAL(change->t_seconds), STORE_TEXT(change->slo),
				    STORE_TEXT(change->service), STORE_TEXT(change->rule),
				    STORE_TEXT(change->severity), STORE_TEXT(change->from),
				    STORE_TEXT(change->to), STORE_REAL(change->budget_spent_ratio),
				    STORE_REAL(change->started_seconds)));
}

int store_each_change(struct store *store, double from_seconds, size_t limit,
		      int (*fn)(void *context, const struct store_change *change), void *context)
{
	int r = store_start(store, STORE_EACH_CHANGE,
			    STORE_ARGS(STORE_REAL(from_seconds),
				       STORE_INT(limit > INT32_MAX ? INT32_MAX : limit)));

	while (store_more(store, STORE_EACH_CHANGE, &r)) {
		sqlite3_stmt *row = store->statements[STORE_EACH_CHANGE];
		struct store_change change = {
			.t_seconds = sqlite3_column_double(row, 0),
			.slo = store_text(row, 1),
			.service = store_text(row, 2),
			.rule = store_text(row, 3),
			.severity = store_text(row, 4),
			.from = store_text(row, 5),
			.to = store_text(row, 6),
			/* SQLite stores a NAN as NULL */
			.budget_spent_ratio = sqlite3_column_type(row, 7) == SQLITE_NULL ?
						      NAN :
						      sqlite3_column_double(row, 7),
			.started_seconds = sqlite3_column_double(row, 8),
		};

		r = fn(context, &change);
	}
	return r;
}

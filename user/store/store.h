/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store, <state_dir>/sliprobe.db, outlasts the agent. It is SQLite in WAL mode with
 * synchronous=FULL: a commit is on the disk when it returns, and a loss of power costs at most the
 * step that was being written.
 *
 * Size: a bucket of an SLO takes about 20 bytes, one of a series 17. 256 SLOs that are busy all the
 * time take 87 MB over 90 days (4.2 million buckets), or 165 MB if all have slices; 512 such series
 * take 145 MB more. The WAL adds 4 MiB and one step, more while somebody reads. A database of that
 * size opens in 20 ms, in 1 s after a crash; reading all its buckets takes 1 to 2.5 s.
 *
 * One transaction a step: store_begin(), any store_put_*(), store_commit(). A put sets a value: to
 * write it twice is to write it once. Only store_put_series() adds. Times are seconds on the
 * agent's axis (slo/timeline). Functions return 0 or -errno unless they say otherwise. SQLite's
 * codes become -ENOSPC (disk full), -EROFS (read-only), -EIO, -EUCLEAN (damaged), -EBUSY (locked by
 * another).
 *
 * PRAGMA user_version has the schema's number, PRAGMA application_id the application's.
 */
#ifndef SLIPROBE_STORE_STORE_H
#define SLIPROBE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "slo/alerts.h"
#include "slo/cells.h"
#include "slo/coverage.h"
#include "slo/history.h"
#include "slo/slo.h"

struct store;

/*
 * Makes `dir` (0750, its parents 0755) if it is missing, takes an flock() on it and on <dir>/lock, opens
 * or makes the database and checks it: by quick_check, if it was not closed cleanly.
 * A database that is a link or another user's is left as it is (-ENOTSUP); a -wal, -shm or -journal that
 * is, or is no regular file, is set aside as below, alone.
 * A damaged database is renamed to sliprobe.db.damaged-<unix time>, with its -wal and -shm, and a
 * new one is made; this returns 0. The three newest damaged ones are kept.
 * Returns -EBUSY when another agent has the lock, -EAGAIN when another process is writing to the
 * database, -ENOTSUP for a newer version's database, which stays as it is, or another -errno.
 * ret_notice: a sentence for the operator, in success and failure: the path, the finding and the
 * consequence. "" if there is nothing to tell.
 */
int store_open(const char *dir, struct store **ret, struct error *ret_notice);
/*
 * Opens the database to be read only, after store_open() has failed. That is possible on a disk
 * that is full or read-only, and while another process is writing. Takes the lock; makes, renames
 * and repairs nothing. Returns as store_open(), but -ENOENT without a database and -EUCLEAN for a
 * damaged one.
 */
int store_open_to_read(const char *dir, struct store **ret);
void store_close(struct store *store);

/*
 * True if the database or its WAL has been deleted, replaced or cut short at its path. The caller
 * then closes the store, opens it again and puts everything again. An empty WAL may be an
 * operator's checkpoint, which shows after the next commit.
 */
bool store_vanished(const struct store *store);

/* True if it was not closed cleanly before it was opened. */
bool store_was_open(const struct store *store);

/* True once any statement met damage. The caller does as after store_vanished(). */
bool store_damaged(const struct store *store);

/* Of the file and its WAL together. */
uint64_t store_bytes(const struct store *store);

int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store); /* harmless outside a transaction */

/* ---- texts by name: the timeline, the kernel instance ---- */
int store_put_value(struct store *store, const char *name, const char *value);
/* *ret is malloc()ed. Returns -ENOENT if there is no such name. */
int store_get_value(struct store *store, const char *name, char **ret);

/* ---- SLOs and their history ---- */

enum { STORE_REASON_SUMS = 8 };

struct store_slo {
	int64_t id; /* 0: not stored yet; set by store_put_slo() */
	const char *name; /* instance name */
	const char *service;
	const char *definition; /* slo_definition() of apply/definition: the events it counts */
	bool wildcard; /* of a found service */
	double since_seconds; /* first counted */
	double last_seconds; /* the last step it was counted in */
	/*
	 * the kernel's counters as last read, in the kernel instance that the value "kernel" names
	 */
	uint64_t kernel_good;
	uint64_t kernel_bad;
	uint64_t kernel_sums[STORE_REASON_SUMS]; /* of reasons (apply/reasons); 0 if not known */
	uint64_t kernel_serial; /* the counters': struct track_birth; 0: it has none */
	uint64_t excluded; /* events left out of the history, by maintenance or silences */
};

/*
 * In a transaction: another kernel instance counts from now on. Sets the counters of all SLOs and
 * series to 0, and the serials, too.
 */
int store_reset_counters(struct store *store);

/*
 * Finds the row with this id, name, service and definition, and sets its other columns. Without
 * such a row it makes one and sets slo->id. Ids are not stable across a rollback or a new database:
 * call this first in every transaction.
 */
int store_put_slo(struct store *store, struct store_slo *slo);
int store_each_slo(struct store *store, int (*fn)(void *context, const struct store_slo *slo),
		   void *context);
/*
 * Drops the SLO with its history, slices and alerts. Its buckets leave the disk as they age. Ids
 * are never used twice.
 */
int store_drop_slo(struct store *store, int64_t id);

enum store_history {
	STORE_EVENTS,
	STORE_SLICES,
	STORE_REASONS, /* the first of STORE_REASON_PAIRS, each of two sums as good and bad */
	STORE_REASON_PAIRS = (STORE_REASON_SUMS + 1) / 2,
	STORE_HISTORIES = STORE_REASONS + STORE_REASON_PAIRS,
};

int store_put_bucket(struct store *store, int64_t slo, enum store_history which, enum slo_tier tier,
		     int64_t end_seconds, struct slo_events events);
/*
 * Calls slo_history_restore() for all buckets. The caller calls slo_history_restored(), as it knows
 * when the SLO was last counted. After an error the history is unusable. In a large database this
 * takes some 100 ms for one SLO: at the start use store_each_bucket().
 */
int store_load_history(struct store *store, int64_t slo, enum store_history which,
		       struct slo_history *ret);

/* All buckets of all SLOs in one pass, tier by tier, the oldest first. */
int store_each_bucket(struct store *store,
		      int (*fn)(void *context, int64_t slo, enum store_history which,
				enum slo_tier tier, int64_t end_seconds, struct slo_events events),
		      void *context);

/* ---- requests of each series ---- */

enum {
	/*
	 * A step keeps its busiest series by name, and the rest of its requests as series 0. A
	 * bucket of several steps has as many names, those that came to it first.
	 */
	STORE_SERIES_A_STEP = 512,
};

struct store_series {
	const char *service;
	const char *route;
	const char *method;
	const char *outcome;
	uint16_t status;
	uint8_t role;
	uint64_t requests; /* the kernel's counter as last read */
	bool ends; /* from here on the counter is at 0 */
};

/*
 * Sets the counters to those of `series`, and adds their growth since the last call to the buckets
 * of all three tiers that t_seconds falls in. A counter that fell has begun anew at 0, as have all
 * after store_reset_counters(). This put adds: do not repeat it after its commit. After a rollback
 * it has not been called.
 */
int store_put_series(struct store *store, double t_seconds, const struct store_series *series,
		     size_t n);

/* Sets the counters and adds nothing: a new database does not get what was counted before it. */
int store_set_series(struct store *store, double t_seconds, const struct store_series *series,
		     size_t n);

/*
 * Buckets that end at or after from_seconds, oldest first. series->requests are the bucket's. The
 * texts of series 0 are "".
 */
int store_each_series_bucket(struct store *store, enum slo_tier tier, int64_t from_seconds,
			     int (*fn)(void *context, int64_t end_seconds,
				       const struct store_series *series),
			     void *context);

/* As before, of one service, for buckets that end in (from, until]. Not those of series 0. */
int store_each_series_bucket_of(struct store *store, enum slo_tier tier, const char *service,
				int64_t from_seconds, int64_t until_seconds,
				int (*fn)(void *context, int64_t end_seconds,
					  const struct store_series *series),
				void *context);

/* When the oldest hour of the series begins; +infinity without any. */
int store_first_series(struct store *store, double *ret_seconds);

/* ---- traffic: what services were asked, with histograms (slo/cells) ---- */

/*
 * Of each step, minute and hour that had requests, and the counters that the last ones were made
 * from. Packed cells take some 30 bytes for a service's route and method in a step, 40 in an hour.
 */
enum store_traffic {
	STORE_TRAFFIC_STEP, /* the last 1024, for 90 min */
	STORE_TRAFFIC_1MIN, /* for 26 h */
	STORE_TRAFFIC_1H, /* for 35 d */
	STORE_TRAFFIC_TIERS,
	STORE_TRAFFIC_COUNTERS = STORE_TRAFFIC_TIERS, /* one row */
};

enum { STORE_TRAFFIC_STEPS = 1024 };

extern const int64_t store_traffic_keep_seconds[STORE_TRAFFIC_TIERS];

/* What a key of a cell stands for. */
struct store_traffic_key {
	const char *service;
	const char *route;
	const char *method;
	uint8_t role;
};

/* A span of time, whose requests ended in (from, to]. Its cells are settled. */
struct store_traffic_span {
	double from_seconds;
	double to_seconds;
	struct cells cells;
};

/* A span that ends at the same microsecond is replaced. keys: by the cells' keys. */
int store_put_traffic(struct store *store, enum store_traffic tier,
		      const struct store_traffic_span *span, const struct store_traffic_key *keys);
/* Replaces the counters, as of to_seconds. */
int store_put_traffic_counters(struct store *store, const struct store_traffic_span *span,
			       const struct store_traffic_key *keys);

struct store_traffic_reader {
	/* The caller's id for a key of the disk. Returns false without memory. */
	bool (*key)(void *context, const struct store_traffic_key *key, uint32_t *ret);
	/* The callee may take the cells, and empties them then. */
	int (*span)(void *context, struct store_traffic_span *span);
	void *context;
};

/* Spans that end in (from, until], oldest first. -ENOENT: read-only, and without such a table. */
int store_each_traffic(struct store *store, enum store_traffic tier, double from_seconds,
		       double until_seconds, const struct store_traffic_reader *reader);
/* When the oldest span begins that ends after `after_seconds`; +infinity without any. */
int store_next_traffic(struct store *store, enum store_traffic tier, double after_seconds,
		       double *ret_seconds);
/* When the newest span ends; -infinity without any. */
int store_last_traffic(struct store *store, enum store_traffic tier, double *ret_seconds);

/* The caller's ids stand for other keys from now on. */
void store_forget_traffic_keys(struct store *store);

/* ---- coverage ---- */
int store_put_coverage(struct store *store, const struct coverage_span *span); /* by its `from` */
/* The caller clears *ret. */
int store_load_coverage(struct store *store, struct coverage *ret);

/* ---- alerts: state, and each change of it ---- */
int store_put_alert(struct store *store, int64_t slo, const char *rule,
		    const struct alert_state *state);
int store_each_alert(struct store *store, int64_t slo,
		     int (*fn)(void *context, const char *rule, const struct alert_state *state),
		     void *context);

struct store_change {
	double t_seconds;
	const char *slo; /* its name, not its id: changes outlive SLOs */
	const char *service;
	const char *rule;
	const char *severity;
	const char *from;
	const char *to;
	double budget_spent_ratio; /* at t_seconds; NaN: unknown */
	double started_seconds; /* when the alert left inactive */
};

/* Adds the change unless it is there. */
int store_add_change(struct store *store, const struct store_change *change);
/* The newest `limit`, newest first, at or after from_seconds. */
int store_each_change(struct store *store, double from_seconds, size_t limit,
		      int (*fn)(void *context, const struct store_change *change), void *context);

/* ---- texts by kind and key: notices, deliveries, silences (JSON, see their owners) ---- */
int store_put_text(struct store *store, const char *kind, const char *key, const char *text);
int store_drop_text(struct store *store, const char *kind, const char *key); /* 0 if none */
int store_each_text(struct store *store, const char *kind,
		    int (*fn)(void *context, const char *key, const char *text), void *context);

/*
 * Outside a transaction: drops the buckets that are older than their tier keeps (the 1 h tier:
 * keep_hours_seconds). Changes, coverage and SLOs without a bucket go as the 1 h tier does. Cheap
 * enough for every step: it drops at most 4096 rows and twice the buckets put since the last call.
 * Checkpoints a WAL above 4 MiB, and gives pages that stay free back to the file system.
 */
int store_prune(struct store *store, double now_seconds, double keep_hours_seconds);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lasts: <state_dir>/sliprobe.db, SQLite in WAL mode with synchronous=FULL (each commit is on
 * the disk when it returns: a loss of power costs at most the step that was being written).
 *
 * Size: about 20 bytes for each bucket of an SLO, 17 for each of a series. 256 SLOs that are busy
 * all the time, over 90 days: 87 MB (4.2 million buckets), 165 MB if all have slices, too; 512
 * series that are: 145 MB more. To that the WAL: 4 MiB and one step, or more while somebody reads.
 * Such a database opens in 20 ms, in 1 s after a crash; all its buckets are read in 1 to 2.5 s.
 *
 * One transaction a step: store_begin(), any store_put_*(), store_commit(). All puts set values
 * (nothing adds), so that writing a thing twice is writing it once. Times are seconds on the
 * agent's axis (slo/timeline). Where not told otherwise functions return 0 or -errno, of SQLite's own
 * codes: -ENOSPC disk full, -EROFS read-only, -EIO, -EUCLEAN damaged, -EBUSY locked by another.
 *
 * The schema's number is in PRAGMA user_version, the application's in PRAGMA application_id.
 */
#ifndef SLIPROBE_STORE_STORE_H
#define SLIPROBE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slo/alerts.h"
#include "slo/coverage.h"
#include "slo/slo.h"

struct store;

/*
 * Makes `dir` (0750, and its parents 0755) if it is not there, takes an flock() on <dir>/lock,
 * opens or makes the database and checks it (quick_check of a database not closed cleanly).
 * A damaged database, with its -wal and -shm, is renamed to sliprobe.db.damaged-<unix time> (the
 * three newest of those are kept) and a new one is made: returns 0, ret_notice says so.
 * Returns -EBUSY when another agent has the lock, -EAGAIN when somebody else is writing to the
 * database, -ENOTSUP for one of a newer version (which is left as it is), or another -errno.
 * ret_notice: one sentence for the operator with the path and what was found and done, "" if
 * nothing; written in failure, too.
 */
int store_open(const char *dir, struct store **ret, char ret_notice[static 512]);
/*
 * Opens what is there to be read only, for when store_open() has failed: also on a disk that is full
 * or read-only, and while somebody else is writing. Nothing is made, set aside or repaired. Takes
 * the lock. Returns as store_open() does, -ENOENT if there is none, -EUCLEAN if it is damaged.
 */
int store_open_to_read(const char *dir, struct store **ret);
void store_close(struct store *store);

/*
 * True if a file at its path is no longer the one that is open (deleted, replaced), or has been cut
 * short: to be closed and opened again, and everything put again. An empty WAL may be an operator's
 * checkpoint: whether it is one shows after the next commit.
 */
bool store_vanished(const struct store *store);

/* True once damage was met, also in what is only read or pruned: to be opened again likewise. */
bool store_damaged(const struct store *store);

/* Of this database: sizes in bytes of the file and its WAL. */
uint64_t store_bytes(const struct store *store);

int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store); /* harmless outside a transaction */

/* ---- values by name, e.g. the timeline, the kernel instance: text ---- */
int store_put_value(struct store *store, const char *name, const char *value);
/* *ret is to be freed; -ENOENT if there is none. */
int store_get_value(struct store *store, const char *name, char **ret);

/* ---- SLOs and their history ---- */

struct store_slo {
	int64_t id; /* 0: not stored yet; set by store_put_slo() */
	const char *name; /* instance name */
	const char *service;
	const char *definition; /* what it counts: see apply/tracks */
	bool wildcard; /* of a found service */
	double since_seconds; /* first counted */
	double last_seconds; /* the last step it was counted in */
	/* the kernel's counters as last read, of the kernel instance in the value "kernel" */
	uint64_t kernel_good;
	uint64_t kernel_bad;
	uint64_t kernel_serial; /* of the counters: struct track_birth; 0: of none */
	/* events of maintenance that were left out */
	uint64_t excluded;
};

/*
 * In a transaction: another kernel instance counts from now on. What the counters of SLOs and
 * series were read at is 0, and the serials are that of no counters.
 */
int store_reset_counters(struct store *store);

/*
 * Sets all but name, service and definition of the one with that id and those; makes a new one if
 * there is none, and sets the id. After a rollback, or in a new database, an id may be another's:
 * the SLO is put again before anything else of it.
 */
int store_put_slo(struct store *store, struct store_slo *slo);
int store_each_slo(struct store *store, int (*fn)(void *context, const struct store_slo *slo),
		   void *context);
/*
 * With its history, alerts and slices. (What the buckets take on the disk is given back as they
 * age; ids are never used twice.)
 */
int store_drop_slo(struct store *store, int64_t id);

enum store_history {
	STORE_EVENTS,
	STORE_SLICES,
};

int store_put_bucket(struct store *store, int64_t slo, enum store_history which, enum slo_tier tier,
		     int64_t end_seconds, struct slo_events events);
/*
 * Calls slo_history_restore() for all buckets; slo_history_restored() is the caller's, who knows
 * when it was last counted. -errno of those, too: the history is then to be thrown away. It takes
 * some 100 ms when there is much: for one SLO. At the start, store_each_bucket().
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
	 * The busiest of each step; what the others had is kept as series 0. A bucket of several
	 * steps has no more names than that either: those that came to it first.
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
};

/*
 * Sets the counters to those of `series`, and adds what each grew by since the last time to the
 * buckets of all three tiers that t_seconds falls in. Series that the kernel instance has reset are
 * taken to have begun at 0 (store_reset_counters()), and so is one that fell. The only
 * put that adds: never to be repeated after its commit; after a failed commit it is as if it had
 * not been called.
 */
int store_put_series(struct store *store, double t_seconds, const struct store_series *series,
		     size_t n);

/* Sets the counters only: in a new database, of what was counted before it. */
int store_set_series(struct store *store, double t_seconds, const struct store_series *series,
		     size_t n);

/*
 * Buckets that end at or after from_seconds, oldest first; `requests` is what the bucket has. All
 * texts of series 0 are "".
 */
int store_each_series_bucket(struct store *store, enum slo_tier tier, int64_t from_seconds,
			     int (*fn)(void *context, int64_t end_seconds,
				       const struct store_series *series),
			     void *context);

/* ---- coverage ---- */
int store_put_coverage(struct store *store, const struct coverage_span *span); /* by its `from` */
int store_load_coverage(struct store *store, struct coverage *ret); /* to be cleared */

/* ---- alerts: state, and each change of it ---- */
int store_put_alert(struct store *store, int64_t slo, const char *rule,
		    const struct alert_state *state);
int store_each_alert(struct store *store, int64_t slo,
		     int (*fn)(void *context, const char *rule, const struct alert_state *state),
		     void *context);

struct store_change {
	double t_seconds;
	const char *slo; /* names: they outlive the SLO */
	const char *service;
	const char *rule;
	const char *severity;
	const char *from;
	const char *to;
	double budget_spent_ratio; /* at that moment; NaN: unknown */
	double started_seconds; /* when the alert had left inactive */
};

/* Nothing, if it is there already. */
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
 * Outside a transaction: drops what is older than its tier keeps (1 h tier: keep_hours_seconds),
 * and changes, coverage, and SLOs without a bucket that were last counted before that. Cheap
 * when called at each step: no more than 4096 rows and twice what was put since the last time.
 * Checkpoints the WAL when it is above 4 MiB, and gives pages back that stay free.
 */
int store_prune(struct store *store, double now_seconds, double keep_hours_seconds);

#endif

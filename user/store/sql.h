/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's tables and statements. Private to the room store.
 *
 * STORE_ADDED_TABLES came after the first version. They are made where they are missing, and an
 * older agent does not mind them: the version stays, so that one can go back.
 *
 * The key of a bucket begins with its end: a step writes the newest buckets of all SLOs side by
 * side, and pruning drops whole pages at the other end. Nothing has a second index.
 */
#ifndef SLIPROBE_STORE_SQL_H
#define SLIPROBE_STORE_SQL_H

enum {
	STORE_APPLICATION_ID = 0x536c6950, /* "SliP" */
	STORE_VERSION = 1,
};

#define STORE_BUCKET_TABLE(tier)                                                                   \
	"CREATE TABLE bucket_" tier "(end_seconds INTEGER NOT NULL, slo INTEGER NOT NULL,"         \
	" which INTEGER NOT NULL, good INTEGER NOT NULL, bad INTEGER NOT NULL,"                    \
	" PRIMARY KEY (end_seconds, slo, which)) WITHOUT ROWID;"                                   \
	"CREATE TABLE series_" tier "(end_seconds INTEGER NOT NULL, series INTEGER NOT NULL,"      \
	" requests INTEGER NOT NULL, PRIMARY KEY (end_seconds, series)) WITHOUT ROWID;"

#define STORE_BUCKET_TABLES                                                                        \
	STORE_BUCKET_TABLE("10s") STORE_BUCKET_TABLE("1min") STORE_BUCKET_TABLE("1h")

/*
 * Of each pair of sums (apply/reasons), `which` as in the bucket tables, and the kernel's sums. Of
 * traffic: spans by tier (enum store_traffic), in microseconds, and what the keys of their cells are.
 */
#define STORE_ADDED_TABLES                                                                         \
	"CREATE TABLE IF NOT EXISTS reasons(tier INTEGER NOT NULL, end_seconds INTEGER NOT NULL,"  \
	" slo INTEGER NOT NULL, which INTEGER NOT NULL, good INTEGER NOT NULL,"                    \
	" bad INTEGER NOT NULL, PRIMARY KEY (tier, end_seconds, slo, which)) WITHOUT ROWID;"       \
	"CREATE TABLE IF NOT EXISTS reasons_kernel(slo INTEGER PRIMARY KEY, sums TEXT NOT NULL);"  \
	"CREATE TABLE IF NOT EXISTS traffic(tier INTEGER NOT NULL, to_us INTEGER NOT NULL,"        \
	" from_us INTEGER NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (tier, to_us))"               \
	" WITHOUT ROWID;"                                                                          \
	"CREATE TABLE IF NOT EXISTS traffic_key(id INTEGER PRIMARY KEY, service TEXT NOT NULL,"    \
	" role INTEGER NOT NULL, route TEXT NOT NULL, method TEXT NOT NULL,"                       \
	" last_seconds REAL NOT NULL, UNIQUE (service, role, route, method));"

/* AUTOINCREMENT: the buckets of a dropped SLO must not become another's. */
#define STORE_SCHEMA                                                                               \
	"CREATE TABLE value(name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;"   \
	"CREATE TABLE slo(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"               \
	" service TEXT NOT NULL, definition TEXT NOT NULL, wildcard INTEGER NOT NULL,"             \
	" since_seconds REAL NOT NULL, last_seconds REAL NOT NULL, kernel_good INTEGER NOT NULL,"  \
	" kernel_bad INTEGER NOT NULL, kernel_serial INTEGER NOT NULL,"                            \
	" excluded INTEGER NOT NULL);"                                                             \
	"CREATE TABLE series(service TEXT NOT NULL, role INTEGER NOT NULL, route TEXT NOT NULL,"   \
	" method TEXT NOT NULL, outcome TEXT NOT NULL, status INTEGER NOT NULL,"                   \
	" id INTEGER NOT NULL, requests INTEGER NOT NULL, last_seconds REAL NOT NULL,"             \
	" PRIMARY KEY (service, role, route, method, outcome, status)) WITHOUT ROWID;"             \
	"CREATE TABLE coverage(from_seconds REAL PRIMARY KEY NOT NULL, to_seconds REAL NOT NULL)"  \
	" WITHOUT ROWID;"                                                                          \
	"CREATE TABLE alert(slo INTEGER NOT NULL, rule TEXT NOT NULL, status INTEGER NOT NULL,"    \
	" since_seconds REAL NOT NULL, started_seconds REAL NOT NULL, PRIMARY KEY (slo, rule))"    \
	" WITHOUT ROWID;"                                                                          \
	"CREATE TABLE change(t_seconds REAL NOT NULL, n INTEGER NOT NULL, slo TEXT NOT NULL,"      \
	" service TEXT NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL,"                      \
	" from_status TEXT NOT NULL, to_status TEXT NOT NULL, budget_spent_ratio REAL,"            \
	" started_seconds REAL NOT NULL, PRIMARY KEY (t_seconds, n)) WITHOUT ROWID;"               \
	"CREATE TABLE text(kind TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL,"             \
	" PRIMARY KEY (kind, key)) WITHOUT ROWID;" STORE_BUCKET_TABLES STORE_ADDED_TABLES

/*
 * One SLO's buckets: goes from each end to the next, and looks for the SLO's row there. A scan
 * would read the buckets of all SLOs.
 */
#define STORE_LOAD_BUCKETS(tier)                                                                   \
	"WITH RECURSIVE e(x) AS (SELECT min(end_seconds) FROM bucket_" tier                        \
	" UNION ALL SELECT (SELECT min(end_seconds) FROM bucket_" tier                             \
	" WHERE end_seconds > e.x) FROM e WHERE e.x IS NOT NULL)"                                  \
	" SELECT b.end_seconds, b.good, b.bad FROM e CROSS JOIN bucket_" tier                      \
	" b ON b.end_seconds = e.x AND b.slo = ?1 AND b.which = ?2"

#define STORE_TIER_STATEMENTS(X, NAME, tier)                                                       \
	X(PUT_BUCKET_##NAME, "INSERT INTO bucket_" tier " VALUES (?1, ?2, ?3, ?4, ?5)"             \
			     " ON CONFLICT DO UPDATE SET good = ?4, bad = ?5")                     \
	X(LOAD_BUCKETS_##NAME, STORE_LOAD_BUCKETS(tier))                                           \
	X(EACH_BUCKET_##NAME, "SELECT end_seconds, slo, which, good, bad FROM bucket_" tier        \
			      " WHERE slo IN (SELECT id FROM slo) ORDER BY end_seconds")           \
	X(OLD_BUCKETS_##NAME,                                                                      \
	  "DELETE FROM bucket_" tier " WHERE end_seconds ="                                        \
	  " (SELECT min(end_seconds) FROM bucket_" tier " WHERE end_seconds < ?1)")                \
	X(COUNT_SERIES_##NAME,                                                                     \
	  "SELECT count(*) FROM series_" tier " WHERE end_seconds = ?1 AND series <> 0")           \
	X(GROW_SERIES_##NAME, "UPDATE series_" tier " SET requests = requests + ?3"                \
			      " WHERE end_seconds = ?1 AND series = ?2")                           \
	X(ADD_SERIES_##NAME, "INSERT INTO series_" tier " VALUES (?1, ?2, ?3)"                     \
			     " ON CONFLICT DO UPDATE SET requests = requests + ?3")                \
	X(EACH_SERIES_##NAME, "SELECT b.end_seconds, b.requests, s.service, s.route, s.method,"    \
			      " s.outcome, s.status, s.role FROM series_" tier                     \
			      " b LEFT JOIN series s ON s.id = b.series"                           \
			      " WHERE b.end_seconds >= ?1 ORDER BY b.end_seconds, b.series")       \
	X(SERVICE_SERIES_##NAME,                                                                   \
	  "SELECT b.end_seconds, b.requests, s.service, s.route, s.method,"                        \
	  " s.outcome, s.status, s.role FROM series_" tier                                         \
	  " b JOIN series s ON s.id = b.series WHERE b.end_seconds > ?1"                           \
	  " AND b.end_seconds <= ?2 AND s.service = ?3 ORDER BY b.end_seconds")                    \
	X(OLD_SERIES_##NAME,                                                                       \
	  "DELETE FROM series_" tier " WHERE end_seconds ="                                        \
	  " (SELECT min(end_seconds) FROM series_" tier " WHERE end_seconds < ?1)")

/* The three of each kind are STORE_TIER_STRIDE apart: see store_tier_statement(). */
#define STORE_STATEMENTS(X)                                                                        \
	STORE_TIER_STATEMENTS(X, 10S, "10s")                                                       \
	STORE_TIER_STATEMENTS(X, 1MIN, "1min")                                                     \
	STORE_TIER_STATEMENTS(X, 1H, "1h")                                                         \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                \
	X(COMMIT, "COMMIT")                                                                        \
	X(ROLLBACK, "ROLLBACK")                                                                    \
	X(PUT_VALUE, "INSERT INTO value VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2")     \
	X(GET_VALUE, "SELECT value FROM value WHERE name = ?1")                                    \
	X(DROP_VALUE, "DELETE FROM value WHERE name = ?1")                                         \
	X(NEW_SLO, "INSERT INTO slo VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")       \
	X(SET_SLO, "UPDATE slo SET wildcard = ?4, since_seconds = ?5, last_seconds = ?6,"          \
		   " kernel_good = ?7, kernel_bad = ?8, kernel_serial = ?9, excluded = ?10"        \
		   " WHERE id = ?11 AND name = ?1 AND service = ?2 AND definition = ?3")           \
	X(EACH_SLO, "SELECT id, name, service, definition, wildcard, since_seconds, last_seconds," \
		    " kernel_good, kernel_bad, kernel_serial, excluded FROM slo ORDER BY id")      \
	X(HAS_SLO, "SELECT 1 FROM slo WHERE id = ?1")                                              \
	X(OLD_SLOS, "SELECT id FROM slo WHERE last_seconds < ?1 ORDER BY last_seconds LIMIT ?2")   \
	X(DROP_SLO, "DELETE FROM slo WHERE id = ?1")                                               \
	X(DROP_ALERTS, "DELETE FROM alert WHERE slo = ?1")                                         \
	X(FIND_SERIES, "SELECT id, requests FROM series WHERE service = ?1 AND role = ?2"          \
		       " AND route = ?3 AND method = ?4 AND outcome = ?5 AND status = ?6")         \
	X(SET_SERIES, "UPDATE series SET requests = ?7, last_seconds = ?8 WHERE service = ?1"      \
		      " AND role = ?2 AND route = ?3 AND method = ?4 AND outcome = ?5"             \
		      " AND status = ?6")                                                          \
	X(NEW_SERIES, "INSERT INTO series (service, role, route, method, outcome, status,"         \
		      " requests, last_seconds, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")  \
	X(FIRST_SERIES, "SELECT min(end_seconds) FROM series_1h")                                  \
	X(LAST_SERIES, "SELECT coalesce(max(id), 0) FROM series")                                  \
	X(RESET_SLOS, "UPDATE slo SET kernel_good = 0, kernel_bad = 0, kernel_serial = 0")         \
	X(RESET_SERIES, "UPDATE series SET requests = 0 WHERE requests <> 0")                      \
	X(OLD_SERIES, "DELETE FROM series WHERE requests = 0 AND last_seconds < ?1")               \
	X(PUT_COVERAGE, "INSERT INTO coverage VALUES (?1, ?2)"                                     \
			" ON CONFLICT DO UPDATE SET to_seconds = ?2")                              \
	X(LOAD_COVERAGE, "SELECT from_seconds, to_seconds FROM coverage ORDER BY from_seconds")    \
	X(OLD_COVERAGE, "DELETE FROM coverage WHERE from_seconds < ?1 AND to_seconds < ?1")        \
	X(TOO_MANY_COVERAGE, "DELETE FROM coverage WHERE from_seconds < (SELECT from_seconds"      \
			     " FROM coverage ORDER BY from_seconds DESC LIMIT 1 OFFSET ?1)")       \
	X(PUT_ALERT, "INSERT INTO alert VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE"         \
		     " SET status = ?3, since_seconds = ?4, started_seconds = ?5")                 \
	X(EACH_ALERT, "SELECT rule, status, since_seconds, started_seconds FROM alert"             \
		      " WHERE slo = ?1 ORDER BY rule")                                             \
	X(ADD_CHANGE, "INSERT INTO change SELECT ?1,"                                              \
		      " (SELECT coalesce(max(n), 0) + 1 FROM change WHERE t_seconds = ?1),"        \
		      " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS (SELECT 1 FROM change"     \
		      " WHERE t_seconds = ?1 AND slo = ?2 AND service = ?3 AND rule = ?4"          \
		      " AND from_status = ?6 AND to_status = ?7)")                                 \
	X(EACH_CHANGE, "SELECT t_seconds, slo, service, rule, severity, from_status, to_status,"   \
		       " budget_spent_ratio, started_seconds FROM change WHERE t_seconds >= ?1"    \
		       " ORDER BY t_seconds DESC, n DESC LIMIT ?2")                                \
	X(OLD_CHANGES, "DELETE FROM change WHERE t_seconds ="                                      \
		       " (SELECT min(t_seconds) FROM change WHERE t_seconds < ?1)")                \
	X(PUT_TEXT, "INSERT INTO text VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET text = ?3")    \
	X(DROP_TEXT, "DELETE FROM text WHERE kind = ?1 AND key = ?2")                              \
	X(EACH_TEXT, "SELECT key, text FROM text WHERE kind = ?1 ORDER BY key")                    \
	X(PUT_REASONS, "INSERT INTO reasons VALUES (?1, ?2, ?3, ?4, ?5, ?6)"                       \
		       " ON CONFLICT DO UPDATE SET good = ?5, bad = ?6")                           \
	X(LOAD_REASONS,                                                                            \
	  "WITH RECURSIVE e(x) AS (SELECT min(end_seconds) FROM reasons WHERE tier = ?3"           \
	  " UNION ALL SELECT (SELECT min(end_seconds) FROM reasons"                                \
	  " WHERE tier = ?3 AND end_seconds > e.x) FROM e WHERE e.x IS NOT NULL)"                  \
	  " SELECT b.end_seconds, b.good, b.bad FROM e CROSS JOIN reasons b ON b.tier = ?3"        \
	  " AND b.end_seconds = e.x AND b.slo = ?1 AND b.which = ?2")                              \
	X(EACH_REASONS, "SELECT end_seconds, slo, which, good, bad FROM reasons WHERE tier = ?1"   \
			" AND slo IN (SELECT id FROM slo) ORDER BY end_seconds")                   \
	X(OLD_REASONS, "DELETE FROM reasons WHERE tier = ?2 AND end_seconds ="                     \
		       " (SELECT min(end_seconds) FROM reasons"                                    \
		       " WHERE tier = ?2 AND end_seconds < ?1)")                                   \
	X(PUT_REASONS_KERNEL, "INSERT INTO reasons_kernel VALUES (?1, ?2)"                         \
			      " ON CONFLICT DO UPDATE SET sums = ?2")                              \
	X(GET_REASONS_KERNEL, "SELECT sums FROM reasons_kernel WHERE slo = ?1")                    \
	X(DROP_REASONS_KERNEL, "DELETE FROM reasons_kernel WHERE slo = ?1")                        \
	X(FREE_PAGES, "PRAGMA freelist_count")                                                     \
	X(PUT_TRAFFIC, "INSERT INTO traffic VALUES (?1, ?2, ?3, ?4)"                               \
		       " ON CONFLICT DO UPDATE SET from_us = ?3, cells = ?4")                      \
	X(EACH_TRAFFIC, "SELECT from_us, to_us, cells FROM traffic"                                \
			" WHERE tier = ?1 AND to_us > ?2 AND to_us <= ?3 ORDER BY to_us")          \
	X(NEXT_TRAFFIC, "SELECT from_us FROM traffic WHERE tier = ?1 AND to_us > ?2"               \
			" ORDER BY to_us LIMIT 1")                                                 \
	X(LAST_TRAFFIC, "SELECT max(to_us) FROM traffic WHERE tier = ?1")                          \
	X(OLD_TRAFFIC, "DELETE FROM traffic WHERE tier = ?1 AND to_us ="                           \
		       " (SELECT min(to_us) FROM traffic WHERE tier = ?1 AND to_us < ?2)")         \
	X(MANY_TRAFFIC, "SELECT to_us FROM traffic WHERE tier = ?1"                                \
			" ORDER BY to_us DESC LIMIT 1 OFFSET ?2")                                  \
	X(DROP_TRAFFIC, "DELETE FROM traffic WHERE tier = ?1")                                     \
	X(FIND_TRAFFIC_KEY, "SELECT id FROM traffic_key WHERE service = ?1 AND role = ?2"          \
			    " AND route = ?3 AND method = ?4")                                     \
	X(SEEN_TRAFFIC_KEY, "UPDATE traffic_key SET last_seconds = ?2 WHERE id = ?1")              \
	X(NEW_TRAFFIC_KEY, "INSERT INTO traffic_key VALUES (NULL, ?1, ?2, ?3, ?4, ?5)")            \
	X(GET_TRAFFIC_KEY, "SELECT service, role, route, method FROM traffic_key WHERE id = ?1")   \
	X(OLD_TRAFFIC_KEYS, "DELETE FROM traffic_key WHERE last_seconds < ?1")                     \
	X(SHRINK, "PRAGMA incremental_vacuum(256)")

enum store_statement {
#define X(name, sql) STORE_##name,
	STORE_STATEMENTS(X)
#undef X
		STORE_STATEMENT_COUNT,
	STORE_TIER_STRIDE = STORE_PUT_BUCKET_1MIN - STORE_PUT_BUCKET_10S,
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Batches of a range of slots, one after the other. */
#include "samples/event_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "samples/event_db_private.h"

struct event_db_rows {
	struct event_db *db;
	sqlite3_stmt *statement;
};

struct event_db_rows *event_db_rows(struct event_db *db, const struct event_db_range *range,
				    int *ret_r)
{
	struct event_db_rows *rows = calloc(1, sizeof(*rows));
	char sql[512];
	int code;

	if (!rows) {
		*ret_r = -ENOMEM;
		return NULL;
	}
	/* CROSS: the order of the tables is told, as nothing has been analysed */
	snprintf(sql, sizeof(sql),
		 "SELECT b.id, b.last_id, b.slot, s.name, b.events, b.raw, b.bytes FROM %s"
		 " WHERE b.slot BETWEEN ?1 AND ?2 AND b.last_id > ?3 ORDER BY b.slot%s",
		 range->service ? "service s CROSS JOIN batch b INDEXED BY batch_service"
				  " ON b.service = s.id AND s.name = ?4" :
				  "batch b INDEXED BY batch_slot CROSS JOIN service s"
				  " ON s.id = b.service",
		 range->backwards ? " DESC" : "");
	code = sqlite3_prepare_v2(db->db, sql, -1, &rows->statement, NULL);
	if (code) {
		*ret_r = event_db_errno(db, code);
		free(rows);
		return NULL;
	}
	rows->db = db;
	sqlite3_bind_int64(rows->statement, 1, range->first);
	sqlite3_bind_int64(rows->statement, 2, range->last);
	sqlite3_bind_int64(rows->statement, 3, range->after);
	if (range->service)
		sqlite3_bind_text(rows->statement, 4, range->service, -1, SQLITE_TRANSIENT);
	return rows;
}

int event_db_next(struct event_db_rows *rows, struct event_db_batch *ret)
{
	sqlite3_stmt *const row = rows->statement;
	const int r = event_db_step(rows->db, row);

	if (r != 1)
		return r;
	*ret = (struct event_db_batch){
		.id = sqlite3_column_int64(row, 0),
		.last_id = sqlite3_column_int64(row, 1),
		.slot = sqlite3_column_int64(row, 2),
		.service = (const char *)sqlite3_column_text(row, 3) ?: "",
		.events = (uint32_t)sqlite3_column_int64(row, 4),
		.raw = (uint32_t)sqlite3_column_int64(row, 5),
		.bytes = sqlite3_column_blob(row, 6),
	};
	ret->n = ret->bytes ? (size_t)sqlite3_column_bytes(row, 6) : 0;
	return 1;
}

void event_db_rows_end(struct event_db_rows *rows)
{
	if (!rows)
		return;
	sqlite3_finalize(rows->statement);
	free(rows);
}

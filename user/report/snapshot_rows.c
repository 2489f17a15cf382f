/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/snapshot_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/term_names.h"
#include "status.h"

void snapshot_rows_clear(struct snapshot_rows *rows)
{
	for (size_t i = 0; i < rows->n_rows; i++)
		snapshot_period_clear(&rows->rows[i].period);
	free(rows->rows);
	snapshot_history_clear(&rows->history);
	*rows = (struct snapshot_rows){};
}

/* The outcome of that name; OUTCOME_COUNT if there is none. */
static unsigned int outcome_named(const char *name)
{
	unsigned int outcome = 0;

	while (outcome < OUTCOME_COUNT && strcmp(outcome_name((enum outcome)outcome), name) != 0)
		outcome++;
	return outcome;
}

static bool is_class(const char *status)
{
	return status[0] >= '1' && status[0] <= '9' && !strcmp(status + 1, "xx");
}

static unsigned long number_of(const char *status)
{
	char *end;
	unsigned long number = strtoul(status, &end, 10);

	return *status >= '1' && *status <= '9' && !*end && number < CELL_STATUSES ? number : 0;
}

/* The status of gRPC of that name; GRPC_STATUS_COUNT if there is none. */
static unsigned int grpc_named(const char *name)
{
	unsigned int grpc = 0;

	while (grpc < GRPC_STATUS_COUNT &&
	       strcmp(grpc_status_name((enum grpc_status)grpc), name) != 0)
		grpc++;
	return grpc;
}

bool snapshot_status_valid(const char *status)
{
	return is_class(status) || number_of(status) >= 100 ||
	       outcome_named(status) < OUTCOME_COUNT || grpc_named(status) < GRPC_STATUS_COUNT;
}

/* Of a complete request. "_unknown" is either of both. */
static bool is_of_status(unsigned int number, const char *status)
{
	const unsigned int http = status_http(number), grpc = grpc_named(status);

	if (is_class(status))
		return status_class(number) == (unsigned int)(status[0] - '0');
	if (grpc == GRPC_HIDDEN && !status_is_known(number))
		return true;
	if (grpc < GRPC_STATUS_COUNT)
		return status_is_grpc(number) && (unsigned int)status_grpc(number) == grpc;
	return http && http == number_of(status);
}

bool snapshot_has_status(uint16_t code, const char *status)
{
	if (!cell_is_count(code))
		return false;
	if (cell_outcome(code) == outcome_named(status))
		return true;
	return cell_outcome(code) == OUTCOME_COMPLETE && is_of_status(cell_status(code), status);
}

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

bool snapshot_status_valid(const char *status)
{
	return is_class(status) || number_of(status) >= 100 ||
	       outcome_named(status) < OUTCOME_COUNT;
}

bool snapshot_has_status(uint16_t code, const char *status)
{
	unsigned int outcome = code / CELL_STATUSES, number = code % CELL_STATUSES;

	if (!cell_is_count(code))
		return false;
	if (outcome == outcome_named(status))
		return true;
	if (outcome != OUTCOME_COMPLETE)
		return false;
	return is_class(status) ? status_class(number) == (unsigned int)(status[0] - '0') :
				  number && number == number_of(status);
}

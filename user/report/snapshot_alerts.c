/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/snapshot_alerts.h"

#include <stdlib.h>
#include <string.h>

static void notice_clear(struct snapshot_notice *notice)
{
	for (size_t i = 0; i < notice->n_alerts; i++) {
		free(notice->alerts[i].slo);
		free(notice->alerts[i].alert);
	}
	free(notice->alerts);
	free(notice->service);
}

static void change_clear(struct snapshot_change *change)
{
	free(change->slo);
	free(change->service);
	free(change->alert);
	free(change->severity);
	free(change->from);
	free(change->to);
}

void snapshot_alerts_clear(struct snapshot_alerts *alerts)
{
	for (size_t i = 0; i < alerts->n_notices; i++)
		notice_clear(&alerts->notices[i]);
	for (size_t i = 0; i < alerts->n_changes; i++)
		change_clear(&alerts->changes[i]);
	free(alerts->active);
	free(alerts->notices);
	free(alerts->changes);
	json_decref(alerts->receivers);
	json_decref(alerts->silences);
	json_decref(alerts->maintenance);
	memset(alerts, 0, sizeof(*alerts));
}

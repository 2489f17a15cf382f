/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/changes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct record_changed {
	struct store_change change; /* its texts are ours */
	bool written;
};

static void changed_free(struct record_changed *changed)
{
	free((char *)changed->change.slo);
	free((char *)changed->change.service);
	free((char *)changed->change.rule);
	free((char *)changed->change.severity);
	free((char *)changed->change.from);
	free((char *)changed->change.to);
	free(changed);
}

void record_changes_clear(struct record_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		changed_free(changes->list[i]);
	changes->n = 0;
}

static struct record_changed *changed_new(const struct store_change *change)
{
	struct record_changed *changed = calloc(1, sizeof(*changed));

	if (!changed)
		return NULL;
	changed->change = *change;
	changed->change.slo = strdup(change->slo);
	changed->change.service = strdup(change->service);
	changed->change.rule = strdup(change->rule);
	changed->change.severity = strdup(change->severity);
	changed->change.from = strdup(change->from);
	changed->change.to = strdup(change->to);
	if (changed->change.slo && changed->change.service && changed->change.rule &&
	    changed->change.severity && changed->change.from && changed->change.to)
		return changed;
	changed_free(changed);
	return NULL;
}

void record_changes_add(struct record_changes *changes, const struct store_change *change)
{
	struct record_changed *changed = changed_new(change);

	if (!changed)
		return;
	if (changes->n == RECORD_CHANGES_MAX) {
		changed_free(changes->list[0]);
		memmove(changes->list, changes->list + 1, --changes->n * sizeof(changes->list[0]));
	}
	changes->list[changes->n++] = changed;
}

static int load(void *context, const struct store_change *change)
{
	struct record_changes *changes = context;

	record_changes_add(changes, change);
	if (changes->n)
		changes->list[changes->n - 1]->written = true;
	return 0;
}

int record_changes_load(struct record_changes *changes, struct store *store)
{
	int r = store_each_change(store, -INFINITY, RECORD_CHANGES_MAX, load, changes);

	/* they came newest first */
	for (size_t i = 0, k = changes->n; i + 1 < k; i++) {
		struct record_changed *other = changes->list[--k];

		changes->list[k] = changes->list[i];
		changes->list[i] = other;
	}
	return r;
}

int record_changes_each(const struct record_changes *changes, double from_seconds, size_t limit,
			int (*fn)(void *context, const struct store_change *change), void *context)
{
	int r = 0;

	for (size_t i = changes->n; !r && i > 0 && limit > 0; i--, limit--) {
		if (changes->list[i - 1]->change.t_seconds < from_seconds)
			break;
		r = fn(context, &changes->list[i - 1]->change);
	}
	return r;
}

int record_changes_put(const struct record_changes *changes, struct store *store)
{
	int r = 0;

	for (size_t i = 0; !r && i < changes->n; i++) {
		if (!changes->list[i]->written)
			r = store_add_change(store, &changes->list[i]->change);
	}
	return r;
}

void record_changes_written(struct record_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		changes->list[i]->written = true;
}

void record_changes_forget(struct record_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		changes->list[i]->written = false;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What was counted of versions, as of one reading. */
#include <errno.h>
#include <stdlib.h>

#include "agent/versions.h"
#include "kernel/versions.h"

void version_counts_free(struct version_counts *counts)
{
	if (counts)
		free(counts->slos);
	free(counts);
}

static int take_slo(void *context, __u32 slo, __u32 version, __u64 good, __u64 bad)
{
	struct version_counts *counts = context;

	if (counts->n_slos == counts->room) {
		size_t room = counts->room ? counts->room * 2 : 64;
		struct version_slo_count *grown = realloc(counts->slos, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		counts->slos = grown;
		counts->room = room;
	}
	counts->slos[counts->n_slos++] = (struct version_slo_count){slo, version, good, bad};
	return 0;
}

static int take_version(void *context, __u32 id, const struct version *version,
			const struct version_note *note, __u64 requests)
{
	struct version_counts *counts = context;

	(void)version;
	(void)note;
	counts->requests[id] = requests;
	return 0;
}

static int slo_order(const void *a, const void *b)
{
	const struct version_slo_count *x = a, *y = b;

	if (x->slo != y->slo)
		return x->slo < y->slo ? -1 : 1;
	return x->version < y->version ? -1 : x->version > y->version;
}

/* They are in order. */
static void merge(struct version_counts *counts)
{
	size_t n = 0;

	for (size_t i = 0; i < counts->n_slos; i++) {
		const struct version_slo_count *count = &counts->slos[i];
		struct version_slo_count *last = n ? &counts->slos[n - 1] : NULL;

		if (last && last->slo == count->slo && last->version == count->version) {
			last->good += count->good;
			last->bad += count->bad;
		} else {
			counts->slos[n++] = *count;
		}
	}
	counts->n_slos = n;
}

int version_counts_read(struct probe *probe, struct version_counts **ret)
{
	struct version_counts *counts = calloc(1, sizeof(*counts));
	int r;

	if (!counts)
		return -ENOMEM;
	r = probe_each_version(probe, take_version, counts);
	r = r ?: probe_each_version_slo(probe, take_slo, counts);
	if (r) {
		version_counts_free(counts);
		return r;
	}
	if (counts->n_slos)
		qsort(counts->slos, counts->n_slos, sizeof(*counts->slos), slo_order);
	merge(counts);
	*ret = counts;
	return 0;
}

/* The index of the first count of that SLO, or of a later one. */
static size_t first_of(const struct version_counts *counts, __u32 slo)
{
	size_t low = 0, high = counts->n_slos;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (counts->slos[middle].slo < slo)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- rows ---- */

static const struct version_named *named_of(const struct versions *versions, __u32 id)
{
	return id < VERSIONS_MAX && versions->ids[id] ? versions->ids[id]->named : NULL;
}

/* Those that were served last first. */
static int row_order(const void *a, const void *b)
{
	const struct version_named *x = ((const struct version_row *)a)->named;
	const struct version_named *y = ((const struct version_row *)b)->named;

	if (x->last_ns != y->last_ns)
		return x->last_ns > y->last_ns ? -1 : 1;
	return x->number > y->number ? -1 : x->number < y->number;
}

struct of_name {
	const struct versions *versions;
	const struct version_named *named;
};

static bool is_of_name(void *context, __u32 version)
{
	const struct of_name *of = context;

	return named_of(of->versions, version) == of->named;
}

static size_t rows_of_service(const struct versions *versions, __u32 service,
			      struct version_row **ret)
{
	struct version_row *rows = calloc(versions->n_named ?: 1, sizeof(*rows));
	size_t n = 0;

	for (size_t i = 0; rows && i < versions->n_named; i++) {
		if (versions->named[i]->service == service && versions->named[i]->ids)
			rows[n++].named = versions->named[i];
	}
	if (n)
		qsort(rows, n, sizeof(*rows), row_order);
	*ret = rows;
	return n;
}

size_t versions_rows(const struct versions *versions, const struct version_counts *counts,
		     __u32 service, __u32 slo, struct version_row ret[VERSIONS_OF_SERVICE])
{
	struct version_row *rows;
	size_t n = rows_of_service(versions, service, &rows);

	if (n > VERSIONS_OF_SERVICE)
		n = VERSIONS_OF_SERVICE;
	for (size_t i = 0; i < n; i++) {
		struct of_name of = {versions, rows[i].named};

		ret[i] = rows[i];
		ret[i].instances = serving_instances(&versions->serving, service, is_of_name, &of);
		for (__u32 id = 1; id <= versions->last; id++) {
			if (named_of(versions, id) == rows[i].named)
				ret[i].requests += counts->requests[id];
		}
		for (size_t at = first_of(counts, slo);
		     at < counts->n_slos && counts->slos[at].slo == slo; at++) {
			if (named_of(versions, counts->slos[at].version) != rows[i].named)
				continue;
			ret[i].good += counts->slos[at].good;
			ret[i].bad += counts->slos[at].bad;
		}
	}
	free(rows);
	return n;
}

/* ---- sums ---- */

struct summing {
	const struct versions *versions;
	struct version_sum *list;
	size_t n, max;
};

static void add_sum(void *context, __u32 number, __u64 good, __u64 bad)
{
	struct summing *summing = context;
	const char *name = NULL;
	size_t i;

	for (i = 0; !name && i < summing->versions->n_named; i++) {
		if (summing->versions->named[i]->number == number)
			name = summing->versions->named[i]->name.name;
	}
	if (!name)
		return;
	for (i = 0; i < summing->n && summing->list[i].version != name; i++)
		;
	if (i == summing->max)
		return;
	if (i == summing->n)
		summing->list[summing->n++] = (struct version_sum){.version = name};
	summing->list[i].good += good;
	summing->list[i].bad += bad;
}

size_t versions_sums(const struct versions *versions, __u32 slo, double from, double until,
		     struct version_sum *ret, size_t max)
{
	struct summing summing = {.versions = versions, .list = ret, .max = max};

	version_history_each(&versions->history, slo, from, until, add_sum, &summing);
	return summing.n;
}

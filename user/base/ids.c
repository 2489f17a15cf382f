/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/ids.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct named {
	char *name;
	__u32 number;
};

struct ids {
	void *tree; /* tsearch() of struct named */
	struct named **entries; /* by id - 1; owns them */
	__u32 n;
	__u32 max;
};

static int named_cmp(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

int ids_new(__u32 max, struct ids **ret)
{
	struct ids *ids = calloc(1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	ids->max = max;
	*ret = ids;
	return 0;
}

void ids_free(struct ids *ids)
{
	if (!ids)
		return;
	for (__u32 i = 0; i < ids->n; i++) {
		tdelete(ids->entries[i], &ids->tree, named_cmp);
		free(ids->entries[i]->name);
		free(ids->entries[i]);
	}
	free(ids->entries);
	free(ids);
}

static struct named *named_new(const char *name, __u32 number)
{
	struct named *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->number = number;
	entry->name = strdup(name);
	if (!entry->name) {
		free(entry);
		return NULL;
	}
	return entry;
}

__u32 ids_number(struct ids *ids, const char *name)
{
	const struct named wanted = {.name = (char *)name};
	struct named **found = tfind(&wanted, &ids->tree, named_cmp);
	struct named **grown, *entry;

	if (found)
		return (*found)->number;
	if (ids->n == ids->max)
		return 0;
	grown = realloc(ids->entries, (ids->n + 1) * sizeof(*grown));
	if (!grown)
		return 0;
	ids->entries = grown;
	entry = named_new(name, ids->n + 1);
	if (!entry)
		return 0;
	if (!tsearch(entry, &ids->tree, named_cmp)) {
		free(entry->name);
		free(entry);
		return 0;
	}
	ids->entries[ids->n++] = entry;
	return entry->number;
}

const char *ids_name(const struct ids *ids, __u32 number)
{
	return number && number <= ids->n ? ids->entries[number - 1]->name : NULL;
}

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

struct names {
	void *tree; /* tsearch() of struct named */
	struct named **entries; /* by number - 1; owns them */
	__u32 n;
	__u32 max;
};

static int named_cmp(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

int names_new(__u32 max, struct names **ret)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->max = max;
	*ret = names;
	return 0;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	for (__u32 i = 0; i < names->n; i++) {
		tdelete(names->entries[i], &names->tree, named_cmp);
		free(names->entries[i]->name);
		free(names->entries[i]);
	}
	free(names->entries);
	free(names);
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

__u32 names_number(struct names *names, const char *name)
{
	const struct named wanted = {.name = (char *)name};
	struct named **found = tfind(&wanted, &names->tree, named_cmp);
	struct named **grown, *entry;

	if (found)
		return (*found)->number;
	if (names->n == names->max)
		return 0;
	grown = realloc(names->entries, (names->n + 1) * sizeof(*grown));
	if (!grown)
		return 0;
	names->entries = grown;
	entry = named_new(name, names->n + 1);
	if (!entry)
		return 0;
	if (!tsearch(entry, &names->tree, named_cmp)) {
		free(entry->name);
		free(entry);
		return 0;
	}
	names->entries[names->n++] = entry;
	return entry->number;
}

const char *names_name(const struct names *names, __u32 number)
{
	return number && number <= names->n ? names->entries[number - 1]->name : NULL;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/lookups.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int lookups_take(struct lookups *lookups, struct tables *tables)
{
	struct lookup *list = calloc(tables->n_lookups ?: 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < tables->n_lookups; i++) {
		list[i] = (struct lookup){.what = tables->lookups[i], .fd = -1};
		tables->lookups[i].path = NULL;
	}
	*lookups = (struct lookups){.list = list, .n = tables->n_lookups};
	return 0;
}

void lookups_clear(struct lookups *lookups)
{
	for (size_t i = 0; i < lookups->n; i++) {
		free(lookups->list[i].what.path);
		if (lookups->list[i].fd >= 0)
			close(lookups->list[i].fd);
	}
	free(lookups->list);
	free(lookups->written);
	*lookups = (struct lookups){};
}

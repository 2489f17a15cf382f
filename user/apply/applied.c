/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/applied.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/compile.h"
#include "base/cleanup.h"
#include "base/error.h"

enum {
	ROOM_FACTOR = 4, /* spare for configurations to come, and the least there is */
	ROOM_STATES = 16384,
	ROOM_CELLS = 65536,
	ROOM_ACCEPTS = 4096,
	ROOM_SETS = 256,
};

int applied_init(struct applied *applied)
{
	*applied = (struct applied){};
	return numbers_init(&applied->numbers);
}

void applied_clear(struct applied *applied)
{
	tracks_clear(&applied->tracks);
	numbers_clear(&applied->numbers);
	free(applied->in_force.policies);
	lookups_clear(&applied->in_force.lookups);
	config_clear(&applied->in_force.config);
	*applied = (struct applied){};
}

static __u32 at_least(__u32 need, __u32 least)
{
	return need * ROOM_FACTOR > least ? need * ROOM_FACTOR : least;
}

static int find_need(const struct config *config, struct numbers *numbers,
		     struct tables_region *ret, struct error *error)
{
	struct tables_ids ids = numbers_ids(numbers);
	_cleanup_free_ struct tables_slo *slos = NULL;
	struct tables tables;
	size_t n;
	int r = tables_slos(config, &slos, &n);

	r = r ?: tables_compile(config, slos, n, NULL, &ids, &tables, ret, error);
	if (!r)
		tables_clear(&tables);
	return r;
}

int applied_room(const struct config *config, struct tables_region *ret, struct error *ret_error)
{
	struct tables_region need;
	struct numbers numbers;
	int r = numbers_init(&numbers);

	r = r ?: find_need(config, &numbers, &need, ret_error);
	numbers_clear(&numbers);
	if (r == -ENOMEM)
		return error_set(ret_error, r, "out of memory");
	if (r)
		return r == -EINVAL ? r :
				      error_set(ret_error, r, "%s: %s", config->file, strerror(-r));
	*ret = (struct tables_region){
		.max_states = at_least(need.max_states, ROOM_STATES),
		.max_cells = at_least(need.max_cells, ROOM_CELLS),
		.max_accepts = at_least(need.max_accepts, ROOM_ACCEPTS),
		.max_sets = at_least(need.max_sets, ROOM_SETS),
	};
	return 0;
}

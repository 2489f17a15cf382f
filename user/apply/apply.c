/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's part in a change: writes what apply/plan has planned, and makes it live. */
#include <errno.h>
#include <string.h>

#include "apply/applied.h"
#include "apply/commit.h"
#include "apply/note.h"
#include "apply/plan.h"
#include "apply/review.h"
#include "kernel/probe.h"

static int write_and_persist(struct probe *probe, struct change *change, struct error *error)
{
	const char *file = change->config->file;
	int r = probe_write_tables(probe, &change->write);

	r = r ?: lookups_refresh(&change->lookups, probe, change->write.generation);
	if (r)
		return error_set(error, r, "%s: cannot be applied: %s", file, strerror(-r));
	r = note_persist(change);
	return r ? error_set(error, r, "%s: cannot be noted: %s", file, strerror(-r)) : 0;
}

/* How many series the services may have: by their routes. */
static void set_series(const struct change *change, struct probe *probe)
{
	const struct config *config = change->config;

	for (size_t i = 0; i < config->n_services; i++)
		probe_series_most(probe,
				  ids_number(change->applied->numbers.services,
					     config->services[i].name),
				  config->services[i].n_routes);
}

int applied_apply(struct applied *applied, struct probe *probe,
		  const struct policies_in_use *in_use, struct config *config,
		  struct error *ret_error)
{
	const struct in_force *in_force = &applied->in_force;
	struct tables_region region = probe_region(probe, in_force->generation + 1);
	struct change change;
	int r = change_plan(applied, in_use, &region, config, &change, ret_error);

	if (r)
		return r;
	r = write_and_persist(probe, &change, ret_error);
	if (r) {
		probe_forget_facts(probe, change.write.generation);
		change_drop(&change);
		return r;
	}
	set_series(&change, probe);
	probe_live(probe, change.write.generation);
	/* takeover I3: from here on nothing can fail, the kernel judges by it already */
	probe_forget_facts(probe, in_force->generation);
	change_commit(&change);
	return 0;
}

int applied_look_up(struct applied *applied, struct probe *probe)
{
	struct in_force *in_force = &applied->in_force;

	return lookups_refresh(&in_force->lookups, probe, in_force->generation);
}

static int read_policy(void *probe, __u32 number, struct policy *ret)
{
	return probe_read_policy(probe, number, ret);
}

int applied_restore(struct applied *applied, struct probe *probe,
		    const struct policies_in_use *in_use, const json_t *note)
{
	int r = note_read(note, probe_generation(probe), applied);

	return r ?: places_restore(applied, in_use, read_policy, probe);
}

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

static int write_and_persist(struct probe *probe, const struct change *change, struct error *error)
{
	const char *file = change->config->file;
	int r = probe_write_tables(probe, &change->write);

	if (r)
		return error_set(error, r, "%s: cannot be applied: %s", file, strerror(-r));
	r = note_persist(change);
	return r ? error_set(error, r, "%s: cannot be noted: %s", file, strerror(-r)) : 0;
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
		probe_forget_ports(probe, change.ports, change.write.tables.n_ports,
				   change.write.generation);
		change_drop(&change);
		return r;
	}
	probe_live(probe, change.write.generation);
	/* takeover I3: from here on nothing can fail, the kernel judges by it already */
	probe_forget_ports(probe, in_force->ports, in_force->n_ports, in_force->generation);
	change_commit(&change);
	return 0;
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configurations put in force without a kernel: a change is planned and then committed, as if all of
 * it had been written.
 */
#ifndef SLIPROBE_TESTS_APPLIED_FIXTURE_H
#define SLIPROBE_TESTS_APPLIED_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "apply/applied.h"
#include "apply/commit.h"
#include "apply/plan.h"
#include "config/load.h"

static const struct policies_in_use none_in_use;

static inline struct policies_in_use in_use_all(void)
{
	struct policies_in_use all;

	memset(&all, 0xff, sizeof(all));
	return all;
}

static inline void configure(const char *yaml, struct config *ret)
{
	struct error error = {};

	*ret = (struct config){};
	if (config_parse(yaml, strlen(yaml), "t.yaml", ret, &error))
		fail_msg("%s", error.text);
}

/* Room for all configurations of the tests, as an agent reserves it. */
static inline struct tables_region room_for_all(void)
{
	static struct tables_region room;
	struct error error = {};
	struct config config;

	if (room.max_states)
		return room;
	configure("services:\n  - {name: any, match: {port: 1}}\n", &config);
	assert_int_equal(applied_room(&config, &room, &error), 0);
	config_clear(&config);
	return room;
}

/* The region of the generation that comes next. */
static inline struct tables_region next_region(const struct applied *applied)
{
	struct tables_region room = room_for_all();

	return tables_region_of(&room, applied->in_force.generation + 1);
}

/* A change to be committed or dropped; *config is the caller's unless it is committed. */
static inline struct change plan(struct applied *applied, const struct policies_in_use *in_use,
				 const char *yaml, struct config *config)
{
	struct tables_region region = next_region(applied);
	struct error error = {};
	struct change change;

	configure(yaml, config);
	if (change_plan(applied, in_use, &region, config, &change, &error))
		fail_msg("%s", error.text);
	return change;
}

static inline void put_in_force(struct applied *applied, const struct policies_in_use *in_use,
				const char *yaml)
{
	struct config config;
	struct change change = plan(applied, in_use, yaml, &config);

	change_commit(&change);
}

/* A plan that fails, and the sentence it fails with. */
static inline int plan_fails(struct applied *applied, const struct policies_in_use *in_use,
			     const struct tables_region *region, const char *yaml,
			     struct error *ret_error)
{
	struct config config;
	struct change change;
	int r;

	configure(yaml, &config);
	r = change_plan(applied, in_use, region, &config, &change, ret_error);
	assert_int_not_equal(r, 0);
	config_clear(&config);
	return r;
}

static inline struct track *track_named(const struct applied *applied, const char *name)
{
	struct track *track = tracks_named(&applied->tracks, name);

	if (!track)
		fail_msg("no SLO %s in force", name);
	return track;
}

#endif

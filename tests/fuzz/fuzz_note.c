/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The note of a take-over: any JSON is read, or refused, as apply/note says. What is read is counted on
 * and put under another configuration, and is noted again as what another agent reads.
 */
#include "apply/commit.h"
#include "apply/note.h"
#include "apply/plan.h"
#include "apply/review.h"
#include "config/load.h"
#include "tests/fuzz/json_mutate.h"

static const char yaml[] =
	"services:\n"
	"  - {name: shop, match: {port: 80}, routes: [/a]}\n"
	"slos:\n"
	"  - {name: checkout, service: shop, objective: 99, good: {latency: 1s}}\n"
	"  - {name: \"{service}-up\", service: \"*\", objective: 99.9}\n";

static struct tables_region room;

static void read_config(struct config *ret)
{
	struct error error;

	require(!config_parse(yaml, strlen(yaml), "fuzz.yaml", ret, &error), "no configuration");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct config config;
	struct error error;

	(void)argc;
	(void)argv;
	read_config(&config);
	require(!applied_room(&config, &room, &error), error.text);
	config_clear(&config);
	return 0;
}

/* What the kernel may have written: a policy that judges for a track and a wildcard. */
static int read_policy(void *context, __u32 number, struct policy *ret)
{
	(void)context;
	*ret = (struct policy){.n_slos = 2};
	ret->slos[0] = (struct policy_slo){.criteria = number % SLO_CRITERIA_MAX,
					   .counts = number % SLO_CRITERIA_MAX};
	ret->slos[1].counts = SLO_CRITERIA_MAX;
	return 0;
}

static int keep(void *context, __u32 generation, const json_t *body)
{
	json_t **kept = context;

	(void)generation;
	json_decref(*kept);
	*kept = json_deep_copy(body);
	return 0;
}

/* The body of what is in force is read by another agent, and says the same again. */
static void read_again(struct applied *applied)
{
	json_t *first = NULL, *second = NULL;
	struct applied again;

	applied->persist = keep;
	applied->persist_context = &first;
	note_persist_again(applied);
	require(first != NULL, "no note");
	require(!applied_init(&again), "no memory");
	require(!note_read(first, applied->in_force.generation, &again), "its own note is refused");
	again.persist = keep;
	again.persist_context = &second;
	note_persist_again(&again);
	require(second != NULL, "no note when read again");
	for (size_t i = 0; i < 2; i++) {
		const char *key = i ? "services" : "routes";

		require(json_equal(json_object_get(first, key), json_object_get(second, key)),
			"other names when read again");
	}
	require(json_array_size(json_object_get(second, "tracks")) ==
			json_array_size(json_object_get(first, "tracks")),
		"another number of tracks when read again");
	applied_clear(&again);
	json_decref(first);
	json_decref(second);
}

/* As the agent's steps do, until another configuration has replaced it. */
static void count_on(struct applied *applied)
{
	for (size_t i = 0; i < applied->tracks.n_ending; i++) {
		struct track *track = applied->tracks.ending[i].track;

		for (uint64_t step = 1; step < 20; step++) {
			struct slo_counts counts = {.good = step * 100, .bad = {step}};

			require(!track_step(track, 1e9 + (double)step * 10, &counts, NULL, false),
				"a step failed");
		}
	}
}

static void change(struct applied *applied)
{
	static const struct policies_in_use none_in_use;
	struct tables_region region = tables_region_of(&room, applied->in_force.generation + 1);
	struct config config;
	struct change change;
	struct error error = {};

	read_config(&config);
	if (change_plan(applied, &none_in_use, &region, &config, &change, &error)) {
		/* no free place: what is restored stays as it is */
		require(error.text[0], "refused without a reason");
		config_clear(&config);
		return;
	}
	change_commit(&change);
	require(applied->tracks.n_configured == 2, "not the SLOs of the configuration");
	for (int i = 0; i < 3; i++) {
		applied_review_ending(applied, &none_in_use);
		applied_forget_ended(applied);
	}
	read_again(applied);
}

static void read_note(const json_t *note)
{
	static const struct policies_in_use none_in_use;
	struct note_head head;
	const json_t *body;
	struct applied applied;
	json_int_t generation;
	int r;

	if (note_open(note, &head, &body))
		return;
	require(head.instance != NULL, "no instance");
	require(!applied_init(&applied), "no memory");
	generation = json_integer_value(json_object_get(body, "generation"));
	/* the next one would be 0, which is none: it takes 2^32 reloads */
	if ((__u32)generation == UINT32_MAX)
		generation = 0;
	r = note_read(body, (__u32)generation, &applied);
	require(!r || r == -EINVAL || r == -ENOMEM, "refused with another error");
	r = r ?: places_restore(&applied, &none_in_use, read_policy, NULL);
	if (!r) {
		count_on(&applied);
		change(&applied);
	}
	applied_clear(&applied);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *note = json_loadb((const char *)data, size, 0, NULL);

	if (note)
		read_note(note);
	json_decref(note);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	random_seed(seed);
	return json_mutate(data, size, max_size);
}

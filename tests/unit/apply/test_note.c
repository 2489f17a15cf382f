/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The note on what is in force: written, read by another agent, and put in force again.
 * Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
#include <errno.h>

#include "tests/unit/apply/applied_fixture.h"
#include "apply/note.h"
#include "apply/review.h"
#include "tests/unit/fixtures/malloc_fail.h"

static const char first[] = "services:\n"
			    "  - {name: shop, match: {port: 80}, routes: [/a]}\n"
			    "slos:\n"
			    "  - {name: fast, service: shop, objective: 99, good: {latency: 1s}}\n"
			    "  - {name: \"{service}-up\", service: \"*\", objective: 99.9}\n";

/* `fast` and the wildcard end, one that is budgeted by slices begins. */
static const char second[] = "services:\n"
			     "  - {name: cart, match: {port: 81}, routes: [/b]}\n"
			     "slos:\n"
			     "  - name: sliced\n"
			     "    service: cart\n"
			     "    objective: 95\n"
			     "    budgeting: {timeslices: {slice: 1m, target: 90}}\n";

/* An agent that writes notes, and one that reads them. */
static struct applied writer, reader;

/* The last body that `writer` has persisted. */
static json_t *persisted;
static __u32 persisted_generation;
static int persist_result;

static int persist(void *context, __u32 generation, const json_t *body)
{
	assert_ptr_equal(context, &writer);
	json_decref(persisted);
	persisted = json_deep_copy(body);
	persisted_generation = generation;
	return persist_result;
}

static int setup(void **state)
{
	int r = applied_init(&writer) ?: applied_init(&reader);

	(void)state;
	writer.persist = persist;
	writer.persist_context = &writer;
	persist_result = 0;
	return r;
}

static int teardown(void **state)
{
	(void)state;
	applied_clear(&writer);
	applied_clear(&reader);
	json_decref(persisted);
	persisted = NULL;
	return 0;
}

static void put_in_force_and_note(const char *yaml)
{
	struct config config;
	struct change change = plan(&writer, &none_in_use, yaml, &config);

	assert_int_equal(note_persist(&change), 0);
	change_commit(&change);
}

static void assert_json(const json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_COMPACT);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

/* ---- the format ---- */

/* If this changes, NOTE_FORMAT must be raised: another version reads what this one wrote. */
TEST(the_note_of_format_3_is_this)
{
	const struct note_head head = {
		.build = "b", .instance = "i", .attached_boottime_seconds = 4.5};
	json_t *note;

	put_in_force_and_note(first);
	writer.tracks.configured[0]->birth.boottime_seconds = 1.5;
	writer.tracks.wildcards[0].birth.boottime_seconds = 2.5;
	note_persist_again(&writer);
	for (size_t i = 0; i < 2; i++) {
		/* definitions have tests of their own */
		json_t *tracks = json_object_get(persisted, i ? "wildcards" : "tracks");

		json_object_set_new(json_array_get(tracks, 0), "definition", json_string("d"));
		if (!i)
			json_object_set_new(json_array_get(tracks, 1), "definition",
					    json_string("d"));
		if (!i)
			json_object_set_new(json_array_get(tracks, 1), "born", json_real(1.5));
	}
	note = note_wrap(&head, persisted);
	assert_int_equal(NOTE_FORMAT, 3);
	assert_json(note, "{\"format\":3,\"build\":\"b\",\"instance\":\"i\",\"attached\":4.5,"
			  "\"rules\":{\"generation\":1,\"serials\":3,\"services\":[\"shop\"],"
			  "\"routes\":[\"/a\"],\"policies\":[1,2],\"tracks\":["
			  "{\"name\":\"fast\",\"service\":\"shop\",\"definition\":\"d\",\"slo\":"
			  "\"fast\",\"wildcard\":false,\"slice_seconds\":0,\"slice_target\":0.0,"
			  "\"counts\":0,\"serial\":1,\"born\":1.5},"
			  "{\"name\":\"shop-up\",\"service\":\"shop\",\"definition\":\"d\",\"slo\":"
			  "\"{service}-up\",\"wildcard\":true,\"slice_seconds\":0,\"slice_target\":"
			  "0.0,\"counts\":1,\"serial\":2,\"born\":1.5}],"
			  "\"wildcards\":[{\"name\":\"{service}-up\",\"definition\":\"d\","
			  "\"slice_seconds\":0,\"slice_target\":0.0,\"criteria\":2,\"base\":4096,"
			  "\"serial\":3,\"born\":2.5}]}}");
	json_decref(note);
}

TEST(the_head_tells_which_kernel_side_it_is_on)
{
	const struct note_head head = {
		.build = "b", .instance = "i", .attached_boottime_seconds = 4.5};
	json_t *body = json_pack("{s:i}", "generation", 1), *note = note_wrap(&head, body);
	struct note_head read;
	const json_t *read_body;

	assert_int_equal(note_open(note, &read, &read_body), 0);
	assert_string_equal(read.build, "b");
	assert_string_equal(read.instance, "i");
	assert_true(read.attached_boottime_seconds == 4.5);
	assert_ptr_equal(read_body, body);
	json_object_del(note, "build");
	assert_int_equal(note_open(note, &read, &read_body), 0);
	assert_null(read.build);
	json_decref(note);
	json_decref(body);
}

TEST(a_note_of_another_format_is_refused)
{
	static const char *const notes[] = {
		"{}",
		"[]",
		"{\"instance\": \"i\", \"rules\": {}}",
		"{\"format\": 2, \"instance\": \"i\", \"rules\": {}}",
		"{\"format\": 4, \"instance\": \"i\", \"rules\": {}}",
		"{\"format\": \"3\", \"instance\": \"i\", \"rules\": {}}",
		"{\"format\": 3, \"rules\": {}}",
		"{\"format\": 3, \"instance\": 7, \"rules\": {}}",
	};
	struct note_head head;
	const json_t *body;

	assert_int_equal(note_open(NULL, &head, &body), -EINVAL);
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		json_t *note = json_loads(notes[i], 0, NULL);

		assert_non_null(note);
		if (note_open(note, &head, &body) != -EINVAL)
			fail_msg("%s", notes[i]);
		json_decref(note);
	}
}

/* ---- write, read, write ---- */

TEST(what_is_read_is_what_was_written)
{
	static const char *const names[] = {"sliced", "fast", "shop-up"};

	put_in_force_and_note(first);
	assert_int_equal(applied_found(&writer, "nginx:80", 5, 0), 0);
	put_in_force_and_note(second);
	assert_int_equal(persisted_generation, 2);
	assert_int_equal(note_read(persisted, 2, &reader), 0);
	assert_int_equal(reader.in_force.generation, 2);
	assert_int_equal(reader.numbers.serials, 4);
	assert_int_equal(reader.in_force.n_policies, 2);
	assert_int_equal(reader.in_force.policies[0], 3);
	assert_int_equal(reader.in_force.policies[1], 4);
	assert_string_equal(ids_name(reader.numbers.services, 1), "shop");
	assert_string_equal(ids_name(reader.numbers.services, 2), "cart");
	assert_string_equal(ids_name(reader.numbers.routes, 2), "/b");
	/* all of it ends until a configuration has it again */
	assert_int_equal(tracks_count(&reader.tracks, TRACKS_IN_FORCE), 0);
	assert_int_equal(reader.tracks.n_ending, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct track *track = reader.tracks.ending[i].track;

		assert_string_equal(track->name, names[i]);
		assert_null(track->slo);
		assert_int_equal(track->wildcard, i == 2);
		assert_int_equal(track->counts, i ? i - 1 : 3);
		assert_int_equal(track->slice_seconds, i ? 0 : 60);
	}
	assert_true(reader.tracks.ending[0].track->slice_target == 0.9);
	assert_int_equal(reader.tracks.n_wildcards, 1);
	assert_null(reader.tracks.wildcards[0].slo);
	assert_int_equal(reader.tracks.wildcards[0].base, SLO_CRITERIA_MAX);

	/* and is written again as it was */
	reader.persist = persist;
	reader.persist_context = &writer;
	{
		json_t *before = json_incref(persisted);

		note_persist_again(&reader);
		assert_true(json_equal(persisted, before));
		assert_int_equal(persisted_generation, 2);
		json_decref(before);
	}
}

static int read_policy(void *context, __u32 number, struct policy *ret)
{
	(void)context;
	(void)number;
	*ret = (struct policy){};
	return 0;
}

TEST(what_is_put_in_force_again_goes_on)
{
	const struct track *fast;
	struct config config;
	struct change change;

	put_in_force_and_note(first);
	fast = track_named(&writer, "fast");
	assert_int_equal(note_read(persisted, 1, &reader), 0);
	assert_int_equal(places_restore(&reader, &none_in_use, read_policy, NULL), 0);
	change = plan(&reader, &none_in_use, first, &config);
	assert_int_equal(change.write.generation, 2);
	assert_int_equal(change.write.n_counters, 0);
	/* policies 1 and 2 are live */
	assert_int_equal(change.write.policies[0], 3);
	change_commit(&change);
	assert_int_equal(track_named(&reader, "fast")->counts, fast->counts);
	assert_int_equal(track_named(&reader, "fast")->birth.serial, fast->birth.serial);
	assert_true(track_named(&reader, "fast")->birth.boottime_seconds ==
		    fast->birth.boottime_seconds);
	assert_int_equal(reader.tracks.wildcards[0].birth.serial,
			 writer.tracks.wildcards[0].birth.serial);
	assert_non_null(reader.tracks.wildcards[0].slo);
	assert_int_equal(reader.tracks.n_ending, 0);
	/* a service met anew counts where it did */
	assert_int_equal(applied_found(&reader, "nginx:80", 5, 0), 0);
	assert_int_equal(track_named(&reader, "nginx:80-up")->counts, SLO_CRITERIA_MAX + 5);
}

TEST(what_is_forgotten_is_noted)
{
	put_in_force_and_note(first);
	put_in_force_and_note(second);
	assert_int_equal(json_array_size(json_object_get(persisted, "tracks")), 3);
	assert_int_equal(json_array_size(json_object_get(persisted, "wildcards")), 1);
	applied_review_ending(&writer, &none_in_use);
	applied_forget_ended(&writer);
	assert_int_equal(json_array_size(json_object_get(persisted, "tracks")), 3);
	applied_review_ending(&writer, &none_in_use);
	applied_forget_ended(&writer);
	assert_int_equal(json_array_size(json_object_get(persisted, "tracks")), 1);
	assert_int_equal(json_array_size(json_object_get(persisted, "wildcards")), 0);
	assert_int_equal(persisted_generation, 2);
}

TEST(an_error_of_persist_is_told)
{
	struct config config;
	struct change change = plan(&writer, &none_in_use, first, &config);

	persist_result = -EROFS;
	assert_int_equal(note_persist(&change), -EROFS);
	writer.persist = NULL;
	assert_int_equal(note_persist(&change), 0);
	change_drop(&change);
	config_clear(&config);
}

/* ---- bodies that are not understood ---- */

static int read_changed(const char *path[3], json_t *value)
{
	json_t *body = json_deep_copy(persisted), *object = body;
	int r;

	if (path[1])
		object = json_array_get(json_object_get(body, path[0]), (size_t)(path[1][0] - '0'));
	if (value)
		json_object_set_new(object, path[1] ? path[2] : path[0], value);
	else
		json_object_del(object, path[1] ? path[2] : path[0]);
	applied_clear(&reader);
	assert_int_equal(applied_init(&reader), 0);
	r = note_read(body, 1, &reader);
	json_decref(body);
	return r;
}

TEST(a_body_that_is_not_understood_is_refused)
{
	const struct {
		const char *path[3];
		json_t *value; /* NULL: without it */
	} rows[] = {
		{{"generation"}, NULL},
		{{"generation"}, json_integer(2)},
		{{"services"}, json_pack("[i]", 7)},
		{{"routes"}, json_pack("[n]")},
		{{"tracks", "0", "name"}, NULL},
		{{"tracks", "0", "counts"}, json_integer(-1)},
		{{"tracks", "0", "counts"}, json_integer(SLO_CRITERIA_MAX)},
		{{"tracks", "1", "slice_seconds"}, json_integer(-1)},
		{{"wildcards", "0", "definition"}, json_integer(7)},
		{{"wildcards", "0", "criteria"}, json_integer(-1)},
		{{"wildcards", "0", "criteria"}, json_integer(SLO_CRITERIA_MAX)},
		{{"wildcards", "0", "base"}, json_integer(SLO_CRITERIA_MAX - 1)},
		{{"wildcards", "0", "base"}, json_integer(SLO_COUNTS_MAX)},
		{{"wildcards", "0", "slice_seconds"}, json_integer(-1)},
	};
	const char *untouched[3] = {"nothing"};

	put_in_force_and_note(first);
	assert_int_equal(read_changed(untouched, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path[3] = {rows[i].path[0], rows[i].path[1], rows[i].path[2]};

		if (read_changed(path, rows[i].value) != -EINVAL)
			fail_msg("row %zu: %s %s", i, path[0], path[2] ?: "");
	}
	/* generation 0 is none */
	json_object_set_new(persisted, "generation", json_integer(0));
	assert_int_equal(note_read(persisted, 0, &reader), -EINVAL);
	assert_int_equal(note_read(NULL, 1, &reader), -EINVAL);
}

TEST(every_failed_allocation_of_a_reading_is_clean)
{
	unsigned long n;

	put_in_force_and_note(first);
	put_in_force_and_note(second);
	for (n = 1;; n++) {
		int r;

		applied_clear(&reader);
		assert_int_equal(applied_init(&reader), 0);
		n_allocations = 0;
		fail_at = n;
		r = note_read(persisted, 2, &reader);
		fail_at = 0;
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(the_note_of_format_3_is_this),
		WITH_SETUP(the_head_tells_which_kernel_side_it_is_on),
		WITH_SETUP(a_note_of_another_format_is_refused),
		WITH_SETUP(what_is_read_is_what_was_written),
		WITH_SETUP(what_is_put_in_force_again_goes_on),
		WITH_SETUP(what_is_forgotten_is_noted),
		WITH_SETUP(an_error_of_persist_is_told),
		WITH_SETUP(a_body_that_is_not_understood_is_refused),
		WITH_SETUP(every_failed_allocation_of_a_reading_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

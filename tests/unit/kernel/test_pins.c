/* SPDX-License-Identifier: GPL-2.0-only */
/* The place of pins and notes, in directories of the test's own: no BPF file system is needed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "kernel/pins.h"

struct place {
	char root[64];
	char pins_dir[PATH_MAX];
	char notes_dir[PATH_MAX];
	char state_dir[PATH_MAX];
	struct pins_dirs dirs;
	struct pins *pins;
};

static struct pins *open_at(struct place *place, const char *state_dir)
{
	struct pins *pins = NULL;
	struct error error = {};

	assert_int_equal(pins_open(&place->dirs, state_dir, &pins, &error), 0);
	assert_string_equal(error.text, "");
	return pins;
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->root, "/tmp/test-pins-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	snprintf(place->pins_dir, PATH_MAX, "%s/pins", place->root);
	snprintf(place->notes_dir, PATH_MAX, "%s/notes", place->root);
	snprintf(place->state_dir, PATH_MAX, "%s/state", place->root);
	assert_int_equal(mkdir(place->state_dir, 0700), 0);
	place->dirs = (struct pins_dirs){.pins = place->pins_dir, .notes = place->notes_dir};
	place->pins = open_at(place, place->state_dir);
	*state = place;
	return 0;
}

/* A test that leaves a file behind fails here. */
static int teardown(void **state)
{
	struct place *place = *state;

	if (place->pins)
		pins_remove(place->pins);
	pins_close(place->pins);
	assert_int_equal(rmdir(place->state_dir), 0);
	assert_int_equal(rmdir(place->root), 0);
	free(place);
	return 0;
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[2 * PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static size_t n_files(const char *dir, const char *prefix)
{
	DIR *entries = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries)))
		n += entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix));
	closedir(entries);
	return n;
}

/* The path of the only note. */
static void note_path(const struct place *place, char ret[static PATH_MAX + 256])
{
	DIR *entries = opendir(place->notes_dir);
	struct dirent *entry;

	assert_non_null(entries);
	assert_int_equal(n_files(place->notes_dir, "kernel-"), 1);
	while ((entry = readdir(entries))) {
		if (!strncmp(entry->d_name, "kernel-", strlen("kernel-")))
			snprintf(ret, PATH_MAX + 256, "%s/%s", place->notes_dir, entry->d_name);
	}
	closedir(entries);
}

static void note(struct place *place, __u32 generation, const char *text)
{
	json_t *json = json_pack("{s:s}", "text", text);

	assert_int_equal(pins_note(place->pins, generation, json), 0);
	json_decref(json);
}

/* NULL: there is none that can be read. */
static void assert_noted(struct place *place, __u32 generation, const char *text)
{
	json_t *json = pins_noted(place->pins, generation);

	if (text)
		assert_string_equal(json_string_value(json_object_get(json, "text")), text);
	else
		assert_null(json);
	json_decref(json);
}

/* ---- the place ---- */

TEST(one_agent_at_a_time_has_the_place)
{
	struct place *place = *state;
	struct pins *other = NULL;
	struct error error = {};
	char text[PATH_MAX + 128];

	assert_int_equal(pins_open(&place->dirs, place->state_dir, &other, &error), -EBUSY);
	assert_null(other);
	snprintf(text, sizeof(text),
		 "another agent uses the same state directory: process %d (%s/lock-", getpid(),
		 place->notes_dir);
	assert_ptr_equal(strstr(error.text, text), error.text);
	pins_close(place->pins);
	place->pins = open_at(place, place->state_dir);
}

TEST(a_note_is_for_the_group_to_read_at_most)
{
	struct place *place = *state;
	char path[PATH_MAX + 256];
	const mode_t before = umask(0);
	struct stat status;

	/* whatever the umask, and what an older agent has left */
	note(place, 1, "mine");
	note_path(place, path);
	assert_int_equal(chmod(path, 0666), 0);
	note(place, 1, "again");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	umask(before);
}

TEST(agents_with_other_state_directories_do_not_meet)
{
	struct place *place = *state;
	struct pins *other = open_at(place, "/nonexistent/state");
	json_t *json = json_object();

	assert_string_not_equal(pins_dir(other), pins_dir(place->pins));
	note(place, 1, "mine");
	put_file(pins_dir(place->pins), "link_mine", "");
	assert_int_equal(pins_note(other, 1, json), 0);
	pins_remove(other);
	pins_close(other);
	json_decref(json);
	assert_noted(place, 1, "mine");
	assert_true(pins_any(place->pins));
}

TEST(a_state_directory_is_the_same_by_any_path)
{
	struct place *place = *state;
	char roundabout[2 * PATH_MAX];
	struct pins *other = NULL;
	struct error error;

	snprintf(roundabout, sizeof(roundabout), "%s/../state/.", place->state_dir);
	assert_int_equal(pins_open(&place->dirs, roundabout, &other, &error), -EBUSY);
}

static int refuse_mount(struct error *ret_error)
{
	return error_set(ret_error, -EPERM, "no mount for you");
}

TEST(a_file_system_that_cannot_be_mounted_is_the_reason)
{
	struct place *place = *state;
	struct pins *other = NULL;
	struct error error;

	place->dirs.mount = refuse_mount;
	assert_int_equal(pins_open(&place->dirs, "/nonexistent/state", &other, &error), -EPERM);
	assert_string_equal(error.text, "no mount for you");
	assert_null(other);
	/* its lock file is left, as of an agent that was killed */
	place->dirs.mount = NULL;
	pins_close(open_at(place, "/nonexistent/state"));
}

TEST(a_directory_that_cannot_be_made_is_named)
{
	struct place *place = *state;
	const struct pins_dirs dirs = {.pins = "/dev/null/pins", .notes = place->notes_dir};
	struct pins *other = NULL;
	struct error error;

	assert_int_equal(pins_open(&dirs, "/nonexistent/state", &other, &error), -ENOTDIR);
	assert_memory_equal(error.text, "cannot make /dev/null/pins/", 27);
	pins_close(open_at(place, "/nonexistent/state"));
}

TEST(a_lock_that_cannot_be_made_is_named)
{
	struct place *place = *state;
	const struct pins_dirs dirs = {.pins = place->pins_dir, .notes = "/dev/null/notes"};
	struct pins *other = NULL;
	struct error error;

	assert_int_equal(pins_open(&dirs, place->state_dir, &other, &error), -ENOTDIR);
	assert_memory_equal(error.text, "cannot lock /dev/null/notes/lock-", 33);
}

/* kill -9 unlocks, but removes nothing. */
TEST(a_lock_file_without_an_owner_is_taken)
{
	struct place *place = *state;

	put_file(pins_dir(place->pins), "map_conns", "");
	pins_close(place->pins);
	assert_int_equal(n_files(place->notes_dir, "lock-"), 1);
	place->pins = open_at(place, place->state_dir);
	assert_true(pins_any(place->pins));
}

TEST(an_empty_place_is_removed)
{
	struct place *place = *state;

	pins_close(place->pins);
	place->pins = NULL;
	assert_int_equal(access(place->pins_dir, F_OK), -1);
	assert_int_equal(access(place->notes_dir, F_OK), -1);
}

/* ---- pins ---- */

TEST(removing_leaves_neither_pins_nor_notes)
{
	struct place *place = *state;

	assert_false(pins_any(place->pins));
	put_file(pins_dir(place->pins), "map_conns", "");
	put_file(pins_dir(place->pins), "prog_tp_send", "");
	put_file(pins_dir(place->pins), "link_tp_send", "");
	note(place, 7, "text");
	assert_true(pins_any(place->pins));
	pins_remove(place->pins);
	assert_false(pins_any(place->pins));
	assert_noted(place, 7, NULL);
	assert_int_equal(n_files(place->notes_dir, "kernel-"), 0);
	pins_remove(place->pins);
}

/* Killed between any two removals, it leaves no program attached without its maps' pins. */
TEST(i4_links_are_removed_first)
{
	static const char *const names[] = {
		"map_a", "link_a", "prog_a", "map_b", "link_b", "prog_b", "link_c", "link_d",
	};
	struct place *place = *state;
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	size_t n_links = 0, n = 0;
	ssize_t len;

	assert_true(watch >= 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put_file(pins_dir(place->pins), names[i], "");
	assert_true(inotify_add_watch(watch, pins_dir(place->pins), IN_DELETE) >= 0);
	pins_remove(place->pins);
	len = read(watch, events, sizeof(events));
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (struct inotify_event *)(events + at);

		if (!strncmp(event->name, "link_", 5)) {
			assert_int_equal(n_links, n);
			n_links++;
		}
		n++;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	close(watch);
	assert_int_equal(n, sizeof(names) / sizeof(names[0]));
	assert_int_equal(n_links, 4);
}

/* ---- notes ---- */

TEST(each_generation_has_its_note)
{
	struct place *place = *state;

	note(place, 1, "one");
	note(place, 2, "two");
	assert_noted(place, 1, "one");
	assert_noted(place, 2, "two");
	assert_noted(place, 3, NULL);
	note(place, 2, "other");
	assert_noted(place, 2, "other");
}

TEST(notes_of_other_generations_are_forgotten)
{
	struct place *place = *state;

	note(place, 2, "two");
	note(place, 22, "twenty-two");
	note(place, 4294967295U, "last");
	pins_forget_notes(place->pins, 22);
	assert_noted(place, 2, NULL);
	assert_noted(place, 22, "twenty-two");
	assert_noted(place, 4294967295U, NULL);
}

TEST(i3_a_note_is_written_whole_or_not_at_all)
{
	struct place *place = *state;
	const struct rlimit little = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
	char long_text[3 * 4096];
	struct rlimit before;
	json_t *json;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	json = json_pack("{s:s}", "text", long_text);
	note(place, 1, "whole");

	/* a disk that is full in the middle of it */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_int_equal(pins_note(place->pins, 1, json), -EFBIG);
	assert_int_equal(pins_note(place->pins, 2, json), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);

	assert_noted(place, 1, "whole");
	assert_noted(place, 2, NULL);
	assert_int_equal(n_files(place->notes_dir, "kernel-"), 1);
	assert_int_equal(pins_note(place->pins, 1, json), 0);
	assert_noted(place, 1, long_text);
	json_decref(json);
}

/* The agent was killed while it wrote: the note it had is the note. */
TEST(a_half_written_note_is_none)
{
	struct place *place = *state;
	char path[PATH_MAX + 256];
	char *end;

	note(place, 1, "whole");
	note_path(place, path);
	end = strstr(path, ".1.json");
	assert_non_null(end);
	strcpy(end, ".new");
	put_file(place->notes_dir, strrchr(path, '/') + 1, "{\"text\": \"ha");
	assert_noted(place, 1, "whole");
	pins_forget_notes(place->pins, 1);
	assert_noted(place, 1, "whole");
	assert_int_equal(n_files(place->notes_dir, "kernel-"), 1);
}

TEST(a_note_that_cannot_be_read_is_none)
{
	static const char *const texts[] = {
		"",
		"{\"text\": \"torn",
		"no JSON at all",
		"{\"text\": \"1\", \"text\": \"2\"}",
	};
	struct place *place = *state;
	char path[PATH_MAX + 256];

	note(place, 1, "whole");
	note_path(place, path);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_file(place->notes_dir, strrchr(path, '/') + 1, texts[i]);
		assert_noted(place, 1, NULL);
	}
}

/* ---- removed under it ---- */

TEST(what_is_removed_is_made_again)
{
	struct place *place = *state;

	note(place, 1, "a");
	put_file(pins_dir(place->pins), "map_left", "");
	assert_true(pins_in_place(place->pins));
	assert_int_equal(pins_again(place->pins), 0);
	assert_false(pins_any(place->pins)); /* all can be pinned again */
	assert_int_equal(rmdir(pins_dir(place->pins)), 0);
	assert_int_equal(rmdir(place->pins_dir), 0);
	assert_true(pins_has_note(place->pins, 1));
	assert_false(pins_has_note(place->pins, 2));
	assert_int_equal(pins_again(place->pins), 0);
	put_file(pins_dir(place->pins), "map_left", "");
	assert_true(pins_any(place->pins));
}

TEST(a_place_that_is_gone_leaves_no_lock)
{
	struct place *place = *state;

	assert_int_equal(rmdir(pins_dir(place->pins)), 0);
	assert_int_equal(rmdir(place->pins_dir), 0);
	pins_close(place->pins);
	place->pins = NULL;
	assert_int_equal(access(place->notes_dir, F_OK), -1);
}

TEST(a_note_that_is_left_is_seen)
{
	struct place *place = *state;

	assert_false(pins_any_note(place->pins));
	note(place, 3, "a");
	assert_true(pins_any_note(place->pins));
	pins_forget_notes(place->pins, 0);
	assert_false(pins_any_note(place->pins));
}

/* The directory may be that of the user that the agent runs as, and be read by root. */
TEST(what_is_in_the_place_of_a_note_is_not_waited_for)
{
	struct place *place = *state;
	char path[PATH_MAX + 256], elsewhere[PATH_MAX], temporary[PATH_MAX + 512];

	note(place, 1, "a");
	note_path(place, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_noted(place, 1, NULL);
	/* nor is a link followed when one is written */
	snprintf(elsewhere, sizeof(elsewhere), "%.60s/elsewhere", place->root);
	snprintf(temporary, sizeof(temporary), "%.*s.new", (int)(strrchr(path, '.') - path - 2),
		 path);
	assert_int_equal(symlink(elsewhere, temporary), 0);
	note(place, 1, "b");
	alarm(0);
	assert_int_equal(access(elsewhere, F_OK), -1);
	assert_noted(place, 1, "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(one_agent_at_a_time_has_the_place),
		cmocka_unit_test_setup_teardown(agents_with_other_state_directories_do_not_meet,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_state_directory_is_the_same_by_any_path, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_system_that_cannot_be_mounted_is_the_reason,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_directory_that_cannot_be_made_is_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_lock_that_cannot_be_made_is_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_lock_file_without_an_owner_is_taken, setup,
						teardown),
		WITH_SETUP(an_empty_place_is_removed),
		cmocka_unit_test_setup_teardown(removing_leaves_neither_pins_nor_notes, setup,
						teardown),
		WITH_SETUP(i4_links_are_removed_first),
		WITH_SETUP(each_generation_has_its_note),
		WITH_SETUP(a_note_is_for_the_group_to_read_at_most),
		cmocka_unit_test_setup_teardown(notes_of_other_generations_are_forgotten, setup,
						teardown),
		cmocka_unit_test_setup_teardown(i3_a_note_is_written_whole_or_not_at_all, setup,
						teardown),
		WITH_SETUP(a_half_written_note_is_none),
		cmocka_unit_test_setup_teardown(a_note_that_cannot_be_read_is_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_removed_is_made_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_place_that_is_gone_leaves_no_lock, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_note_that_is_left_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_in_the_place_of_a_note_is_not_waited_for,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

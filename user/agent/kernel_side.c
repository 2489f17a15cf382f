/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/kernel_side.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/say.h"
#include "kernel/versions.h"

/* ---- the place ---- */

int kernel_side_open(struct kernel_side *kernel, const char *state_dir, struct error *ret_error)
{
	int r = pins_open(&pins_dirs_host, state_dir, &kernel->pins, &kernel->unpinned);

	if (r == -EBUSY) {
		*ret_error = kernel->unpinned;
		return r;
	}
	if (r)
		say("%s: counting ends with this process", kernel->unpinned.text);
	return 0;
}

void kernel_side_close(struct kernel_side *kernel)
{
	json_decref(TAKE_PTR(kernel->note));
	probe_close(kernel->probe);
	pins_close(kernel->pins);
	kernel->probe = NULL;
	kernel->pins = NULL;
}

bool kernel_side_left(const struct kernel_side *kernel)
{
	return kernel->pins && pins_any(kernel->pins);
}

bool kernel_side_was_removed(struct kernel_side *kernel)
{
	if (!kernel->pins || pins_any(kernel->pins) || !pins_any_note(kernel->pins))
		return false;
	pins_forget_notes(kernel->pins, 0);
	return true;
}

bool kernel_side_is_pinned(const struct kernel_side *kernel)
{
	return kernel->pins && !kernel->unpinned.text[0];
}

static bool is_whole(const struct kernel_side *kernel)
{
	return pins_in_place(kernel->pins) &&
	       probe_is_pinned(kernel->probe, pins_dir(kernel->pins)) &&
	       pins_has_note(kernel->pins, kernel->noted);
}

/* takeover I3: the note comes first */
static int pin_again(struct kernel_side *kernel, struct error *error)
{
	int r = pins_again(kernel->pins);

	if (r == -ENODEV)
		return error_set(error, r, "the BPF file system was unmounted");
	if (r)
		return error_set(error, r, "cannot make %s: %s", pins_name(kernel->pins),
				 strerror(-r));
	r = pins_note(kernel->pins, kernel->noted, kernel->note);
	if (r)
		return error_set(error, r, "the note on the kernel side cannot be written: %s",
				 strerror(-r));
	return probe_pin(kernel->probe, pins_dir(kernel->pins), error);
}

void kernel_side_look(struct kernel_side *kernel)
{
	struct error error = {};

	if (!kernel->pins || !kernel->note || is_whole(kernel))
		return;
	if (!pin_again(kernel, &error)) {
		kernel->unpinned.text[0] = 0;
		say_as(SAY_WARNING,
		       "pins in %s, or the note on them, were removed: they are made again, and nothing "
		       "is lost",
		       pins_name(kernel->pins));
		return;
	}
	if (kernel->unpinned.text[0])
		return; /* told already */
	error_set(&kernel->unpinned, -ENOENT,
		  "pins in %.150s were removed, and cannot be made again (%.200s)",
		  pins_name(kernel->pins), error.text);
	say_as(SAY_ERROR,
	       "%s: counting ends with this process, and if it is killed, what it has counted since its "
	       "last step is lost: restart it",
	       kernel->unpinned.text);
}

static void unpin(struct kernel_side *kernel)
{
	say("%s: counting ends with this process", kernel->unpinned.text);
	pins_remove(kernel->pins);
	pins_close(kernel->pins);
	kernel->pins = NULL;
}

/* ---- loading ---- */

static int draw_instance(struct kernel_side *kernel, struct error *error)
{
	unsigned char bytes[(KERNEL_INSTANCE_BYTES - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_set(error, -errno, "no random numbers: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(kernel->instance + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int kernel_side_load(struct kernel_side *kernel, enum probe_hook hook,
		     const struct tables_region *room, bool tls, struct error *ret_error)
{
	int r = draw_instance(kernel, ret_error);

	kernel->attached_boottime_seconds = clock_seconds(CLOCK_BOOTTIME);
	return r ?: probe_open(hook, room, tls, &kernel->probe, ret_error);
}

int kernel_side_attach(struct kernel_side *kernel, struct error *ret_error)
{
	int r = probe_attach(kernel->probe, ret_error);

	if (!r && kernel->pins &&
	    probe_pin(kernel->probe, pins_dir(kernel->pins), &kernel->unpinned))
		unpin(kernel);
	return r;
}

/* ---- what a former agent has left ---- */

int kernel_side_find(struct kernel_side *kernel, json_t **ret_note, struct error *ret_error)
{
	int r = probe_open_pinned(pins_dir(kernel->pins), &kernel->probe, ret_error);

	if (!r)
		*ret_note = pins_noted(kernel->pins, probe_generation(kernel->probe));
	return r;
}

int kernel_side_recall(struct kernel_side *kernel, const json_t *note, const json_t **ret_body)
{
	struct note_head head;
	int r = note_open(note, &head, ret_body);

	if (r)
		return r;
	snprintf(kernel->instance, sizeof(kernel->instance), "%s", head.instance);
	kernel->attached_boottime_seconds = head.attached_boottime_seconds;
	return 0;
}

void kernel_side_discard(struct kernel_side *kernel)
{
	probe_close(kernel->probe);
	kernel->probe = NULL;
	pins_remove(kernel->pins);
}

void kernel_side_build(char ret[static KERNEL_BUILD_BYTES])
{
	snprintf(ret, KERNEL_BUILD_BYTES, "%016" PRIx64, (uint64_t)probe_build());
}

/* ---- a configuration ---- */

/*
 * The `persist` of struct applied: notes the configuration that is about to be in force. If the note
 * cannot be written it is put in force all the same, but counting ends with this process.
 */
static int persist(void *context, __u32 generation, const json_t *body)
{
	struct kernel_side *kernel = context;
	char build[KERNEL_BUILD_BYTES];
	const struct note_head head = {
		.build = build,
		.instance = kernel->instance,
		.attached_boottime_seconds = kernel->attached_boottime_seconds,
	};
	json_t *note;
	int r;

	if (!kernel->pins)
		return 0;
	kernel_side_build(build);
	note = note_wrap(&head, body);
	r = note ? pins_note(kernel->pins, generation, note) : -ENOMEM;
	json_decref(kernel->note);
	kernel->note = note;
	kernel->noted = generation;
	if (r) {
		error_set(&kernel->unpinned, r, "the note on the kernel side cannot be written: %s",
			  strerror(-r));
		unpin(kernel);
	}
	return 0;
}

int kernel_side_begin(struct kernel_side *kernel, struct applied *applied)
{
	int r;

	applied_clear(applied);
	r = applied_init(applied);
	applied->persist = persist;
	applied->persist_context = kernel;
	return r;
}

int kernel_side_apply(struct kernel_side *kernel, const struct policies_in_use *in_use,
		      struct applied *applied, struct config *config, struct error *ret_error)
{
	const struct config_samples *samples = &config->samples;
	int r;

	probe_version_env(kernel->probe, samples->version_env, samples->n_version_env);
	r = applied_apply(applied, kernel->probe, in_use, config, ret_error);
	if (r) {
		samples = &applied->in_force.config.samples;
		probe_version_env(kernel->probe, samples->version_env, samples->n_version_env);
	}
	/* takeover I3: the live generation has its note */
	if (!r && kernel->pins)
		pins_forget_notes(kernel->pins, applied->in_force.generation);
	return r;
}

/* ---- reading ---- */

int kernel_side_sweep(struct kernel_side *kernel, __u64 unanswered_ns,
		      struct policies_in_use *ret_in_use)
{
	struct probe_swept swept;
	int r = probe_sweep(kernel->probe, unanswered_ns, &swept, ret_in_use);

	if (r)
		return r;
	kernel->swept_all = !swept.missed;
	kernel->consistent = swept.consistent;
	if (!kernel->consistent)
		say_as(SAY_WARNING,
		       "the counters disagree with the connections: %llu requests in flight, expected "
		       "%lld to %lld",
		       swept.in_flight, (long long)swept.at_least, (long long)swept.at_most);
	return 0;
}

static bool counts_fell(const struct slo_counts *now, const struct slo_counts *before)
{
	return now->good < before->good || slo_counts_bad(now) < slo_counts_bad(before);
}

int kernel_side_counts(const struct kernel_side *kernel, const struct track *track,
		       struct slo_counts *ret)
{
	int r;

	if (track->counts == TRACK_NO_COUNTS) {
		*ret = track->stepped;
		return 0;
	}
	r = probe_read_counts(kernel->probe, track->counts, ret);
	if (!r && counts_fell(ret, &track->stepped)) {
		/* never seen; events must not be made up from it */
		say("SLO %s: the kernel's counters are below those of the last step: they are "
		    "taken as they are",
		    track->name);
		*ret = track->stepped;
	}
	return r;
}

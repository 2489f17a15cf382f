/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The place where the kernel side stays while no agent runs. Maps and links are pinned in a directory
 * of the BPF file system. Names and configuration, which only an agent knows, are noted in files that
 * live as long as the pins do, until the next boot:
 *   /sys/fs/bpf/sliprobe/<key>/                     pins, made by kernel/pinned
 *   /run/sliprobe/lock-<key>                        held by the agent that counts with them
 *   /run/sliprobe/kernel-<key>.<generation>.json    the note on each generation in force
 * The key stands for the state directory: agents with different ones do not meet.
 */
#ifndef SLIPROBE_KERNEL_PINS_H
#define SLIPROBE_KERNEL_PINS_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>

#include "base/error.h"

struct pins;

struct pins_dirs {
	const char *pins;
	const char *notes;
	/* Mounts the file system that `pins` is in, unless it is mounted. NULL: any will do. */
	int (*mount)(struct error *ret_error);
};

/* The host's. */
extern const struct pins_dirs pins_dirs_host;

/*
 * Takes the place of `state_dir` in `dirs`, which must outlive it: locks it, then makes the
 * directories. Returns 0; -EBUSY if another agent has it, of which ret_error says what to do; or another -errno,
 * and ret_error says why nothing can be pinned.
 */
int pins_open(const struct pins_dirs *dirs, const char *state_dir, struct pins **ret,
	      struct error *ret_error);

/* Unlocks the place. Pins and notes stay; an empty place is removed. */
void pins_close(struct pins *pins);

/* The directories of `dirs` for a state directory, and the lock: each of PATH_MAX bytes. */
struct pins_names {
	char dir[4096]; /* in dirs->pins */
	char lock[4096]; /* in dirs->notes */
	char notes_prefix[64]; /* of the names of notes there */
};

void pins_names(const struct pins_dirs *dirs, const char *state_dir, struct pins_names *ret);

/* The directory of this place's pins. */
const char *pins_dir(const struct pins *pins);
/* Its name, for people. */
const char *pins_name(const struct pins *pins);

/*
 * Makes the directories again that were removed since, and removes what is left of the pins, so that all can be
 * pinned again. Returns 0; -ENODEV if another file system is mounted there now, or none; or another -errno.
 */
int pins_again(struct pins *pins);
/* Whether the file system of the pins is still mounted where it was. */
bool pins_in_place(const struct pins *pins);

/* Removes all pins and notes. The kernel ends what nothing else holds. */
void pins_remove(struct pins *pins);
bool pins_any(const struct pins *pins);

/* Writes the note whole or not at all. Returns 0 or -errno. */
int pins_note(struct pins *pins, __u32 generation, const json_t *note);
/* NULL if there is none that can be read. */
json_t *pins_noted(const struct pins *pins, __u32 generation);
bool pins_has_note(const struct pins *pins, __u32 generation);
/* Whether there is any note: its agent has not removed it, nor has the host been started again. */
bool pins_any_note(const struct pins *pins);
/* Removes all notes but that generation's. */
void pins_forget_notes(struct pins *pins, __u32 generation);

#endif

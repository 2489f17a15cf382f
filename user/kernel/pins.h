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
 * directories. Returns 0; -EBUSY if another agent has it; or another -errno. ret_error says why
 * nothing can be pinned.
 */
int pins_open(const struct pins_dirs *dirs, const char *state_dir, struct pins **ret,
	      struct error *ret_error);

/* Unlocks the place. Pins and notes stay; an empty place is removed. */
void pins_close(struct pins *pins);

/* The directory of this place's pins. */
const char *pins_dir(const struct pins *pins);

/* Removes all pins and notes. The kernel ends what nothing else holds. */
void pins_remove(struct pins *pins);
bool pins_any(const struct pins *pins);

/* Writes the note whole or not at all. Returns 0 or -errno. */
int pins_note(struct pins *pins, __u32 generation, const json_t *note);
/* NULL if there is none that can be read. */
json_t *pins_noted(const struct pins *pins, __u32 generation);
/* Removes all notes but that generation's. */
void pins_forget_notes(struct pins *pins, __u32 generation);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel side stays while no agent runs: maps and links are pinned in a directory of the
 * BPF file system, and what only an agent knows of them (names, rules) is noted in files that live
 * as long as that does, until the next boot:
 *   /sys/fs/bpf/sliprobe/<key>/                     pins (kernel/probe)
 *   /run/sliprobe/lock-<key>                        held by the agent that counts with them
 *   /run/sliprobe/kernel-<key>.<generation>.json    the note on each generation of the rules
 * The key stands for the state directory, so that agents with different ones do not meet.
 */
#ifndef SLIPROBE_KERNEL_PINS_H
#define SLIPROBE_KERNEL_PINS_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>

#include "base/error.h"

struct pins;

/*
 * Takes the place of `state_dir`: mounts the BPF file system if the host has not, and makes the
 * directories. Returns 0; -EBUSY if another agent has it; or another -errno. ret_error says why
 * nothing can be pinned.
 */
int pins_open(const char *state_dir, struct pins **ret, struct error *ret_error);

/* Lets the place go. What is pinned there stays; an empty place is removed. */
void pins_close(struct pins *pins);

/* The directory of the pins. */
const char *pins_dir(const struct pins *pins);

/* Removes all pins and notes: what is not in use otherwise, the kernel then ends. */
void pins_remove(struct pins *pins);
bool pins_any(const struct pins *pins);

/* A note is written whole or not at all. Returns 0 or -errno. */
int pins_note(struct pins *pins, __u32 generation, const json_t *note);
/* NULL if there is none that can be read. */
json_t *pins_noted(const struct pins *pins, __u32 generation);
/* Removes all notes but that one. */
void pins_forget_notes(struct pins *pins, __u32 generation);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The note on a kernel side, from which another agent takes over, as JSON:
 *
 *   {"format", "build", "instance", "attached", "rules": body}
 *
 * The body is the configuration in force, with what is counted for former ones:
 *
 *   {"generation", "serials", "services": [name, ...], "routes": [name, ...], "policies": [n, ...],
 *    "tracks": [{"name", "service", "definition", "slo", "wildcard",
 *    "slice_seconds", "slice_target", "counts", "serial", "born"}], "wildcards": [{"name",
 *    "definition", "slice_seconds", "slice_target", "criteria", "base", "serial", "born"}]}
 *
 * Tracks of found services are not in it: they are made of wildcards when their services are met.
 */
#ifndef SLIPROBE_APPLY_NOTE_H
#define SLIPROBE_APPLY_NOTE_H

#include <jansson.h>

#include "apply/applied.h"

struct change;

/* Raise it when the head or the body changes, or the maps that a note is read beside. */
enum { NOTE_FORMAT = 3 };

/* Which kernel side a note is on. */
struct note_head {
	const char *build; /* of its programs; NULL: not noted */
	const char *instance;
	double attached_boottime_seconds; /* CLOCK_BOOTTIME */
};

/* The whole note; NULL when out of memory. */
json_t *note_wrap(const struct note_head *head, const json_t *body);

/* The parts of a note, which they point into. Returns 0, or -EINVAL for one of another format. */
int note_open(const json_t *note, struct note_head *ret_head, const json_t **ret_body);

/*
 * Restores what was noted as `generation` into *ret, which has nothing in force: all tracks and
 * wildcards are ending. Returns 0; -EINVAL if the body is of another generation or not understood;
 * -ENOMEM. After a failure *ret is good for applied_clear() only.
 */
int note_read(const json_t *body, __u32 generation, struct applied *ret);

/* Has applied->persist write the body down. Returns 0 or -errno. */
int note_persist(const struct change *change);

/* Persists what is in force, without a change. */
void note_persist_again(struct applied *applied);

#endif

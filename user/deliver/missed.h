/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The notices of which a receiver has lost an alarm: too many waited, it was too old, or the receiver refused it.
 * As long as such a notice is open, the receiver is sent it again. Pure.
 */
#ifndef SLIPROBE_DELIVER_MISSED_H
#define SLIPROBE_DELIVER_MISSED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deliver/queue.h"

enum {
	MISSED_MAX =
		1024, /* notices; of more, those of the highest severities, the newest of them */
	MISSED_ID_BYTES = 64,
	/* one that was refused is sent again after so long, doubling up to the second */
	MISSED_REFUSED_SECONDS = 300,
	MISSED_REFUSED_MAX_SECONDS = 4 * 3600,
};

struct missed_notice {
	char id[MISSED_ID_BYTES];
	enum delivery_class class;
	uint64_t number; /* of the newest delivery that was lost */
	unsigned int refusals;
	double due_seconds; /* CLOCK_BOOTTIME: it is not sent again before; 0 after a restart */
};

struct missed {
	struct missed_notice *list;
	size_t n;
};

void missed_clear(struct missed *missed);

/* NULL if there is none of this id. */
struct missed_notice *missed_find(const struct missed *missed, const char *id);

/*
 * An alarm was lost. Returns 0, or -ENOMEM, or -E2BIG: there is no room for a notice of this class. An id that is
 * too long is none of ours: -EINVAL.
 */
int missed_add(struct missed *missed, const struct delivery *delivery, bool refused,
	       double boottime_seconds);

/* The receiver has taken this one, which tells what is open of its notice. True if it was missed. */
bool missed_taken(struct missed *missed, const struct delivery *delivery);

/* Keeps those that are members of `ids`. Returns how many went. */
size_t missed_keep(struct missed *missed, const json_t *ids);

/* All may be sent again now. */
void missed_due_now(struct missed *missed);

/* For the next agent: [{"id", "severity", "number"}]. NULL when out of memory. */
json_t *missed_save(const struct missed *missed);
/* Into an empty list. NULL: of an older agent. Returns 0, -ENOMEM or -EINVAL. */
int missed_load(struct missed *missed, const json_t *saved);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* All receivers together. For the files of deliver/deliver alone. */
#ifndef SLIPROBE_DELIVER_DELIVER_PARTS_H
#define SLIPROBE_DELIVER_DELIVER_PARTS_H

#include "deliver/work.h"

struct deliver {
	struct deliver_hub hub;
	struct receiver **receivers;
	size_t n;
	uint64_t last_number;
};

/* Grows over restarts: by the wall clock, or by the numbers of restored deliveries. */
uint64_t deliver_next_number(struct deliver *deliver);

/* Those of the list that are not NULL. */
void deliver_free_deliveries(struct delivery **deliveries, size_t n);

#endif

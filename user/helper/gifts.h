/* SPDX-License-Identifier: GPL-2.0-only */
/* What the agent has given: descriptors, each looked at before it is used. */
#ifndef SLIPROBE_HELPER_GIFTS_H
#define SLIPROBE_HELPER_GIFTS_H

#include "base/error.h"
#include "helper/packets.h"
#include "helper/probed.h"

struct gifts {
	int fds[TLS_GIFTS]; /* -1: not given */
};

#define GIFTS_NONE ((struct gifts){{-1, -1, -1, -1, -1}})

/* Takes the descriptor. */
void gifts_take(struct gifts *gifts, enum tls_gift what, int fd);

/* Whether a descriptor is of a directory of a BPF file system. Returns 0 or -errno. */
int gifts_check_pins(int fd);

/*
 * Fills what attaching takes, and gives the descriptors away. Without a directory of pins nothing is pinned. Returns 0;
 * or -EINVAL and which is not what it should be.
 */
int gifts_use(struct gifts *gifts, enum tls_way way, struct probed *probed,
	      struct error *ret_error);

void gifts_clear(struct gifts *gifts);

#endif

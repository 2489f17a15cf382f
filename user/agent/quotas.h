/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has met a quota of the kernel's tables (abi/quota): read for snapshots, and told in the journal. */
#ifndef SLIPROBE_AGENT_QUOTAS_H
#define SLIPROBE_AGENT_QUOTAS_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "agent/journal.h"
#include "base/ids.h"
#include "kernel/probe.h"

enum {
	QUOTA_OVER_S = 600, /* without a connection beyond it, while the owner still has as much */
};

/* An owner beyond its quota of endpoints. */
struct quota_met {
	struct owner_key owner;
	struct fold fold;
	__u32 has; /* endpoints */
	__u32 made; /* of these, and of those that went, in this hour */
	char *what; /* of a cgroup its path, of a service its name; NULL: not known */
	char process[COMM_BYTES]; /* the last one's; "": not known */
	bool told;
	__u64 told_connections; /* at the last step */
};

struct quotas {
	struct quota_met *list;
	size_t n;
};

void quotas_clear(struct quotas *quotas);

/* True if the owner is beyond its quota. */
bool quotas_met(const struct quotas *quotas, const struct owner_key *owner);

/* How many endpoints an owner of the kind may have; MADE_TIMES as many it may make in an hour. */
__u32 quota_limit(enum owner_kind kind);

/* What the owner is, in words: "user 65534", "cgroup /system.slice/shop.service". malloc()ed; NULL: out of memory. */
char *quota_owner_text(const struct quota_met *met);

/* Whether it is over: the owner has room again, or nothing has come for a while. */
bool quota_is_over(const struct quota_met *met, __u64 now_ns);

/* Reads who is beyond a quota now. services: their names. Returns 0 or -errno. */
int quotas_read(struct quotas *quotas, struct probe *probe, const struct ids *services);

/* A step: tells of what began and what is over, and ends the latter. Returns 0 or -errno. */
int quotas_step(struct quotas *quotas, struct probe *probe, struct journal *journal,
		double now_seconds);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of the kernel's tables each owner may fill, so that nobody fills them for all: docs/security.md has the
 * reasons for the numbers. Configured services are outside of the quotas of owners.
 */
#ifndef SLIPROBE_ABI_QUOTA_H
#define SLIPROBE_ABI_QUOTA_H

#include "abi/identity.h"
#include "abi/series.h"
#include "terms.h"
#include "types.h"

enum {
	/* endpoints */
	ENDPOINTS_FOUND_MAX = 1536, /* of all found services; the others are for configured ones */
	ENDPOINTS_OF_USER = 128,
	ENDPOINTS_OF_GROUP = 256, /* of a user namespace, a cgroup, a network namespace */
	ENDPOINTS_OF_SERVICE = 128, /* of a configured service: more are counted, and not listed */

	MADE_TIMES =
		2, /* an owner's quota may be made in an hour: so that ever new names fill no disk */
	HOUR_S = 3600,

	OWNERS_OF_ENDPOINT = 3,
	OWNERS_MAX = 8192, /* more than endpoints have */
	FOLDS_MAX = 1024, /* owners beyond a quota that are told apart */
	FOLDED_MAX = 4096, /* endpoints beyond a quota that are told apart */

	/* series and their histograms */
	SERIES_FOUND_MAX = 6144, /* of all found services */
	SERIES_OF_FOUND = 64, /* of one */
	SERIES_OF_OWNER = 512, /* of all found ones of an owner */
	SERIES_OF_OWNER_AND_RESTS = 640, /* with what is counted together */
	SERIES_OF_SERVICE = 64, /* of a configured service, and for each of its routes */
	SERIES_OF_ROUTE = 32,
	SERIES_SPARE = 2048, /* for configured services with few */
	SERIES_KEPT = 64, /* for what is counted together for all */
	GROUPS_OF_FOUND = 512,
	GROUPS_OF_OWNER = 2048,
	THRESHOLDS_FOUND_MAX = THRESHOLDS_MAX / 2,

	PENDING_FOUND_MAX = 32768, /* pipelined requests of all found services */
	PENDING_OF_FOUND = 8192,

	BLIND_FOUND_MAX = UNMEASURED_MAX / 4 * 3, /* rows that are of no configured service */
	BLIND_OF_OWNER = 64,
	BLIND_OWNERS = 1024, /* a power of two: owners are told apart by a hash */
};

/* `id`: a user, an inode number of a namespace, a cgroup's id, a service's. */
struct owner_key {
	__u64 id;
	__u32 kind; /* enum owner_kind; OWNER_ALL: none */
	__u32 pad;
};

/* What an owner has, of what is in use. One that has nothing is deleted by the agent, when its hour is over. */
struct owner {
	__u32 endpoints;
	__u32 series;
	__u32 groups; /* of histograms */
	__u32 made; /* endpoints, in the hour that began at hour_s */
	__u32 hour_s; /* of CLOCK_MONOTONIC */
	__u32 pad;
};

/* By endpoint id: to whom it is charged. */
struct endpoint_owners {
	struct owner_key keys[OWNERS_OF_ENDPOINT];
	__u32 found; /* it is a found service's */
	__u32 pad;
};

/* An owner beyond its quota of endpoints. Deleted by the agent, when that is over. */
struct fold {
	__u64 since_ns;
	__u64 last_ns;
	__u64 connections; /* that count under id 0 for that */
	__u32 endpoints; /* they are of so many, or more */
	__u32 tgid; /* of the last one */
};

_Static_assert(sizeof(struct owner_key) == 16, "owner_key has no holes");
_Static_assert(sizeof(struct endpoint_owners) == 56, "endpoint_owners has no holes");

#endif

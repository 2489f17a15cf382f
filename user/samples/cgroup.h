/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the path of a process's cgroup tells of where it runs. Pure. Paths are made by systemd
 * (https://systemd.io/CGROUP_DELEGATION), container runtimes ("docker-<64 hex digits>.scope", "/docker/<64 hex
 * digits>") and the kubelet ("kubepods-burstable-pod<uid with _>.slice", "/kubepods/burstable/pod<uid>"). Whoever may
 * make a cgroup may name it as he likes.
 */
#ifndef SLIPROBE_SAMPLES_CGROUP_H
#define SLIPROBE_SAMPLES_CGROUP_H

#include "samples/redact.h"

enum {
	CGROUP_CONTAINER_DIGITS = 64,
	CGROUP_UNIT_BYTES = REDACT_ID_BYTES,
	CGROUP_POD_BYTES = 36, /* a UUID */
};

/* "": there is none. All are fit to be kept. */
struct cgroup_names {
	char container[CGROUP_CONTAINER_DIGITS + 1];
	char unit[CGROUP_UNIT_BYTES +
		  1]; /* the innermost service or scope, unless that is a container's */
	char pod[CGROUP_POD_BYTES + 1]; /* its uid, with '-' */
};

void cgroup_read(const char *path, struct cgroup_names *ret);

#endif

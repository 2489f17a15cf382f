/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/blind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct reading {
	struct probe *probe;
	struct blind_listeners *listeners;
	__u64 now_ns;
};

/* A process of that number and name: numbers are used again. */
static bool process_lives(__u32 tgid, const char name[static COMM_BYTES])
{
	char path[32], comm[COMM_BYTES + 1] = "";
	FILE *file;
	bool read;

	snprintf(path, sizeof(path), "/proc/%u/comm", tgid);
	file = fopen(path, "re");
	if (!file)
		return false;
	read = fgets(comm, sizeof(comm), file) != NULL;
	fclose(file);
	comm[strcspn(comm, "\n")] = 0;
	return read && !strncmp(comm, name, COMM_BYTES);
}

static bool is_gone(const struct unmeasured_key *key, const struct blind *blind, __u64 now_ns)
{
	return now_ns > blind->last_ns && now_ns - blind->last_ns > BLIND_GONE_S * 1000000000ULL &&
	       !process_lives(blind->tgid, key->endpoint.process);
}

static int add(void *context, const struct unmeasured_key *key, const struct blind *blind)
{
	const struct reading *reading = context;
	struct blind_listeners *listeners = reading->listeners;
	struct blind_listener *grown, *added;
	struct endpoint endpoint;
	bool measured = probe_find_endpoint(reading->probe, &key->endpoint, &endpoint);

	/* what is not recognised is hardly HTTP where nothing is: a database's, say */
	if (key->reason == BLIND_OLD && !measured)
		return 0;
	grown = realloc(listeners->list, (listeners->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	listeners->list = grown;
	added = &grown[listeners->n++];
	*added = (struct blind_listener){
		.key = *key,
		.blind = *blind,
		.service = measured ? endpoint.service : blind->service,
		.measured = measured,
		.gone = is_gone(key, blind, reading->now_ns),
	};
	return 0;
}

int blind_read(struct probe *probe, struct blind_listeners *ret)
{
	struct blind_listeners listeners = {};
	struct reading reading = {.probe = probe, .listeners = &listeners};
	struct timespec now;
	int r;

	/* by the clock that the programs read */
	clock_gettime(CLOCK_MONOTONIC, &now);
	reading.now_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	r = probe_each_unmeasured(probe, add, &reading);
	if (r) {
		blind_clear(&listeners);
		return r;
	}
	*ret = listeners;
	return 0;
}

void blind_clear(struct blind_listeners *listeners)
{
	free(listeners->list);
	*listeners = (struct blind_listeners){};
}

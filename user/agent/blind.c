/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/blind.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "agent/listeners.h"
#include "base/cleanup.h"

struct reading {
	struct probe *probe;
	struct blind_listeners *listeners;
};

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
	};
	return 0;
}

/* Marks those on whose port nothing listens, and that nobody has come to for a while. */
static int mark_gone(struct blind_listeners *listeners, __u64 now_ns)
{
	_cleanup_(endpoints_clear) struct endpoints endpoints = {};
	_cleanup_free_ bool *listens = calloc(listeners->n ?: 1, sizeof(*listens));
	int r = 0;

	if (!listens)
		return -ENOMEM;
	for (size_t i = 0; !r && i < listeners->n; i++) {
		/* they are sorted: its id is where it was */
		const struct endpoint endpoint = {.id = i, .tgid = listeners->list[i].blind.tgid};

		r = endpoints_add(&endpoints, &listeners->list[i].key.endpoint, &endpoint);
	}
	if (r)
		return r;
	listeners_find(&endpoints, listens);
	for (size_t i = 0; i < listeners->n; i++) {
		struct blind_listener *listener = &listeners->list[endpoints.list[i].endpoint.id];

		listener->gone = !listens[i] && now_ns > listener->blind.last_ns &&
				 now_ns - listener->blind.last_ns > BLIND_GONE_S * 1000000000ULL;
	}
	return 0;
}

/* Room for others, as long as those that are gone need not go. */
static void forget_gone(struct probe *probe, const struct blind_listeners *listeners)
{
	if (listeners->n < UNMEASURED_MAX * 3 / 4)
		return;
	for (size_t i = 0; i < listeners->n; i++) {
		if (listeners->list[i].gone)
			probe_forget_unmeasured(probe, &listeners->list[i].key);
	}
}

int blind_read(struct probe *probe, struct blind_listeners *ret)
{
	struct blind_listeners listeners = {};
	struct timespec now;
	int r;

	/* by the clock that the programs read */
	clock_gettime(CLOCK_MONOTONIC, &now);
	r = probe_each_unmeasured(probe, add, &(struct reading){probe, &listeners});
	r = r ?: mark_gone(&listeners, now.tv_sec * 1000000000ULL + now.tv_nsec);
	if (r) {
		blind_clear(&listeners);
		return r;
	}
	forget_gone(probe, &listeners);
	*ret = listeners;
	return 0;
}

void blind_clear(struct blind_listeners *listeners)
{
	free(listeners->list);
	*listeners = (struct blind_listeners){};
}

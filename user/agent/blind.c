/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/blind.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/listeners.h"
#include "base/cleanup.h"
#include "base/clock.h"

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

/* Room for others, as long as those that are gone need not go: of all, or of their owner. */
static void forget_gone(struct probe *probe, const struct blind_listeners *listeners)
{
	const bool pressed = listeners->n >= UNMEASURED_MAX * 3 / 4;

	for (size_t i = 0; i < listeners->n; i++) {
		const struct blind_listener *listener = &listeners->list[i];

		if (listener->gone && (pressed || probe_blind_is_pressed(probe, &listener->blind)))
			probe_forget_unmeasured(probe, &listener->key, &listener->blind);
	}
}

int blind_read(struct probe *probe, struct blind_listeners *ret)
{
	struct blind_listeners listeners = {};
	int r = probe_each_unmeasured(probe, add, &(struct reading){probe, &listeners});
	r = r ?: mark_gone(&listeners, clock_ns(CLOCK_MONOTONIC));
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

/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/quic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/net_ports.h"
#include "agent/quic_table.h"
#include "base/cleanup.h"
#include "base/term_names.h"

static bool is_tls(__u32 reason)
{
	const char *word = blind_reason_word(reason);

	return word && !strncmp(word, "tls", 3);
}

static int add_blind(struct endpoints *endpoints, const struct blind_listeners *blind)
{
	int r = 0;

	for (size_t i = 0; !r && i < blind->n; i++) {
		const struct blind_listener *listener = &blind->list[i];
		const struct endpoint endpoint = {
			.tgid = listener->blind.tgid,
			.service = listener->service,
		};

		if (!listener->gone && is_tls(listener->key.reason))
			r = endpoints_add(endpoints, &listener->key.endpoint, &endpoint);
	}
	return r;
}

struct measured {
	struct probe *probe;
	struct endpoints *endpoints;
};

static int add_measured(void *context, const struct endpoint_key *key,
			const struct endpoint *endpoint)
{
	const struct measured *measured = context;
	struct service_books books = {};
	int r = probe_read_books(measured->probe, endpoint->service, &books);

	if (!r && books.tls_connections)
		r = endpoints_add(measured->endpoints, key, endpoint);
	for (int i = 0; !r && i < ANNOUNCED_MAX && books.announced[i]; i++) {
		struct endpoint_key announced = *key;

		announced.port = books.announced[i];
		r = endpoints_add(measured->endpoints, &announced, endpoint);
	}
	return r;
}

static void add_port(const struct found_endpoint *found, struct quic_ports *ports)
{
	struct quic_port *port = &ports->list[ports->n];

	for (size_t i = 0; i < ports->n; i++) {
		if (ports->list[i].port == found->key.port &&
		    ports->list[i].netns == found->key.netns)
			return;
	}
	if (ports->n == QUIC_LISTED)
		return;
	*port = (struct quic_port){
		.port = found->key.port,
		.service = found->endpoint.service,
		.netns = found->key.netns,
	};
	memcpy(port->process, found->key.process, sizeof(port->process));
	ports->n++;
}

/* The agent's own network namespace has a socket at 443, and nobody has been seen to speak TLS there. */
static void add_known_port(struct quic_ports *ports)
{
	const struct found_endpoint known = {.key.port = QUIC_PORT};
	struct net_ports bound;

	for (size_t i = 0; i < ports->n; i++) {
		if (ports->list[i].port == QUIC_PORT)
			return;
	}
	if (net_ports_read_own(&quic_tables, &bound) && net_ports_have(&bound, QUIC_PORT))
		add_port(&known, ports);
}

int quic_read(struct probe *probe, const struct blind_listeners *blind, struct quic_ports *ret)
{
	_cleanup_(endpoints_clear) struct endpoints endpoints = {};
	_cleanup_free_ bool *bound = NULL;
	int r = add_blind(&endpoints, blind);

	r = r ?: probe_each_endpoint(probe, add_measured, &(struct measured){probe, &endpoints});
	if (r)
		return r;
	bound = calloc(endpoints.n ?: 1, sizeof(*bound));
	if (!bound)
		return -ENOMEM;
	net_ports_find(&quic_tables, &endpoints, bound);
	*ret = (struct quic_ports){};
	for (size_t i = 0; i < endpoints.n; i++) {
		if (bound[i])
			add_port(&endpoints.list[i], ret);
	}
	add_known_port(ret);
	return 0;
}

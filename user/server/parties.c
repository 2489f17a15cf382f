/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/parties.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = 65534 };

static struct party_id identify_address(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	struct party_id id = {.family = AF_INET};

	if (address->sa_family == AF_INET) {
		id.user = ntohl(in->sin_addr.s_addr);
	} else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		id.user = ntohl(in6->sin6_addr.s6_addr32[3]);
	} else {
		/* who has one address of a network has them all: 64 bits are one host's to choose */
		id.family = AF_INET6;
		id.user = (uint64_t)ntohl(in6->sin6_addr.s6_addr32[0]) << 32 |
			  ntohl(in6->sin6_addr.s6_addr32[1]);
	}
	return id;
}

struct party_id party_identify(int fd, const struct sockaddr *address)
{
	struct ucred peer = {.uid = NOBODY};
	socklen_t len = sizeof(peer);

	if (address->sa_family == AF_INET || address->sa_family == AF_INET6)
		return identify_address(address);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		peer = (struct ucred){.uid = NOBODY};
	return (struct party_id){AF_UNIX, peer.uid, (uint64_t)peer.pid};
}

bool party_is_root(const struct party_id *id)
{
	return id->family == AF_UNIX && id->user == 0;
}

void party_name(const struct party_id *id, char ret[static PARTY_NAME_BYTES])
{
	struct in6_addr in6 = {};
	struct in_addr in = {htonl((uint32_t)id->user)};
	char text[INET6_ADDRSTRLEN];

	switch (id->family) {
	case AF_INET:
		inet_ntop(AF_INET, &in, ret, PARTY_NAME_BYTES);
		break;
	case AF_INET6:
		in6.s6_addr32[0] = htonl((uint32_t)(id->user >> 32));
		in6.s6_addr32[1] = htonl((uint32_t)id->user);
		snprintf(ret, PARTY_NAME_BYTES, "%s/64",
			 inet_ntop(AF_INET6, &in6, text, sizeof(text)));
		break;
	default:
		snprintf(ret, PARTY_NAME_BYTES, "uid %u", (unsigned int)id->user);
	}
}

struct party_id party_user_of(const struct party_id *id)
{
	return (struct party_id){id->family, id->user, 0};
}

static bool same(const struct party_id *a, const struct party_id *b)
{
	return a->user == b->user && a->process == b->process && a->family == b->family;
}

struct party *party_find(const struct parties *parties, const struct party_id *id)
{
	struct party *party;

	LIST_FOREACH(party, parties, link)
	{
		if (same(&party->id, id))
			break;
	}
	return party;
}

struct party *party_keep(struct parties *parties, const struct party_id *id, uint64_t turn)
{
	struct party *party = party_find(parties, id);

	if (!party) {
		party = calloc(1, sizeof(*party));
		if (!party)
			return NULL;
		party->id = *id;
		party->served = turn;
		LIST_INSERT_HEAD(parties, party, link);
	}
	party->references++;
	return party;
}

void party_drop(struct party *party)
{
	if (!party || --party->references)
		return;
	LIST_REMOVE(party, link);
	free(party);
}

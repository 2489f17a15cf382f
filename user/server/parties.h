/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose the connections are: users and their processes, or addresses; and how much each has. */
#ifndef SLIPROBE_SERVER_PARTIES_H
#define SLIPROBE_SERVER_PARTIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

/* Told by the kernel: nobody can claim to be somebody else. */
struct party_id {
	sa_family_t family;
	uint64_t user; /* uid; IPv4 address; the first half of an IPv6 address */
	uint64_t process; /* pid; 0: an address has none */
};

struct party {
	LIST_ENTRY(party) link;
	struct party_id id; /* of a user: with 0 as process */
	size_t clients; /* without those closing; the party is forgotten with the last one */
	size_t references;
	size_t pending_bytes; /* of the responses that they take, shared ones counted for each */
	uint64_t served; /* its last turn, see clients_next() */
};

LIST_HEAD(parties, party);

/* Of who has connected. Nobody, uid 65534, if the kernel does not say. */
struct party_id party_identify(int fd, const struct sockaddr *address);

bool party_is_root(const struct party_id *id);

/* "uid 1000", "192.0.2.7", "2001:db8:0:1::/64" */
enum { PARTY_NAME_BYTES = 64 };
void party_name(const struct party_id *id, char ret[static PARTY_NAME_BYTES]);

struct party_id party_user_of(const struct party_id *id);

/* NULL: it has no client. */
struct party *party_find(const struct parties *parties, const struct party_id *id);

/* Finds or makes it, and keeps it until party_drop(). turn: its `served` if it is new. NULL: ENOMEM. */
struct party *party_keep(struct parties *parties, const struct party_id *id, uint64_t turn);
void party_drop(struct party *party);

#endif

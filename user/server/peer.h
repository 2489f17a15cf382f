/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is at the other end of the status socket, by what the kernel says of it. */
#ifndef SLIPROBE_SERVER_PEER_H
#define SLIPROBE_SERVER_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/asker.h"

#define PEER_NO_GROUP ((gid_t)-1)
#define PEER_NO_USER ((uid_t)-1)

/* Who may change what the agent does, besides root. */
struct peer_rights {
	gid_t admins; /* or PEER_NO_GROUP */
	uid_t owner; /* who has started the agent, if that was a person; or PEER_NO_USER */
};

/* Who has connected (unix(7), SO_PEERCRED). Not known for a socket of another kind. */
struct asker peer_asker(int fd);

/*
 * True for root, for the owner, and for processes with the group `admins`, be it their own or one of their
 * supplementary groups (SO_PEERGROUPS). The user that the agent itself runs as is none of them, whatever its
 * groups, unless it is the owner: the commands that the agent runs are that user, too. Ids that have no
 * counterpart in the agent's user namespace are nobody's.
 */
bool peer_may_change(int fd, const struct peer_rights *rights);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is at the other end of the status socket, by what the kernel says of it. */
#ifndef SLIPROBE_SERVER_PEER_H
#define SLIPROBE_SERVER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PEER_NO_GROUP ((gid_t)-1)

/* "uid 1000", or "unknown" */
void peer_name(int fd, char *ret, size_t size);

/*
 * True for root, for the user that the agent runs as, and for processes with the group `admins`, be it
 * their own or one of their supplementary groups (unix(7), SO_PEERCRED; SO_PEERGROUPS). PEER_NO_GROUP: there
 * is none.
 */
bool peer_may_change(int fd, gid_t admins);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool peer_credentials(int fd, struct ucred *ret)
{
	socklen_t len = sizeof(*ret);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &len);
}

void peer_name(int fd, char *ret, size_t size)
{
	struct ucred peer;

	if (peer_credentials(fd, &peer))
		snprintf(ret, size, "uid %u", peer.uid);
	else
		snprintf(ret, size, "unknown");
}

static bool has_supplementary_group(int fd, gid_t group)
{
	_cleanup_free_ gid_t *groups = NULL;
	socklen_t len = 0;

	/* without room for them it says how much they take */
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) || errno != ERANGE)
		return false;
	groups = malloc(len);
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

bool peer_may_change(int fd, gid_t admins)
{
	struct ucred peer;

	if (!peer_credentials(fd, &peer))
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return admins != PEER_NO_GROUP &&
	       (peer.gid == admins || has_supplementary_group(fd, admins));
}

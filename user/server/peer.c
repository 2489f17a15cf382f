/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

/* What the kernel puts for every id that it cannot translate: Documentation/admin-guide/sysctl/fs.rst. */
enum { OVERFLOW_ID = 65534 };

struct asker peer_asker(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.uid == PEER_NO_USER)
		return (struct asker){};
	return (struct asker){.known = true, .uid = peer.uid, .pid = peer.pid};
}

static bool has_own_group(int fd, gid_t group)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && peer.gid == group;
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

bool peer_may_change(int fd, const struct peer_rights *rights)
{
	const struct asker peer = peer_asker(fd);

	if (!peer.known)
		return false;
	if (peer.uid == 0)
		return true;
	if (peer.uid == rights->owner)
		return peer.uid != OVERFLOW_ID;
	if (peer.uid == geteuid() || rights->admins == PEER_NO_GROUP ||
	    rights->admins == OVERFLOW_ID)
		return false;
	return has_own_group(fd, rights->admins) || has_supplementary_group(fd, rights->admins);
}

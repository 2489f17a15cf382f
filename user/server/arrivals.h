/* SPDX-License-Identifier: GPL-2.0-only */
/* Who connects is let in, or refused: by this process, so that it is known who it is before it costs anything. */
#ifndef SLIPROBE_SERVER_ARRIVALS_H
#define SLIPROBE_SERVER_ARRIVALS_H

#include "server/parts.h"

/* Watches a descriptor in the server's own epoll set, or no longer. Returns 0 or -errno. */
int arrivals_watch(struct server *server, int fd, int operation);

/*
 * Lets in the next ones, so many that each is looked at before others displace it. True if there may be
 * more; those that are refused count for nothing, until the time `until`.
 */
bool arrivals_take(struct server *server, double until);

/* Milliseconds until arrivals_take() is due; -1: when the listener is readable. */
int arrivals_timeout_ms(const struct server *server);

#endif

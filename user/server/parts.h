/* SPDX-License-Identifier: GPL-2.0-only */
/* The server's parts, for the files of this room that join them. */
#ifndef SLIPROBE_SERVER_PARTS_H
#define SLIPROBE_SERVER_PARTS_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/clock.h"
#include "server/clients.h"
#include "server/listener.h"
#include "server/pace.h"
#include "server/parties.h"
#include "server/server.h"

struct server {
	struct server_options options;
	const struct server_ops *ops;
	struct agent *agent;
	struct MHD_Daemon *daemon;
	int daemon_fd; /* its epoll set */
	int epoll_fd; /* of the daemon's and of the listener */
	struct listener listener;
	double arrivals_from; /* when it may listen again; NAN: it does */
	const struct party_id *arriving;
	struct clients clients;
	struct pace work; /* seconds */
	struct pace reloads;
	LIST_HEAD(, question) questions; /* that are asked, and not answered yet */
	size_t to_trim_bytes; /* answered since memory was given back */
	double worked_at;
	double crowd_said_at;
};

static inline double server_now(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

#endif

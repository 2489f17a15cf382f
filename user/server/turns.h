/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Those that wait are served, each in its turn, for a while in each turn of the loop. What takes time is
 * done once for all that have asked for the same by then: whoever waits asked before the answer's
 * facts are read, so that these are as new as any that would be read for it alone.
 */
#ifndef SLIPROBE_SERVER_TURNS_H
#define SLIPROBE_SERVER_TURNS_H

#include "server/parts.h"

void turns_init(struct server *server);

void turns_serve(struct server *server);

/* Milliseconds until turns_serve() is due; -1: nobody waits. */
int turns_timeout_ms(struct server *server);

#endif

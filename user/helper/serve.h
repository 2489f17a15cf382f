/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process `sliprobe-helper`: one that stays, and holds what the agent has given up; and one that works, which it
 * starts, again after a pause when that has died, and ends when a file keeps it for too long (helper/watch).
 */
#ifndef SLIPROBE_HELPER_SERVE_H
#define SLIPROBE_HELPER_SERVE_H

/* Serves at HELPER_SOCKET until the agent has gone. Returns an exit status. */
int serve(void);

#endif

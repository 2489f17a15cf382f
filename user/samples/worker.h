/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that works: see samples/process. */
#ifndef SLIPROBE_SAMPLES_WORKER_H
#define SLIPROBE_SAMPLES_WORKER_H

/* Works until the other end of HELPER_SOCKET is closed. Returns what the process ends with. */
int worker_run(int dir_fd);

#endif

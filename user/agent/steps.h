/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's steps, at the configuration's interval, as a part of the loop. */
#ifndef SLIPROBE_AGENT_STEPS_H
#define SLIPROBE_AGENT_STEPS_H

#include <stdint.h>

#include "agent/agent.h"
#include "base/loop.h"

struct steps {
	struct agent *agent;
	int timer_fd;
	uint64_t interval_ns; /* that the timer is set to */
	double suspended_seconds; /* of the host, in all, as of the last step */
};

/* Returns 0 or -errno; steps_close() follows in either case. */
int steps_open(struct steps *steps, struct agent *agent);
/* Of a timer_fd of -1 too. */
void steps_close(struct steps *steps);

struct loop_part steps_part(struct steps *steps);

#endif

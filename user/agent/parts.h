/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's parts, for the files of this room that join them. Each part has a header of its own. */
#ifndef SLIPROBE_AGENT_PARTS_H
#define SLIPROBE_AGENT_PARTS_H

#include <sys/utsname.h>

#include "agent/alerting.h"
#include "agent/axis.h"
#include "agent/journal.h"
#include "agent/kernel_side.h"
#include "agent/retire.h"
#include "agent/reload.h"
#include "agent/services.h"
#include "apply/applied.h"
#include "record/record.h"

struct agent {
	char *config_file; /* NULL: the built-in configuration */
	struct utsname host;
	char started_at[32]; /* RFC 3339 */
	struct reloads reloads;
	struct journal journal;
	struct kernel_side kernel;
	struct axis axis;
	struct applied applied;
	struct services services;
	struct retire retire;
	struct record *record;
	struct alerting alerting;
	__u64 ended; /* requests in all, when the histograms were last read, */
	char ended_of[KERNEL_INSTANCE_BYTES]; /* of this kernel instance; "": not yet */
};

#endif

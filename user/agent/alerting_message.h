/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages with the facts of their moment. Part of agent/alerting. */
#ifndef SLIPROBE_AGENT_ALERTING_MESSAGE_H
#define SLIPROBE_AGENT_ALERTING_MESSAGE_H

#include <jansson.h>

#include "agent/alerting.h"
#include "notify/notices.h"

/* NULL when out of memory, or if the facts cannot be read. */
json_t *alerting_message(struct alerting *alerting, const struct notice *notice);

#endif

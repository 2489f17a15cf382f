/* SPDX-License-Identifier: GPL-2.0-only */
/* What is open now, told to receivers that do not know it. Part of agent/alerting. */
#ifndef SLIPROBE_AGENT_ALERTING_OPEN_H
#define SLIPROBE_AGENT_ALERTING_OPEN_H

#include "agent/alerting.h"

/* Each is for every step, and returns 0 or -errno. */

/* Receivers that were not there when it began are told what is open. */
int alerting_introduce(struct alerting *alerting, double now_seconds);

/* Alertmanagers are told again and again which notices are open. */
int alerting_refresh(struct alerting *alerting, double now_seconds);

/* What a receiver has lost is sent again, as long as it is open. */
int alerting_send_again(struct alerting *alerting, double now_seconds);

/* As deliver_ops.lost: a line in the journal. context: a struct alerting. */
void alerting_tell_losses(void *context, const char *receiver, const struct deliver_losses *losses);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes messages (notify/message) of notices. */
#ifndef SLIPROBE_NOTIFY_NOTICE_MESSAGE_H
#define SLIPROBE_NOTIFY_NOTICE_MESSAGE_H

#include <jansson.h>

#include "config/config.h"
#include "notify/notices.h"
#include "report/snapshot.h"

/*
 * slos: the SLOs of the notice's alerts as they are now. The message only names an SLO that is not
 * among them. about: the service's, or NULL. wall_offset_seconds: from the notice's times to the
 * wall clock's. NULL when out of memory.
 */
json_t *notice_message(const struct notice *notice, const struct snapshot_slo *slos, size_t n_slos,
		       const struct config_about *about, double wall_offset_seconds);

/* A message of the kind `test`, to try the receivers. NULL when out of memory. */
json_t *notice_message_test(enum alert_severity severity, double unix_seconds);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* A notice as the message that is delivered: its shape is in deliver/deliver. */
#ifndef SLIPROBE_NOTIFY_NOTICE_MESSAGE_H
#define SLIPROBE_NOTIFY_NOTICE_MESSAGE_H

#include <jansson.h>

#include "config/config.h"
#include "notify/notices.h"
#include "report/snapshot.h"

/*
 * slos: those that the notice's alerts are of, as they are now; one that is gone is named only.
 * about: of the service, or NULL. wall_offset_seconds: of the wall clock from the notice's times.
 * NULL when out of memory.
 */
json_t *notice_message(const struct notice *notice, const struct snapshot_slo *slos, size_t n_slos,
		       const struct config_about *about, double wall_offset_seconds);

/* A message that says it is a test. */
json_t *notice_message_test(enum alert_severity severity, double unix_seconds);

#endif

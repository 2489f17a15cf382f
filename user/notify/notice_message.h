/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes messages (notify/message) of notices. */
#ifndef SLIPROBE_NOTIFY_NOTICE_MESSAGE_H
#define SLIPROBE_NOTIFY_NOTICE_MESSAGE_H

#include <jansson.h>

#include "base/maybe.h"
#include "config/config.h"
#include "notify/notices.h"
#include "notify/notice_slo.h"

/* What is known of a notice's service at the moment of the message. */
struct notice_facts {
	/* the SLOs of the notice's alerts; one that is not among them is only named */
	const struct notice_slo *slos;
	size_t n_slos;
	const struct config_about *about; /* the service's, or NULL */
	double wall_offset_seconds; /* from the notice's times to the wall clock's */
	/* of a notice that concerns the host: so much was not counted of the time before now */
	struct maybe uncounted_seconds;
	double judged_seconds;
	const char
		*socket; /* where the agent's status socket is; NULL: where slictl looks for it */
};

/* NULL when out of memory. */
json_t *notice_message(const struct notice *notice, const struct notice_facts *facts);

/* A message of the kind `test`, to try the receivers. NULL when out of memory. */
json_t *notice_message_test(enum alert_severity severity, double unix_seconds, const char *socket);

#endif

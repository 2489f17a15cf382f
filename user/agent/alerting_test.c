/* SPDX-License-Identifier: GPL-2.0-only */
/* Test messages, which people ask for. Part of agent/alerting. */
#include "agent/alerting.h"

#include <errno.h>

#include "base/clock.h"
#include "notify/notice_message.h"

int alerting_test(struct alerting *alerting, const char *text, size_t len, struct error *ret_error)
{
	json_t *asked = json_loadb(text, len, 0, NULL);
	const char *name = json_string_value(json_object_get(asked, "severity")) ?: "page";
	enum alert_severity severity = SEVERITY_PAGE;
	json_t *message;
	int r;

	alert_severity_find(name, &severity);
	json_decref(asked);
	if (!alerting->applied->in_force.config.n_receivers)
		return error_set(ret_error, -ENOENT, "no receiver is configured");
	message = notice_message_test(severity, clock_seconds(CLOCK_REALTIME), alerting->socket);
	r = message ? deliver_test(alerting->deliver, message, clock_seconds(CLOCK_BOOTTIME),
				   ret_error) :
		      -ENOMEM;
	json_decref(message);
	return r == -ENOMEM ? error_set(ret_error, r, "out of memory") : r;
}

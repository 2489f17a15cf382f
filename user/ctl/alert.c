/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/alert.h"

#include <string.h>

#include "ctl/json.h"
#include "slo/alerts.h"

bool ctl_alert_severity(const json_t *alert, enum alert_severity *ret)
{
	const char *severity = ctl_string(alert, "severity");

	return severity && alert_severity_find(severity, ret);
}

bool ctl_alert_is_active(const json_t *alert)
{
	const char *state = ctl_string(alert, "state");

	return state && (!strcmp(state, alert_status_name(ALERT_FIRING)) ||
			 !strcmp(state, alert_status_name(ALERT_EXHAUSTED)));
}

bool ctl_alert_is_silenced(const json_t *alert)
{
	return json_is_true(json_object_get(alert, "silenced"));
}

enum ctl_colour ctl_severity_colour(const char *severity)
{
	if (!severity)
		return CTL_PLAIN;
	if (!strcmp(severity, alert_severity_name(SEVERITY_PAGE)))
		return CTL_BAD;
	return !strcmp(severity, alert_severity_name(SEVERITY_TICKET)) ? CTL_WARN : CTL_PLAIN;
}

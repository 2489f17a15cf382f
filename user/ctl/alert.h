/* SPDX-License-Identifier: GPL-2.0-only */
/* An alert, a change or a notice as the agent's JSON has it. */
#ifndef SLIPROBE_CTL_ALERT_H
#define SLIPROBE_CTL_ALERT_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/table.h"
#include "slo/alert_rule.h"

/* Reads "severity". False, and *ret untouched, if it is absent or no severity. */
bool ctl_alert_severity(const json_t *alert, enum alert_severity *ret);

/* Whether "state" is firing or exhausted. */
bool ctl_alert_is_active(const json_t *alert);

/* Whether "silenced" is true. */
bool ctl_alert_is_silenced(const json_t *alert);

/* Red for "page", yellow for "ticket", plain for any other text and for NULL. */
enum ctl_colour ctl_severity_colour(const char *severity);

#endif

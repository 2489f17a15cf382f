/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the parts of alert rules that the configuration's own keys and OpenSLO have in common. */
#ifndef SLIPROBE_CONFIG_ALERT_DRAFT_H
#define SLIPROBE_CONFIG_ALERT_DRAFT_H

#include <stdbool.h>

#include "config/config.h"
#include "config/read.h"

bool valid_alert_name(const char *text);

#define ALERT_NAME_EXPECTED "a name of at most 31 of a-z, 0-9 and '-'"

/* Stores an enum alert_severity. */
value_reader read_alert_severity;

#define ALERT_SEVERITY_EXPECTED "page, ticket or notice"

/* Fields: the keys prefix"min_bad" and prefix"min_events", to members of a struct `type`. */
#define ALERT_MINIMUMS(prefix, type, bad_member, events_member)                                    \
	{                                                                                          \
		.key = prefix "min_bad",                                                           \
		.read = read_count,                                                                \
		.offset = offsetof(type, bad_member),                                              \
		.min = 1,                                                                          \
		.max = ALERT_MIN_BAD_MAX,                                                          \
		.expected = "a number from 1 to 1000000000",                                       \
	},                                                                                         \
	{                                                                                          \
		.key = prefix "min_events", .read = read_count,                                    \
		.offset = offsetof(type, events_member), .max = ALERT_MIN_EVENTS_MAX,              \
		.expected = "a number from 0 to 1000000000000",                                    \
	}

/*
 * Appends a copy of the rule, which stands at `node`, to the SLO's. Returns 0, -ENOMEM, or -EINVAL
 * with doc->error written: the SLO has a rule of that name, or ALERT_RULES_MAX rules.
 */
int append_alert_rule(struct document *doc, const yaml_node_t *node, struct config_slo *slo,
		      const struct alert_rule *rule);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts as OpenSLO files of the name "o.yaml", and parts to make them of. Included after cmocka.h. */
#ifndef SLIPROBE_OPENSLO_FIXTURE_H
#define SLIPROBE_OPENSLO_FIXTURE_H

#include <errno.h>
#include <string.h>

#include "config/openslo.h"

/* Lines are counted in the tests: metadata.name is in line 5 of each document. */
#define HEAD(kind, name)                                                                           \
	"---\n"                                                                                    \
	"apiVersion: openslo/v1\n"                                                                 \
	"kind: " kind "\n"                                                                         \
	"metadata:\n"                                                                              \
	"  name: " name "\n"

#define SOURCE(key, spec) "        " key ": {metricSource: {type: sliprobe, spec: {" spec "}}}\n"

#define INDICATOR                                                                                  \
	"  indicator:\n"                                                                           \
	"    spec:\n"                                                                              \
	"      ratioMetric:\n"                                                                     \
	"        counter: true\n" SOURCE("good", "good: {status: [2xx], latency: 100ms}")          \
		SOURCE("total", "eligible: {methods: [GET]}, client_abort: bad")

#define ROLLING "  timeWindow: [{duration: 30d, isRolling: true}]\n"
#define OCCURRENCES "  budgetingMethod: Occurrences\n"
#define OBJECTIVE "  objectives: [{target: 0.999}]\n"
#define SLO_SPEC "spec:\n  service: shop\n" INDICATOR
#define SLO HEAD("SLO", "checkout") SLO_SPEC ROLLING OCCURRENCES OBJECTIVE
#define NO_ALERTS "  alertPolicies: []\n"

#define BURN(threshold, more)                                                                      \
	"{metadata: {name: fast}, spec: {severity: page, condition: {kind: burnrate, op: gt, "     \
	"threshold: " threshold ", lookbackWindow: 1h" more "}}}"
#define POLICY(condition, targets)                                                                 \
	"  alertPolicies:\n"                                                                       \
	"  - kind: AlertPolicy\n"                                                                  \
	"    spec: {alertWhenBreaching: true, conditions: [" condition "]" targets "}\n"

/* An SLO whose alert is in documents of their own. */
#define REFERRING                                                                                  \
	SLO "  alertPolicies: [{alertPolicyRef: p}]\n" HEAD(                                       \
		"AlertPolicy",                                                                     \
		"p") "spec: {alertWhenBreaching: true, conditions: [{conditionRef: c}], "          \
		     "notificationTargets: [{targetRef: t}]}\n" HEAD(                              \
			     "AlertCondition",                                                     \
			     "c") "spec: {severity: ticket, condition: {op: gt, threshold: 3, "    \
				  "lookbackWindow: 1d, alertAfter: 2h}}\n"

#define TARGET HEAD("AlertNotificationTarget", "t")

static inline int load(const char *text, struct config *config, struct error *ret_error)
{
	struct refusals refusals = {.first = ret_error};
	int r = openslo_parse(text, strlen(text), "o.yaml", config, &refusals);

	refusals_clear(&refusals);
	return r;
}

static inline struct config load_good(const char *text)
{
	struct config config = {};
	struct error error = {};
	int r = load(text, &config, &error);

	if (r)
		fail_msg("%d: %s", r, error.text);
	return config;
}

static inline void assert_load_refused(const char *text, const char *message)
{
	struct config config = {};
	struct error error = {};
	int r = load(text, &config, &error);

	if (r != -EINVAL)
		print_error("not refused: %s\n", message);
	assert_int_equal(r, -EINVAL);
	assert_string_equal(error.text, message);
	config_clear(&config);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of a fake agent about alerts: `full` has one of everything, `empty` nothing. */
#ifndef SLIPROBE_CTL_FAKE_ALERTS_H
#define SLIPROBE_CTL_FAKE_ALERTS_H

#include "tests/unit/ctl/fake_agent.h"

#define ALERTS                                                                                     \
	"{\"active\": [{\"slo\": \"checkout\", \"service\": \"shop\", \"name\": \"burn-1h\","      \
	" \"severity\": \"page\", \"state\": \"firing\", \"since\": \"2030-01-02T03:04:05Z\","     \
	" \"started_at\": \"2030-01-02T03:04:05Z\", \"silenced\": false, \"burn_long\": 14.5,"     \
	" \"burn_short\": 100}, {\"slo\": \"checkout\", \"service\": \"shop\","                    \
	" \"name\": \"no-data\", \"severity\": \"ticket\", \"state\": \"firing\","                 \
	" \"since\": \"2030-01-02T03:00:00Z\", \"silenced\": true, \"burn_long\": null,"           \
	" \"burn_short\": null}],"                                                                 \
	" \"notices\": [{\"id\": \"n1\", \"service\": \"shop\", \"severity\": \"page\","           \
	" \"started_at\": \"2030-01-02T03:04:05Z\", \"alerts\": [{\"slo\": \"checkout\","          \
	" \"name\": \"burn-1h\"}]}],"                                                              \
	" \"changes\": [{\"at\": \"2030-01-02T03:04:05Z\", \"slo\": \"checkout\","                 \
	" \"service\": \"shop\", \"alert\": \"burn-1h\", \"severity\": \"page\","                  \
	" \"from\": \"inactive\", \"to\": \"firing\", \"started_at\": \"2030-01-02T03:04:05Z\","   \
	" \"budget_spent_ratio\": 0.021}],"                                                        \
	" \"receivers\": [{\"receiver\": \"webhook http://x/\", \"sent\": 3, \"failed\": 1,"       \
	" \"given_up\": 0, \"waiting\": 1, \"last_sent_at\": \"2030-01-02T03:04:06Z\","            \
	" \"last_error\": \"HTTP 503\\u001b[2J\", \"last_error_at\": \"2030-01-02T03:04:07Z\"}],"  \
	" \"silences\": [{\"id\": \"s1\", \"slo\": null, \"service\": \"shop\","                   \
	" \"severity\": null, \"from\": \"2030-01-02T03:00:00Z\","                                 \
	" \"until\": \"2030-01-02T05:00:00Z\", \"comment\": \"migration\","                        \
	" \"exclude\": \"alerts\", \"by\": \"root\"}],"                                            \
	" \"maintenance\": [{\"name\": \"weekly\", \"active\": false, \"from\": null,"             \
	" \"until\": null}], \"store\": {\"state\": \"ok\"}}"

__attribute__((unused)) static const struct fake_reply full[] = {
	{"GET /v1/alerts", 200, ALERTS, 0},
	{"POST /v1/silences", 200, "{\"id\": \"s\\u001b7\"}", 0},
	{"DELETE /v1/silences/s/1", 200, "{}", 0},
	{NULL, 0, NULL, 0},
};
__attribute__((unused)) static const struct fake_reply empty[] = {
	{"GET /v1/alerts", 200,
	 "{\"active\": [], \"notices\": [], \"changes\": [], \"receivers\": [], \"silences\": [],"
	 " \"maintenance\": []}",
	 0},
	{"POST /v1/silences", 400, "{\"error\": \"no SLO of this name\"}", 0},
	{"POST /v1/notify-test", 409, "{\"error\": \"no receiver is configured\"}", 0},
	{NULL, 0, NULL, 0},
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of config_check(). Each goes on after a refusal, and passes over services, SLOs and
 * maintenance windows that were refused when they were read: of these not all is known.
 */
#ifndef SLIPROBE_CONFIG_CHECK_H
#define SLIPROBE_CONFIG_CHECK_H

#include "base/suggest.h"
#include "config/schema.h"

int config_check_services(struct document *doc, const struct config *config);

/* `services_known`: an SLO's service must be one of the configuration's. */
int config_check_slos(struct document *doc, const struct config *config, bool services_known);

/* Checks whom maintenance names. */
int config_check_maintenance(struct document *doc, const struct config *config,
			     bool services_known);

/* Warn: of alerts that cannot fire; of what can hardly be meant. Return 0 or -ENOMEM. */
int config_check_alerts(struct config *config);
int config_check_meaning(struct document *doc, struct config *config);

/* Whether the names of all services were read. */
bool config_knows_services(struct document *doc, const struct config *config);

/* suggestion_text() of the services' names. */
const char *config_suggest_service(const struct config *config, const char *got,
				   char ret[static SUGGESTION_BYTES]);

#endif

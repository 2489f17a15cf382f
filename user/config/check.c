/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks keys against each other, and warns of settings without effect. */
#include "config/check.h"

#include <grp.h>

#include "base/address.h"

static int warn_of_agent(struct config *config)
{
	const char *group = config->agent.admin_group;

	if (!group || getgrnam(group))
		return 0;
	return config_warn(
		config,
		"agent.admin_group: this host has no group \"%s\": root alone may change "
		"what the agent does",
		group);
}

static int warn(struct document *doc, struct config *config)
{
	int r = config_check_alerts(config);

	r = r ?: warn_of_agent(config);
	r = r ?: config_check_meaning(doc, config);
	if (!r && !config->n_slos)
		r = config_warn(config, "slos: none given, requests are counted but not judged");
	return r;
}

/* What depends on keys of others. */
static void derive(struct config *config)
{
	for (size_t i = 0; i < config->n_slos; i++)
		config->slos[i].eligible.late_after_ns =
			config->slos[i].good.latency_ns ?: config->agent.unanswered_after_ns;
}

static int check_agent(struct document *doc, const struct config *config)
{
	const char *address = config->agent.page_listen;

	if (!address || config->agent.page_listen_anywhere || address_is_loopback(address))
		return 0;
	return document_refuse_at(
		doc, "agent.page_listen",
		"expected an address of the host itself, such as 127.0.0.1:9466, as "
		"whoever reaches it reads everything; or beside it "
		"page_listen_anywhere: true");
}

int config_check(struct document *doc, struct config *config)
{
	const bool known = config_knows_services(doc, config);
	int ret = check_agent(doc, config);

	ret = first_failure(ret, config_check_services(doc, config));
	ret = first_failure(ret, config_check_slos(doc, config, known));
	ret = first_failure(ret, config_check_maintenance(doc, config, known));
	derive(config);
	/* what was refused would be warned of as well */
	return ret || doc->refusals->n ? ret : warn(doc, config);
}

int config_check_alone(struct document *doc, struct config *config)
{
	int ret = config_check_slos(doc, config, false);

	return ret || doc->refusals->n ? ret : config_check_alerts(config);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/alerting_worst.h"

#include <string.h>

#include "base/term_names.h"

static bool route_is_eligible(const struct config_slo *slo, const char *route)
{
	for (size_t i = 0; i < slo->eligible.n_routes; i++) {
		if (!strcmp(slo->eligible.routes[i], route))
			return true;
	}
	/* a template that is excluded as it stands */
	for (size_t i = 0; i < slo->eligible.n_exclude_paths; i++) {
		if (!strcmp(slo->eligible.exclude_paths[i], route))
			return false;
	}
	return !slo->eligible.n_routes;
}

static bool method_is_eligible(const struct config_slo *slo, const char *method)
{
	const uint32_t methods = slo->eligible.methods & ~slo->eligible.exclude_methods;

	for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
		if (!strcmp(method_name(i), method))
			return methods >> i & 1;
	}
	return false;
}

bool alerting_requests_are_eligible(const struct config_slo *slo,
				    const struct record_requests *requests)
{
	if (!route_is_eligible(slo, requests->route) || !method_is_eligible(slo, requests->method))
		return false;
	if (!strcmp(requests->outcome, outcome_name(OUTCOME_COMPLETE)))
		return status_is_known(requests->status);
	if (!strcmp(requests->outcome, outcome_name(OUTCOME_CLIENT_ABORT)))
		return slo->eligible.client_abort == CLIENT_ABORT_BAD;
	return strcmp(requests->outcome, outcome_name(OUTCOME_NOT_ACCEPTED)) != 0;
}

bool alerting_requests_are_bad(const struct config_slo *slo, const struct record_requests *requests)
{
	if (!route_is_eligible(slo, requests->route) || !method_is_eligible(slo, requests->method))
		return false;
	if (!strcmp(requests->outcome, outcome_name(OUTCOME_COMPLETE)))
		return status_is_known(requests->status) &&
		       !config_slo_status_is_good(slo, requests->status);
	if (!strcmp(requests->outcome, outcome_name(OUTCOME_CLIENT_ABORT)))
		return slo->eligible.client_abort == CLIENT_ABORT_BAD;
	return strcmp(requests->outcome, outcome_name(OUTCOME_NOT_ACCEPTED)) != 0;
}

struct worst {
	const struct config_slo *slo;
	struct notice_slo *ret;
};

static int add(void *context, const struct record_requests *requests)
{
	const struct worst *worst = context;

	if (!requests->requests || !alerting_requests_are_bad(worst->slo, requests))
		return 0;
	return notice_slo_add_worst(worst->ret, &(const struct notice_worst){
							.route = (char *)requests->route,
							.method = (char *)requests->method,
							.outcome = (char *)requests->outcome,
							.status = requests->status,
							.bad = requests->requests,
						});
}

int alerting_worst(struct record *record, const struct config_slo *slo, const char *service,
		   double from_seconds, double until_seconds, struct notice_slo *ret)
{
	struct worst worst = {slo, ret};

	int r;

	ret->worst_exact = !slo->eligible.n_exclude_paths && !slo->eligible.n_exclude_user_agents;
	r = record_each_requests(record, service, from_seconds, until_seconds, add, &worst);
	ret->worst_known = !r;
	return r;
}

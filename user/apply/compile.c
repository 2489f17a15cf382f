/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/compile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "apply/compile_policies.h"
#include "apply/compile_services.h"
#include "apply/compiler.h"
#include "base/cleanup.h"

void tables_clear(struct tables *tables)
{
	free(tables->states);
	free(tables->cells);
	free(tables->accepts);
	free(tables->sets);
	free(tables->facts);
	for (size_t i = 0; i < tables->n_lookups; i++)
		free(tables->lookups[i].path);
	free(tables->lookups);
	free(tables->policies);
	*tables = (struct tables){};
}

static __u64 client_abort_from_ns(const struct config_slo *slo)
{
	switch (slo->eligible.client_abort) {
	case CLIENT_ABORT_BAD:
		return 0;
	case CLIENT_ABORT_LATE:
		return slo->eligible.late_after_ns + 1;
	default:
		return ~0ULL;
	}
}

struct slo_criteria tables_criteria(const struct config_slo *slo)
{
	struct slo_criteria criteria = {
		.latency_ns = slo->good.latency_ns ?: ~0ULL,
		.min_body_bytes = slo->good.min_body_bytes,
		.client_abort_from_ns = client_abort_from_ns(slo),
		.grpc = slo->good.grpc_status,
		.latency_of = slo->good.latency_of,
	};

	memcpy(criteria.status, slo->good.status, sizeof(criteria.status));
	return criteria;
}

int tables_slos(const struct config *config, struct tables_slo **ret, size_t *ret_n)
{
	_cleanup_free_ struct tables_slo *slos = NULL;
	size_t n = 0, max = config->n_slos * (config->n_services + 1);

	slos = calloc(max ?: 1, sizeof(*slos));
	if (!slos)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_slos; i++) {
		bool all = config_slo_is_wildcard(&config->slos[i]);

		for (size_t s = 0; s < config->n_services; s++) {
			if (all || !strcmp(config->slos[i].service, config->services[s].name))
				slos[n++] =
					(struct tables_slo){.config_slo = i, .config_service = s};
		}
		if (all)
			slos[n++] = (struct tables_slo){.config_slo = i,
							.config_service = TABLES_FOUND};
	}
	*ret = TAKE_PTR(slos);
	*ret_n = n;
	return 0;
}

static int compile_all(struct compiler *c)
{
	size_t n = c->config->n_services;
	int r = compiler_grow(&c->out.policies, &c->out.n_policies, n + 1,
			      sizeof(*c->out.policies));

	for (size_t s = 0; !r && s <= n; s++)
		r = compile_policy(c, s < n ? s : TABLES_FOUND, &c->out.policies[s]);
	c->out.live.n_services = n;
	return r ?: compile_services(c);
}

int tables_compile(const struct config *config, const struct tables_slo *slos, size_t n_slos,
		   const struct tables_region *region, const struct tables_ids *ids,
		   struct tables *ret, struct tables_region *ret_need, struct error *ret_error)
{
	struct compiler c = {
		.config = config,
		.slos = slos,
		.n_slos = n_slos,
		.ids = ids,
		.error = ret_error,
	};
	struct tables_region need = {};
	int r;

	/* index 0 of states and accepts stands for none */
	c.region = region ? *region : (struct tables_region){.states = 1, .accepts = 1};
	r = compile_all(&c);
	if (r) {
		tables_clear(&c.out);
		return r;
	}
	need.max_states = c.out.n_states;
	need.max_cells = c.out.n_cells;
	need.max_accepts = c.out.n_accepts;
	need.max_sets = c.out.n_sets;
	*ret_need = need;
	if (region &&
	    (need.max_states > region->max_states || need.max_cells > region->max_cells ||
	     need.max_accepts > region->max_accepts || need.max_sets > region->max_sets)) {
		tables_clear(&c.out);
		return -E2BIG;
	}
	*ret = c.out;
	return 0;
}

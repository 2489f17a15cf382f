/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/names.h"

#include <string.h>

#include "agent/parts.h"
#include "base/hash.h"
#include "base/json_values.h"

/* ---- the SLOs of each policy, by bit ---- */

/* Those of a configured service: its policy has them in the configuration's order, as its tracks are. */
static json_t *slos_of(const struct tracks *tracks, const char *service)
{
	json_t *slos = json_array();

	for (size_t i = 0; i < tracks->n_configured; i++) {
		if (!strcmp(tracks->configured[i]->service, service))
			json_array_append_new(slos, json_text_or_null(tracks->configured[i]->name));
	}
	return slos;
}

static json_t *slos_of_found(const struct config *config)
{
	json_t *slos = json_array();

	for (size_t i = 0; i < config->n_slos; i++) {
		if (config_slo_is_wildcard(&config->slos[i]))
			json_array_append_new(slos, json_text_or_null(config->slos[i].name));
	}
	return slos;
}

static json_t *generation_json(const struct applied *applied)
{
	const struct in_force *in_force = &applied->in_force;
	json_t *policies = json_array();

	for (size_t i = 0; i < in_force->n_policies; i++) {
		json_t *slos =
			i < in_force->config.n_services ?
				slos_of(&applied->tracks, in_force->config.services[i].name) :
				slos_of_found(&in_force->config);

		json_array_append_new(policies,
				      json_pack("{s:I, s:o}", "number",
						(json_int_t)in_force->policies[i], "slos", slos));
	}
	return json_pack("{s:I, s:o}", "generation", (json_int_t)in_force->generation, "policies",
			 policies);
}

void names_told_clear(struct names_told *told)
{
	json_decref(told->generations);
	*told = (struct names_told){};
}

static void look_at_generation(const struct applied *applied, struct names_told *told)
{
	if (told->newest == applied->in_force.generation)
		return;
	if (!told->generations)
		told->generations = json_array();
	if (json_array_insert_new(told->generations, 0, generation_json(applied)))
		return;
	if (json_array_size(told->generations) > NAMES_GENERATIONS_MAX)
		json_array_remove(told->generations, NAMES_GENERATIONS_MAX);
	told->newest = applied->in_force.generation;
}

/* ---- the rest ---- */

static json_t *services_json(const struct agent *agent)
{
	json_t *services = json_array();

	for (size_t i = 0; i < agent->services.n; i++) {
		const struct service *service = agent->services.list[i];

		json_array_append_new(services,
				      json_pack("{s:I, s:o}", "id", (json_int_t)service->id, "name",
						json_text_or_null(service->name)));
	}
	return services;
}

static json_t *routes_json(const struct ids *ids)
{
	json_t *routes = json_array();
	const char *name;

	for (__u32 id = 1; (name = ids_name(ids, id)); id++)
		json_array_append_new(routes, json_text_or_null(name));
	return routes;
}

static json_t *settings_json(const struct config_samples *samples)
{
	return json_pack("{s:o, s:o, s:{s:s, s:o, s:b}, s:I, s:I}", "headers",
			 json_texts(samples->headers, samples->n_headers), "trusted_proxies",
			 json_texts(samples->trusted_proxies, samples->n_trusted_proxies), "redact",
			 "paths", config_redact_paths_name(samples->redact_paths), "headers",
			 json_texts(samples->redact_headers, samples->n_redact_headers), "clients",
			 samples->redact_clients, "keep_seconds", (json_int_t)samples->keep_seconds,
			 "keep_bytes", (json_int_t)samples->keep_bytes);
}

static json_t *versions_json(const struct versions *versions)
{
	json_t *array = json_array();

	for (__u32 id = 1; versions && id < VERSIONS_MAX; id++) {
		const char *name = versions_name(versions, id);

		if (name)
			json_array_append_new(array, json_pack("{s:I, s:o}", "id", (json_int_t)id,
							       "name", json_text_or_null(name)));
	}
	return array;
}

static json_t *processes_json(const struct versions *versions)
{
	json_t *array = json_array();

	for (size_t i = 0; versions && i < versions->serving.n; i++) {
		const struct serving_process *process = versions->serving.list[i];

		json_array_append_new(array, json_pack("{s:I, s:I, s:I, s:o, s:o}", "pid",
						       (json_int_t)process->key.tgid, "start_ns",
						       (json_int_t)process->key.start_ns, "exec_id",
						       (json_int_t)process->key.exec_id, "name",
						       json_text_or_null(process->comm), "cgroup",
						       json_text_or_null(process->cgroup)));
	}
	return array;
}

/* ---- whether it is another one ---- */

static uint64_t mix(uint64_t sum, uint64_t number)
{
	return (sum ^ number) * UINT64_C(0x100000001b3);
}

static uint64_t sum_of(const struct agent *agent)
{
	const struct versions *versions = agent->versions;
	uint64_t sum = mix(agent->applied.in_force.generation, agent->services.n);

	if (versions)
		sum = mix(mix(sum, versions->serial), versions->serving.serial);
	for (size_t i = 0; i < agent->services.n; i++) {
		const struct service *service = agent->services.list[i];

		sum = mix(sum, service->id);
		sum = mix(sum, hash_fnv1a(service->name, strlen(service->name)));
	}
	return sum;
}

bool names_changed(const struct agent *agent, const struct names_told *told)
{
	return !told->generations || told->sum != sum_of(agent);
}

json_t *names_context(const struct agent *agent, struct names_told *told)
{
	const struct applied *applied = &agent->applied;

	look_at_generation(applied, told);
	told->sum = sum_of(agent);
	return json_pack("{s:o, s:o, s:O, s:o, s:o, s:o}", "services", services_json(agent),
			 "routes", routes_json(applied->numbers.routes), "generations",
			 told->generations, "versions", versions_json(agent->versions), "processes",
			 processes_json(agent->versions), "settings",
			 settings_json(&applied->in_force.config.samples));
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/policy.h"
#include "base/cleanup.h"
#include "config/config.h"

/* A text by number; sorted by it. */
struct named {
	uint32_t id;
	const char *name;
};

struct named_list {
	struct named *list;
	size_t n;
};

struct policy_names {
	uint32_t generation, number;
	const json_t *slos;
};

struct process_names {
	struct process_key key;
	struct names_process names;
};

struct names {
	json_t *context; /* what all texts are in */
	struct named_list services, versions;
	const json_t *routes;
	struct policy_names *policies; /* sorted by generation and number */
	size_t n_policies;
	uint32_t generation; /* the newest */
	struct process_names *processes; /* sorted by key */
	size_t n_processes;
	struct names_settings settings;
	struct cidr *proxies;
};

/* ---- lists ---- */

static uint64_t number(const json_t *object, const char *key)
{
	const json_int_t value = json_integer_value(json_object_get(object, key));

	return value < 0 ? 0 : (uint64_t)value;
}

static int named_order(const void *a, const void *b)
{
	const uint32_t x = ((const struct named *)a)->id, y = ((const struct named *)b)->id;

	return (x > y) - (x < y);
}

static int read_named(const json_t *array, struct named_list *ret)
{
	const json_t *entry;
	size_t i;

	ret->list = calloc(json_array_size(array) + 1, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	json_array_foreach(array, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));

		if (name)
			ret->list[ret->n++] = (struct named){(uint32_t)number(entry, "id"), name};
	}
	qsort(ret->list, ret->n, sizeof(*ret->list), named_order);
	return 0;
}

static const char *name_of(const struct named_list *named, uint32_t id)
{
	const struct named key = {.id = id};
	const struct named *found = bsearch(&key, named->list, named->n, sizeof(key), named_order);

	return found ? found->name : NULL;
}

static int policy_order(const void *a, const void *b)
{
	const struct policy_names *x = a, *y = b;

	if (x->generation != y->generation)
		return x->generation < y->generation ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static int read_policies(const json_t *generations, struct names *names)
{
	const json_t *generation, *policy;
	size_t i, j, n = 0;

	json_array_foreach(generations, i, generation)
		n += json_array_size(json_object_get(generation, "policies"));
	names->policies = calloc(n + 1, sizeof(*names->policies));
	if (!names->policies)
		return -ENOMEM;
	json_array_foreach(generations, i, generation) {
		if (number(generation, "generation") > names->generation)
			names->generation = (uint32_t)number(generation, "generation");
		json_array_foreach(json_object_get(generation, "policies"), j, policy)
			names->policies[names->n_policies++] = (struct policy_names){
				.generation = (uint32_t)number(generation, "generation"),
				.number = (uint32_t)number(policy, "number"),
				.slos = json_object_get(policy, "slos"),
			};
	}
	qsort(names->policies, names->n_policies, sizeof(*names->policies), policy_order);
	return 0;
}

static int key_order(const struct process_key *a, const struct process_key *b)
{
	if (a->tgid != b->tgid)
		return a->tgid < b->tgid ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return (a->exec_id > b->exec_id) - (a->exec_id < b->exec_id);
}

static int process_order(const void *a, const void *b)
{
	return key_order(&((const struct process_names *)a)->key,
			 &((const struct process_names *)b)->key);
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int read_processes(const json_t *array, struct names *names)
{
	const json_t *entry;
	size_t i;

	names->processes = calloc(json_array_size(array) + 1, sizeof(*names->processes));
	if (!names->processes)
		return -ENOMEM;
	json_array_foreach(array, i, entry)
		names->processes[names->n_processes++] = (struct process_names){
			.key = {number(entry, "start_ns"), (uint32_t)number(entry, "pid"),
				(uint32_t)number(entry, "exec_id")},
			.names = {text(entry, "name"), text(entry, "cgroup"),
				  text(entry, "container")},
		};
	qsort(names->processes, names->n_processes, sizeof(*names->processes), process_order);
	return 0;
}

/* ---- settings ---- */

static size_t read_headers(const json_t *array, const char *ret[static NAMES_HEADERS_MAX])
{
	const json_t *entry;
	size_t i, n = 0;

	json_array_foreach(array, i, entry) {
		if (json_is_string(entry) && n < NAMES_HEADERS_MAX)
			ret[n++] = json_string_value(entry);
	}
	return n;
}

static int read_proxies(const json_t *array, struct names *names)
{
	const json_t *entry;
	size_t i, n = 0;

	names->proxies = calloc(json_array_size(array) + 1, sizeof(*names->proxies));
	if (!names->proxies)
		return -ENOMEM;
	json_array_foreach(array, i, entry) {
		if (!json_is_string(entry) ||
		    cidr_parse(json_string_value(entry), &names->proxies[n++]))
			return -EINVAL;
	}
	names->settings.trusted_proxies = names->proxies;
	names->settings.n_trusted_proxies = n;
	return 0;
}

/* One that is not known is a newer agent's: what it wants to hide is not told. */
static enum redact_path read_path(const json_t *value)
{
	const char *word = json_string_value(value);

	if (!word || !strcmp(word, "keep"))
		return REDACT_PATH_KEEP;
	return strcmp(word, "mask") ? REDACT_PATH_TEMPLATE : REDACT_PATH_MASK;
}

static int read_settings(const json_t *settings, struct names *names)
{
	struct names_settings *const to = &names->settings;
	const json_t *redact = json_object_get(settings, "redact");
	int r = read_proxies(json_object_get(settings, "trusted_proxies"), names);

	to->redact.path = read_path(json_object_get(redact, "paths"));
	to->n_headers = read_headers(json_object_get(settings, "headers"), to->headers);
	to->redact.n_headers = read_headers(json_object_get(redact, "headers"), to->redact.headers);
	to->redact.clients = json_is_true(json_object_get(redact, "clients"));
	to->keep_seconds = (double)number(settings, "keep_seconds");
	to->keep_bytes = number(settings, "keep_bytes");
	return r;
}

/* ---- begin and end ---- */

void names_free(struct names *names)
{
	if (!names)
		return;
	json_decref(names->context);
	free(names->services.list);
	free(names->versions.list);
	free(names->policies);
	free(names->processes);
	free(names->proxies);
	free(names);
}

static void names_free_at(struct names **names)
{
	names_free(*names);
}

int names_new(const json_t *context, struct names **ret)
{
	_cleanup_(names_free_at) struct names *names = calloc(1, sizeof(*names));
	int r;

	if (!names)
		return -ENOMEM;
	if (!json_is_object(context) || !json_is_object(json_object_get(context, "settings")))
		return -EINVAL;
	names->context = json_incref((json_t *)context);
	names->routes = json_object_get(context, "routes");
	r = read_named(json_object_get(context, "services"), &names->services);
	r = r ?: read_named(json_object_get(context, "versions"), &names->versions);
	r = r ?: read_policies(json_object_get(context, "generations"), names);
	r = r ?: read_processes(json_object_get(context, "processes"), names);
	r = r ?: read_settings(json_object_get(context, "settings"), names);
	if (r)
		return r;
	*ret = TAKE_PTR(names);
	return 0;
}

/* ---- what is asked ---- */

const struct names_settings *names_settings(const struct names *names)
{
	return &names->settings;
}

uint32_t names_generation(const struct names *names)
{
	return names->generation;
}

const char *names_service(const struct names *names, uint32_t id)
{
	return name_of(&names->services, id);
}

const char *names_version(const struct names *names, uint32_t id)
{
	return id ? name_of(&names->versions, id) : NULL;
}

const char *names_route(const struct names *names, uint32_t id)
{
	if (id == ROUTE_OTHER)
		return "_other";
	return id == ROUTE_UNKNOWN ? NULL :
				     json_string_value(json_array_get(names->routes, id - 1));
}

const char *names_slo(const struct names *names, uint32_t generation, uint32_t policy,
		      unsigned int bit, const char *service, char *ret_text, size_t size)
{
	const struct policy_names key = {.generation = generation, .number = policy};
	const struct policy_names *found =
		bsearch(&key, names->policies, names->n_policies, sizeof(key), policy_order);
	const char *name = found ? json_string_value(json_array_get(found->slos, bit)) : NULL;

	if (!name || !strstr(name, CONFIG_SERVICE_MARK))
		return name;
	slo_name_write(name, service ?: "", ret_text, size);
	return ret_text;
}

const struct names_process *names_process(const struct names *names, const struct process_key *key)
{
	const struct process_names wanted = {.key = *key};
	const struct process_names *found = bsearch(&wanted, names->processes, names->n_processes,
						    sizeof(wanted), process_order);

	return found ? &found->names : NULL;
}

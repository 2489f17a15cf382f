/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/services.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "base/utf8.h"

enum {
	RATE_SPAN_S = 60,
	USER_ROOM = 16384, /* for what the system knows of a user */
	CONTAINER_ID = 64, /* hex digits of a container id in a cgroup's path */
};

static void service_free(struct service *service)
{
	free(service->name);
	free(service->exe);
	free(service->container);
	free(service->user);
	free(service);
}

void services_clear(struct services *services)
{
	for (size_t i = 0; i < services->n; i++)
		service_free(services->list[i]);
	free(services->list);
	*services = (struct services){};
}

struct service *services_by_id(const struct services *services, __u32 id)
{
	for (size_t i = 0; i < services->n; i++) {
		if (services->list[i]->id == id)
			return services->list[i];
	}
	return NULL;
}

static bool name_taken(const struct services *services, const char *name)
{
	for (size_t i = 0; i < services->n; i++) {
		if (!strcmp(services->list[i]->name, name))
			return true;
	}
	return false;
}

/* A found service gives up a name that the configuration has come to use. */
static int make_way(const struct services *services, const char *name)
{
	for (size_t i = 0; i < services->n; i++) {
		struct service *service = services->list[i];
		char *other;

		if (strcmp(service->name, name) != 0)
			continue;
		if (asprintf(&other, "%s@%u", name, service->netns) < 0)
			return -ENOMEM;
		free(service->name);
		service->name = other;
	}
	return 0;
}

int services_add(struct services *services, __u32 id, const char *name, struct service **ret)
{
	struct service *service = services_by_id(services, id);
	struct service **grown;
	int r;

	if (service) {
		*ret = service;
		return 0;
	}
	r = make_way(services, name);
	if (r)
		return r;
	grown = realloc(services->list, (services->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	services->list = grown;
	service = calloc(1, sizeof(*service));
	if (!service)
		return -ENOMEM;
	service->id = id;
	service->name = strdup(name);
	if (!service->name) {
		free(service);
		return -ENOMEM;
	}
	services->list[services->n++] = service;
	*ret = service;
	return 0;
}

void services_remove(struct services *services, __u32 id)
{
	size_t n = 0;

	for (size_t i = 0; i < services->n; i++) {
		if (services->list[i]->id == id)
			service_free(services->list[i]);
		else
			services->list[n++] = services->list[i];
	}
	services->n = n;
}

bool services_wait(const struct services *services, __u32 id, const struct endpoint_key *key)
{
	for (size_t i = 0; i < services->n; i++) {
		const struct service *service = services->list[i];

		if (service->stay != SERVICE_STAYS && service->id != id &&
		    service->port == key->port && service->netns == key->netns &&
		    service->owner.uid == key->uid && service->foreign == key->foreign &&
		    !strncmp(service->process, key->process, COMM_BYTES - 1))
			return true;
	}
	return false;
}

/* The id in a path such as .../docker-<64 hex digits>.scope, of the container the process is in. */
static char *container_of_process(__u32 pid)
{
	_cleanup_free_ char *line = NULL;
	_cleanup_fclose_ FILE *file = process_open(pid, "cgroup");
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		size_t run = 0;

		for (const char *c = line; *c; c++) {
			run = isxdigit((unsigned char)*c) ? run + 1 : 0;
			if (run == CONTAINER_ID && !isxdigit((unsigned char)c[1]))
				return strndup(c + 1 - CONTAINER_ID, CONTAINER_ID);
		}
	}
	return NULL;
}

/* As this host, or the agent's container, calls the user; NULL if it does not. */
static char *user_name(__u32 uid)
{
	struct passwd user, *found = NULL;
	char room[USER_ROOM];

	return !getpwuid_r(uid, &user, room, sizeof(room), &found) && found ?
		       strdup(found->pw_name) :
		       NULL;
}

static bool process_lives(__u32 pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return !access(path, F_OK);
}

enum {
	NAME_TRIES = 4,
};

/* From the shortest on; the last one is nobody else's: it has the endpoint's number. */
static char *name_of(const char *process, const struct endpoint_key *key, __u32 number, int attempt)
{
	char *name;
	int len;

	if (attempt == 0)
		len = asprintf(&name, "%s:%u", process, key->port);
	else if (attempt == 1)
		len = asprintf(&name, "%s:%u@%u", process, key->port, key->netns);
	else if (attempt == 2)
		len = asprintf(&name, "%s:%u@%u:%u", process, key->port, key->netns, key->uid);
	else
		len = asprintf(&name, "%s:%u@%u:%u#%u", process, key->port, key->netns, key->uid,
			       number);
	return len < 0 ? NULL : name;
}

/* A process may be called anything, and the kernel cuts its name anywhere: what is kept is text. */
static char *found_name(const struct services *services, const struct endpoint_key *key,
			const struct endpoint *endpoint)
{
	_cleanup_free_ char *bytes = strndup(key->process, COMM_BYTES);
	_cleanup_free_ char *process = bytes ? utf8_show(bytes, "") : NULL;
	char *name = process ? name_of(process, key, endpoint->number, 0) : NULL;

	for (int i = 1; name && i < NAME_TRIES && name_taken(services, name); i++) {
		free(name);
		name = name_of(process, key, endpoint->number, i);
	}
	return name;
}

int service_seen(struct services *services, __u32 id, const char *configured_name,
		 const struct endpoint_key *key, const struct endpoint *endpoint)
{
	struct service *service = services_by_id(services, id);
	_cleanup_free_ char *name = NULL;
	char *exe;
	int r;

	if (!service) {
		name = configured_name ? strdup(configured_name) :
					 found_name(services, key, endpoint);
		if (!name)
			return -ENOMEM;
		r = services_add(services, id, name, &service);
		if (r)
			return r;
	}
	if (service->pid && (service->port != key->port || service->netns != key->netns) &&
	    process_lives(service->pid))
		return 0; /* several endpoints: one stands for them as long as it lives */
	service->near = endpoint->near;
	service->near_lacks = endpoint->near_lacks;
	if (service->pid == endpoint->tgid &&
	    !memcmp(&service->owner, &endpoint->owner, sizeof(service->owner)) && service->exe &&
	    !strncmp(service->exe, endpoint->exe, sizeof(endpoint->exe)))
		return 0;
	exe = strndup(endpoint->exe, sizeof(endpoint->exe));
	if (!exe)
		return -ENOMEM;
	free(service->exe);
	service->exe = exe;
	service->port = key->port;
	service->netns = key->netns;
	service->foreign = key->foreign;
	free(service->user);
	service->user = user_name(key->uid);
	service->owner = endpoint->owner;
	service->pid = endpoint->tgid;
	memcpy(service->process, key->process, sizeof(service->process));
	service->process[sizeof(service->process) - 1] = 0;
	free(service->container);
	service->container = container_of_process(service->pid);
	return 0;
}

void service_rate_step(struct service *service, double now_seconds, __u64 requests)
{
	size_t i = service->rate.n++ % SERVICE_RATE_STEPS;

	service->rate.t_seconds[i] = now_seconds;
	service->rate.requests[i] = requests;
}

struct maybe service_rate(const struct service *service, double now_seconds, __u64 requests)
{
	size_t n = service->rate.n < SERVICE_RATE_STEPS ? service->rate.n : SERVICE_RATE_STEPS;
	size_t since = SERVICE_RATE_STEPS;

	/* newest first: the step a minute ago, or the oldest there is */
	for (size_t i = 1; i <= n; i++) {
		since = (service->rate.n - i) % SERVICE_RATE_STEPS;
		if (now_seconds - service->rate.t_seconds[since] >= RATE_SPAN_S)
			break;
	}
	if (since == SERVICE_RATE_STEPS || now_seconds - service->rate.t_seconds[since] < 0.5)
		return (struct maybe){};
	return (struct maybe){
		.known = true,
		.value = (double)(requests - service->rate.requests[since]) /
			 (now_seconds - service->rate.t_seconds[since]),
	};
}

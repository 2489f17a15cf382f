/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "collect.h"
#include "privilege.h"
#include "rules.h"
#include "services.h"
#include "util.h"

struct agent {
	char *config_file;
	struct probe *probe;
	struct rules rules;
	struct services services;
	struct utsname kernel;
	char started_at[32];
	__u64 reloads;
	bool consistent;
};

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static __u64 sum(const __u64 *counters, size_t n)
{
	__u64 total = 0;

	for (size_t i = 0; i < n; i++)
		total += counters[i];
	return total;
}

static __u64 lost_in(const __u64 *stats)
{
	return sum(stats + STAT_LOST, LOST_REASON_COUNT);
}

/*
 * Ends what is unanswered, and checks the counters against what the walk has found: a request seen
 * before it and not ended after it must have been met, and none that ended before it.
 */
static int agent_walk(struct agent *agent)
{
	__u64 before[STAT_COUNT], after[STAT_COUNT];
	__u64 in_flight, open_at_least, open_at_most;
	int r;

	r = probe_read_stats(agent->probe, before);
	r = r
		    ?: probe_walk(agent->probe, agent->rules.config.agent.unanswered_after_ns,
				  &in_flight);
	r = r ?: probe_read_stats(agent->probe, after);
	if (r)
		return r;
	open_at_most = after[STAT_SEEN] - before[STAT_ENDED] - lost_in(before);
	open_at_least = before[STAT_SEEN] - after[STAT_ENDED] - lost_in(after);
	agent->consistent = in_flight <= open_at_most && (__s64)in_flight >= (__s64)open_at_least;
	if (!agent->consistent)
		fprintf(stderr,
			"sliprobed: the counters disagree with the connections: %llu requests in flight, "
			"expected %lld to %llu\n",
			in_flight, (long long)open_at_least, open_at_most);
	return 0;
}

static int take_endpoint(void *context, const struct endpoint_key *key,
			 const struct endpoint *endpoint)
{
	struct agent *agent = context;
	const char *configured = endpoint->service < SERVICE_FOUND
					 ? names_name(agent->rules.services, endpoint->service)
					 : NULL;
	int r;

	if (endpoint->service == SERVICE_NONE)
		return 0; /* being registered at this moment */
	r = service_seen(&agent->services, endpoint->service, configured, key, endpoint);
	if (r || endpoint->service < SERVICE_FOUND)
		return r;
	return rules_found(&agent->rules, services_by_id(&agent->services, endpoint->service)->name,
			   endpoint->service - SERVICE_FOUND);
}

/* Services that the kernel has found since the last time, and those of the configuration. */
static int agent_discover(struct agent *agent)
{
	const struct config *config = &agent->rules.config;
	struct service *service;
	int r = 0;

	for (size_t i = 0; !r && i < config->n_services; i++)
		r = services_add(&agent->services,
				 names_number(agent->rules.services, config->services[i].name),
				 config->services[i].name, &service);
	return r ?: probe_each_endpoint(agent->probe, take_endpoint, agent);
}

static int step_track(struct agent *agent, struct track *track, double now)
{
	struct slo_counts counts;
	int r = probe_read_counts(agent->probe, track->counts, &counts);

	return r ?: track_step(track, now, &counts);
}

static int add_requests(void *context, const struct series_key *key,
			const struct series_value *value)
{
	__u64 *requests = context;

	requests[key->service] += value->requests;
	return 0;
}

static int step_rates(struct agent *agent, double now)
{
	_cleanup_free_ __u64 *requests = calloc(1 << 16, sizeof(*requests));
	int r;

	if (!requests)
		return -ENOMEM;
	r = probe_each_series(agent->probe, add_requests, requests);
	for (size_t i = 0; !r && i < agent->services.n; i++)
		service_rate_step(agent->services.list[i], now,
				  requests[agent->services.list[i]->id]);
	return r;
}

int agent_step(struct agent *agent)
{
	double now;
	int r = agent_walk(agent);

	r = r ?: agent_discover(agent);
	now = now_seconds();
	for (size_t i = 0; !r && i < agent->rules.n_tracks; i++)
		r = step_track(agent, agent->rules.tracks[i], now);
	for (size_t i = 0; !r && i < agent->rules.n_found; i++)
		r = step_track(agent, agent->rules.found[i].track, now);
	return r ?: step_rates(agent, now);
}

/* ---- snapshot ---- */

static int snapshot_agent(struct agent *agent, struct snapshot *ret)
{
	const struct config *config = &agent->rules.config;

	ret->agent.version = SLIPROBE_VERSION;
	snprintf(ret->agent.kernel, sizeof(ret->agent.kernel), "%s", agent->kernel.release);
	ret->agent.hook = probe_hook_used(agent->probe);
	ret->agent.hook_reason = probe_hook_reason(agent->probe);
	memcpy(ret->agent.started_at, agent->started_at, sizeof(agent->started_at));
	ret->agent.config = config->file;
	ret->agent.reloads = agent->reloads;
	ret->agent.warnings = calloc(config->n_warnings + 1, sizeof(char *));
	if (!ret->agent.warnings)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_warnings; i++) {
		ret->agent.warnings[i] = strdup(config->warnings[i]);
		if (!ret->agent.warnings[i])
			return -ENOMEM;
		ret->agent.n_warnings++;
	}
	return privilege_held(&ret->agent.capabilities, &ret->agent.n_capabilities);
}

static const struct config_service *configured_as(const struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->rules.config.n_services; i++) {
		if (!strcmp(agent->rules.config.services[i].name, name))
			return &agent->rules.config.services[i];
	}
	return NULL;
}

static int snapshot_service(struct agent *agent, const struct service *service,
			    struct collection *collection, struct snapshot_service *ret)
{
	const struct config_service *configured =
		service->id < SERVICE_FOUND ? configured_as(agent, service->name) : NULL;
	size_t n = 0, first;
	__u64 requests = 0;

	for (first = 0; first < collection->n; first++) {
		if (collection->list[first].key.service == service->id)
			break;
	}
	while (first + n < collection->n && collection->list[first + n].key.service == service->id)
		n++;
	ret->name = strdup(service->name);
	ret->role = ROLE_SERVER;
	ret->port = service->port;
	memcpy(ret->process, service->process, sizeof(ret->process));
	ret->exe = service->exe ? strdup(service->exe) : NULL;
	ret->container = service->container ? strdup(service->container) : NULL;
	ret->pid = service->pid;
	ret->netns = service->netns;
	ret->configured = configured != NULL;
	ret->about = configured ? &configured->about : NULL;
	ret->series = calloc(n ?: 1, sizeof(*ret->series));
	if (!ret->name || !ret->series || (service->exe && !ret->exe) ||
	    (service->container && !ret->container))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct snapshot_series *series = TAKE_PTR(collection->list[first + i].series);

		requests += series->requests;
		ret->series[ret->n_series++] = series;
	}
	ret->requests_per_second = service_rate(service, now_seconds(), requests);
	return 0;
}

static int service_order(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_service *)a)->name,
		      ((const struct snapshot_service *)b)->name);
}

static int snapshot_services(struct agent *agent, struct collection *collection,
			     struct snapshot *ret)
{
	int r = 0;

	ret->services = calloc(agent->services.n ?: 1, sizeof(*ret->services));
	if (!ret->services)
		return -ENOMEM;
	for (size_t i = 0; !r && i < agent->services.n; i++)
		r = snapshot_service(agent, agent->services.list[i], collection,
				     &ret->services[ret->n_services++]);
	qsort(ret->services, ret->n_services, sizeof(*ret->services), service_order);
	return r;
}

static int snapshot_slo(struct agent *agent, const struct track *track, struct snapshot_slo *ret)
{
#define X(name, seconds) seconds,
	static const double windows[] = {SLO_BURN_WINDOWS(X)};
#undef X
	struct slo_counts counts;
	double now = now_seconds();
	int r = probe_read_counts(agent->probe, track->counts, &counts);

	if (r)
		return r;
	ret->name = track->name;
	ret->service = track->service;
	ret->objective = track->objective;
	ret->window_seconds = track->window_seconds;
	ret->total = (struct slo_events){counts.good, counts.bad};
	ret->events = track_events(track, now, track->window_seconds, &counts);
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		ret->burn_events[i] = track_events(track, now, windows[i], &counts);
	return 0;
}

static int slo_order(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_slo *)a)->name,
		      ((const struct snapshot_slo *)b)->name);
}

static int snapshot_slos(struct agent *agent, struct snapshot *ret)
{
	const struct rules *rules = &agent->rules;
	int r = 0;

	ret->slos = calloc(rules->n_tracks + rules->n_found + 1, sizeof(*ret->slos));
	if (!ret->slos)
		return -ENOMEM;
	for (size_t i = 0; !r && i < rules->n_tracks; i++)
		r = snapshot_slo(agent, rules->tracks[i], &ret->slos[ret->n_slos++]);
	for (size_t i = 0; !r && i < rules->n_found; i++)
		r = snapshot_slo(agent, rules->found[i].track, &ret->slos[ret->n_slos++]);
	if (!r)
		qsort(ret->slos + rules->n_tracks, rules->n_found, sizeof(*ret->slos), slo_order);
	return r;
}

struct unmeasured {
	struct probe *probe;
	struct snapshot *snapshot;
};

static int take_unmeasured(void *context, const struct unmeasured_key *key, __u64 count)
{
#define X(id, text) text,
	static const char *const reasons[] = {BLIND_REASONS(X)};
#undef X
	const struct unmeasured *unmeasured = context;
	struct snapshot *ret = unmeasured->snapshot;
	struct snapshot_unmeasured *grown;

	/* a TLS handshake with a plain HTTP server is a client's mistake, no blind spot */
	if (probe_serves_http(unmeasured->probe, &key->endpoint))
		return 0;
	grown = realloc(ret->unmeasured, (ret->n_unmeasured + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ret->unmeasured = grown;
	grown += ret->n_unmeasured++;
	*grown = (struct snapshot_unmeasured){
		.port = key->endpoint.port,
		.reason = key->reason < BLIND_REASON_COUNT ? reasons[key->reason] : "unknown",
		.connections = count,
	};
	memcpy(grown->process, key->endpoint.process, sizeof(grown->process));
	grown->process[sizeof(grown->process) - 1] = 0;
	return 0;
}

/*
 * `ended`: as the kernel counted it before the series were read. If nothing has ended meanwhile,
 * the series must add up to it.
 */
static int snapshot_coverage(struct agent *agent, __u64 counted, __u64 ended, struct snapshot *ret)
{
	__u64 stats[STAT_COUNT];
	int r = probe_read_stats(agent->probe, stats);

	if (r)
		return r;
	if (stats[STAT_ENDED] == ended && ended != counted) {
		agent->consistent = false;
		fprintf(stderr, "sliprobed: the series add up to %llu requests, expected %llu\n",
			counted, ended);
	}
	memcpy(ret->coverage.lost_by_reason, stats + STAT_LOST,
	       sizeof(ret->coverage.lost_by_reason));
	memcpy(ret->coverage.kernel_errors, stats + STAT_ERROR,
	       sizeof(ret->coverage.kernel_errors));
	ret->coverage.lost = lost_in(stats);
	ret->coverage.counted = counted;
	ret->coverage.seen = stats[STAT_SEEN];
	ret->coverage.in_flight = stats[STAT_SEEN] - counted - ret->coverage.lost;
	ret->coverage.hook_misses = probe_misses(agent->probe);
	ret->coverage.consistent = agent->consistent;
	return probe_each_unmeasured(agent->probe, take_unmeasured,
				     &(struct unmeasured){agent->probe, ret});
}

static void collection_clear_at(struct collection *collection)
{
	collection_clear(collection);
}

int agent_snapshot(struct agent *agent, struct snapshot *ret)
{
	_cleanup_(collection_clear_at) struct collection collection = {};
	struct snapshot snapshot = {};
	__u64 stats[STAT_COUNT];
	int r;

	r = agent_walk(agent);
	r = r ?: probe_read_stats(agent->probe, stats);
	r = r ?: collection_read(agent->probe, agent->rules.routes, &collection);
	r = r ?: agent_discover(agent);
	r = r ?: snapshot_coverage(agent, collection.requests, stats[STAT_ENDED], &snapshot);
	r = r ?: snapshot_agent(agent, &snapshot);
	r = r ?: snapshot_services(agent, &collection, &snapshot);
	r = r ?: snapshot_slos(agent, &snapshot);
	if (r) {
		snapshot_clear(&snapshot);
		return r;
	}
	*ret = snapshot;
	return 0;
}

/* ---- life ---- */

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	probe_close(agent->probe);
	rules_clear(&agent->rules);
	services_clear(&agent->services);
	free(agent->config_file);
	free(agent);
}

static int agent_start(struct agent *agent, const struct agent_options *options,
		       struct config *config, struct config_error *error)
{
	struct tables_region room;
	int r = rules_room(&agent->rules, config, &room, error);

	r = r ?: probe_open(options->hook, &room, &agent->probe, error);
	r = r ?: rules_apply(&agent->rules, agent->probe, config, error);
	/* attached last: the first request already finds its rules */
	return r ?: probe_attach(agent->probe, error);
}

int agent_new(const struct agent_options *options, struct config *config, struct agent **ret,
	      struct config_error *ret_error)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	time_t now = time(NULL);
	struct tm utc;
	int r;

	if (!agent || rules_init(&agent->rules)) {
		free(agent);
		snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
		return -ENOMEM;
	}
	agent->consistent = true;
	uname(&agent->kernel);
	strftime(agent->started_at, sizeof(agent->started_at), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&now, &utc));
	if (options->config_file) {
		agent->config_file = strdup(options->config_file);
		if (!agent->config_file) {
			agent_free(agent);
			snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
			return -ENOMEM;
		}
	}
	r = agent_start(agent, options, config, ret_error);
	if (r) {
		agent_free(agent);
		return r;
	}
	*ret = agent;
	return 0;
}

int agent_reload(struct agent *agent, struct config_error *ret_error)
{
	struct config config = {};
	int r;

	if (agent->config_file)
		r = config_load(agent->config_file, &config, ret_error);
	else
		r = config_parse(config_default_yaml, strlen(config_default_yaml), "(built-in)",
				 &config, ret_error);
	if (r)
		return r;
	r = probe_policies_clear(agent->probe);
	r = r ?: agent_walk(agent);
	r = r ?: probe_policies_read(agent->probe);
	if (r)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "cannot walk the connections: %s", strerror(-r));
	r = r ?: rules_apply(&agent->rules, agent->probe, &config, ret_error);
	config_clear(&config);
	if (!r)
		agent->reloads++;
	return r;
}

const struct config *agent_config(const struct agent *agent)
{
	return &agent->rules.config;
}

const char *agent_hook(const struct agent *agent)
{
	return probe_hook_used(agent->probe);
}

const char *agent_hook_reason(const struct agent *agent)
{
	return probe_hook_reason(agent->probe);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/snapshot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discover.h"
#include "agent/listeners.h"
#include "agent/quic.h"
#include "agent/tls_words.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/privilege.h"
#include "base/term_names.h"

static int snapshot_agent(const struct agent *agent, struct snapshot *ret)
{
	const struct config *config = &agent->applied.in_force.config;

	ret->agent.version = SLIPROBE_VERSION;
	snprintf(ret->agent.kernel, sizeof(ret->agent.kernel), "%s", agent->host.release);
	ret->agent.hook = probe_hook_used(agent->kernel.probe);
	ret->agent.hook_reason = probe_hook_reason(agent->kernel.probe);
	memcpy(ret->agent.started_at, agent->started_at, sizeof(agent->started_at));
	ret->agent.config = config->file;
	ret->agent.steps = agent->steps.n;
	ret->agent.late_seconds = agent->steps.late_seconds;
	ret->agent.late_max_seconds = agent->steps.late_max_seconds;
	ret->agent.reloads = agent->reloads.applied;
	ret->agent.reloads_refused = agent->reloads.refused;
	ret->agent.refused_at = agent->reloads.refused_at;
	ret->agent.refusal = agent->reloads.refusal.text;
	ret->agent.pinned = kernel_side_is_pinned(&agent->kernel);
	ret->agent.taken_over = agent->kernel.taken_over;
	ret->agent.warnings = calloc(config->n_warnings + 2, sizeof(char *));
	if (!ret->agent.warnings)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_warnings; i++) {
		ret->agent.warnings[i] = strdup(config->warnings[i]);
		if (!ret->agent.warnings[i])
			return -ENOMEM;
		ret->agent.n_warnings++;
	}
	if (!ret->agent.pinned) {
		if (asprintf(&ret->agent.warnings[ret->agent.n_warnings],
			     "counting ends with the agent: %s", agent->kernel.unpinned.text) < 0)
			return -ENOMEM;
		ret->agent.n_warnings++;
	}
	ret->agent.uid = geteuid();
	ret->agent.confined = confined;
	return privilege_held(&ret->agent.capabilities, &ret->agent.n_capabilities);
}

struct snapshot_store snapshot_take_store(const struct agent *agent)
{
	static const enum snapshot_store_state states[] = {
		[RECORD_OK] = SNAPSHOT_STORE_OK,
		[RECORD_FAILING] = SNAPSHOT_STORE_FAILING,
		[RECORD_NOT_KEPT] = SNAPSHOT_STORE_NOT_KEPT,
	};
	struct record_report report = record_report(agent->record);

	return (struct snapshot_store){
		.state = states[report.state],
		.reason = report.reason,
		.path = report.path,
		.bytes = report.bytes,
	};
}

/* Moves the service's series from the collection. */
static int take_series(const struct agent *agent, const struct service *service,
		       struct collection *collection, struct snapshot_service *ret)
{
	size_t n = 0, first = collection_find(collection, service->id);
	__u64 requests = 0;

	while (first + n < collection->n && collection->list[first + n].key.service == service->id)
		n++;
	ret->series = calloc(n ?: 1, sizeof(*ret->series));
	if (!ret->series)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct snapshot_series *series = TAKE_PTR(collection->list[first + i].series);

		requests += series->requests;
		ret->series[ret->n_series++] = series;
	}
	ret->requests_per_second = service_rate(service, axis_now(&agent->axis), requests);
	return 0;
}

static int snapshot_cover(const struct agent *agent, const struct service *service,
			  const struct facts *facts, struct snapshot_cover *ret,
			  uint64_t *ret_folded)
{
	const struct collection *collection = &facts->collection;
	struct service_books books = {};
	int r = probe_read_books(agent->kernel.probe, service->id, &books);

	*ret_folded = books.folded;
	ret->connections = books.connections;
	ret->tls_connections = books.tls_connections;
	ret->status_unknown = books.status_unknown;
	for (size_t i = 0; i < LOST_REASON_COUNT; i++) {
		ret->lost_by_reason[i] = books.lost[i];
		ret->lost += books.lost[i];
	}
	for (size_t i = 0; i < facts->blind.n; i++) {
		const struct blind_listener *blind = &facts->blind.list[i];

		if (blind->service != service->id || blind->key.reason >= BLIND_REASON_COUNT)
			continue;
		ret->blind_by_reason[blind->key.reason] += blind->blind.connections;
		ret->blind += blind->blind.connections;
	}
	for (size_t i = 0; i < facts->quic.n; i++)
		ret->quic |= facts->quic.list[i].service == service->id;
	for (size_t i = collection_find(collection, service->id);
	     i < collection->n && collection->list[i].key.service == service->id; i++)
		ret->counted += collection->list[i].series->requests;
	return r;
}

/* Whose process serves it, and what it is not because of that. */
static void snapshot_owner(const struct agent *agent, const struct service *service,
			   struct snapshot_service *ret)
{
	if (!service->pid)
		return;
	ret->uid = service->owner.uid;
	ret->network = SNAPSHOT_NS_OTHER;
	for (int i = 0; i < 2; i++) {
		if (service->netns == probe_host_netns(agent->kernel.probe, i))
			ret->network = SNAPSHOT_NS_HOST;
	}
	ret->mounts = service->owner.foreign_mnt_ns ? SNAPSHOT_NS_OTHER :
		      service->owner.private_mnt_ns ? SNAPSHOT_NS_PRIVATE :
						      SNAPSHOT_NS_HOST;
	if (service->near == SERVICE_NONE)
		return;
	ret->near = ids_name(agent->applied.numbers.services, service->near);
	/* one of a former configuration says nothing any more */
	if (ret->near && !config_service_named(&agent->applied.in_force.config, ret->near))
		ret->near = NULL;
	ret->near_lacks_netns = service->near_lacks & LACKS_NETNS;
	ret->near_lacks_mounts = service->near_lacks & LACKS_MOUNTS;
}

/* The service's series are moved from the facts, if these were asked for. */
static int snapshot_service(const struct agent *agent, const struct service *service,
			    struct facts *facts, struct snapshot_service *ret)
{
	const struct config_service *configured =
		service->id < SERVICE_FOUND ?
			config_service_named(&agent->applied.in_force.config, service->name) :
			NULL;
	int r;

	ret->name = strdup(service->name);
	ret->role = ROLE_SERVER;
	ret->port = service->port;
	memcpy(ret->process, service->process, sizeof(ret->process));
	ret->exe = service->exe ? strdup(service->exe) : NULL;
	ret->container = service->container ? strdup(service->container) : NULL;
	ret->pid = service->pid;
	ret->netns = service->netns;
	ret->user = service->user ? strdup(service->user) : NULL;
	snapshot_owner(agent, service, ret);
	ret->configured = configured != NULL;
	ret->about = configured ? &configured->about : NULL;
	ret->match = configured ? &configured->match : NULL;
	if (!ret->name || (service->exe && !ret->exe) || (service->container && !ret->container) ||
	    (service->user && !ret->user))
		return -ENOMEM;
	r = snapshot_cover(agent, service, facts, &ret->cover, &ret->folded);
	if (r)
		return r;
	return facts->series ? take_series(agent, service, &facts->collection, ret) : 0;
}

static int service_order(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_service *)a)->name,
		      ((const struct snapshot_service *)b)->name);
}

/* Finds out whether somebody listens where configured services without traffic are to be. */
static void find_listening(struct snapshot *ret)
{
	struct net_ports listeners;
	bool read = false;

	for (size_t i = 0; i < ret->n_services; i++) {
		struct snapshot_service *service = &ret->services[i];

		if (!snapshot_without_traffic(service) || !service->match->port)
			continue;
		if (!read && !listeners_read_own(&listeners))
			return;
		read = true;
		service->listening = net_ports_have(&listeners, service->match->port) ?
					     SNAPSHOT_LISTENING :
					     SNAPSHOT_NOT_LISTENING;
	}
}

static int snapshot_services(const struct agent *agent, struct facts *facts, struct snapshot *ret)
{
	int r = 0;

	ret->services = calloc(agent->services.n ?: 1, sizeof(*ret->services));
	if (!ret->services)
		return -ENOMEM;
	for (size_t i = 0; !r && i < agent->services.n; i++)
		r = snapshot_service(agent, agent->services.list[i], facts,
				     &ret->services[ret->n_services++]);
	if (facts->series)
		ret->octaves = TAKE_PTR(facts->collection.octaves);
	qsort(ret->services, ret->n_services, sizeof(*ret->services), service_order);
	find_listening(ret);
	return r;
}

static int snapshot_alerts(const struct agent *agent, const struct track *track, double now,
			   struct snapshot_slo *ret)
{
	ret->alerts = calloc(track->slo->n_alerts ?: 1, sizeof(*ret->alerts));
	if (!ret->alerts)
		return -ENOMEM;
	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		const struct alert_rule *rule = &track->slo->alerts[i];
		const struct alert_state *state = &track->alerts.states[i];

		if (state->status == ALERT_INACTIVE)
			continue;
		ret->alerts[ret->n_alerts++] = (struct snapshot_alert){
			.name = rule->name,
			.severity = rule->severity,
			.status = state->status,
			.since_unix = axis_wall(&agent->axis, state->since_seconds),
			.started_unix = axis_wall(&agent->axis, state->started_seconds),
			.silenced = alerting_silenced(&agent->alerting, track, rule->severity, now),
			.reading = track->alerts.readings[i],
		};
	}
	return 0;
}

/* `counts` has the reasons of `bad` events, as far as they are known. */
static struct snapshot_reasons snapshot_reasons(const struct slo_counts *counts, uint64_t bad)
{
	uint64_t known = slo_counts_bad(counts);
	struct snapshot_reasons reasons = {
		.unknown = bad > known ? bad - known : 0,
		.left_out = counts->left_out,
		.status_unknown = counts->status_unknown,
	};

	for (size_t i = 0; i < BAD_REASON_COUNT; i++)
		reasons.bad[i] = counts->bad[i];
	return reasons;
}

static void snapshot_events(const struct track *track, const struct slo_counts *counts,
			    struct snapshot_slo *ret)
{
	double now = ret->now_seconds, span = now - ret->window.from_seconds;
	struct slo_counts window;

	ret->total = (struct slo_events){counts->good, slo_counts_bad(counts)};
	ret->total_reasons = snapshot_reasons(counts, ret->total.bad);
	ret->events = track_events(track, now, span, counts);
	track_reasons(track, now, span, counts, &window);
	ret->reasons = snapshot_reasons(&window, ret->events.bad);
	ret->budgeted = track->sliced ? slo_history_sum(track->sliced, now, span) : ret->events;
	for (size_t i = 0; i < SNAPSHOT_BURN_WINDOWS; i++) {
		double seconds = (double)snapshot_burn_windows[i].seconds;

		ret->burn_events[i] = track->sliced ? slo_history_sum(track->sliced, now, seconds) :
						      track_events(track, now, seconds, counts);
	}
}

/* True if an alert of the SLO that pages or opens a ticket is active, and silenced or not. */
static bool any_alert(const struct snapshot_slo *slo, bool silenced)
{
	for (size_t i = 0; i < slo->n_alerts; i++) {
		if (slo->alerts[i].severity >= SEVERITY_TICKET &&
		    slo->alerts[i].silenced == silenced)
			return true;
	}
	return false;
}

static struct quiet_rule quiet_rule(const struct track *track, const struct slo_counts *counts,
				    const struct alert_rule *rule, double now)
{
	double length = (double)rule->seconds, last = (double)rule->short_seconds;
	struct quiet_rule seen = {.requests = track_events(track, now, length, counts)};

	seen.budgeted = track->sliced ? slo_history_sum(track->sliced, now, length) : seen.requests;
	seen.last = track->sliced ? slo_history_sum(track->sliced, now, last) :
				    track_events(track, now, last, counts);
	return seen;
}

static void snapshot_no_alert(const struct agent *agent, const struct track *track,
			      const struct slo_counts *counts, struct snapshot_slo *ret)
{
	struct quiet_rule rules[ALERT_RULES_MAX] = {};
	const struct quiet_facts facts = {
		.slo = track->slo,
		.rules = rules,
		.window_seconds = ret->window.length_seconds,
		.age_seconds = ret->now_seconds - ret->since_seconds,
		.silenced = any_alert(ret, true),
		.excluded = alerting_excluded(&agent->alerting, track, ret->now_seconds),
	};
	double bad = (double)ret->budgeted.bad;

	if (bad <= (1 - ret->objective) * slo_eligible(ret->budgeted) || any_alert(ret, false))
		return;
	for (size_t i = 0; i < track->slo->n_alerts; i++) {
		if (quiet_asks_for(&track->slo->alerts[i]))
			rules[i] =
				quiet_rule(track, counts, &track->slo->alerts[i], ret->now_seconds);
	}
	quiet_text(&facts, ret->no_alert);
}

int snapshot_take_slo(const struct agent *agent, const struct track *track,
		      struct snapshot_slo *ret)
{
	const struct incident_record *incident;
	struct slo_counts counts;
	double now = axis_now(&agent->axis), from;
	int r = kernel_side_counts(&agent->kernel, track, &counts);

	if (r)
		return r;
	incident = incidents_open_of(&agent->incidents, track->name);
	*ret = (struct snapshot_slo){
		.name = track->name,
		.service = track->service,
		.config = track->slo,
		.objective = track->slo->objective,
		.now_seconds = now,
		.window = axis_window(&agent->axis, track->slo, now),
		.wall_offset_seconds = agent->axis.timeline.wall_offset_seconds,
		.since_seconds = track->since_seconds,
		.slicing = slices_slicing(&track->slices),
		.incident = incident ? incident->number : 0,
		.excluded = track->excluded,
		.excluded_by_silences = alerting_silenced_events(&agent->alerting, track),
	};
	ret->window_seconds = (uint64_t)ret->window.length_seconds;
	from = fmax(ret->window.from_seconds, track->since_seconds);
	ret->covered_seconds = axis_covered(&agent->axis, from, now);
	ret->elapsed_seconds = fmax(now - from, 0);
	snapshot_events(track, &counts, ret);
	r = snapshot_alerts(agent, track, now, ret);
	if (!r)
		snapshot_no_alert(agent, track, &counts, ret);
	return r;
}

static int slo_order(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_slo *)a)->name,
		      ((const struct snapshot_slo *)b)->name);
}

static int snapshot_slo(const struct agent *agent, const struct track *track, struct snapshot *ret)
{
	const struct snapshot_service *service = snapshot_service_find(ret, track->service);
	struct snapshot_slo *slo = &ret->slos[ret->n_slos++];
	int r = snapshot_take_slo(agent, track, slo);

	slo->cover = service ? &service->cover : NULL;
	return r;
}

static int snapshot_slos(const struct agent *agent, struct snapshot *ret)
{
	const struct tracks *tracks = &agent->applied.tracks;
	const struct track *track;
	size_t at = 0;
	int r = 0;

	ret->slos = calloc(tracks_count(tracks, TRACKS_IN_FORCE) + 1, sizeof(*ret->slos));
	if (!ret->slos)
		return -ENOMEM;
	while (!r && (track = tracks_next(tracks, TRACKS_IN_FORCE, &at)))
		r = snapshot_slo(agent, track, ret);
	/* found services' are in the order they were met */
	if (!r)
		qsort(ret->slos + tracks->n_configured, tracks->n_found, sizeof(*ret->slos),
		      slo_order);
	return r;
}

static void snapshot_notifications(const struct agent *agent, struct snapshot *ret)
{
	for (enum config_receiver_kind kind = 0; kind < RECEIVER_KINDS; kind++) {
		const struct deliver_count count = deliver_count(agent->alerting.deliver, kind);

		ret->notifications[kind] = (struct snapshot_notifications){
			.receivers = count.receivers,
			.sent = count.sent,
			.given_up = count.given_up,
			.failed = count.failed,
			.waiting = count.waiting,
			.missed = count.missed,
		};
	}
}

static void snapshot_samples(const struct agent *agent, struct snapshot *ret)
{
	static const enum snapshot_samples_state states[] = {
		[SAMPLER_STARTS] = SNAPSHOT_SAMPLES_STARTING,
		[SAMPLER_OK] = SNAPSHOT_SAMPLES_OK,
		[SAMPLER_FAILING] = SNAPSHOT_SAMPLES_FAILING,
		[SAMPLER_STOPPED] = SNAPSHOT_SAMPLES_STOPPED,
	};
	struct snapshot_samples *samples = &ret->samples;
	struct sampler_state state;

	samples->lost_kernel = probe_samples_lost(agent->kernel.probe);
	samples->oldest = NAN;
	if (sampling_state(agent, &state)) {
		samples->state = states[state.is];
		memcpy(samples->reason, state.why, sizeof(samples->reason));
		samples->restarts = state.starts ? state.starts - 1 : 0;
		samples->taken = state.taken;
		samples->lost_process = state.lost_ring;
		samples->lost_disk = state.lost_disk;
		samples->kept = state.kept;
		samples->bytes = state.bytes;
		samples->oldest = state.oldest;
	}
	ret->coverage.samples_lost =
		samples->lost_kernel + samples->lost_process + samples->lost_disk;
}

static void snapshot_coverage(const struct agent *agent, const struct facts *facts,
			      struct snapshot *ret)
{
	const __u64 *stats = facts->stats;

	memcpy(ret->coverage.lost_by_reason, stats + STAT_LOST,
	       sizeof(ret->coverage.lost_by_reason));
	memcpy(ret->coverage.kernel_errors, stats + STAT_ERROR,
	       sizeof(ret->coverage.kernel_errors));
	ret->coverage.lost = probe_lost(stats);
	snapshot_samples(agent, ret);
	ret->coverage.counted = facts->collection.requests;
	ret->coverage.seen = stats[STAT_SEEN];
	ret->coverage.in_flight = stats[STAT_SEEN] - ret->coverage.counted - ret->coverage.lost;
	ret->coverage.gaps = agent->axis.coverage.n ? agent->axis.coverage.n - 1 : 0;
	ret->coverage.hook_misses = facts->hook_misses;
	ret->coverage.consistent = facts->consistent && agent->kernel.consistent;
}

static int snapshot_quotas(const struct agent *agent, struct snapshot *ret)
{
	double now_unix = axis_wall(&agent->axis, axis_now(&agent->axis)), offset;

	probe_folded(agent->kernel.probe, (__u64 *)ret->folded_connections);
	ret->quotas = calloc(agent->quotas.n ?: 1, sizeof(*ret->quotas));
	if (!ret->quotas)
		return -ENOMEM;
	offset = now_unix - clock_seconds(CLOCK_MONOTONIC);
	for (size_t i = 0; i < agent->quotas.n; i++) {
		const struct quota_met *met = &agent->quotas.list[i];
		struct snapshot_quota *quota = &ret->quotas[ret->n_quotas++];

		*quota = (struct snapshot_quota){
			.kind = met->owner.kind,
			.id = met->owner.id,
			.name = met->what ? strdup(met->what) : NULL,
			.limit = quota_limit(met->owner.kind),
			.has = met->has,
			.folded_endpoints = met->fold.endpoints,
			.folded_connections = met->fold.connections,
			.since_unix = offset + (double)met->fold.since_ns / 1e9,
			.last_unix = offset + (double)met->fold.last_ns / 1e9,
			.pid = met->fold.tgid,
		};
		if (met->what && !quota->name)
			return -ENOMEM;
		memcpy(quota->process, met->process, sizeof(quota->process));
	}
	return 0;
}

/* A UDP socket where HTTP/3 may be spoken. Its process is the one that speaks TLS at the port, or announces it. */
static int snapshot_quic(const struct agent *agent, const struct quic_ports *ports,
			 struct snapshot *ret)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct quic_port *port = &ports->list[i];
		const struct service *service = services_by_id(&agent->services, port->service);
		struct snapshot_blind *blind = &ret->blind[ret->n_blind];

		*blind = (struct snapshot_blind){
			.service = service ? strdup(service->name) : NULL,
			.port = port->port,
			.reason = BLIND_QUIC,
			.last_unix = NAN,
			.uncounted = true,
		};
		if (service && !blind->service)
			return -ENOMEM;
		memcpy(blind->process, port->process, sizeof(blind->process));
		blind->process[sizeof(blind->process) - 1] = 0;
		ret->n_blind++;
	}
	return 0;
}

static int snapshot_blind(const struct agent *agent, const struct facts *facts,
			  struct snapshot *ret)
{
	double now_unix = axis_wall(&agent->axis, axis_now(&agent->axis)), offset;

	ret->blind = calloc(facts->blind.n + facts->quic.n + 1, sizeof(*ret->blind));
	if (!ret->blind)
		return -ENOMEM;
	offset = now_unix - clock_seconds(CLOCK_MONOTONIC);
	for (size_t i = 0; i < facts->blind.n; i++) {
		const struct blind_listener *from = &facts->blind.list[i];
		const struct service *service = services_by_id(&agent->services, from->service);
		struct snapshot_blind *blind = &ret->blind[ret->n_blind];

		if (from->gone)
			continue;
		*blind = (struct snapshot_blind){
			.service = service ? strdup(service->name) : NULL,
			.port = from->key.endpoint.port,
			.reason = from->key.reason,
			.connections = from->blind.connections,
			.last_unix = offset + (double)from->blind.last_ns / 1e9,
			.measured = from->measured,
			.words = tls_words(&agent->tls.table, agent->tls.config.mode, from),
		};
		if (service && !blind->service)
			return -ENOMEM;
		memcpy(blind->process, from->key.endpoint.process, sizeof(blind->process));
		if (!blind->port) /* all that found no row of their own */
			snprintf(blind->process, sizeof(blind->process), "%s", SERVICE_OVERFLOW);
		blind->process[sizeof(blind->process) - 1] = 0;
		ret->n_blind++;
	}
	return 0;
}

int snapshot_take(const struct agent *agent, struct facts *facts, struct snapshot *ret)
{
	struct snapshot snapshot = {
		.store = snapshot_take_store(agent),
	};
	int r = snapshot_agent(agent, &snapshot);

	snapshot_coverage(agent, facts, &snapshot);
	snapshot_notifications(agent, &snapshot);
	r = r ?: snapshot_quotas(agent, &snapshot);
	r = r ?: snapshot_blind(agent, facts, &snapshot);
	r = r ?: snapshot_quic(agent, &facts->quic, &snapshot);
	r = r ?: tls_snapshot(agent, &snapshot.tls);
	r = r ?: snapshot_services(agent, facts, &snapshot);
	r = r ?: snapshot_slos(agent, &snapshot);
	r = r ?: snapshot_take_versions(agent, &snapshot);
	if (r) {
		snapshot_clear(&snapshot);
		return r;
	}
	*ret = snapshot;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's main program: options, start, one event loop, stop. */
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/command_line.h"
#include "agent/steps.h"
#include "agent/tls.h"
#include "base/background.h"
#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/confined.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/loop.h"
#include "base/owner.h"
#include "base/privilege.h"
#include "base/say.h"
#include "base/signals.h"
#include "config/load.h"
#include "confine/confine.h"
#include "confine/sampler.h"
#include "deliver/starter.h"
#include "samples/sampler.h"
#include "server/server.h"

/* ---- configuration ---- */

static int load_config(const struct command_line *options, struct config *ret)
{
	struct error error;
	int r = config_load(options->config, ret, &error);

	if (r)
		say("%s", error.text);
	return r;
}

static void say_reloaded(const struct reload *reload)
{
	say("reloaded %s: %zu service%s, %zu SLO%s", reload->config, reload->services,
	    format_plural(reload->services), reload->slos, format_plural(reload->slos));
	for (size_t i = 0; i < reload->applied.n; i++)
		say("%s", reload->applied.text[i]);
	for (size_t i = 0; i < reload->takes_restart.n; i++)
		say("%s", reload->takes_restart.text[i]);
	for (size_t i = 0; i < reload->n_warnings; i++)
		say("%s", reload->warnings[i]);
}

/* Asked for by a signal, or over the socket. */
static int reload(struct agent *agent, const struct asker *by, struct reload *ret,
		  struct error *ret_error)
{
	int r = agent_reload(agent, by, ret, ret_error);

	if (r)
		say_as(SAY_WARNING, "reload refused, the configuration before stays in force: %s",
		       ret_error->text);
	else
		say_reloaded(ret);
	return r;
}

/*
 * Who has sent a signal. A process may put anything into one that it queues with a value: only of the others
 * the kernel says who it was (rt_sigqueueinfo(2)).
 */
static struct asker sender_of(const struct signalfd_siginfo *info)
{
	const bool known = info->ssi_code == SI_USER || info->ssi_code == SI_TKILL ||
			   info->ssi_code == SI_KERNEL;

	return (struct asker){
		.known = known,
		.uid = known ? info->ssi_uid : 0,
		.pid = known ? (pid_t)info->ssi_pid : 0,
	};
}

/*
 * Besides root and the agent's owner, the commands that the agent runs can send it signals: they are of the
 * same user, and may change nothing.
 */
static bool may_reload(const struct asker *by, uid_t owner)
{
	return by->known && (by->uid == 0 || by->uid == owner);
}

static void reload_by_signal(struct agent *agent, const struct signalfd_siginfo *info, uid_t owner)
{
	_cleanup_(reload_clear) struct reload changes = {};
	const struct asker by = sender_of(info);
	struct error error;

	if (may_reload(&by, owner))
		reload(agent, &by, &changes, &error);
	else
		agent_refused(agent, &by, "reload by a signal");
}

static int snapshot(struct agent *agent, bool series, struct snapshot *ret)
{
	_cleanup_(facts_clear) struct facts facts = {};
	int r = agent_refresh(agent, series, &facts);

	return r ?: agent_snapshot(agent, &facts, ret);
}

/* ---- the loop's parts: signals ---- */

enum { SIGNALS_A_TURN = 16 };

struct signals {
	struct agent *agent;
	uid_t owner; /* who may reload, besides root; or PEER_NO_USER */
	int fd;
	struct signals_stray stray;
};

static void signals_close(struct signals *signals)
{
	if (signals->fd >= 0)
		close(signals->fd);
}

static void tell_stray(struct signals *signals, const struct signalfd_siginfo *info)
{
	unsigned long n;

	if (!signals_stray_may_tell(&signals->stray, clock_seconds(CLOCK_BOOTTIME), &n))
		return;
	say_as(SAY_WARNING,
	       "signal %u of process %u, user %u, means nothing here and is ignored (%lu such since the last "
	       "line): SIGHUP reloads, SIGTERM stops",
	       info->ssi_signo, info->ssi_pid, info->ssi_uid, n);
}

static int signals_run(void *context)
{
	struct signals *signals = context;
	struct signalfd_siginfo info;

	for (int i = 0; i < SIGNALS_A_TURN; i++) {
		if (read(signals->fd, &info, sizeof(info)) != sizeof(info))
			break;
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
			say("stopping, as process %u asks by signal %u", info.ssi_pid,
			    info.ssi_signo);
			return LOOP_STOP;
		}
		if (info.ssi_signo == SIGHUP)
			reload_by_signal(signals->agent, &info, signals->owner);
		else
			tell_stray(signals, &info);
	}
	return 0;
}

static struct loop_part signals_part(struct signals *signals)
{
	return (struct loop_part){signals->fd, NULL, signals_run, signals};
}

/* ---- from start to stop ---- */

static int open_listener(const char *path, struct listener *ret)
{
	int r = listener_open(path, ret);

	if (r == -EADDRINUSE)
		say("another instance is already running at %s", path);
	else if (r)
		say("cannot listen at %s: %s", path, strerror(-r));
	return r;
}

/* Where metrics can be scraped, or the page be looked at, if the configuration says so. */
static int open_tcp(const char *address, const char *what, const char *key, struct listener *ret)
{
	int r = address ? listener_open_tcp(address, ret) : 0;

	if (r)
		say("cannot listen for %s at %s (agent.%s): %s", what, address, key, strerror(-r));
	return r;
}

static int open_tcp_listeners(const struct config_agent *config, struct listener *ret_metrics,
			      struct listener *ret_page)
{
	int r = open_tcp(config->metrics_listen, "metrics", "metrics_listen", ret_metrics);

	return r ?: open_tcp(config->page_listen, "the page", "page_listen", ret_page);
}

static int check_state_dir(const struct command_line *options, const struct config *config)
{
	struct error error;
	int r = owner_check_dir(options->state_dir ?: config->agent.state_dir, say, &error);

	if (r)
		say("%s", error.text);
	return r;
}

/* All that run() makes. */
struct running {
	struct listener listener;
	struct listener metrics_listener, page_listener;
	char *page_hosts;
	struct sampler *sampler;
	struct tls_helper tls_helper;
	struct agent *agent;
	struct server *server;
	struct server *metrics_server, *page_server; /* NULL: not configured */
	struct signals signals;
	struct steps steps;
};

static int start_agent(const struct command_line *options, struct config *config,
		       struct running *running)
{
	const struct agent_options agent_options = {
		.config_file = options->config,
		.state_dir = options->state_dir ?: config->agent.state_dir,
		.socket = options->socket ?: config->agent.socket,
		.hook = options->hook,
		.sampler = running->sampler,
		.tls_helper = &running->tls_helper,
	};
	struct error error;
	int r;

	for (size_t i = 0; i < config->n_warnings; i++)
		say("%s", config->warnings[i]);
	r = agent_new(&agent_options, config, &running->agent, &error);
	if (r)
		say("%s", error.text);
	return r;
}

static const struct server_ops server_ops = {
	.ready = agent_ready,
	.snapshot = snapshot,
	.periods = agent_snapshot_periods,
	.rows = agent_snapshot_rows,
	.alerts = agent_snapshot_alerts,
	.incidents = agent_incidents,
	.incident = agent_incident,
	.changes = agent_changes,
	.history = agent_snapshot_history,
	.former = agent_snapshot_former,
	.reload = reload,
	.silence = agent_silence,
	.unsilence = agent_unsilence,
	.notify_test = agent_notify_test,
	.ask = agent_ask,
	.refused = agent_refused,
};

static void running_end(struct running *running)
{
	server_close(running->server);
	server_close(running->metrics_server);
	server_close(running->page_server);
	free(running->page_hosts);
	listener_close(&running->listener);
	listener_close(&running->metrics_listener);
	listener_close(&running->page_listener);
	signals_close(&running->signals);
	steps_close(&running->steps);
	agent_free(running->agent);
	helper_end(&running->tls_helper.process);
	sampler_end(running->sampler);
	starter_end();
	confine_end();
}

static gid_t group_of(const char *name)
{
	const struct group *group = name ? getgrnam(name) : NULL;

	return group ? group->gr_gid : PEER_NO_GROUP;
}

/*
 * Who has started the agent, if that is a person: its own account is none, as the commands that it runs are
 * of that, too.
 */
static uid_t owner(void)
{
	struct privilege_user own;
	const uid_t uid = getuid();

	privilege_user(&own);
	return !uid || uid == own.uid ? PEER_NO_USER : uid;
}

static int open_servers(struct running *running, const struct peer_rights *rights)
{
	const struct server_options all = {SERVER_ALL, *rights, say, NULL};
	const struct server_options metrics = {
		SERVER_METRICS, {PEER_NO_GROUP, PEER_NO_USER}, say, NULL};
	const struct server_options page = {
		SERVER_PAGE, {PEER_NO_GROUP, PEER_NO_USER}, say, running->page_hosts};
	int r = server_open(&running->listener, &all, &server_ops, running->agent,
			    &running->server);

	if (!r && running->metrics_listener.fd >= 0)
		r = server_open(&running->metrics_listener, &metrics, &server_ops, running->agent,
				&running->metrics_server);
	if (!r && running->page_listener.fd >= 0)
		r = server_open(&running->page_listener, &page, &server_ops, running->agent,
				&running->page_server);
	return r;
}

/* Asked between the parts of the start. */
static int go_on(void)
{
	return signals_stop_asked() ? -ECANCELED : 0;
}

/* The processes that do for the agent what it will not be allowed to. */
static int begin_helpers(const struct confine_plan *plan, const struct config *config,
			 struct running *running)
{
	const struct sampler_plan samples = {
		.user = confine_sampler_user,
		.parent = confine_sampler_parent,
		.worker = confine_sampler_worker,
		.quiet = plan->quiet,
	};
	int r = confine_begin(plan);

	r = r ?: starter_begin(confine_commands, plan->quiet);
	r = r ?: sampler_begin(&samples, &running->sampler);
	if (r)
		say("cannot start another process: %s", strerror(-r));
	/* without it the agent counts all the same, and says what it cannot see */
	if (!r)
		tls_helper_begin(&running->tls_helper, &config->tls, plan->quiet);
	return r;
}

static int become_own_user(const struct confine_plan *plan)
{
	int r = confine_become(plan);

	if (r == -EPERM)
		say_as(SAY_WARNING,
		       "stays root, though without capabilities once it counts: it may "
		       "not become another user (CAP_SETUID and CAP_SETGID)");
	return r == -EPERM ? 0 : r;
}

/* An old kernel, or a container that forbids it: it runs all the same. */
static void say_unconfined(void)
{
	if (!confined.system_calls)
		say_as(SAY_WARNING, "no filter of system calls (seccomp): %s",
		       confined.system_calls_why);
	if (!confined.landlock_abi)
		say("not confined by Landlock: %s", confined.landlock_why);
}

/* What the configuration says at the start, and goes on to hold. */
static int keep_text(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

/* Nothing needs a privilege once this has returned. */
static int start(const struct command_line *options, struct config *config, struct running *running)
{
	struct peer_rights rights = {.admins = PEER_NO_GROUP, .owner = owner()};
	const struct confine_plan plan = {
		.config_file = options->config,
		.socket = options->socket ?: config->agent.socket,
		.state_dir = options->state_dir ?: config->agent.state_dir,
		.quiet = !options->foreground,
	};
	int r = begin_helpers(&plan, config, running);

	/* the socket first: its lock refuses a second instance */
	r = r ?: open_listener(plan.socket, &running->listener);
	r = r	  ?:
		    open_tcp_listeners(&config->agent, &running->metrics_listener,
				       &running->page_listener);
	r = r ?: keep_text(config->agent.page_hosts, &running->page_hosts);
	r = r ?: check_state_dir(options, config);
	r = r ?: go_on();
	r = r ?: become_own_user(&plan);
	r = r ?: start_agent(options, config, running);
	r = r ?: go_on();
	if (r)
		return r;
	rights.admins = group_of(agent_config(running->agent)->agent.admin_group);
	r = open_servers(running, &rights);
	running->signals.agent = running->agent;
	running->signals.owner = rights.owner;
	r = r ?: signals_open(&running->signals.fd);
	r = r ?: go_on();
	r = r ?: steps_open(&running->steps, running->agent);
	r = r ?: confine_finish();
	if (r && r != -ECANCELED)
		say("cannot start: %s", strerror(-r));
	if (r)
		return r;
	say_unconfined();
	say("counting (%s: %s), configuration %s", agent_hook(running->agent),
	    agent_hook_reason(running->agent), agent_config(running->agent)->file);
	return 0;
}

/* Runs until a signal ends it. */
static int loop(struct running *running)
{
	struct loop_part parts[LOOP_PARTS_MAX];
	size_t n = 0;
	int r;

	parts[n++] = signals_part(&running->signals);
	/* who asks comes last: each turn, what must keep its time is done before */
	parts[n++] = steps_part(&running->steps);
	parts[n++] = agent_part(running->agent);
	parts[n++] = agent_helper_part(running->agent);
	parts[n++] = agent_wanted_part(running->agent);
	parts[n++] = sampler_part(running->sampler);
	parts[n++] = server_part(running->server);
	if (running->metrics_server)
		parts[n++] = server_part(running->metrics_server);
	if (running->page_server)
		parts[n++] = server_part(running->page_server);
	r = loop_run(parts, n);

	if (r)
		say_as(SAY_ERROR, "stopping: %s", strerror(-r));
	return r;
}

/* Also of a start that has come so far: without --keep nothing goes on counting. */
static void stop(struct running *running, bool keep)
{
	signals_stopping();
	if (!running->agent)
		return;
	say("stopped%s", agent_stop(running->agent, keep) ?
				 "; the kernel counts on, for the next agent to take over" :
				 "");
}

/* ready_fd: of background_begin(), or -1. */
static int run(const struct command_line *options, struct config *config, int ready_fd)
{
	_cleanup_(running_end) struct running running = {
		.listener = LISTENER_NONE,
		.metrics_listener = LISTENER_NONE,
		.page_listener = LISTENER_NONE,
		.tls_helper = {.process = HELPER_NONE},
		.signals = {.fd = -1},
		.steps = {.timer_fd = -1},
	};
	int r = start(options, config, &running);

	if (!r && ready_fd >= 0)
		r = background_ready(ready_fd);
	r = r ?: loop(&running);
	if (r == -ECANCELED) {
		say("the start is given up, as signal %d asks", signals_stop_asked());
		r = 0;
	}
	stop(&running, options->keep);
	return r;
}

static int remove_left(const struct command_line *options, const struct config *config)
{
	struct error error;
	int r = agent_remove(options->state_dir ?: config->agent.state_dir, &error);

	if (r)
		say("%s", error.text);
	return r;
}

/*
 * Large blocks are mappings of their own, and given back as soon as they are free. Left to itself, glibc takes
 * them from the heap once it has seen some, where a small block above them keeps them.
 */
static void bound_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
	mallopt(M_ARENA_MAX, 2); /* threads are there for name resolution alone */
}

int main(int argc, char **argv)
{
	struct command_line options = {};
	_cleanup_(config_clear) struct config config = {};
	struct error error;
	int ready_fd = -1, r;

	signals_begin();
	if (limits_open_stdio())
		return 1;
	r = command_line_parse(argc, argv, &options);
	if (r)
		return r - 1;
	bound_memory();
	calendar_init();
	if (load_config(&options, &config))
		return 1;
	if (privilege_check()) {
		say("not permitted to load BPF programs: run as root, or with CAP_BPF and "
		    "CAP_PERFMON");
		return 1;
	}
	if (options.remove)
		return remove_left(&options, &config) ? 1 : 0;
	if (limits_check(say, &error)) {
		say("%s", error.text);
		return 1;
	}
	if (!options.foreground) {
		r = background_begin(&ready_fd);
		if (r) {
			say("cannot go to the background: %s", strerror(-r));
			return 1;
		}
	}
	return run(&options, &config, ready_fd) ? 1 : 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's main program: options, start, one event loop, stop. */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/background.h"
#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/loop.h"
#include "base/privilege.h"
#include "base/say.h"
#include "config/load.h"
#include "server/server.h"

static const char default_config[] = "/etc/sliprobe/sliprobe.yaml";

struct options {
	const char *config;
	const char *socket;
	const char *state_dir;
	enum probe_hook hook;
	bool foreground;
	bool keep;
	bool remove;
};

/* ---- options ---- */

static void usage(FILE *out)
{
	fprintf(out,
		"usage: sliprobed [--config FILE] [--foreground] [--socket PATH] [--state-dir DIR]\n"
		"                 [--hook auto|tracepoint|fexit] [--keep]\n"
		"       sliprobed --remove [--config FILE] [--state-dir DIR]\n"
		"\n"
		"Measures every HTTP service on this host. Without --config, %s\n"
		"is read if it exists, else a built-in configuration applies.\n"
		"Without --foreground it goes to the background once it is counting.\n"
		"--keep: when it is stopped, the kernel goes on counting, for the next one to take over\n"
		"(as it does when the agent is killed). --remove: ends that, and what it has counted\n"
		"since the last step is lost.\n",
		default_config);
}

static int parse_hook(const char *text, enum probe_hook *ret)
{
	static const struct {
		const char *name;
		enum probe_hook hook;
	} hooks[] = {
		{"auto", PROBE_HOOK_AUTO},
		{"tracepoint", PROBE_HOOK_TRACEPOINT},
		{"fexit", PROBE_HOOK_FEXIT},
	};

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (!strcmp(text, hooks[i].name)) {
			*ret = hooks[i].hook;
			return 0;
		}
	}
	say("--hook: expected auto, tracepoint or fexit, got \"%s\"", text);
	return -EINVAL;
}

/* Returns 0, or the exit code + 1. */
static int take_option(int option, struct options *ret)
{
	switch (option) {
	case 'c':
		ret->config = optarg;
		return 0;
	case 'f':
		ret->foreground = true;
		return 0;
	case 's':
		ret->socket = optarg;
		return 0;
	case 'd':
		ret->state_dir = optarg;
		return 0;
	case 'k':
		return parse_hook(optarg, &ret->hook) ? 1 + 2 : 0;
	case 'e':
		ret->keep = true;
		return 0;
	case 'r':
		ret->remove = true;
		return 0;
	case 'h':
		usage(stdout);
		return 1 + 0;
	case 'v':
		printf("sliprobed %s\n", SLIPROBE_VERSION);
		return 1 + 0;
	default:
		usage(stderr);
		return 1 + 2;
	}
}

/* Returns 0, or the exit code + 1. */
static int parse_options(int argc, char **argv, struct options *ret)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"foreground", no_argument, NULL, 'f'},
		{"socket", required_argument, NULL, 's'},
		{"state-dir", required_argument, NULL, 'd'},
		{"hook", required_argument, NULL, 'k'},
		{"keep", no_argument, NULL, 'e'},
		{"remove", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{},
	};
	int option, r;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		r = take_option(option, ret);
		if (r)
			return r;
	}
	if (optind < argc) {
		say("unexpected argument \"%s\"", argv[optind]);
		return 1 + 2;
	}
	if (!ret->config && !access(default_config, F_OK))
		ret->config = default_config;
	return 0;
}

/* ---- configuration ---- */

static int load_config(const struct options *options, struct config *ret)
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
static int reload(struct agent *agent, struct reload *ret, struct error *ret_error)
{
	int r = agent_reload(agent, ret, ret_error);

	if (r)
		say_as(SAY_WARNING, "reload refused, the configuration before stays in force: %s",
		       ret_error->text);
	else
		say_reloaded(ret);
	return r;
}

static void reload_by_signal(struct agent *agent)
{
	_cleanup_(reload_clear) struct reload changes = {};
	struct error error;

	reload(agent, &changes, &error);
}

static int snapshot(struct agent *agent, bool series, struct snapshot *ret)
{
	_cleanup_(facts_clear) struct facts facts = {};
	int r = agent_refresh(agent, series, &facts);

	return r ?: agent_snapshot(agent, &facts, ret);
}

/* ---- the loop's parts: signals ---- */

struct signals {
	struct agent *agent;
	int fd;
};

static void signals_block(sigset_t *ret_mask)
{
	sigemptyset(ret_mask);
	sigaddset(ret_mask, SIGTERM);
	sigaddset(ret_mask, SIGINT);
	sigaddset(ret_mask, SIGHUP);
	sigprocmask(SIG_BLOCK, ret_mask, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int signals_open(struct signals *signals, const sigset_t *mask, struct agent *agent)
{
	signals->agent = agent;
	signals->fd = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals->fd < 0 ? -errno : 0;
}

static void signals_close(struct signals *signals)
{
	if (signals->fd >= 0)
		close(signals->fd);
}

static int signals_run(void *context)
{
	struct signals *signals = context;
	struct signalfd_siginfo info;

	while (read(signals->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP) {
			say("stopping, as process %u asks by signal %u", info.ssi_pid,
			    info.ssi_signo);
			return LOOP_STOP;
		}
		reload_by_signal(signals->agent);
	}
	return 0;
}

static struct loop_part signals_part(struct signals *signals)
{
	return (struct loop_part){signals->fd, NULL, signals_run, signals};
}

/* ---- the loop's parts: the agent's steps ---- */

struct steps {
	struct agent *agent;
	int timer_fd;
	uint64_t interval_ns; /* that the timer is set to */
};

static int steps_set_interval(struct steps *steps)
{
	uint64_t ns = agent_config(steps->agent)->agent.interval_ns;
	const struct itimerspec spec = {
		.it_interval = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)},
		.it_value = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)},
	};

	if (ns == steps->interval_ns)
		return 0;
	steps->interval_ns = ns;
	return timerfd_settime(steps->timer_fd, 0, &spec, NULL) ? -errno : 0;
}

static int steps_open(struct steps *steps, struct agent *agent)
{
	steps->agent = agent;
	steps->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return steps->timer_fd < 0 ? -errno : steps_set_interval(steps);
}

static void steps_close(struct steps *steps)
{
	if (steps->timer_fd >= 0)
		close(steps->timer_fd);
}

/* Before each wait, as a reload may have changed the interval. It is the timer that wakes. */
static int steps_timeout_ms(void *context)
{
	steps_set_interval(context);
	return -1;
}

static int steps_run(void *context)
{
	struct steps *steps = context;
	uint64_t expirations;
	int r;

	if (read(steps->timer_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return 0;
	r = agent_step(steps->agent);
	if (r)
		say_as(SAY_WARNING, "reading the counters failed, trying again: %s", strerror(-r));
	return 0;
}

static struct loop_part steps_part(struct steps *steps)
{
	return (struct loop_part){steps->timer_fd, steps_timeout_ms, steps_run, steps};
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

/* Where metrics can be scraped, if the configuration says so. */
static int open_metrics_listener(const char *address, struct listener *ret)
{
	int r = address ? listener_open_tcp(address, ret) : 0;

	if (r)
		say("cannot listen for metrics at %s (agent.metrics_listen): %s", address,
		    strerror(-r));
	return r;
}

static int start_agent(const struct options *options, struct config *config, struct agent **ret)
{
	const struct agent_options agent_options = {
		.config_file = options->config,
		.state_dir = options->state_dir ?: config->agent.state_dir,
		.socket = options->socket ?: config->agent.socket,
		.hook = options->hook,
	};
	struct error error;
	int r;

	for (size_t i = 0; i < config->n_warnings; i++)
		say("%s", config->warnings[i]);
	r = agent_new(&agent_options, config, ret, &error);
	if (r)
		say("%s", error.text);
	return r;
}

static const struct server_ops server_ops = {
	.snapshot = snapshot,
	.periods = agent_snapshot_periods,
	.rows = agent_snapshot_rows,
	.alerts = agent_snapshot_alerts,
	.history = agent_snapshot_history,
	.former = agent_snapshot_former,
	.reload = reload,
	.silence = agent_silence,
	.unsilence = agent_unsilence,
	.notify_test = agent_notify_test,
};

/* All that run() makes. */
struct running {
	struct listener listener;
	struct listener metrics_listener;
	struct agent *agent;
	struct server *server;
	struct server *metrics_server; /* NULL: not configured */
	struct signals signals;
	struct steps steps;
};

static void running_end(struct running *running)
{
	server_close(running->server);
	server_close(running->metrics_server);
	listener_close(&running->listener);
	listener_close(&running->metrics_listener);
	signals_close(&running->signals);
	steps_close(&running->steps);
	agent_free(running->agent);
}

static gid_t group_of(const char *name)
{
	const struct group *group = name ? getgrnam(name) : NULL;

	return group ? group->gr_gid : PEER_NO_GROUP;
}

static int open_servers(struct running *running, gid_t admins)
{
	const struct server_options all = {SERVER_ALL, admins};
	const struct server_options metrics = {SERVER_METRICS, PEER_NO_GROUP};
	int r = server_open(&running->listener, &all, &server_ops, running->agent,
			    &running->server);

	if (r || running->metrics_listener.fd < 0)
		return r;
	return server_open(&running->metrics_listener, &metrics, &server_ops, running->agent,
			   &running->metrics_server);
}

/* Nothing needs a privilege once this has returned. */
static int start(const struct options *options, struct config *config, const sigset_t *mask,
		 struct running *running)
{
	/* the socket first: its lock refuses a second instance */
	int r = open_listener(options->socket ?: config->agent.socket, &running->listener);

	r = r ?: open_metrics_listener(config->agent.metrics_listen, &running->metrics_listener);
	r = r ?: start_agent(options, config, &running->agent);
	if (r)
		return r;
	r = open_servers(running, group_of(agent_config(running->agent)->agent.admin_group));
	r = r ?: signals_open(&running->signals, mask, running->agent);
	r = r ?: steps_open(&running->steps, running->agent);
	r = r ?: privilege_drop();
	if (r)
		say("cannot start: %s", strerror(-r));
	else
		say("counting (%s: %s), configuration %s", agent_hook(running->agent),
		    agent_hook_reason(running->agent), agent_config(running->agent)->file);
	return r;
}

/* Runs until a signal ends it. */
static int loop(struct running *running)
{
	struct loop_part parts[LOOP_PARTS_MAX];
	size_t n = 0;
	int r;

	parts[n++] = signals_part(&running->signals);
	parts[n++] = steps_part(&running->steps);
	parts[n++] = server_part(running->server);
	if (running->metrics_server)
		parts[n++] = server_part(running->metrics_server);
	parts[n++] = agent_part(running->agent);
	r = loop_run(parts, n);

	if (r)
		say_as(SAY_ERROR, "stopping: %s", strerror(-r));
	return r;
}

/* ready_fd: of background_begin(), or -1. */
static int run(const struct options *options, struct config *config, const sigset_t *mask,
	       int ready_fd)
{
	_cleanup_(running_end) struct running running = {
		.listener = LISTENER_NONE,
		.metrics_listener = LISTENER_NONE,
		.signals = {.fd = -1},
		.steps = {.timer_fd = -1},
	};
	int r = start(options, config, mask, &running);

	if (!r && ready_fd >= 0)
		r = background_ready(ready_fd);
	if (r)
		return r;
	r = loop(&running);
	say("stopped%s", agent_stop(running.agent, options->keep) ?
				 "; the kernel counts on, for the next agent to take over" :
				 "");
	return r;
}

static int remove_left(const struct options *options, const struct config *config)
{
	struct error error;
	int r = agent_remove(options->state_dir ?: config->agent.state_dir, &error);

	if (r)
		say("%s", error.text);
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {};
	_cleanup_(config_clear) struct config config = {};
	int ready_fd = -1, r = parse_options(argc, argv, &options);
	sigset_t mask;

	if (r)
		return r - 1;
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
	if (!options.foreground) {
		r = background_begin(&ready_fd);
		if (r) {
			say("cannot go to the background: %s", strerror(-r));
			return 1;
		}
	}
	signals_block(&mask);
	return run(&options, &config, &mask, ready_fd) ? 1 : 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's main program: options, start, one event loop, stop. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/calendar.h"
#include "base/privilege.h"
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
	int ready_fd; /* a byte written here ends the process that was started; -1: none waits */
};

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
	fprintf(stderr, "sliprobed: --hook: expected auto, tracepoint or fexit, got \"%s\"\n",
		text);
	return -EINVAL;
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
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'c':
			ret->config = optarg;
			break;
		case 'f':
			ret->foreground = true;
			break;
		case 's':
			ret->socket = optarg;
			break;
		case 'd':
			ret->state_dir = optarg;
			break;
		case 'k':
			if (parse_hook(optarg, &ret->hook))
				return 1 + 2;
			break;
		case 'e':
			ret->keep = true;
			break;
		case 'r':
			ret->remove = true;
			break;
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
	if (optind < argc) {
		fprintf(stderr, "sliprobed: unexpected argument \"%s\"\n", argv[optind]);
		return 1 + 2;
	}
	if (!ret->config && !access(default_config, F_OK))
		ret->config = default_config;
	return 0;
}

static int load_config(const struct options *options, struct config *ret)
{
	struct error error;
	int r = config_load(options->config, ret, &error);

	if (r)
		fprintf(stderr, "sliprobed: %s\n", error.text);
	return r;
}

/* ---- what the status socket asks ---- */

struct loop {
	struct agent *agent;
	struct status *status;
	int epoll_fd;
	int signal_fd;
	int timer_fd;
	uint64_t interval_ns;
};

static int socket_snapshot(void *context, bool series, struct snapshot *ret)
{
	return agent_snapshot(((struct loop *)context)->agent, series, ret);
}

static int socket_reload(void *context, struct error *ret_error)
{
	struct agent *agent = ((struct loop *)context)->agent;
	int r = agent_reload(agent, ret_error);

	if (r)
		fprintf(stderr, "sliprobed: reload refused, the running configuration stays: %s\n",
			ret_error->text);
	else
		fprintf(stderr, "sliprobed: reloaded %s\n", agent_config(agent)->file);
	return r;
}

static bool socket_ready(void *context)
{
	struct snapshot snapshot;

	if (socket_snapshot(context, false, &snapshot))
		return false;
	snapshot_clear(&snapshot);
	return true;
}

static int socket_alerts(void *context, struct snapshot_alerts *ret)
{
	return agent_snapshot_alerts(((struct loop *)context)->agent, ret);
}

static int socket_history(void *context, const char *slo, struct snapshot_history *ret)
{
	return agent_snapshot_history(((struct loop *)context)->agent, slo, ret);
}

static int socket_silence(void *context, const char *json, size_t len, const char *by,
			  char ret_id[static SILENCE_ID_BYTES], struct error *ret_error)
{
	return agent_silence(((struct loop *)context)->agent, json, len, by, ret_id, ret_error);
}

static int socket_unsilence(void *context, const char *id)
{
	return agent_unsilence(((struct loop *)context)->agent, id);
}

static int socket_notify_test(void *context, const char *json, size_t len)
{
	return agent_notify_test(((struct loop *)context)->agent, json, len);
}

static const struct status_ops socket_ops = {
	.snapshot = socket_snapshot,
	.reload = socket_reload,
	.ready = socket_ready,
	.alerts = socket_alerts,
	.history = socket_history,
	.silence = socket_silence,
	.unsilence = socket_unsilence,
	.notify_test = socket_notify_test,
};

/* ---- the loop ---- */

static int loop_watch(struct loop *loop, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int loop_set_interval(struct loop *loop)
{
	uint64_t ns = agent_config(loop->agent)->agent.interval_ns;
	struct itimerspec spec = {
		.it_interval = {ns / 1000000000, ns % 1000000000},
		.it_value = {ns / 1000000000, ns % 1000000000},
	};

	if (ns == loop->interval_ns)
		return 0;
	loop->interval_ns = ns;
	return timerfd_settime(loop->timer_fd, 0, &spec, NULL) ? -errno : 0;
}

static int loop_init(struct loop *loop, const sigset_t *signals)
{
	int r;

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->signal_fd < 0 || loop->timer_fd < 0)
		return -errno;
	r = loop_watch(loop, loop->signal_fd);
	r = r ?: loop_watch(loop, loop->timer_fd);
	r = r ?: loop_watch(loop, status_fd(loop->status));
	r = r ?: loop_watch(loop, agent_deliver_fd(loop->agent));
	return r ?: loop_set_interval(loop);
}

/* Returns false when it is time to stop. */
static bool loop_signals(struct loop *loop)
{
	struct signalfd_siginfo info;
	struct error error;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return false;
		socket_reload(loop, &error);
	}
	return true;
}

static void loop_step(struct loop *loop)
{
	uint64_t expirations;
	int r;

	if (read(loop->timer_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return;
	r = agent_step(loop->agent);
	if (r)
		fprintf(stderr, "sliprobed: reading the counters failed, trying again: %s\n",
			strerror(-r));
}

static int sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static int loop_run(struct loop *loop)
{
	for (;;) {
		struct epoll_event event;
		int n = epoll_wait(loop->epoll_fd, &event, 1,
				   sooner(status_timeout_ms(loop->status),
					  agent_deliver_timeout_ms(loop->agent)));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && event.data.fd == loop->signal_fd && !loop_signals(loop))
			return 0;
		if (n > 0 && event.data.fd == loop->timer_fd)
			loop_step(loop);
		status_run(loop->status);
		agent_deliver_run(loop->agent);
		loop_set_interval(loop);
	}
}

/* ---- start ---- */

static int start_status(const struct options *options, const struct config *config,
			struct loop *loop)
{
	const char *path = options->socket ?: config->agent.socket;
	int r = status_open(path, &socket_ops, loop, &loop->status);

	if (r == -EADDRINUSE)
		fprintf(stderr, "sliprobed: another instance is already running at %s\n", path);
	else if (r)
		fprintf(stderr, "sliprobed: cannot listen at %s: %s\n", path, strerror(-r));
	return r;
}

static int start_agent(const struct options *options, struct config *config, struct loop *loop)
{
	const struct agent_options agent_options = {
		.config_file = options->config,
		.state_dir = options->state_dir ?: config->agent.state_dir,
		.hook = options->hook,
	};
	struct error error;
	int r;

	for (size_t i = 0; i < config->n_warnings; i++)
		fprintf(stderr, "sliprobed: %s\n", config->warnings[i]);
	r = agent_new(&agent_options, config, &loop->agent, &error);
	if (r)
		fprintf(stderr, "sliprobed: %s\n", error.text);
	return r;
}

/* Lets the process that was started end, and its terminal or pipes go. */
static int let_go(int ready_fd)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nothing < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++) {
		if (dup2(nothing, fd) < 0)
			return -errno;
	}
	close(nothing);
	if (write(ready_fd, "", 1) != 1)
		return -errno;
	close(ready_fd);
	return 0;
}

/* Everything is in place: from here on nothing needs a privilege. */
static int settle(const struct options *options, struct loop *loop, const sigset_t *signals)
{
	int r = loop_init(loop, signals);

	r = r ?: privilege_drop();
	if (r) {
		fprintf(stderr, "sliprobed: cannot start: %s\n", strerror(-r));
		return r;
	}
	fprintf(stderr, "sliprobed: counting (%s: %s), configuration %s\n", agent_hook(loop->agent),
		agent_hook_reason(loop->agent), agent_config(loop->agent)->file);
	return options->ready_fd < 0 ? 0 : let_go(options->ready_fd);
}

static int run(const struct options *options, struct config *config, const sigset_t *signals)
{
	struct loop loop = {.epoll_fd = -1, .signal_fd = -1, .timer_fd = -1};
	/* the socket first: it is what a second instance is refused by */
	int r = start_status(options, config, &loop);

	if (r)
		return r;
	r = start_agent(options, config, &loop);
	r = r ?: settle(options, &loop, signals);
	if (!r) {
		r = loop_run(&loop);
		if (r)
			fprintf(stderr, "sliprobed: stopping: %s\n", strerror(-r));
		agent_stop(loop.agent, options->keep);
	}
	status_close(loop.status);
	close(loop.epoll_fd);
	close(loop.signal_fd);
	close(loop.timer_fd);
	agent_free(loop.agent);
	return r;
}

/*
 * Goes to the background: returns 0 in the new process, whose ret_ready_fd is to be written to once
 * all is in place. The process that was started waits for that, and ends with exit code 0, or 1 if
 * it does not come. Before anything else, because a signalfd belongs to the process that watched it.
 */
static int background(int *ret_ready_fd)
{
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0) {
		close(ready[1]);
		_exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(ready[0]);
	setsid();
	*ret_ready_fd = ready[1];
	return 0;
}

static int remove_left(const struct options *options, const struct config *config)
{
	struct error error;
	int r = agent_remove(options->state_dir ?: config->agent.state_dir, &error);

	if (r)
		fprintf(stderr, "sliprobed: %s\n", error.text);
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {.ready_fd = -1};
	struct config config = {};
	sigset_t signals;
	int r = parse_options(argc, argv, &options);

	if (r)
		return r - 1;
	calendar_init();
	if (load_config(&options, &config))
		return 1;
	if (privilege_check()) {
		fprintf(stderr,
			"sliprobed: not permitted to load BPF programs: run as root, or with "
			"CAP_BPF and CAP_PERFMON\n");
		config_clear(&config);
		return 1;
	}
	if (options.remove) {
		r = remove_left(&options, &config);
		config_clear(&config);
		return r ? 1 : 0;
	}
	if (!options.foreground && background(&options.ready_fd)) {
		fprintf(stderr, "sliprobed: cannot go to the background: %s\n", strerror(errno));
		config_clear(&config);
		return 1;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = run(&options, &config, &signals);
	config_clear(&config);
	return r ? 1 : 0;
}

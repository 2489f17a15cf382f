/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/parts.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/say.h"
#include "helper/start.h"
#include "kernel/tls.h"

enum {
	START_SECONDS = 2, /* for the processes that listen already */
	ASKED_MAX = 64, /* at once: the helper has room for more */
	PACKETS_A_TURN = 64,
};

/* ---- begin ---- */

void tls_helper_begin(struct tls_helper *helper, const struct config_tls *config, bool quiet)
{
	if (config->mode != CONFIG_TLS_OFF)
		tls_helper_start(quiet, &helper->process, &helper->why);
}

static int copy_config(struct config_tls *to, const struct config_tls *from)
{
	to->mode = from->mode;
	to->exclude = calloc(from->n_exclude ?: 1, sizeof(*to->exclude));
	if (!to->exclude)
		return -ENOMEM;
	for (; to->n_exclude < from->n_exclude; to->n_exclude++) {
		to->exclude[to->n_exclude] = strdup(from->exclude[to->n_exclude]);
		if (!to->exclude[to->n_exclude])
			return -ENOMEM;
	}
	return 0;
}

int tls_begin(struct agent_tls *tls, struct tls_helper *helper, const struct config_tls *config)
{
	tls->helper = helper;
	tls->pins_fd = -1;
	return copy_config(&tls->config, config);
}

void tls_clear(struct agent_tls *tls)
{
	for (size_t i = 0; i < tls->config.n_exclude; i++)
		free(tls->config.exclude[i]);
	free(tls->config.exclude);
	tls->config = (struct config_tls){};
	tls_table_clear(&tls->table);
	if (tls->pins_fd >= 0)
		close(tls->pins_fd);
	tls->pins_fd = -1;
}

static int socket_of(const struct agent_tls *tls)
{
	return tls->helper ? tls->helper->process.fd : -1;
}

bool tls_is_wanted(const struct agent_tls *tls)
{
	return tls->config.mode != CONFIG_TLS_OFF && socket_of(tls) >= 0;
}

/* ---- to the helper ---- */

static int say_to(const struct agent_tls *tls, const struct tls_packet *packet, int fd)
{
	return tls_packet_send(socket_of(tls), packet, fd, false);
}

static int give(const struct agent_tls *tls, enum tls_gift what, int fd)
{
	const struct tls_packet packet = {.kind = TLS_GIVE, .give = what};

	return fd < 0 ? 0 : say_to(tls, &packet, fd);
}

static int exclude(const struct agent_tls *tls)
{
	struct tls_packet packet = {.kind = TLS_EXCLUDE};
	int r = 0;

	for (size_t i = 0; !r && i < tls->config.n_exclude; i++) {
		snprintf(packet.text, sizeof(packet.text), "%s", tls->config.exclude[i]);
		r = say_to(tls, &packet, -1);
	}
	return r;
}

/* All that a process which has just begun is to know. */
static int introduce(struct agent *agent)
{
	const struct agent_tls *tls = &agent->tls;
	const struct tls_packet begin = {
		.kind = TLS_BEGIN,
		.begin =
			{
				.way = probe_tls(agent->kernel.probe) == PROBE_TLS_MULTI ?
					       TLS_WAY_MULTI :
					       TLS_WAY_PERF,
				.mode = tls->config.mode == CONFIG_TLS_ALL ? TLS_MODE_ALL :
									     TLS_MODE_SERVERS,
			},
	};
	struct probe_tls_gifts gifts;
	int r;

	probe_tls_gifts(agent->kernel.probe, &gifts);
	r = give(tls, TLS_GIFT_ENTER, gifts.enter_fd);
	r = r ?: give(tls, TLS_GIFT_RETURN, gifts.return_fd);
	r = r ?: give(tls, TLS_GIFT_PROFILES, gifts.profiles_fd);
	r = r ?: give(tls, TLS_GIFT_OBJECTS, gifts.objects_fd);
	r = r ?: give(tls, TLS_GIFT_PINS, tls->pins_fd);
	r = r ?: exclude(tls);
	return r ?: say_to(tls, &begin, -1);
}

static void ask(struct agent_tls *tls)
{
	const double now = clock_seconds(CLOCK_MONOTONIC);
	struct tls_process *process;

	while (tls->is == TLS_HELPER_READY && tls_table_asked(&tls->table) < ASKED_MAX &&
	       (process = tls_table_due(&tls->table, now))) {
		const struct tls_packet packet = {
			.kind = TLS_LOOK,
			.look =
				{
					.start_ns = process->start_ns,
					.tgid = process->tgid,
					.why = process->serves ? TLS_WANTED_SPEAKS :
								 TLS_WANTED_LISTENS,
					.allow_executable = process->serves,
				},
		};

		/* what does not go now goes with the next answer, or the next step */
		if (say_to(tls, &packet, -1))
			break;
		tls_process_ask(process);
	}
}

/* ---- from the helper ---- */

static void fail(struct agent_tls *tls, enum tls_helper_is is, const char *why)
{
	tls->is = is;
	snprintf(tls->why, sizeof(tls->why), "%s", why);
	say_as(SAY_WARNING, "TLS: no further library is probed: %s", why);
}

static void lose(struct agent_tls *tls)
{
	close(tls->helper->process.fd);
	tls->helper->process.fd = -1;
	tls->capabilities = 0;
	fail(tls, TLS_HELPER_ENDED,
	     "sliprobe-helper has ended; a restart of the agent starts it again");
}

static void started(struct agent *agent, __u32 starts)
{
	struct agent_tls *tls = &agent->tls;
	int r;

	tls->starts = starts;
	tls->is = TLS_HELPER_STARTS;
	tls->capabilities = 0;
	tls_table_anew(&tls->table);
	r = introduce(agent);
	if (r)
		fail(tls, TLS_HELPER_FAILED, strerrordesc_np(-r));
}

static void know(struct agent *agent, const struct tls_process *process)
{
	if (process)
		probe_tls_know(agent->kernel.probe, process->tgid, process->start_ns,
			       process->probed);
}

static void say_attached(const struct tls_packet_found *found)
{
	if (found->kind == TLS_FOUND_ATTACHED)
		say("TLS: %s is probed at %u sites: %s%s%s", found->path, found->probes,
		    found->name[0] ? found->name : "a library of an unknown version",
		    found->text[0] ? "; not probed: " : "", found->text);
}

static int hear(struct agent *agent, const struct tls_packet *packet)
{
	struct agent_tls *tls = &agent->tls;

	switch (packet->kind) {
	case TLS_STARTED:
		started(agent, packet->started.starts);
		return 0;
	case TLS_DIED:
		fail(tls, TLS_HELPER_STARTS, packet->text);
		return 0;
	case TLS_FAILED:
		fail(tls, TLS_HELPER_FAILED, packet->text);
		return 0;
	case TLS_READY:
		tls->is = TLS_HELPER_READY;
		tls->why[0] = 0;
		tls->capabilities = packet->ready.capabilities;
		return 0;
	case TLS_FOUND:
		say_attached(&packet->found);
		return tls_table_found(&tls->table, &packet->found);
	case TLS_ADOPTED:
		return tls_table_found(&tls->table, &packet->found);
	case TLS_LOOKED:
		know(agent, tls_table_looked(&tls->table, &packet->looked,
					     clock_seconds(CLOCK_MONOTONIC)));
		return 0;
	case TLS_GONE:
		tls_table_gone(&tls->table, packet->gone.profile);
		return 0;
	default:
		return 0;
	}
}

/* Returns 1; 0 if there is nothing within that time, or nothing will ever be; or -ENOMEM. */
static int listen_once(struct agent *agent, int timeout_ms)
{
	struct agent_tls *tls = &agent->tls;
	struct tls_packet packet;
	int r;

	if (socket_of(tls) < 0)
		return 0;
	r = tls_packet_receive(socket_of(tls), TLS_TO_AGENT, &packet, NULL, timeout_ms);
	if (r == -ETIMEDOUT || r == -EAGAIN)
		return 0;
	if (r == -EPROTO)
		return 1;
	if (r <= 0) {
		lose(tls);
		return 0;
	}
	r = hear(agent, &packet);
	ask(tls);
	return r ?: 1;
}

static int helper_run(void *context)
{
	int r = 1;

	for (int i = 0; i < PACKETS_A_TURN && r > 0; i++)
		r = listen_once(context, 0);
	return r < 0 ? r : 0;
}

static int helper_timeout_ms(void *context)
{
	const struct agent_tls *tls = &((const struct agent *)context)->tls;

	return tls->is == TLS_HELPER_READY &&
			       tls_table_open(&tls->table) > tls_table_asked(&tls->table) ?
		       1000 :
		       -1;
}

struct loop_part tls_helper_part(struct agent *agent)
{
	return (struct loop_part){socket_of(&agent->tls), helper_timeout_ms, helper_run, agent};
}

/* ---- from the kernel ---- */

static void want(void *context, const struct tls_wanted *wanted)
{
	struct agent *agent = context;

	tls_table_want(&agent->tls.table, wanted, clock_seconds(CLOCK_MONOTONIC));
}

static int wanted_run(void *context)
{
	struct agent *agent = context;

	probe_each_wanted(agent->kernel.probe, want, agent);
	ask(&agent->tls);
	return 0;
}

struct loop_part tls_wanted_part(struct agent *agent)
{
	return (struct loop_part){probe_wanted_fd(agent->kernel.probe), NULL, wanted_run, agent};
}

/* ---- the start, steps, the end ---- */

static void open_pins(struct agent *agent)
{
	struct agent_tls *tls = &agent->tls;

	if (tls->pins_fd >= 0)
		close(tls->pins_fd);
	tls->pins_fd =
		kernel_side_is_pinned(&agent->kernel) ?
			open(pins_dir(agent->kernel.pins), O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			-1;
}

static bool is_settled(const struct agent_tls *tls)
{
	return tls->is == TLS_HELPER_READY ? !tls_table_open(&tls->table) :
					     tls->is != TLS_HELPER_STARTS;
}

static void settle(struct agent *agent)
{
	const double until = clock_seconds(CLOCK_MONOTONIC) + START_SECONDS;
	double left = START_SECONDS;

	while (left > 0 && !is_settled(&agent->tls)) {
		if (listen_once(agent, (int)(left * 1000) + 1) < 0)
			break;
		left = until - clock_seconds(CLOCK_MONOTONIC);
	}
}

void tls_start(struct agent *agent)
{
	struct agent_tls *tls = &agent->tls;
	const bool loaded = probe_tls(agent->kernel.probe) != PROBE_TLS_OFF;
	int r;

	probe_tls_follow(agent->kernel.probe, loaded);
	if (tls->config.mode == CONFIG_TLS_OFF)
		return;
	if (!loaded || socket_of(tls) < 0) {
		fail(tls, TLS_HELPER_FAILED,
		     socket_of(tls) >= 0 ? probe_tls_reason(agent->kernel.probe) :
		     tls->helper	 ? tls->helper->why.text :
					   "there is no sliprobe-helper");
		if (tls->helper)
			helper_end(&tls->helper->process);
		return;
	}
	tls->is = TLS_HELPER_STARTS;
	open_pins(agent);
	r = probe_each_listening(agent->kernel.probe, want, agent);
	if (r)
		say("TLS: the processes that listen already cannot be listed (%s): each is looked at "
		    "once it has received TLS",
		    strerrordesc_np(-r));
	settle(agent);
}

static bool lives(const struct tls_process *process)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", process->tgid);
	return !access(path, F_OK);
}

static void gone(void *context, const struct tls_process *process)
{
	struct agent *agent = context;

	probe_tls_forget(agent->kernel.probe, process->tgid);
}

/* Pins that were removed are made again, in another directory perhaps: the helper's with them. */
static void look_at_pins(struct agent *agent)
{
	struct agent_tls *tls = &agent->tls;
	struct stat is, was;

	if (tls->pins_fd < 0 || fstat(tls->pins_fd, &was) ||
	    stat(pins_dir(agent->kernel.pins), &is) ||
	    (is.st_ino == was.st_ino && is.st_dev == was.st_dev))
		return;
	open_pins(agent);
	give(tls, TLS_GIFT_PINS, tls->pins_fd);
}

void tls_step(struct agent *agent)
{
	if (agent->tls.is == TLS_HELPER_OFF)
		return;
	tls_table_forget(&agent->tls.table, lives, gone, agent);
	if (agent->kernel.pins && socket_of(&agent->tls) >= 0)
		look_at_pins(agent);
	ask(&agent->tls);
}

void tls_stop(struct agent *agent)
{
	if (agent->tls.helper)
		helper_end(&agent->tls.helper->process);
	agent->tls.is = TLS_HELPER_OFF;
}

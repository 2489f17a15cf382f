/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "base/text.h"
#include "helper/family.h"
#include "helper/gifts.h"
#include "helper/look.h"
#include "helper/queue.h"
#include "helper/users.h"

enum { BORN_WAIT_MAX = WORKER_QUEUE_MAX / 8 }; /* forks that wait, with others */

struct worker {
	bool confined, begun;
	struct gifts gifts;
	struct probed probed;
	struct look look;
	struct users users;
	struct queue queue;
	char excludes[TLS_EXCLUDES_MAX][TLS_TEXT_BYTES];
};

static void say(const struct tls_packet *packet)
{
	tls_packet_send(HELPER_SOCKET, packet, -1, true);
}

static void tell_found(void *context, const struct tls_packet_found *found)
{
	const struct tls_packet packet = {.kind = TLS_FOUND, .found = *found};

	(void)context;
	say(&packet);
}

static void tell_gone(void *context, __u32 profile)
{
	const struct tls_packet packet = {.kind = TLS_GONE, .gone = {.profile = profile}};

	(void)context;
	say(&packet);
}

static void tell_looked(__u32 tgid, __u64 start_ns, __u32 probed)
{
	const struct tls_packet packet = {.kind = TLS_LOOKED, .looked = {start_ns, tgid, probed}};

	say(&packet);
}

/* Processes that are met in a walk wait, too; for what finds no room there is the next walk. */
static void meet(void *context, const struct tls_packet_look *look)
{
	queue_add(&((struct worker *)context)->queue, look);
}

/* Whoever forks without end takes little of the room. */
static void born(void *context, const struct tls_packet_look *look)
{
	struct worker *worker = context;

	if (worker->queue.n < BORN_WAIT_MAX)
		queue_add(&worker->queue, look);
}

/* ---- packets ---- */

#define IN_EFFECT "CapEff:\t"

/* Those in effect, as the kernel says it. */
static __u64 capabilities(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/status", "re");
	unsigned long long held;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		const char *at = line + sizeof(IN_EFFECT) - 1;

		if (!strncmp(line, IN_EFFECT, sizeof(IN_EFFECT) - 1) &&
		    text_take_number(&at, 16, &held))
			return held;
	}
	return 0;
}

static __u32 tell_profiles(const struct worker *worker, enum tls_packet_kind kind)
{
	struct tls_packet packet = {.kind = kind};
	__u32 n = 0;

	for (__u32 i = 1; i < TLS_PROFILES_MAX; i++) {
		if (!worker->probed.files[i].sets)
			continue;
		probed_tell(&worker->probed, i, &packet.found);
		say(&packet);
		n++;
	}
	return n;
}

static void on_begin(struct worker *worker, const struct tls_packet_begin *begin)
{
	struct tls_packet packet = {.kind = TLS_FAILED};
	struct error error = {};
	int r = worker->begun ? -EALREADY : 0;

	r = r ?: gifts_use(&worker->gifts, begin->way, &worker->probed, &error);
	if (r) {
		tls_text_begin(packet.text, sizeof(packet.text),
			       *error.text ? error.text : strerror(-r));
		say(&packet);
		return;
	}
	worker->begun = true;
	worker->users.all = begin->mode == TLS_MODE_ALL;
	users_begin(&worker->users);
	probed_adopt(&worker->probed);
	packet.kind = TLS_READY;
	packet.ready = (struct tls_packet_ready){
		.capabilities = capabilities(),
		.way = begin->way,
		.adopted = tell_profiles(worker, TLS_ADOPTED),
		.confined = worker->confined,
	};
	say(&packet);
}

static void on_exclude(struct worker *worker, const char *pattern)
{
	if (worker->look.n_excludes < TLS_EXCLUDES_MAX)
		memcpy(worker->excludes[worker->look.n_excludes++], pattern, TLS_TEXT_BYTES);
}

static void on_look(struct worker *worker, const struct tls_packet_look *look)
{
	const struct tls_packet_found busy = {
		.start_ns = look->start_ns,
		.tgid = look->tgid,
		.reason = TLS_NOT_BUSY,
	};

	if (!worker->begun || !queue_add(&worker->queue, look)) {
		tell_found(NULL, &busy);
		tell_looked(look->tgid, look->start_ns, 0);
	}
}

/* The agent has made the directory of its pins again, if it gives one after the beginning. */
static void on_give(struct worker *worker, enum tls_gift what, int fd)
{
	if (!worker->begun)
		gifts_take(&worker->gifts, what, fd);
	else if (what == TLS_GIFT_PINS && !gifts_check_pins(fd))
		probed_pin_again(&worker->probed, fd);
	else
		close(fd);
}

static void on_packet(struct worker *worker, const struct tls_packet *packet, int fd)
{
	if (packet->kind == TLS_GIVE) {
		on_give(worker, packet->give, fd);
	} else if (packet->kind == TLS_EXCLUDE) {
		on_exclude(worker, packet->text);
	} else if (packet->kind == TLS_BEGIN) {
		on_begin(worker, &packet->begin);
	} else if (packet->kind == TLS_LOOK) {
		on_look(worker, &packet->look);
	} else if (packet->kind == TLS_LIST) {
		tell_profiles(worker, TLS_FOUND);
		tell_looked(0, 0, 0);
	}
}

/* ---- the loop ---- */

/* Those that serve together with one that has served have begun to serve, too. */
static void meet_relative(void *context, __u32 tgid)
{
	const struct tls_packet_look look = {
		.tgid = tgid, .why = TLS_WANTED_LISTENS, .allow_executable = 1};

	meet(context, &look);
}

static void look_at_next(struct worker *worker, const struct tls_packet_look *look)
{
	tell_looked(look->tgid, look->start_ns, look_at(&worker->look, look));
	if (worker->look.attached_executable && look->why == TLS_WANTED_SPEAKS)
		family_each(look->tgid, meet_relative, worker);
}

/* Does what is due. Returns in how many ms there is more to do. */
static int work(struct worker *worker)
{
	const double now = clock_seconds(CLOCK_MONOTONIC);
	struct tls_packet_look look;
	int ms, wait_ms;

	if (!worker->begun)
		return -1;
	if (queue_take(&worker->queue, now, &look))
		look_at_next(worker, &look);
	ms = users_run(&worker->users, now);
	wait_ms = queue_wait_ms(&worker->queue, now);
	return ms < 0 || (wait_ms >= 0 && wait_ms < ms) ? wait_ms : ms;
}

static void run(struct worker *worker)
{
	for (;;) {
		struct tls_packet packet;
		const int timeout_ms = work(worker);
		int fd = -1;
		const int r =
			tls_packet_receive(HELPER_SOCKET, TLS_TO_HELPER, &packet, &fd, timeout_ms);

		if (r > 0)
			on_packet(worker, &packet, fd);
		else if (r != -ETIMEDOUT && r != -EPROTO)
			return;
	}
}

int worker_run(struct watch *watch, bool confined)
{
	const struct tls_packet started = {
		.kind = TLS_STARTED,
		.started = {.starts = ++watch->starts},
	};
	_cleanup_free_ struct worker *worker = calloc(1, sizeof(*worker));
	struct known *known = worker ? known_new() : NULL;

	if (!known)
		return EXIT_FAILURE;
	worker->confined = confined;
	worker->gifts = GIFTS_NONE;
	worker->probed.pins = -1;
	worker->look = (struct look){
		.known = known,
		.probed = &worker->probed,
		.watch = watch,
		.excludes = (const char(*)[TLS_TEXT_BYTES])worker->excludes,
		.tell = tell_found,
	};
	worker->users = (struct users){.probed = &worker->probed,
				       .gone = tell_gone,
				       .meet = meet,
				       .born = born,
				       .context = worker};
	queue_init(&worker->queue, clock_seconds(CLOCK_MONOTONIC));
	say(&started);
	run(worker);
	users_close(&worker->users);
	probed_close(&worker->probed);
	gifts_clear(&worker->gifts);
	known_free(known);
	return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What the process says: nothing of it is believed that could do harm. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/say.h"
#include "base/utf8.h"
#include "samples/packets.h"
#include "samples/sampler_private.h"

enum { PACKETS_A_TURN = 16 };

/* It says how it is each second, unless it waits for the disk, or looks for an answer. */
static const double silent_seconds = 15;

/* ---- answers ---- */

static void answer(struct asked *asked, const struct elsewhere_answer *with)
{
	const struct asked that = *asked;

	*asked = (struct asked){};
	that.done(that.context, with);
}

static void answer_late(struct sampler *sampler)
{
	const struct elsewhere_answer late = {
		.code = 503,
		.fd = -1,
		.text = "samples took too long to look through: ask for less"};
	const double now = clock_seconds(CLOCK_MONOTONIC);

	for (size_t i = 0; i < SAMPLER_QUESTIONS_MAX; i++) {
		if (sampler->asked[i].id && sampler->asked[i].deadline <= now)
			answer(&sampler->asked[i], &late);
	}
}

/* Of memory, whole, and never to be changed: what is sent from it neither blocks nor ends early. */
static bool is_sealed(int fd, uint64_t bytes)
{
	const int needed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	const int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	struct stat status;

	return seals >= 0 && (seals & needed) == needed && !fstat(fd, &status) &&
	       (uint64_t)status.st_size == bytes && bytes <= SAMPLER_ANSWER_MAX_BYTES;
}

static bool is_refusal(unsigned int code)
{
	return code == 400 || code == 404 || code == 503;
}

static const char *const content_types[PACKET_FORMATS] = {
	[PACKET_JSON] = "application/json",
	[PACKET_JSON_LINES] = "application/x-ndjson",
	[PACKET_CSV] = "text/csv; charset=utf-8",
};

static void on_answer(struct sampler *sampler, const struct packet *packet, int *fd)
{
	struct elsewhere_answer with = {.code = 503, .fd = -1, .text = "samples gave no answer"};
	struct asked *asked = packet->id ? sampler_asked(sampler, packet->id) : NULL;
	_cleanup_free_ char *text = NULL;

	if (!asked)
		return;
	if (packet->code == 200 && packet->format < PACKET_FORMATS &&
	    is_sealed(*fd, packet->bytes)) {
		with = (struct elsewhere_answer){.code = 200,
						 .content_type = content_types[packet->format],
						 .fd = *fd,
						 .bytes = packet->bytes};
		*fd = -1;
	} else if (is_refusal(packet->code)) {
		text = utf8_clean(packet->text);
		with.code = packet->code;
		with.text = text ?: "out of memory";
	}
	answer(asked, &with);
}

/* ---- how it is ---- */

/* Bytes that are not of printable ASCII become '?'. */
static void take_why(const char *from, char *to, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i]; i++)
		to[i] = (char)(from[i] >= ' ' && from[i] <= '~' ? from[i] : '?');
	to[i] = 0;
}

static void on_state(struct sampler *sampler, const struct packet_state *from)
{
	struct sampler_state *state = &sampler->state;

	state->taken = sampler->before.taken + from->taken;
	state->lost_ring = sampler->before.lost_ring + from->lost_ring;
	state->lost_disk = sampler->before.lost_disk + from->lost_disk;
	state->kept = from->kept;
	state->bytes = from->bytes;
	state->oldest = from->oldest > 0 ? from->oldest : NAN;
	take_why(from->why, state->why, sizeof(state->why));
	state->is = *state->why ? SAMPLER_FAILING : SAMPLER_OK;
	sampler->heard_at = clock_seconds(CLOCK_MONOTONIC);
}

static void on_begun(struct sampler *sampler)
{
	struct sampler_state *state = &sampler->state;
	const bool first = sampler->runs && !state->starts;

	/* those of the one before, which may have had no time to say that it dies */
	sampler->before = *state;
	if (state->starts++)
		say_as(SAY_WARNING, "samples: the process that keeps them was started again");
	sampler->runs = true;
	state->is = SAMPLER_STARTS;
	state->why[0] = 0;
	sampler->told = first && sampler->told;
	sampler->heard_at = clock_seconds(CLOCK_MONOTONIC);
	if (first)
		return;
	sampler_answer_all(sampler, "the process that keeps samples has died: try again");
	sampler_tell_again(sampler);
}

static void on_died(struct sampler *sampler, const char *how)
{
	struct sampler_state *state = &sampler->state;

	sampler->runs = false;
	state->is = SAMPLER_STOPPED;
	take_why(how, state->why, sizeof(state->why));
	say_as(SAY_WARNING,
	       "samples: the process that keeps them has died (%s), and is started again: "
	       "samples of that time are lost, counts are not",
	       state->why);
	sampler_answer_all(sampler, "the process that keeps samples has died: try again");
}

static void on_end(struct sampler *sampler)
{
	struct sampler_state *state = &sampler->state;

	say_as(SAY_ERROR,
	       "samples: the process that keeps them has ended: there are no more samples until "
	       "the agent is started again; counts go on");
	sampler->runs = false;
	state->is = SAMPLER_STOPPED;
	snprintf(state->why, sizeof(state->why), "its process has ended: start the agent again");
	close(sampler->helper.fd);
	sampler->helper.fd = -1;
	sampler_answer_all(sampler, "the process that keeps samples has ended");
}

static void on_packet(struct sampler *sampler, struct packet *packet, size_t n, int *fd)
{
	if (n != sizeof(*packet))
		return;
	packet->text[sizeof(packet->text) - 1] = 0;
	if (packet->kind == PACKET_BEGUN) {
		on_begun(sampler);
	} else if (packet->kind == PACKET_DIED) {
		on_died(sampler, packet->text);
	} else if (packet->kind == PACKET_STATE) {
		packet->state.why[sizeof(packet->state.why) - 1] = 0;
		on_state(sampler, &packet->state);
	} else if (packet->kind == PACKET_ANSWER) {
		on_answer(sampler, packet, fd);
	}
}

static int run(void *context)
{
	struct sampler *sampler = context;

	for (int i = 0; i < PACKETS_A_TURN && sampler->helper.fd >= 0; i++) {
		int fds[HELPER_FDS] = {-1, -1};
		struct packet packet;
		const ssize_t n =
			helper_receive(sampler->helper.fd, &packet, sizeof(packet), fds, 0);

		if (n == -ETIMEDOUT)
			break;
		if (n > 0)
			on_packet(sampler, &packet, (size_t)n, &fds[0]);
		else if (n != -EMSGSIZE)
			on_end(sampler);
		for (size_t j = 0; j < HELPER_FDS; j++)
			close_descriptor_at(&fds[j]);
	}
	answer_late(sampler);
	return 0;
}

static int timeout_ms(void *context)
{
	const struct sampler *sampler = context;
	const double now = clock_seconds(CLOCK_MONOTONIC);
	int ms = -1;

	for (size_t i = 0; i < SAMPLER_QUESTIONS_MAX; i++) {
		const struct asked *asked = &sampler->asked[i];

		if (asked->id)
			ms = loop_sooner_ms(ms, (int)ceil(fmax(asked->deadline - now, 0) * 1e3));
	}
	return ms;
}

struct loop_part sampler_part(struct sampler *sampler)
{
	return (struct loop_part){sampler->helper.fd, timeout_ms, run, sampler};
}

void sampler_state(const struct sampler *sampler, struct sampler_state *ret)
{
	const double silent = clock_seconds(CLOCK_MONOTONIC) - sampler->heard_at;

	*ret = sampler->state;
	if (sampler->runs && silent > silent_seconds) {
		ret->is = SAMPLER_STOPPED;
		snprintf(ret->why, sizeof(ret->why), "its process has said nothing for %.0f s",
			 silent);
	}
}

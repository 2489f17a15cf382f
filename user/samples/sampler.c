/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "base/say.h"
#include "base/utf8.h"
#include "samples/packets.h"
#include "samples/process.h"
#include "samples/sampler_private.h"

/* ---- begin and end ---- */

int sampler_begin(const struct sampler_plan *plan, struct sampler **ret)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));
	int r;

	if (!sampler)
		return -ENOMEM;
	sampler->plan = *plan;
	sampler->state.oldest = NAN;
	for (size_t i = 0; i < SAMPLER_RINGS; i++)
		sampler->rings[i] = -1;
	r = helper_begin("sliprobe-sample", plan->quiet, process_serve, &sampler->plan,
			 &sampler->helper);
	if (r) {
		free(sampler);
		return r;
	}
	*ret = sampler;
	return 0;
}

void sampler_answer_all(struct sampler *sampler, const char *why)
{
	const struct elsewhere_answer none = {.code = 503, .fd = -1, .text = why};

	for (size_t i = 0; i < SAMPLER_QUESTIONS_MAX; i++) {
		struct asked asked = sampler->asked[i];

		sampler->asked[i] = (struct asked){};
		if (asked.id)
			asked.done(asked.context, &none);
	}
}

void sampler_end(struct sampler *sampler)
{
	if (!sampler)
		return;
	sampler_answer_all(sampler, "the agent ends");
	helper_end(&sampler->helper);
	for (size_t i = 0; i < SAMPLER_RINGS; i++)
		close_descriptor_at(&sampler->rings[i]);
	free(sampler->context);
	free(sampler);
}

/* Makes it, if need be. Returns a descriptor or -1 with errno. */
static int open_dir(const char *state_dir)
{
	_cleanup_close_ int state_fd = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (state_fd < 0 || (mkdirat(state_fd, "samples", 0750) && errno != EEXIST))
		return -1;
	return openat(state_fd, "samples", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int sampler_open(struct sampler *sampler, const char *state_dir)
{
	const struct packet packet = {.kind = PACKET_OPEN};
	_cleanup_close_ int fd = open_dir(state_dir);
	const int fds[HELPER_FDS] = {fd, -1};
	int r = fd < 0 ? -errno : 0;

	r = r ?: helper_send(sampler->helper.fd, &packet, sizeof(packet), fds, false);
	/* what is sent from now on waits for the process that works */
	sampler->runs = !r;
	sampler->heard_at = clock_seconds(CLOCK_MONOTONIC);
	return r;
}

/* ---- what it is told ---- */

static int fill(int fd, const char *text, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t n = write(fd, text + done, len - done);

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return -errno;
	return 0;
}

/* Text in memory that cannot be changed any more. Returns a descriptor or -errno. */
static int in_memory(const char *name, const char *text, size_t len)
{
	const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : fill(fd, text, len);

	if (r)
		close_descriptor_at(&fd);
	return r ?: fd;
}

static int send_text(struct sampler *sampler, struct packet *packet, const char *text)
{
	const size_t len = strlen(text);
	_cleanup_close_ int fd = in_memory("sliprobe", text, len);
	const int fds[HELPER_FDS] = {fd, -1};

	if (fd < 0)
		return fd;
	packet->bytes = len;
	return helper_send(sampler->helper.fd, packet, sizeof(*packet), fds, false);
}

static int send_rings(const struct sampler *sampler)
{
	const struct packet packet = {.kind = PACKET_RINGS};

	return helper_send(sampler->helper.fd, &packet, sizeof(packet), sampler->rings, false);
}

static int send_context(struct sampler *sampler)
{
	struct packet packet = {.kind = PACKET_CONTEXT};
	int r = send_text(sampler, &packet, sampler->context);

	sampler->told = !r;
	return r;
}

void sampler_tell_again(struct sampler *sampler)
{
	if (sampler->rings[0] >= 0)
		send_rings(sampler);
	if (sampler->context)
		send_context(sampler);
}

int sampler_give_rings(struct sampler *sampler, const int fds[static SAMPLER_RINGS])
{
	if (sampler->rings[0] >= 0)
		return 0;
	for (size_t i = 0; i < SAMPLER_RINGS; i++) {
		sampler->rings[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (sampler->rings[i] < 0)
			return -errno;
	}
	return sampler->runs ? send_rings(sampler) : 0;
}

int sampler_context(struct sampler *sampler, const json_t *context)
{
	char *text = json_dumps(context, JSON_COMPACT | JSON_ENSURE_ASCII);

	if (!text)
		return -ENOMEM;
	if (strlen(text) > SAMPLER_CONTEXT_MAX_BYTES) {
		free(text);
		return -E2BIG;
	}
	if (!sampler->context || strcmp(sampler->context, text) != 0)
		sampler->told = false;
	free(sampler->context);
	sampler->context = text;
	return sampler->told || !sampler->runs ? 0 : send_context(sampler);
}

bool sampler_is_told(const struct sampler *sampler)
{
	return sampler->told;
}

/* ---- questions ---- */

struct asked *sampler_asked(struct sampler *sampler, uint32_t id)
{
	for (size_t i = 0; i < SAMPLER_QUESTIONS_MAX; i++) {
		if (sampler->asked[i].id == id)
			return &sampler->asked[i];
	}
	return NULL;
}

int sampler_ask(struct sampler *sampler, const json_t *question, elsewhere_done_fn *done,
		void *context, struct error *ret_error)
{
	struct asked *asked = sampler_asked(sampler, 0);
	struct packet packet = {.kind = PACKET_QUESTION};
	_cleanup_free_ char *text = NULL;
	int r;

	if (!sampler->runs)
		return error_set(ret_error, -ENOTCONN, "samples are not kept: %s",
				 sampler->state.why);
	if (!asked)
		return error_set(ret_error, -EBUSY, "too many ask for samples: try again later");
	if (!++sampler->last_id)
		sampler->last_id = 1;
	text = json_dumps(question, JSON_COMPACT | JSON_ENSURE_ASCII);
	packet.id = sampler->last_id;
	packet.deadline = clock_seconds(CLOCK_MONOTONIC) + SAMPLER_QUESTION_SECONDS;
	r = text ? send_text(sampler, &packet, text) : -ENOMEM;
	if (r)
		return error_set(ret_error, r, "cannot ask for samples: %s", strerror(-r));
	*asked = (struct asked){packet.id, packet.deadline, done, context};
	return 0;
}

int sampler_pid(const struct sampler *sampler)
{
	return sampler->helper.pid;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "kernel/ring.h"
#include "samples/answers.h"
#include "samples/backlog.h"
#include "samples/events.h"
#include "samples/explain_events.h"
#include "samples/names.h"
#include "samples/packets.h"
#include "samples/process.h"
#include "samples/sampler.h"
#include "samples/stream_heads.h"

enum {
	RECORDS_A_TURN = 4096, /* of a ring */
	LOCK_TRIES = 50, /* once a drain */
};

static const size_t ring_bytes[SAMPLER_RINGS] = {SAMPLES_BYTES, SAMPLES_FOUND_BYTES};

static const double state_seconds = 1;
/* A sample of a service, version or configuration that is not named yet waits for its name, so long. */
static const double hold_seconds = 15;

struct worker {
	int dir_fd;
	char dir[64]; /* of the database, as a path in reach */
	struct events *events;
	struct names *names; /* NULL: no context yet */
	struct ring *rings[SAMPLER_RINGS];
	struct backlog backlog;
	struct stream_heads *heads;
	uint64_t taken;
	double drained_at, stated_at; /* CLOCK_MONOTONIC */
};

/* ---- samples ---- */

static void on_record(void *context, const void *record, size_t bytes)
{
	struct worker *worker = context;
	const struct sample *sample = record;
	struct sample_joined joined;
	size_t joined_bytes;

	if (bytes >= sizeof(sample->kind) && sample->kind == RECORD_STREAM_HEAD)
		stream_heads_add(worker->heads, record, bytes);
	if (bytes < sizeof(*sample) || sample->kind != RECORD_SAMPLE)
		return;
	worker->taken++;
	joined_bytes = sample->flags & SAMPLE_STREAM ?
			       stream_heads_join(worker->heads, sample, &joined) :
			       0;
	if (joined_bytes)
		backlog_add(&worker->backlog, joined.bytes, joined_bytes);
	else
		backlog_add(&worker->backlog, record, bytes);
}

static void read_rings(void *context)
{
	struct worker *worker = context;

	for (size_t i = 0; i < SAMPLER_RINGS; i++) {
		if (worker->rings[i])
			ring_drain(worker->rings[i], RECORDS_A_TURN, on_record, worker);
	}
}

static bool has_names(const struct worker *worker, const struct sample *sample)
{
	return sample->generation <= names_generation(worker->names) &&
	       names_service(worker->names, sample->service) &&
	       (!sample->version || names_version(worker->names, sample->version));
}

static bool take_sample(void *context, const void *record, size_t bytes)
{
	struct worker *worker = context;
	const struct sample *sample = record;
	const double now = clock_seconds(CLOCK_MONOTONIC);

	if (!has_names(worker, sample) && now < (double)sample->ended_ns / 1e9 + hold_seconds)
		return false;
	events_take(worker->events, worker->names, sample, bytes,
		    clock_seconds(CLOCK_REALTIME) - now);
	return true;
}

static void drain(struct worker *worker)
{
	read_rings(worker);
	if (!worker->names)
		return;
	backlog_take(&worker->backlog, take_sample, worker);
	events_step(worker->events, worker->names, clock_seconds(CLOCK_REALTIME));
}

static uint64_t lost(const struct worker *worker)
{
	struct events_state state;

	events_state(worker->events, &state);
	return state.lost + worker->backlog.lost;
}

static void tell_state(struct worker *worker)
{
	struct packet packet = {.kind = PACKET_STATE};
	struct events_state state;

	events_state(worker->events, &state);
	packet.state = (struct packet_state){
		.taken = worker->taken,
		.lost_ring = worker->backlog.lost,
		.lost_disk = state.lost,
		.kept = state.kept,
		.bytes = state.bytes,
		.oldest = isnan(state.oldest) ? 0 : state.oldest,
	};
	snprintf(packet.state.why, sizeof(packet.state.why), "%s", state.why ?: "");
	helper_send(HELPER_SOCKET, &packet, sizeof(packet), NULL, false);
}

/* ---- what it is told ---- */

static json_t *read_json(int fd, uint64_t bytes)
{
	json_t *json;
	void *text;

	if (fd < 0 || !bytes || bytes > SAMPLER_CONTEXT_MAX_BYTES)
		return NULL;
	text = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return NULL;
	json = json_loadb(text, bytes, 0, NULL);
	munmap(text, bytes);
	return json;
}

static void on_rings(struct worker *worker, const int fds[static HELPER_FDS])
{
	for (size_t i = 0; i < SAMPLER_RINGS; i++) {
		if (!worker->rings[i] && fds[i] >= 0)
			ring_open(fds[i], ring_bytes[i], &worker->rings[i]);
	}
}

static void on_context(struct worker *worker, const struct packet *packet, int fd)
{
	json_t *context = read_json(fd, packet->bytes);
	struct names *names;

	if (context && !names_new(context, &names)) {
		/* what has come before is named as it was then */
		drain(worker);
		names_free(worker->names);
		worker->names = names;
	}
	json_decref(context);
}

static int answer_question(struct worker *worker, struct question *question, struct answer *answer)
{
	const char *what = question_text(question, "what");

	if (!worker->names)
		return answer_refuse(answer, 503, "samples are not there yet: try again");
	drain(worker);
	question->lost = lost(worker);
	if (what && !strcmp(what, "events"))
		return answers_events(worker->events, worker->names, question, answer);
	if (what && !strcmp(what, "explain"))
		return explain_answer(worker->events, worker->names, question, answer);
	return answer_refuse(answer, 400, "no such question");
}

static void send_refused(const struct packet *asked, unsigned int code, const char *text)
{
	struct packet packet = {.kind = PACKET_ANSWER, .id = asked->id, .code = code};

	snprintf(packet.text, sizeof(packet.text), "%s", text);
	helper_send(HELPER_SOCKET, &packet, sizeof(packet), NULL, false);
}

/* The memory that the answer was written to, never to be changed any more. */
static int send_body(const struct packet *asked, const struct answer *answer, int fd)
{
	const int fds[HELPER_FDS] = {fd, -1};
	struct packet packet = {.kind = PACKET_ANSWER,
				.id = asked->id,
				.code = answer->code,
				.format = answer->format};
	const off_t bytes = lseek(fd, 0, SEEK_END);

	if (bytes < 0)
		return -errno;
	if (bytes > SAMPLER_ANSWER_MAX_BYTES)
		return -EFBIG;
	packet.bytes = (uint64_t)bytes;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return -errno;
	return helper_send(HELPER_SOCKET, &packet, sizeof(packet), fds, false);
}

/* Returns 0, with the answer sent or refused; or -errno. */
static int answer_to(struct worker *worker, const struct packet *asked, struct question *question)
{
	_cleanup_close_ int fd = memfd_create("samples", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct answer answer = {.code = 200};
	int r;

	answer.out = copy < 0 ? NULL : fdopen(copy, "w");
	if (!answer.out) {
		close_descriptor_at(&copy);
		return -ENOMEM;
	}
	r = answer_question(worker, question, &answer);
	if (fclose(answer.out) && !r)
		r = -errno;
	if (answer.code != 200) {
		send_refused(asked, answer.code, answer.error.text);
		return 0;
	}
	return r ?: send_body(asked, &answer, fd);
}

static void on_question(struct worker *worker, const struct packet *packet, int fd)
{
	json_t *json = read_json(fd, packet->bytes);
	struct question question = {
		.json = json,
		.now = clock_seconds(CLOCK_REALTIME),
		.deadline = packet->deadline,
		.meanwhile = read_rings,
		.context = worker,
	};
	int r = json ? 0 : -EINVAL;

	/* nobody waits any more for those that others kept waiting */
	if (!r && question_go_on(&question))
		r = answer_to(worker, packet, &question);
	if (r)
		send_refused(packet, 503, strerror(-r));
	json_decref(json);
}

static void on_packet(struct worker *worker, const struct packet *packet,
		      const int fds[static HELPER_FDS])
{
	if (packet->kind == PACKET_RINGS)
		on_rings(worker, fds);
	else if (packet->kind == PACKET_CONTEXT)
		on_context(worker, packet, fds[0]);
	else if (packet->kind == PACKET_QUESTION)
		on_question(worker, packet, fds[0]);
}

/* Returns 0; or -EPIPE when the agent has gone. */
static int receive(struct worker *worker, int timeout_ms)
{
	int fds[HELPER_FDS] = {-1, -1};
	struct packet packet;
	const ssize_t n = helper_receive(HELPER_SOCKET, &packet, sizeof(packet), fds, timeout_ms);

	if (n == sizeof(packet))
		on_packet(worker, &packet, fds);
	for (size_t i = 0; i < HELPER_FDS; i++)
		close_descriptor_at(&fds[i]);
	return !n || (n < 0 && n != -ETIMEDOUT && n != -EMSGSIZE) ? -EPIPE : 0;
}

/* ---- from begin to end ---- */

static void worker_clear(struct worker *worker)
{
	for (size_t i = 0; i < SAMPLER_RINGS; i++)
		ring_close(worker->rings[i]);
	events_close(worker->events);
	names_free(worker->names);
	backlog_clear(&worker->backlog);
	free(worker->heads);
}

/*
 * One process at a time reads rings and writes the database: that of an agent that was killed may still be writing what
 * it has. Returns a descriptor or -errno.
 */
static int take_lock(int dir_fd)
{
	const int fd =
		openat(dir_fd, "samples.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);

	/* without: a disk that is full or read-only, where nothing is written anyway */
	if (fd < 0)
		return -errno;
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (i == LOCK_TRIES) {
			close(fd);
			return -EBUSY;
		}
		usleep(PROCESS_DRAIN_MS * 1000);
	}
	return fd;
}

static int begin(struct worker *worker)
{
	const struct packet begun = {.kind = PACKET_BEGUN};
	int r;

	snprintf(worker->dir, sizeof(worker->dir), "/proc/self/fd/%d", worker->dir_fd);
	worker->heads = calloc(1, sizeof(*worker->heads));
	if (!worker->heads)
		return -ENOMEM;
	r = backlog_init(&worker->backlog, PROCESS_BACKLOG_BYTES);
	r = r ?: events_open(worker->dir, &worker->events);
	return r ?: helper_send(HELPER_SOCKET, &begun, sizeof(begun), NULL, true);
}

/* How long until the rings are due. */
static int wait_ms(const struct worker *worker)
{
	const double due = worker->drained_at + PROCESS_DRAIN_MS / 1e3;

	return (int)ceil(fmax(due - clock_seconds(CLOCK_MONOTONIC), 0) * 1e3);
}

int worker_run(int dir_fd)
{
	_cleanup_close_ int lock_fd = take_lock(dir_fd);
	_cleanup_(worker_clear) struct worker worker = {.dir_fd = dir_fd};
	int r = lock_fd == -EBUSY ? lock_fd : begin(&worker);

	if (r)
		return EXIT_FAILURE;
	while (!receive(&worker, wait_ms(&worker))) {
		if (wait_ms(&worker))
			continue;
		drain(&worker);
		worker.drained_at = clock_seconds(CLOCK_MONOTONIC);
		if (worker.drained_at < worker.stated_at + state_seconds)
			continue;
		tell_state(&worker);
		worker.stated_at = worker.drained_at;
	}
	drain(&worker);
	return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A question to the sampler, and its answer. Questions are JSON:
 *   {"what": "events", ...}: with the arguments of samples/query, as they came from whoever asks
 *   {"what": "explain", "slo": name, "since": t, "until": t, ...}: with exact facts that the agent adds
 *
 * It is answered by one process, that has rings to read meanwhile: who works for longer than a few ms at a time calls
 * question_go_on() now and then.
 */
#ifndef SLIPROBE_SAMPLES_QUESTION_H
#define SLIPROBE_SAMPLES_QUESTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "samples/packets.h"

struct question {
	const json_t *json;
	double now; /* Unix seconds: when it was asked, as far as this process knows */
	uint64_t lost; /* samples, since this process began */
	double deadline; /* CLOCK_MONOTONIC, seconds: then nobody waits for the answer any more */
	void (*meanwhile)(void *context); /* reads the rings; NULL: there are none */
	void *context;
	double meanwhile_at;
};

/* Of a text, or NULL. */
const char *question_text(const struct question *question, const char *key);

/* False: its time is over, and whoever works on it gives up. Reads the rings if that is due. */
bool question_go_on(struct question *question);

struct answer {
	FILE *out; /* the body of a 200: written by who answers; bounded, its errors are looked at by the process */
	enum packet_format format; /* PACKET_JSON unless said */
	unsigned int code; /* 200 unless refused */
	struct error error;
};

/* Not answered, with the sentence: 400 for what is wrong with the question, 404, 503. Returns -EINVAL. */
int answer_refuse(struct answer *answer, unsigned int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/queue.h"

void queue_init(struct queue *queue, double now)
{
	*queue = (struct queue){.tokens = WORKER_LOOKS_AT_ONCE, .at = now};
}

static struct tls_packet_look *at(struct queue *queue, size_t i)
{
	return &queue->list[(queue->first + i) % WORKER_QUEUE_MAX];
}

bool queue_add(struct queue *queue, const struct tls_packet_look *look)
{
	for (size_t i = 0; i < queue->n; i++) {
		struct tls_packet_look *other = at(queue, i);

		if (other->tgid == look->tgid && other->start_ns == look->start_ns) {
			other->allow_executable |= look->allow_executable;
			if (look->why > other->why)
				other->why = look->why;
			return true;
		}
	}
	if (queue->n == WORKER_QUEUE_MAX)
		return false;
	*at(queue, queue->n++) = *look;
	return true;
}

static double tokens_at(const struct queue *queue, double now)
{
	const double tokens = queue->tokens + (now - queue->at) * WORKER_LOOKS_A_SECOND;

	return tokens > WORKER_LOOKS_AT_ONCE ? WORKER_LOOKS_AT_ONCE : tokens;
}

bool queue_take(struct queue *queue, double now, struct tls_packet_look *ret)
{
	const double tokens = tokens_at(queue, now);

	if (!queue->n || tokens < 1)
		return false;
	queue->tokens = tokens - 1;
	queue->at = now;
	*ret = *at(queue, 0);
	queue->first = (queue->first + 1) % WORKER_QUEUE_MAX;
	queue->n--;
	return true;
}

int queue_wait_ms(const struct queue *queue, double now)
{
	const double tokens = tokens_at(queue, now);

	if (!queue->n)
		return -1;
	return tokens >= 1 ? 0 : (int)((1 - tokens) * 1000 / WORKER_LOOKS_A_SECOND) + 1;
}

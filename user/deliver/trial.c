/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test messages, which anybody sends who may. They wait last and one at a time, and nobody's telephone is flooded by
 * them. Part of deliver/deliver, which has the contract.
 */
#include "deliver/deliver_parts.h"

#include <errno.h>
#include <math.h>

#include "base/format.h"

/* The test that waits for the receiver, or is being sent; or NULL. Tests stand last. */
static const struct delivery *test_of(const struct receiver *receiver)
{
	const struct delivery *last = TAILQ_LAST(&receiver->queue, deliveries);

	return last && last->class == DELIVERY_TEST ? last : NULL;
}

static int may_be_tested(struct receiver *receiver, struct error *ret_error)
{
	const double now = receiver->hub->now_seconds;
	const struct delivery *test;
	double wait_seconds;

	receiver_expire(receiver);
	test = test_of(receiver);
	if (test) {
		wait_seconds = test->first_seconds + DELIVER_TEST_GIVE_UP_SECONDS - now;
		return error_set(ret_error, -EBUSY,
				 "%s has not taken the test before this one, which is given up in "
				 "%s: try again then; nothing was sent",
				 receiver->identity.name,
				 format_span(fmax(ceil(wait_seconds), 1)).text);
	}
	receiver->tests -= (now - receiver->tests_at_seconds) / DELIVER_TEST_SECONDS;
	receiver->tests = fmax(receiver->tests, 0);
	receiver->tests_at_seconds = now;
	if (receiver->tests <= DELIVER_TESTS_BURST - 1)
		return 0;
	wait_seconds = (receiver->tests - (DELIVER_TESTS_BURST - 1)) * DELIVER_TEST_SECONDS;
	return error_set(ret_error, -EBUSY,
			 "%s was sent %d tests just now: try again in %s; nothing was sent",
			 receiver->identity.name, DELIVER_TESTS_BURST,
			 format_span(fmax(ceil(wait_seconds), 1)).text);
}

int deliver_test(struct deliver *deliver, const json_t *message, double boottime_seconds,
		 struct error *ret_error)
{
	int n = 0, r = 0;

	deliver->hub.now_seconds = boottime_seconds;
	for (size_t i = 0; !r && i < deliver->n; i++) {
		if (receiver_wants(deliver->receivers[i], message))
			r = may_be_tested(deliver->receivers[i], ret_error);
	}
	r = r ?: deliver_send(deliver, message, boottime_seconds);
	for (size_t i = 0; !r && i < deliver->n; i++) {
		if (!receiver_wants(deliver->receivers[i], message))
			continue;
		deliver->receivers[i]->tests++;
		n++;
	}
	return r ?: n;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/steps.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/say.h"

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

int steps_open(struct steps *steps, struct agent *agent)
{
	steps->agent = agent;
	steps->suspended_seconds = clock_seconds(CLOCK_BOOTTIME) - clock_seconds(CLOCK_MONOTONIC);
	steps->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return steps->timer_fd < 0 ? -errno : steps_set_interval(steps);
}

void steps_close(struct steps *steps)
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

/* How long ago the first of the expirations was, without the time that the host was suspended. */
static double steps_late_seconds(struct steps *steps, uint64_t expirations)
{
	const double suspended = clock_seconds(CLOCK_BOOTTIME) - clock_seconds(CLOCK_MONOTONIC);
	const double since = suspended - steps->suspended_seconds;
	struct itimerspec next;
	double late;

	steps->suspended_seconds = suspended;
	if (timerfd_gettime(steps->timer_fd, &next))
		return 0;
	late = (double)(expirations * steps->interval_ns) / 1e9 - (double)next.it_value.tv_sec -
	       (double)next.it_value.tv_nsec / 1e9;
	return fmax(late - fmax(since, 0), 0);
}

static int steps_run(void *context)
{
	struct steps *steps = context;
	uint64_t expirations;
	int r;

	if (read(steps->timer_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return 0;
	r = agent_step(steps->agent, steps_late_seconds(steps, expirations));
	if (r)
		say_as(SAY_WARNING, "reading the counters failed, trying again: %s", strerror(-r));
	return 0;
}

struct loop_part steps_part(struct steps *steps)
{
	return (struct loop_part){steps->timer_fd, steps_timeout_ms, steps_run, steps};
}

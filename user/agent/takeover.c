/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/takeover.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "agent/step.h"
#include "agent/takeover_plan.h"
#include "base/clock.h"
#include "base/say.h"
#include "kernel/tls.h"

enum {
	WAIT_SECONDS = 5, /* for requests that keep too many places */
	WAIT_TURN_NS = 100000000,
};

static int remove_left(struct agent *agent)
{
	kernel_side_discard(&agent->kernel);
	services_clear(&agent->services);
	quotas_clear(&agent->quotas);
	return kernel_side_begin(&agent->kernel, &agent->applied);
}

static int discard(struct agent *agent, const char *why)
{
	say_as(SAY_ERROR,
	       "what the last agent left counting cannot be taken over: %s; what it counted after its "
	       "last step is lost",
	       why);
	return remove_left(agent);
}

/* What is missed between the two kernel sides, when the programs of the former one have been detached. */
static void say_missed(struct agent *agent)
{
	__u64 stats[STAT_COUNT];

	if (probe_read_stats(agent->kernel.probe, stats))
		return;
	say("requests that were open then (%llu), and those that come until the programs are loaded, are "
	    "not counted",
	    stats[STAT_SEEN] - stats[STAT_ENDED] - probe_lost(stats));
}

static int hand_over(struct agent *agent, const char *why)
{
	int r;

	say("what the last agent left counting is taken over and loaded anew: %s", why);
	probe_detach(agent->kernel.probe);
	say_missed(agent);
	r = step_discover(agent);
	r = r ?: step_take(agent, axis_now(&agent->axis));
	if (r)
		say_as(SAY_ERROR, "its last counts cannot be read: %s", strerror(-r));
	step_say_lost(agent, "");
	return remove_left(agent);
}

/* Restores what was in force: all of it is ending. */
static int restore(struct agent *agent, const json_t *note, struct policies_in_use *ret_in_use,
		   struct error *error)
{
	struct kernel_side *kernel = &agent->kernel;
	struct probe_swept swept;
	const json_t *body;
	int r = kernel_side_recall(kernel, note, &body);

	/* nothing is ended here: the time a request may take is not known yet */
	r = r ?: probe_sweep(kernel->probe, PROBE_NEVER_NS, &swept, ret_in_use);
	r = r ?: applied_restore(&agent->applied, kernel->probe, ret_in_use, body);
	return r ? error_set(error, r, "its rules cannot be restored: %s", strerror(-r)) : 0;
}

/*
 * Puts the configuration in force. What an open request is judged by keeps its place, and where the sweep cannot
 * find the connections of some, so does all that any could be judged by. If there is no room beside that, waits for
 * a while: the kernel counts meanwhile.
 */
static int apply_over(struct agent *agent, struct policies_in_use *in_use, struct config *config,
		      struct error *error)
{
	const struct timespec turn = {.tv_nsec = WAIT_TURN_NS};
	double until = clock_seconds(CLOCK_BOOTTIME) + WAIT_SECONDS;
	struct kernel_side *kernel = &agent->kernel;

	for (;;) {
		struct probe_swept swept;
		int r = kernel_side_apply(kernel, in_use, &agent->applied, config, error);

		if ((r != -EBUSY && r != -ENOSPC) || clock_seconds(CLOCK_BOOTTIME) >= until)
			return r;
		nanosleep(&turn, NULL);
		if (probe_sweep(kernel->probe, PROBE_NEVER_NS, &swept, in_use))
			return r;
	}
}

static int carry_out(struct agent *agent, enum takeover_plan plan, const char *why,
		     const json_t *note, struct config *config)
{
	struct policies_in_use in_use;
	struct error error = {};

	if (plan == TAKEOVER_DISCARD)
		return discard(agent, why);
	if (restore(agent, note, &in_use, &error))
		return discard(agent, error.text);
	/* the last step may have been of a kernel side before this one */
	axis_begin_at(&agent->axis, agent->kernel.attached_boottime_seconds);
	if (plan == TAKEOVER_HAND_OVER)
		return hand_over(agent, why);
	if (apply_over(agent, &in_use, config, &error))
		return hand_over(agent, error.text);
	agent->kernel.taken_over = true;
	return step_discover(agent);
}

int takeover(struct agent *agent, enum probe_hook hook, struct config *config)
{
	char build[KERNEL_BUILD_BYTES];
	struct takeover_wanted wanted = {
		.build = build,
		.hook = hook,
		.tls = config->tls.mode == CONFIG_TLS_OFF ? TAKEOVER_TLS_NONE :
		       tls_is_wanted(&agent->tls)	  ? TAKEOVER_TLS_LOADED :
							    TAKEOVER_TLS_EITHER,
	};
	struct takeover_found found = {};
	json_t *note = NULL;
	struct error error;
	enum takeover_plan plan;
	const char *why;
	int r;

	kernel_side_build(build);
	if (kernel_side_find(&agent->kernel, &note, &error)) {
		found.unopened = error.text;
	} else {
		found.hook = probe_hook(agent->kernel.probe);
		found.tls = probe_tls(agent->kernel.probe) != PROBE_TLS_OFF;
		found.ktls = probe_sees_ktls(agent->kernel.probe);
		wanted.ktls = found.tls && !found.ktls && probe_ktls(found.hook) != KTLS_UNSEEN;
		found.tls_refused = probe_tls_reason(agent->kernel.probe)[0];
	}
	found.note = note;
	plan = takeover_plan(&found, &wanted, &why);
	r = carry_out(agent, plan, why, note, config);
	json_decref(note);
	return r;
}

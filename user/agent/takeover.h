/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The take-over: an agent may be killed at any moment, and the next one with its state directory
 * goes on as if it had not been. No count is lost, and none is taken twice.
 *
 *   The first agent loads the programs, notes the configuration and puts it in force, attaches the
 *   programs and pins them (kernel/pins has the place). It writes each step to disk.
 *   kill -9 ends its process and unlocks the place. The kernel goes on counting by the pins.
 *   The next agent locks the place, finds pins there, opens them, and reads the note on the
 *   generation that is live. All that the note tells of is ending at first; the agent's
 *   configuration is then put in force over it, and what both have goes on.
 *   The record holds, for each SLO, the kernel's counters as they were at the last step on disk. The
 *   difference to the counters now is the next step's.
 *
 * This is the plan `take over`. Where it cannot be done, the counters can often still be read:
 *
 *   take over   the programs are those of this build, and attached as asked for
 *   hand over   otherwise: they are detached, their last counts are taken as a step, and they are
 *               removed. Programs are loaded anew.
 *   discard     pins are missing or there is no note that can be read: they are removed. The
 *               counts after the last step are lost, and the agent says so.
 *
 * It is exact because of these, whatever moment the kill comes at:
 *
 *   I1  Programs are attached in an order in which those that end a request come first and those
 *       that begin one last. No request is open whose end goes unseen.   kernel/attach
 *   I2  Maps are pinned first, then each program before its link, the sweep's link last. A place with
 *       all of its pins is complete; any other one is discarded.         kernel/pinned
 *   I3  The note on a generation is written whole before the generation is live, nothing can fail
 *       between live and in force, and only then do other notes go. The live generation always has
 *       its note.                                     apply/apply, kernel/pins, agent/kernel_side
 *   I4  Links are removed first. When the first other pin goes, nothing counts any more, and what is
 *       left of the place is discarded.                                  kernel/pins
 *   I5  A step's history is written in one transaction with the counters it was made of, and a
 *       message is written down before it is sent.     record/step, deliver/deliver
 *
 * Tests that hold one of them carry its number.
 */
#ifndef SLIPROBE_AGENT_TAKEOVER_H
#define SLIPROBE_AGENT_TAKEOVER_H

#include "agent/parts.h"

/*
 * Takes over, hands over or discards the kernel side that a former agent has left. agent->kernel.probe
 * is NULL afterwards if programs have to be loaded. A configuration that was put in force is taken.
 * Returns 0 or -errno.
 */
int takeover(struct agent *agent, enum probe_hook hook, struct config *config);

#endif

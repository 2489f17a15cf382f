/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs one command within limits, in a process of its own beside it, and tells how it has ended. What
 * the limits are stands in docs/security.md.
 */
#ifndef SLIPROBE_DELIVER_RUNNER_H
#define SLIPROBE_DELIVER_RUNNER_H

#include <stdint.h>

enum {
	RUNNER_OUTPUT_BYTES = 64 * 1024, /* of a run: more is read, and thrown away */
	RUNNER_PROCESSES = 64, /* of the agent's user, this command's and others */
	RUNNER_FILES = 256,
	RUNNER_DATA_BYTES = 512 * 1024 * 1024, /* a process */
	RUNNER_FILE_BYTES = 1024 * 1024 * 1024,
};

/* A command that could not be started: code 0, and the errno. Else as in siginfo_t of its end. */
struct runner_end {
	int32_t code;
	int32_t status;
};

struct runner_task {
	char *const *argv; /* NULL-terminated */
	char *const *environment; /* "NAME=value" beside PATH and LANG, NULL-terminated */
	uint64_t timeout_ns; /* more time than that on a CPU is none either */
	int input_fd; /* what the command reads */
	/*
	 * A socket of packets. The runner sends one struct runner_end. When it gets anything, or the other end
	 * is closed, it kills the command and all that has come of it.
	 */
	int control_fd;
};

/* In a process forked for it, which ends here. */
void runner_run(const struct runner_task *task) __attribute__((noreturn));

#endif

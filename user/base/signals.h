/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals from the first line of main() to the last. SIGTERM and SIGINT ask for a stop at any time; SIGHUP for
 * a reload, which waits for the end of the start; SIGQUIT, SIGABRT and those of faults keep their meaning. Any
 * other signal is somebody's mistake, and ends nothing: it is read, and told.
 */
#ifndef SLIPROBE_BASE_SIGNALS_H
#define SLIPROBE_BASE_SIGNALS_H

#include <stdbool.h>
#include <sys/signalfd.h>

enum { SIGNALS_FORCE_SECONDS = 5 };

/*
 * The start begins. Until signals_open() the process notes that a stop is asked for. If it does not end within
 * SIGNALS_FORCE_SECONDS, or is asked again, it is ended at once: as kill -9 would, at any moment.
 */
void signals_begin(void);

/* The signal that has asked for a stop during the start; 0: none. */
int signals_stop_asked(void);

/* The start is over: signals are read from the descriptor, whose owner is the caller. Returns 0 or -errno. */
int signals_open(int *ret_fd);

/* The stop begins: whoever asks for one more is served at once. */
void signals_stopping(void);

/* Of signals that mean nothing: whether to tell of this one, and how many came since the last told. */
struct signals_stray {
	double told_seconds; /* by CLOCK_BOOTTIME; 0: never */
	unsigned long n;
};
bool signals_stray_may_tell(struct signals_stray *stray, double now_seconds, unsigned long *ret_n);

#endif

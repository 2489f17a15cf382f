/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { STRAY_SECONDS = 60 };

static const int stops[] = {SIGTERM, SIGINT};

static volatile sig_atomic_t asked; /* the signal that asked for a stop */

/* Those that keep what they do by default, and cannot be read from a descriptor in their place. */
static const int kept[] = {
	SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP,	SIGSYS, SIGABRT,
	SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD, SIGWINCH, SIGURG,
};

static void fill(sigset_t *ret, const int *numbers, size_t n)
{
	sigemptyset(ret);
	for (size_t i = 0; i < n; i++)
		sigaddset(ret, numbers[i]);
}

static void stop_signals(sigset_t *ret)
{
	fill(ret, stops, sizeof(stops) / sizeof(stops[0]));
}

/* All that are read from the descriptor. */
static void read_signals(sigset_t *ret)
{
	sigfillset(ret);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		sigdelset(ret, kept[i]);
	sigdelset(ret, SIGPIPE);
	sigdelset(ret, SIGXFSZ);
}

/* In a handler, so it calls nothing that is not safe there. What does not read is not waited for. */
static void tell(const char *line)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) &&
	    write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

/* By the signal itself, which the service manager takes for a stop. The first process of a container is immune. */
static void end_now(int number)
{
	sigset_t mask;

	fill(&mask, &number, 1);
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	_exit(128 + number);
}

static void on_stop(int number)
{
	int saved = errno;

	if (asked) {
		tell("sliprobed: asked to stop once more: stopped at once, as by a kill\n");
		end_now(number);
	}
	asked = number;
	alarm(SIGNALS_FORCE_SECONDS);
	errno = saved;
}

static void on_alarm(int number)
{
	(void)number;
	if (!asked)
		return; /* somebody's mistake */
	tell("sliprobed: the start did not end when asked to: stopped at once, as by a kill\n");
	end_now(asked);
}

static void handle(int number, void (*handler)(int))
{
	const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	sigaction(number, &action, NULL);
}

void signals_begin(void)
{
	sigset_t mask;

	signal(SIGPIPE, SIG_IGN);
	/* a write beyond the limit of a file's size fails then, as on a full disk */
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		handle(stops[i], on_stop);
	handle(SIGALRM, on_alarm);
	read_signals(&mask);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigdelset(&mask, stops[i]);
	sigdelset(&mask, SIGALRM);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

int signals_stop_asked(void)
{
	return asked;
}

int signals_open(int *ret_fd)
{
	sigset_t mask;
	int fd;

	read_signals(&mask);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	*ret_fd = fd;
	return 0;
}

void signals_stopping(void)
{
	sigset_t mask;

	alarm(0);
	asked = asked ? asked : SIGTERM;
	stop_signals(&mask);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

bool signals_stray_may_tell(struct signals_stray *stray, double now_seconds, unsigned long *ret_n)
{
	stray->n++;
	if (stray->told_seconds > 0 && now_seconds - stray->told_seconds < STRAY_SECONDS)
		return false;
	*ret_n = stray->n;
	stray->n = 0;
	stray->told_seconds = now_seconds;
	return true;
}

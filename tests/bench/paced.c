/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP connections in any number, with requests at any rate:
 *
 *	paced PORT CONNECTIONS RATE
 *
 * Both ends of each connection are its own, on 127.0.0.x:PORT, and its requests a ping-pong's:
 * nothing waits for another process. Each connection gets one request when it is made; "open N"
 * says that all are made, after N requests. From then on, RATE requests a second (0: none; max: as
 * many as go) are spread over the connections, until standard input ends. "done N" says how many
 * there were in all, and the connections are closed.
 *
 * A process may have too few descriptors for all connections: as many processes share them.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "loopback.h"

enum {
	PROCESSES_MAX = 64,
	CONNECTIONS_MAX = 25000, /* a process: each address has about 28000 ports to offer */
	SLICE_NS = 1000000, /* requests are sent in slices of this length */
};

static const char request[] = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

struct pair {
	int client;
	int server;
};

struct worker {
	int to; /* closed: stop */
	int from; /* two numbers of requests: after opening, and in all */
	pid_t pid;
};

static uint64_t done;

static void ask(const struct pair *pair)
{
	exchange(pair->client, pair->server, request, sizeof(request) - 1, response,
		 sizeof(response) - 1);
	done++;
}

static void report(int fd)
{
	if (write(fd, &done, sizeof(done)) != sizeof(done))
		die("report");
}

/* Sleeps to the start of the next slice, or until @stop_fd ends, and then returns true. */
static bool sleep_until(int stop_fd, uint64_t ns)
{
	struct pollfd stop = {.fd = stop_fd};
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	struct timespec rest = {};

	if (ns > now)
		rest = (struct timespec){(ns - now) / 1000000000, (ns - now) % 1000000000};
	return ppoll(&stop, 1, ns == UINT64_MAX ? NULL : &rest, NULL) > 0;
}

static void run(unsigned int host, unsigned int port, unsigned long n, double rate, int stop_fd,
		int report_fd)
{
	struct pair *pairs = calloc(n, sizeof(*pairs));
	struct linger hard = {.l_onoff = 1};
	struct sockaddr_in address;
	uint64_t start_ns, slice_ns;
	unsigned long next = 0;
	int listen_fd;

	if (!pairs)
		die("calloc");
	pin();
	listen_fd = listen_on(host, port, &address);
	for (unsigned long i = 0; i < n; i++) {
		connect_pair(listen_fd, &address, &pairs[i].client, &pairs[i].server);
		ask(&pairs[i]);
	}
	report(report_fd);
	start_ns = slice_ns = now_ns(CLOCK_MONOTONIC);
	for (;;) {
		uint64_t due = rate * (slice_ns - start_ns) / 1e9 + n;

		for (unsigned int burst = 0; rate < 0 ? burst < 64 : done < due; burst++) {
			ask(&pairs[next]);
			next = (next + 1) % n;
		}
		slice_ns += SLICE_NS;
		if (sleep_until(stop_fd, rate == 0 ? UINT64_MAX : rate < 0 ? 0 : slice_ns))
			break;
	}
	report(report_fd);
	/* no TIME_WAIT is left */
	for (unsigned long i = 0; i < n; i++) {
		setsockopt(pairs[i].client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(pairs[i].client);
		close(pairs[i].server);
	}
	exit(0);
}

static struct worker start(unsigned int host, unsigned int port, unsigned long n, double rate)
{
	int to[2], from[2];
	struct worker worker;

	if (pipe(to) || pipe(from))
		die("pipe");
	worker = (struct worker){to[1], from[0], fork()};
	if (worker.pid < 0)
		die("fork");
	if (!worker.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		close(from[0]);
		run(host, port, n, rate, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	return worker;
}

static uint64_t collect(const struct worker *workers, int n)
{
	uint64_t all = 0, one;

	for (int i = 0; i < n; i++) {
		if (read(workers[i].from, &one, sizeof(one)) != sizeof(one))
			die("a worker ended");
		all += one;
	}
	return all;
}

int main(int argc, char **argv)
{
	struct worker workers[PROCESSES_MAX];
	unsigned long connections, room;
	struct rlimit files;
	char unused[64];
	double rate;
	int n;

	if (argc != 4 || !(connections = strtoul(argv[2], NULL, 10))) {
		fprintf(stderr, "usage: paced PORT CONNECTIONS RATE|max\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	rate = strcmp(argv[3], "max") != 0 ? strtod(argv[3], NULL) : -1;
	if (getrlimit(RLIMIT_NOFILE, &files))
		die("getrlimit");
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	room = (files.rlim_cur - 16 - 2 * PROCESSES_MAX) / 2;
	if (room > CONNECTIONS_MAX)
		room = CONNECTIONS_MAX;
	n = (connections + room - 1) / room;
	if (n > PROCESSES_MAX)
		die("too many connections");
	for (int i = 0; i < n; i++)
		workers[i] = start(1 + i, strtoul(argv[1], NULL, 10),
				   connections * (i + 1) / n - connections * i / n, rate / n);
	printf("open %lu\n", collect(workers, n));
	fflush(stdout);
	while (read(STDIN_FILENO, unused, sizeof(unused)) > 0)
		;
	for (int i = 0; i < n; i++)
		close(workers[i].to);
	printf("done %lu\n", collect(workers, n));
	fflush(stdout);
	for (int i = 0; i < n; i++)
		waitpid(workers[i].pid, NULL, 0);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Times one kind of work on one thread, pinned to the last CPU it may use:
 *
 *	pingpong http|getppid|read LOOPS [PORT]
 *
 * http     a minimal GET and its 200 over loopback TCP: client write, server read, server write,
 *          client read. All four are done here, so that no wake-up and no other process is timed.
 * getppid  the cheapest system call
 * read     4 KiB of a cached file
 *
 * Prints, on one line: ns a loop, CPU ns a loop, loops done. The first is wall time, the median of
 * many short batches: those in which something else got the CPU fall out. The second is the mean of
 * this thread's CPU time over all of them. Loops done include warming up.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 512, WARM_BATCHES = 32, PAGE_BYTES = 4096 };

static const char request[] = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static int client_fd, server_fd, file_fd;

static void die(const char *what)
{
	fprintf(stderr, "pingpong: %s: %s\n", what, errno ? strerror(errno) : "short");
	exit(1);
}

static unsigned long now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000UL + t.tv_nsec;
}

static void pin(void)
{
	cpu_set_t allowed;
	int last = -1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		die("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &allowed))
			last = cpu;
	}
	CPU_ZERO(&allowed);
	CPU_SET(last, &allowed);
	if (sched_setaffinity(0, sizeof(allowed), &allowed))
		die("sched_setaffinity");
}

static void connect_to_self(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1;

	if (listen_fd < 0)
		die("socket");
	setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listen_fd, (struct sockaddr *)&address, sizeof(address)) || listen(listen_fd, 1) ||
	    getsockname(listen_fd, (struct sockaddr *)&address, &len))
		die("listen");
	client_fd = socket(AF_INET, SOCK_STREAM, 0);
	if (client_fd < 0 || connect(client_fd, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	server_fd = accept(listen_fd, NULL, NULL);
	if (server_fd < 0)
		die("accept");
	setsockopt(client_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(server_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void work_http(unsigned long loops)
{
	char buf[256];

	while (loops--) {
		if (write(client_fd, request, sizeof(request) - 1) != sizeof(request) - 1 ||
		    read(server_fd, buf, sizeof(buf)) != sizeof(request) - 1 ||
		    write(server_fd, response, sizeof(response) - 1) != sizeof(response) - 1 ||
		    read(client_fd, buf, sizeof(buf)) != sizeof(response) - 1)
			die("loopback");
	}
}

static void work_getppid(unsigned long loops)
{
	while (loops--)
		getppid();
}

static void work_read(unsigned long loops)
{
	char buf[PAGE_BYTES];

	while (loops--) {
		if (pread(file_fd, buf, sizeof(buf), 0) != sizeof(buf))
			die("read");
	}
}

static int by_value(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

static void measure(void (*work)(unsigned long loops), unsigned long batch_loops)
{
	static unsigned long wall_ns[BATCHES];
	unsigned long cpu_ns;
	double median_ns;

	for (int i = 0; i < WARM_BATCHES; i++)
		work(batch_loops);
	cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < BATCHES; i++) {
		unsigned long start_ns = now_ns(CLOCK_MONOTONIC);

		work(batch_loops);
		wall_ns[i] = now_ns(CLOCK_MONOTONIC) - start_ns;
	}
	cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	qsort(wall_ns, BATCHES, sizeof(*wall_ns), by_value);
	median_ns = (wall_ns[BATCHES / 2 - 1] + wall_ns[BATCHES / 2]) / 2.0;
	printf("%.2f %.2f %lu\n", median_ns / batch_loops, (double)cpu_ns / BATCHES / batch_loops,
	       (BATCHES + WARM_BATCHES) * batch_loops);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*work)(unsigned long loops);
	} works[] = {
		{"http", work_http},
		{"getppid", work_getppid},
		{"read", work_read},
	};
	unsigned long loops = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	for (size_t i = 0; loops && i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		pin();
		if (works[i].work == work_http)
			connect_to_self(argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
		file_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		if (file_fd < 0)
			die("/proc/self/exe");
		measure(works[i].work, (loops + BATCHES - 1) / BATCHES);
		return 0;
	}
	fprintf(stderr, "usage: pingpong http|getppid|read LOOPS [PORT]\n");
	return 2;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* For the load programs: both ends of a loopback connection in one thread on one CPU. */
#ifndef SLIPROBE_BENCH_LOOPBACK_H
#define SLIPROBE_BENCH_LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "short");
	exit(1);
}

static inline uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* To the last CPU it may use. */
static inline void pin(void)
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

/* On 127.0.0.@host; @port 0: any. */
static inline int listen_on(unsigned int host, unsigned int port, struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~255U) | host),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		die("listen");
	*ret_address = address;
	return fd;
}

static inline void connect_pair(int listen_fd, const struct sockaddr_in *address, int *ret_client,
				int *ret_server)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server, one = 1;

	if (client < 0 || connect(client, (const struct sockaddr *)address, sizeof(*address)))
		die("connect");
	server = accept(listen_fd, NULL, NULL);
	if (server < 0)
		die("accept");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*ret_client = client;
	*ret_server = server;
}

/* Client write, server read, server write, client read: the four calls of a small exchange. */
static inline void exchange(int client, int server, const char *request, size_t request_len,
			    const char *response, size_t response_len)
{
	char buf[8192];

	if (write(client, request, request_len) != (ssize_t)request_len ||
	    read(server, buf, sizeof(buf)) != (ssize_t)request_len ||
	    write(server, response, response_len) != (ssize_t)response_len ||
	    read(client, buf, sizeof(buf)) != (ssize_t)response_len)
		die("loopback");
}

#endif

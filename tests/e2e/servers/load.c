// SPDX-License-Identifier: GPL-2.0-only
/*
 * A closed-loop HTTP/1.1 client that reads every answer it asked for, so that its totals are exact:
 *
 *	load PORT CONNECTIONS DEPTH keep|close N|SECONDSs PATH[,PATH...]
 *
 * N requests, or as many as fit in that many seconds with the last ones drained. Paths are taken
 * in turn; "%" in a path becomes the number of the request. Prints {"requests": N, "status": {..}}.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IN_BYTES = 256 * 1024, PATHS_MAX = 64, CONNS_MAX = 1024, STATUS_MAX = 1000 };

struct conn {
	int fd;
	unsigned long pending; /* asked and not yet answered */
	size_t len;
	unsigned long skip; /* bytes of a body still to come */
	bool chunked;
	char in[IN_BYTES];
};

static struct sockaddr_in peer = {.sin_family = AF_INET};
static char *paths[PATHS_MAX];
static unsigned long path_count, asked, answered, limit = ~0UL, depth;
static unsigned long status_count[STATUS_MAX];
static double stop_at;
static bool closing;
static int epfd;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool more_wanted(void)
{
	return asked < limit && (!stop_at || now_s() < stop_at);
}

static void dial(struct conn *c)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
	int one = 1;

	c->len = 0;
	c->skip = 0;
	c->chunked = false;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&peer, sizeof(peer)))
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &ev);
}

/* Fills the pipeline of the connection with one write. */
static void ask(struct conn *c)
{
	char out[32 * 1024];
	size_t len = 0, sent = 0;

	while (c->pending < depth && len < sizeof(out) - 2048 && more_wanted()) {
		const char *path = paths[asked % path_count], *mark = strchr(path, '%');

		if (mark)
			len += sprintf(out + len, "GET %.*s%lu%s", (int)(mark - path), path, asked,
				       mark + 1);
		else
			len += sprintf(out + len, "GET %s", path);
		len += sprintf(out + len, " HTTP/1.1\r\nHost: load\r\nUser-Agent: load/1\r\n%s\r\n",
			       closing ? "Connection: close\r\n" : "");
		asked++;
		c->pending++;
	}
	while (sent < len) {
		ssize_t n = send(c->fd, out + sent, len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			usleep(100);
			continue;
		}
		if (n <= 0)
			die("send");
		sent += n;
	}
}

/* How many bytes of @at belong to what is known; 0: read more. Counts heads. */
static size_t step(struct conn *c, const char *at, size_t len)
{
	const char *end, *field;
	unsigned long status;
	size_t n;

	if (c->skip) {
		n = c->skip < len ? c->skip : len;
		c->skip -= n;
		if (!c->skip && !c->chunked)
			answered++, c->pending--;
		return n;
	}
	if (c->chunked) {
		unsigned long size;

		end = memmem(at, len, "\r\n", 2);
		if (!end)
			return 0;
		size = strtoul(at, NULL, 16);
		if (!size && (size_t)(end + 4 - at) > len)
			return 0;
		if (!size) {
			c->chunked = false;
			answered++, c->pending--;
			return end + 4 - at;
		}
		c->skip = size + 2;
		return end + 2 - at;
	}
	end = memmem(at, len, "\r\n\r\n", 4);
	if (!end)
		return 0;
	n = end + 4 - at;
	if (strncmp(at, "HTTP/1.1 ", 9) || !c->pending)
		die("unexpected bytes");
	status = strtoul(at + 9, NULL, 10);
	status_count[status % STATUS_MAX]++;
	for (const char *line = at; line < end; line = field + 1) {
		if (!strncasecmp(line, "content-length:", 15))
			c->skip = strtoul(line + 15, NULL, 10);
		else if (!strncasecmp(line, "transfer-encoding:", 18))
			c->chunked = true;
		field = memchr(line, '\n', end - line + 2);
	}
	if (status == 204 || status == 304)
		c->skip = 0;
	if (!c->skip && !c->chunked)
		answered++, c->pending--;
	return n;
}

/* false when the connection is done with. */
static bool event(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->len, sizeof(c->in) - c->len, 0);
	size_t at = 0, part;

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n < 0)
		die("recv");
	c->len += n;
	while (at < c->len && (part = step(c, c->in + at, c->len - at)) > 0)
		at += part;
	memmove(c->in, c->in + at, c->len - at);
	c->len -= at;
	if (n == 0 && c->pending)
		die("closed with requests unanswered");
	if (n == 0) {
		close(c->fd);
		if (!more_wanted())
			return false;
		dial(c);
		ask(c);
	} else if (!closing && c->pending <= depth / 2) {
		ask(c);
	}
	if (!c->pending && !closing) {
		close(c->fd);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct epoll_event events[64];
	struct rlimit files;
	unsigned long count, live = 0;
	struct conn *conns;
	const char *comma = "";

	if (argc != 7)
		return fprintf(stderr,
			       "usage: load PORT CONNECTIONS DEPTH keep|close N|Ss PATHS\n"),
		       2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	peer.sin_port = htons(atoi(argv[1]));
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (getenv("LOAD_ADDRESS"))
		inet_pton(AF_INET, getenv("LOAD_ADDRESS"), &peer.sin_addr);
	count = strtoul(argv[2], NULL, 10);
	depth = strtoul(argv[3], NULL, 10);
	closing = !strcmp(argv[4], "close");
	if (closing)
		depth = 1;
	if (argv[5][strlen(argv[5]) - 1] == 's')
		stop_at = now_s() + strtod(argv[5], NULL);
	else
		limit = strtoul(argv[5], NULL, 10);
	for (char *path = strtok(argv[6], ","); path && path_count < PATHS_MAX;
	     path = strtok(NULL, ","))
		paths[path_count++] = path;
	if (!count || count > CONNS_MAX || !depth || !path_count)
		return fprintf(stderr, "load: bad argument\n"), 2;
	epfd = epoll_create1(0);
	conns = calloc(count, sizeof(*conns));
	for (unsigned long i = 0; i < count && more_wanted(); i++, live++) {
		dial(&conns[i]);
		ask(&conns[i]);
	}
	while (live) {
		int n = epoll_wait(epfd, events, 64, 60000);

		if (n == 0)
			die("no answer for a minute");
		for (int i = 0; i < n; i++)
			live -= !event(events[i].data.ptr);
	}
	if (answered != asked)
		die("not all answered");
	printf("{\"requests\": %lu, \"status\": {", answered);
	for (int i = 0; i < STATUS_MAX; i++) {
		if (status_count[i]) {
			printf("%s\"%d\": %lu", comma, i, status_count[i]);
			comma = ", ";
		}
	}
	printf("}}\n");
	return 0;
}

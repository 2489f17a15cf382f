// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small HTTP/1.x server whose way of doing socket I/O is chosen on the command line:
 *
 *	httpd PORT MODEL READ WRITE [ADDRESS]
 *
 * MODEL is how connections are served, READ and WRITE are the system calls used (httpio.c). It
 * prints "listening PORT" once it does. The path says what to answer, see respond() below.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "httpd.h"

enum { MAX_EVENTS = 256, BODY_MAX_BYTES = 8 << 20 };

extern const char __ehdr_start; /* the linker's */

static read_fn reader;
static write_fn writer;

/* The value of header @name (lower case, with colon) in the head, or NULL. */
static const char *header(const char *head, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	const char *end = head + len;

	for (const char *line = memchr(head, '\n', len); line && ++line < end;
	     line = memchr(line, '\n', end - line)) {
		if ((size_t)(end - line) > name_len && !strncasecmp(line, name, name_len)) {
			line += name_len;
			while (line < end && *line == ' ')
				line++;
			return line;
		}
	}
	return NULL;
}

/* 1: a whole request is at the start of the buffer; 0: more bytes are needed. */
static int parse(struct conn *c, struct request *ret_req)
{
	struct request req = {0};
	const char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
	const char *value;
	size_t head_len, body_len = 0;

	if (!end)
		return 0;
	head_len = end + 4 - c->in;
	if (sscanf(c->in, "%15s %1023s", req.method, req.path) != 2)
		return -1;
	value = header(c->in, head_len, "content-length:");
	if (value)
		body_len = strtoul(value, NULL, 10);
	value = header(c->in, head_len, "transfer-encoding:");
	if (value) {
		const char *last = memmem(c->in + head_len, c->len - head_len, "0\r\n\r\n", 5);

		if (!last)
			return 0;
		body_len = last + 5 - (c->in + head_len);
	}
	if (c->len < head_len + body_len)
		return 0;
	value = header(c->in, head_len, "connection:");
	req.keep = memmem(c->in, head_len, "HTTP/1.1\r\n", 10) != NULL;
	if (value)
		req.keep = !strncasecmp(value, "keep-alive", 10);
	req.len = head_len + body_len;
	*ret_req = req;
	return 1;
}

/* Fills @ret_out; false means: close without (the rest of) an answer. */
static bool respond(int fd, const struct request *req, struct response *ret_out)
{
	static const char filler[] = "HTTP/1.1 500 not a status line\r\n\r\n";
	unsigned int status = 200, ms = 0;
	size_t bytes = 5;
	bool chunked = false, no_body;

	if (!strcmp(req->path, "/drop"))
		return false;
	if (!strcmp(req->path, "/reset")) {
		struct linger hard = {.l_onoff = 1};

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		return false;
	}
	if (!strcmp(req->path, "/stall")) {
		dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n%0500d", 0);
		pause();
		return false;
	}
	if (sscanf(req->path, "/status/%u", &status) != 1 &&
	    sscanf(req->path, "/bytes/%zu", &bytes) != 1 &&
	    sscanf(req->path, "/sleep/%u", &ms) != 1)
		chunked = sscanf(req->path, "/chunked/%zu", &bytes) == 1;
	if (bytes > BODY_MAX_BYTES)
		bytes = BODY_MAX_BYTES;
	if (ms)
		usleep(ms * 1000);
	no_body = !strcmp(req->method, "HEAD") || status == 204 || status == 304;
	ret_out->chunked = chunked;

	ret_out->head_len = snprintf(ret_out->head, sizeof(ret_out->head),
				     "HTTP/1.1 %u Told So\r\nServer: httpd\r\n%s", status,
				     req->keep ? "" : "Connection: close\r\n");
	ret_out->head_len += chunked ? snprintf(ret_out->head + ret_out->head_len, 64,
						"Transfer-Encoding: chunked\r\n\r\n") :
			     status == 204 ?
				       snprintf(ret_out->head + ret_out->head_len, 64, "\r\n") :
				       snprintf(ret_out->head + ret_out->head_len, 64,
						"Content-Length: %zu\r\n\r\n", bytes);
	ret_out->body = malloc(bytes * 2 + 64);
	ret_out->body_len = 0;
	if (no_body)
		return true;
	for (size_t done = 0; done < bytes;) {
		size_t part = chunked && bytes - done > 1000 ? 1000 : bytes - done;

		if (chunked)
			ret_out->body_len +=
				sprintf(ret_out->body + ret_out->body_len, "%zx\r\n", part);
		for (size_t i = 0; i < part; i++)
			ret_out->body[ret_out->body_len++] =
				filler[(done + i) % (sizeof(filler) - 1)];
		if (chunked)
			ret_out->body_len += sprintf(ret_out->body + ret_out->body_len, "\r\n");
		done += part;
	}
	if (chunked)
		ret_out->body_len += sprintf(ret_out->body + ret_out->body_len, "0\r\n\r\n");
	return true;
}

static void consume(struct conn *c, size_t n)
{
	memmove(c->in, c->in + n, c->len - n);
	c->len -= n;
}

static void serve(int fd)
{
	struct conn *c = calloc(1, sizeof(*c));
	struct request req;
	bool keep = true;

	c->fd = fd;
	while (keep) {
		struct response out = {0};
		int whole;

		while ((whole = parse(c, &req)) == 0)
			if (c->len == sizeof(c->in) || reader(c) <= 0)
				break;
		if (whole != 1)
			break;
		consume(c, req.len);
		keep = respond(fd, &req, &out) && writer(fd, &out) == 0 && req.keep;
		free(out.body);
	}
	close(fd);
	free(c);
}

static void *serve_thread(void *arg)
{
	serve((int)(long)arg);
	return NULL;
}

/* Answers all whole requests in the buffer; false when the connection is not worth keeping. */
static bool answer_all(struct conn *c)
{
	struct request req;
	int whole = 0;

	while (!c->last && (whole = parse(c, &req)) == 1) {
		struct response out = {0};

		consume(c, req.len);
		if (!respond(c->fd, &req, &out))
			return false;
		c->out = realloc(c->out, c->out_len + out.head_len + out.body_len);
		memcpy(c->out + c->out_len, out.head, out.head_len);
		memcpy(c->out + c->out_len + out.head_len, out.body, out.body_len);
		c->out_len += out.head_len + out.body_len;
		c->last = !req.keep;
		free(out.body);
	}
	return whole >= 0 && (whole || c->len < sizeof(c->in));
}

/* Event loop: read all there is, answer it with one write, wait for room when that is short. */
static bool event(struct conn *c, int epfd)
{
	struct epoll_event ev = {.data.ptr = c};
	ssize_t n;

	for (;;) {
		while (c->len < sizeof(c->in)) {
			n = recv(c->fd, c->in + c->len, sizeof(c->in) - c->len, 0);
			if (n <= 0) {
				c->closing |= n == 0 || errno != EAGAIN;
				break;
			}
			c->len += n;
		}
		if (!c->out_len && !answer_all(c))
			return false;
		if (!c->out_len)
			break;
		while (c->out_sent < c->out_len) {
			n = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent,
				 MSG_NOSIGNAL);
			if (n < 0 && errno != EAGAIN)
				return false;
			if (n < 0) {
				ev.events = EPOLLOUT;
				return !epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &ev);
			}
			c->out_sent += n;
		}
		c->out_len = c->out_sent = 0;
		if (!c->len)
			break; /* the others' turn, however fast this client asks again */
	}
	ev.events = EPOLLIN;
	return !c->last && !c->closing && !epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void loop_epoll(int listener)
{
	struct epoll_event events[MAX_EVENTS], ev = {.events = EPOLLIN};
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	fcntl(listener, F_SETFL, O_NONBLOCK);
	epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &ev);
	for (;;) {
		int n = epoll_wait(epfd, events, MAX_EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			int fd;

			if (!c) {
				while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
					c = calloc(1, sizeof(*c));
					c->fd = fd;
					ev = (struct epoll_event){.events = EPOLLIN, .data.ptr = c};
					epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
				}
			} else if (!event(c, epfd)) {
				close(c->fd);
				free(c->out);
				free(c);
			}
		}
	}
}

/* A child that ends with its parent. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void loop_accept(int listener, const char *model)
{
	if (!strcmp(model, "prefork")) {
		for (int i = 0; i < 3 && fork_child() > 0; i++)
			;
		/* as after any fork, but certainly: what has the build id is not in its page tables */
		madvise((void *)&__ehdr_start, 4096, MADV_DONTNEED);
	}
	for (;;) {
		int fd = accept(listener, NULL, NULL), one = 1;
		pthread_t thread;

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (!strcmp(model, "thread")) {
			pthread_create(&thread, NULL, serve_thread, (void *)(long)fd);
			pthread_detach(thread);
		} else if (!strcmp(model, "fork")) {
			if (fork_child() == 0) {
				close(listener);
				serve(fd);
				_exit(0);
			}
			close(fd);
		} else {
			serve(fd);
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t at_len = sizeof(at);
	int listener, one = 1;

	if (argc < 5 || !(reader = reader_named(argv[3])) || !(writer = writer_named(argv[4]))) {
		fprintf(stderr,
			"usage: httpd PORT epoll|serial|fork|prefork|thread READ WRITE [ADDRESS]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	at.sin_port = htons(atoi(argv[1]));
	inet_pton(AF_INET, argc > 5 ? argv[5] : "127.0.0.1", &at.sin_addr);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 4096)) {
		perror("httpd: listen");
		return 1;
	}
	getsockname(listener, (struct sockaddr *)&at, &at_len);
	printf("listening %u\n", ntohs(at.sin_port));
	fflush(stdout);
	if (!strcmp(argv[2], "epoll"))
		loop_epoll(listener);
	loop_accept(listener, argv[2]);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Every way a server may read a request and write an answer, for httpd.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "httpd.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *space(struct conn *c, size_t *ret_room)
{
	*ret_room = sizeof(c->in) - c->len;
	return c->in + c->len;
}

static ssize_t took(struct conn *c, ssize_t n)
{
	if (n > 0)
		c->len += n;
	return n;
}

static ssize_t in_read(struct conn *c)
{
	size_t room;
	char *at = space(c, &room);

	return took(c, read(c->fd, at, room));
}

static ssize_t in_byte(struct conn *c)
{
	size_t room;

	return took(c, read(c->fd, space(c, &room), 1));
}

static ssize_t in_recv(struct conn *c)
{
	size_t room;
	char *at = space(c, &room);

	return took(c, recv(c->fd, at, room, 0));
}

static ssize_t in_readv(struct conn *c)
{
	size_t room;
	char *at = space(c, &room);
	struct iovec iov[] = {{at, 1}, {at + 1, 6}, {at + 7, room - 7}};

	return room < 8 ? in_byte(c) : took(c, readv(c->fd, iov, COUNT(iov)));
}

static ssize_t in_recvmsg(struct conn *c)
{
	size_t room;
	char *at = space(c, &room);
	struct iovec iov[] = {{at, 0}, {at, 3}, {at + 3, 30}, {at + 33, room - 33}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = COUNT(iov)};

	return room < 34 ? in_byte(c) : took(c, recvmsg(c->fd, &msg, 0));
}

static ssize_t in_recvmmsg(struct conn *c)
{
	static const size_t sizes[] = {11, 64, 512, 4096};
	char parts[COUNT(sizes)][4096];
	struct iovec iov[COUNT(sizes)];
	struct mmsghdr msgs[COUNT(sizes)] = {0};
	size_t room;
	ssize_t total = 0;
	int n;

	space(c, &room);
	if (room < 11 + 64 + 512 + 4096)
		return in_byte(c);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		iov[i] = (struct iovec){parts[i], sizes[i]};
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(c->fd, msgs, COUNT(sizes), MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++) {
		memcpy(space(c, &room), parts[i], msgs[i].msg_len);
		total += took(c, msgs[i].msg_len);
	}
	return n < 0 ? n : total;
}

/* Looks twice before it takes, as protocol sniffers do. */
static ssize_t in_peek(struct conn *c)
{
	size_t room;
	char *at = space(c, &room);
	ssize_t n = recv(c->fd, at, 1, MSG_PEEK);

	if (n > 0)
		n = recv(c->fd, at, room, MSG_PEEK);
	return n > 0 ? took(c, recv(c->fd, at, n, 0)) : n;
}

static int all(int fd, const char *data, size_t len, size_t step, int flags)
{
	while (len) {
		ssize_t n = send(fd, data, step && step < len ? step : len, flags | MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		data += n;
		len -= n;
	}
	return 0;
}

static int pieces(int fd, const struct response *out, size_t step)
{
	return all(fd, out->head, out->head_len, step, 0) ||
			       all(fd, out->body, out->body_len, step, 0) ?
		       -1 :
		       0;
}

static int out_two(int fd, const struct response *out)
{
	return pieces(fd, out, 0);
}

static int out_split(int fd, const struct response *out)
{
	return pieces(fd, out, 17);
}

static int out_bytes(int fd, const struct response *out)
{
	return pieces(fd, out, 1);
}

static int out_write(int fd, const struct response *out)
{
	size_t len = out->head_len + out->body_len, sent = 0;
	char *data = malloc(len);

	memcpy(data, out->head, out->head_len);
	memcpy(data + out->head_len, out->body, out->body_len);
	while (sent < len) {
		ssize_t n = write(fd, data + sent, len - sent);

		if (n <= 0)
			break;
		sent += n;
	}
	free(data);
	return sent == len ? 0 : -1;
}

static int out_more(int fd, const struct response *out)
{
	return all(fd, out->head, out->head_len, 0, out->body_len ? MSG_MORE : 0) ||
			       all(fd, out->body, out->body_len, 0, 0) ?
		       -1 :
		       0;
}

/* Drops @n sent bytes from the front; true while something is left. */
static bool advance(struct iovec *iov, size_t count, size_t n)
{
	bool left = false;

	for (size_t i = 0; i < count; i++) {
		size_t part = n < iov[i].iov_len ? n : iov[i].iov_len;

		iov[i].iov_base = (char *)iov[i].iov_base + part;
		iov[i].iov_len -= part;
		n -= part;
		left |= iov[i].iov_len > 0;
	}
	return left;
}

static int vectored(int fd, const struct response *out, bool msg)
{
	struct iovec iov[] = {{(char *)out->head, 9},
			      {(char *)out->head + 9, out->head_len - 9},
			      {out->body, out->body_len}};
	struct msghdr hdr = {.msg_iov = iov, .msg_iovlen = COUNT(iov)};
	ssize_t n;

	do {
		n = msg ? sendmsg(fd, &hdr, MSG_NOSIGNAL) : writev(fd, iov, COUNT(iov));
		if (n <= 0)
			return -1;
	} while (advance(iov, COUNT(iov), n));
	return 0;
}

static int out_writev(int fd, const struct response *out)
{
	return vectored(fd, out, false);
}

static int out_sendmsg(int fd, const struct response *out)
{
	return vectored(fd, out, true);
}

/* Three messages in one call; what a short one leaves is sent afterwards, in order. */
static int out_sendmmsg(int fd, const struct response *out)
{
	size_t half = out->body_len / 2;
	struct iovec iov[] = {{(char *)out->head, out->head_len},
			      {out->body, half},
			      {out->body + half, out->body_len - half}};
	struct mmsghdr msgs[COUNT(iov)] = {0};
	unsigned int count = out->body_len ? COUNT(iov) : 1;
	unsigned int i = 0;
	int n;

	for (i = 0; i < count; i++) {
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	for (i = 0; i < count;) {
		n = sendmmsg(fd, msgs + i, count - i, MSG_NOSIGNAL);
		if (n <= 0)
			return -1;
		/* a blocking socket sends each message whole, or fails */
		i += n;
	}
	return 0;
}

/* Part of @file, which holds the body, by sendfile. */
static int by_sendfile(int fd, int file, size_t from, size_t len)
{
	off_t at = from;

	while ((size_t)at < from + len)
		if (sendfile(fd, file, &at, from + len - at) <= 0)
			return -1;
	return 0;
}

/* Part of @file by splice(), through a pipe. */
static int by_splice(int fd, int file, size_t from, size_t len)
{
	loff_t at = from;
	int pipefd[2], ret = -1;

	if (pipe(pipefd))
		return -1;
	while ((size_t)at < from + len) {
		ssize_t n = splice(file, &at, pipefd[1], NULL, from + len - at, SPLICE_F_MOVE);

		if (n <= 0)
			goto out;
		while (n > 0) {
			ssize_t moved = splice(pipefd[0], NULL, fd, NULL, n, SPLICE_F_MOVE);

			if (moved <= 0)
				goto out;
			n -= moved;
		}
	}
	ret = 0;
out:
	close(pipefd[0]);
	close(pipefd[1]);
	return ret;
}

/* Head and chunk framing by send, the contents by @move from a file, as servers of files do. */
static int from_file(int fd, const struct response *out,
		     int (*move)(int fd, int file, size_t from, size_t len))
{
	int file = memfd_create("body", 0), more = out->body_len ? MSG_MORE : 0, ret = -1;
	const char *end;
	size_t at = 0;

	if (file < 0 || write(file, out->body, out->body_len) != (ssize_t)out->body_len ||
	    all(fd, out->head, out->head_len, 0, more))
		goto out;
	while (out->chunked && at < out->body_len) {
		size_t size = strtoul(out->body + at, NULL, 16), from;

		end = memchr(out->body + at, '\n', out->body_len - at);
		from = end + 1 - out->body;
		if (all(fd, out->body + at, from - at, 0, size ? MSG_MORE : 0) ||
		    move(fd, file, from, size) || all(fd, "\r\n", 2, 0, 0))
			goto out;
		at = from + size + 2;
	}
	ret = move(fd, file, at, out->body_len - at);
out:
	close(file);
	return ret;
}

static int out_sendfile(int fd, const struct response *out)
{
	return from_file(fd, out, by_sendfile);
}

static int out_splice(int fd, const struct response *out)
{
	return from_file(fd, out, by_splice);
}

read_fn reader_named(const char *name)
{
	static const struct {
		const char *name;
		read_fn fn;
	} table[] = {
		{"read", in_read},   {"byte", in_byte},	      {"recv", in_recv},
		{"readv", in_readv}, {"recvmsg", in_recvmsg}, {"recvmmsg", in_recvmmsg},
		{"peek", in_peek},
	};

	for (size_t i = 0; i < COUNT(table); i++)
		if (!strcmp(table[i].name, name))
			return table[i].fn;
	return NULL;
}

write_fn writer_named(const char *name)
{
	static const struct {
		const char *name;
		write_fn fn;
	} table[] = {
		{"write", out_write},	    {"two", out_two},		{"split", out_split},
		{"bytes", out_bytes},	    {"writev", out_writev},	{"sendmsg", out_sendmsg},
		{"sendmmsg", out_sendmmsg}, {"sendfile", out_sendfile}, {"splice", out_splice},
		{"more", out_more},
	};

	for (size_t i = 0; i < COUNT(table); i++)
		if (!strcmp(table[i].name, name))
			return table[i].fn;
	return NULL;
}

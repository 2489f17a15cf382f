/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef E2E_HTTPD_H
#define E2E_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conn {
	int fd;
	size_t len; /* bytes in @in */
	char *out; /* event loop only: answers not yet sent */
	size_t out_len, out_sent;
	bool last, closing;
	char in[128 * 1024];
};

struct request {
	char method[16], path[1024];
	size_t len; /* head and body */
	bool keep;
};

struct response {
	char head[256];
	size_t head_len;
	char *body;
	size_t body_len;
	bool chunked; /* @body holds chunks, as they go over the wire */
};

/* Appends at least one byte to the buffer of the connection; 0 or less at the end. */
typedef ssize_t (*read_fn)(struct conn *c);
/* Sends the whole answer; 0, or -1 if the peer is gone. */
typedef int (*write_fn)(int fd, const struct response *out);

/* NULL if there is no such way. */
read_fn reader_named(const char *name);
write_fn writer_named(const char *name);

#endif

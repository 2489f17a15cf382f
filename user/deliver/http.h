/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages by HTTP POST: libcurl's multi interface on the caller's epoll. http and https, no redirects,
 * no proxy, no connection kept. Names are looked up in a thread of libcurl's.
 */
#ifndef SLIPROBE_DELIVER_HTTP_H
#define SLIPROBE_DELIVER_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "deliver/attempt.h"

/* A receiver that answers 429 or 503 is left alone for what it asks for, and for at most so long. */
enum { HTTP_RETRY_AFTER_MAX_SECONDS = 3600 };

struct http;
struct http_post;

/* Watches sockets with attempt_watch_data(WATCH_HTTP, fd). Returns 0, -ENOMEM or -EIO. */
int http_new(int epoll_fd, struct http **ret);
/* Every post must be done or cancelled. */
void http_free(struct http *http);

struct http_request {
	const char *url;
	char *body;
	const char *content_type; /* NULL: application/json */
	char *const *headers; /* more of them, each "Name: value" */
	size_t n_headers;
	uint64_t timeout_ns;
};

/* Takes the body, on failure, too; copies the rest. Returns 0, -ENOMEM or -EINVAL. */
int http_post_start(struct http *http, const struct http_request *request,
		    const struct attempt_done *done, struct http_post **ret);
void http_post_cancel(struct http *http, struct http_post *post);

void http_event(struct http *http, int fd, uint32_t epoll_events);
/* Runs timers and ends finished posts. */
void http_run(struct http *http);
/* -1: no limit */
int http_timeout_ms(const struct http *http);

#endif

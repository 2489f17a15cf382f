/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"

enum {
	ANSWER_READ_BYTES = 4 << 10,
	/* of all heads of an answer, the interim ones, too, and trailers */
	HEADS_READ_BYTES = 32 << 10,
	/*
	 * So often may bytes of an answer arrive, whatever libcurl makes of them: some it swallows without a
	 * word, as extensions of chunks.
	 */
	ANSWER_PIECES_MAX = 512,
	READ_BUFFER_BYTES = 1 << 10, /* libcurl reads up to 100 of them at a time */
	ANSWER_KEPT_BYTES =
		ANSWER_READ_BYTES, /* for the text of an error, which is cut elsewhere */
	RETRY_AFTER_BYTES = 63, /* a date of any of HTTP's formats is shorter */
};

struct http {
	int epoll_fd;
	CURLM *multi;
	LIST_HEAD(, http_post) posts;
	bool timer;
	int64_t timer_ms; /* when libcurl's timer is due, if it has one */
};

struct http_post {
	LIST_ENTRY(http_post) link;
	int fd; /* the socket that libcurl watches for it; -1: none */
	unsigned int pieces; /* events of sockets */
	size_t head_bytes;
	bool endless; /* the answer was cut */
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	struct attempt_done done;
	char why[CURL_ERROR_SIZE];
	char answer[ANSWER_KEPT_BYTES + 1];
	size_t answer_kept;
	size_t answer_bytes;
	char retry_after[RETRY_AFTER_BYTES + 1]; /* the header's value, or "" */
};

/* ---- what libcurl asks for ---- */

/*
 * Whether a socket is watched only epoll knows, so that nothing can be out of date. A socket that cannot be watched
 * runs into its timeout: libcurl, if told, would end all transfers.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
	const struct http *http = context;
	struct epoll_event event = {.data.u64 = attempt_watch_data(WATCH_HTTP, fd)};
	struct http_post *post = NULL;

	(void)unused;
	if (easy && !curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&post) && post)
		post->fd = what == CURL_POLL_REMOVE ? -1 : fd;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what != CURL_POLL_OUT)
		event.events |= EPOLLIN;
	if (what != CURL_POLL_IN)
		event.events |= EPOLLOUT;
	if (epoll_ctl(http->epoll_fd, EPOLL_CTL_MOD, fd, &event) && errno == ENOENT)
		epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct http *http = context;

	(void)multi;
	http->timer = timeout_ms >= 0;
	http->timer_ms = attempt_now_ms() + timeout_ms;
	return 0;
}

/* libcurl's own sockets are not closed on exec. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)context;
	(void)purpose;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static size_t on_answer(char *bytes, size_t size, size_t n, void *context)
{
	struct http_post *post = context;
	const size_t room = ANSWER_KEPT_BYTES - post->answer_kept;
	const size_t len = size * n, kept = len < room ? len : room;

	memcpy(post->answer + post->answer_kept, bytes, kept);
	post->answer_kept += kept;
	post->answer_bytes += len;
	post->endless |= post->answer_bytes > ANSWER_READ_BYTES;
	/* a return other than `len` ends the transfer */
	return post->endless ? 0 : len;
}

/* Notes the Retry-After of the last head: there may be others before it, as of a 100. */
static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
	static const char name[] = "Retry-After:";
	struct http_post *post = context;
	const size_t len = size * n, name_len = strlen(name);

	post->head_bytes += len;
	post->endless |= post->head_bytes > HEADS_READ_BYTES;
	if (post->endless)
		return 0;
	if (len >= 5 && !strncmp(bytes, "HTTP/", 5))
		post->retry_after[0] = '\0';
	if (len >= name_len && !strncasecmp(bytes, name, name_len))
		snprintf(post->retry_after, sizeof(post->retry_after), "%.*s",
			 (int)(len - name_len), bytes + name_len);
	return len;
}

/*
 * RFC 9110, 10.2.3: "Retry-After = HTTP-date / delay-seconds". 0 if it is neither, or past; at most
 * HTTP_RETRY_AFTER_MAX_SECONDS.
 */
static double retry_after_seconds(const char *value, time_t now)
{
	const char *text = value + strspn(value, " \t");
	const size_t digits = strspn(text, "0123456789");
	double seconds;

	if (digits && !text[digits + strspn(text + digits, " \t\r\n")])
		seconds = strtod(text, NULL);
	else if (digits || !*text)
		return 0;
	else
		seconds = difftime(curl_getdate(text, NULL), now);
	return fmin(fmax(seconds, 0), HTTP_RETRY_AFTER_MAX_SECONDS);
}

/* ---- a post ---- */

static void http_post_free(struct http_post *post)
{
	if (!post)
		return;
	if (post->link.le_prev)
		LIST_REMOVE(post, link);
	if (post->easy)
		curl_easy_cleanup(post->easy);
	curl_slist_free_all(post->headers);
	free(post->body);
	free(post);
}

static void http_post_free_at(struct http_post **post)
{
	http_post_free(*post);
}

#define SET(easy, option, value) (curl_easy_setopt(easy, option, value) != CURLE_OK)

static bool set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	return SET(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static bool headers_add(struct curl_slist **headers, const char *header)
{
	struct curl_slist *grown = curl_slist_append(*headers, header);

	if (grown)
		*headers = grown;
	return grown != NULL;
}

static int http_post_headers(struct http_post *post, const struct http_request *request)
{
	_cleanup_free_ char *type = NULL;

	if (asprintf(&type, "Content-Type: %s", request->content_type ?: "application/json") < 0) {
		type = NULL;
		return -ENOMEM;
	}
	if (!headers_add(&post->headers, type) ||
	    !headers_add(&post->headers, "Expect:")) /* do not wait for a 100 */
		return -ENOMEM;
	for (size_t i = 0; i < request->n_headers; i++) {
		if (!headers_add(&post->headers, request->headers[i]))
			return -ENOMEM;
	}
	return 0;
}

static int http_post_options(struct http_post *post, const struct http_request *request)
{
	const uint64_t timeout_ns = request->timeout_ns;
	const uint64_t timeout_ms = timeout_ns / 1000000 ? timeout_ns / 1000000 : 1;
	const long limit_ms = timeout_ms < INT_MAX ? (long)timeout_ms : INT_MAX;
	CURL *easy = post->easy;
	bool failed = SET(easy, CURLOPT_URL, request->url) || set_protocols(easy);

	failed = failed || SET(easy, CURLOPT_POST, 1L) ||
		 SET(easy, CURLOPT_POSTFIELDS, post->body) ||
		 SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(post->body)) ||
		 SET(easy, CURLOPT_HTTPHEADER, post->headers) ||
		 SET(easy, CURLOPT_USERAGENT, "sliprobe/" SLIPROBE_VERSION) ||
		 SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ||
		 SET(easy, CURLOPT_FOLLOWLOCATION, 0L) || SET(easy, CURLOPT_NOPROXY, "*") ||
		 SET(easy, CURLOPT_NOSIGNAL, 1L) || SET(easy, CURLOPT_FORBID_REUSE, 1L) ||
		 SET(easy, CURLOPT_TIMEOUT_MS, limit_ms) ||
		 SET(easy, CURLOPT_CONNECTTIMEOUT_MS, limit_ms) ||
		 SET(easy, CURLOPT_ERRORBUFFER, post->why) || SET(easy, CURLOPT_PRIVATE, post) ||
		 SET(easy, CURLOPT_WRITEFUNCTION, on_answer) ||
		 SET(easy, CURLOPT_WRITEDATA, post) ||
		 SET(easy, CURLOPT_HEADERFUNCTION, on_header) ||
		 SET(easy, CURLOPT_HEADERDATA, post) ||
		 SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) ||
		 SET(easy, CURLOPT_BUFFERSIZE, (long)READ_BUFFER_BYTES);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* a post that ends during the look-up of its name must not wait for that thread */
	failed = failed || SET(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	return failed ? -EINVAL : 0;
}

int http_post_start(struct http *http, const struct http_request *request,
		    const struct attempt_done *done, struct http_post **ret)
{
	_cleanup_(http_post_free_at) struct http_post *post = calloc(1, sizeof(*post));
	int r;

	if (!post) {
		free(request->body);
		return -ENOMEM;
	}
	post->fd = -1;
	post->body = request->body;
	post->done = *done;
	post->easy = curl_easy_init();
	if (!post->easy)
		return -ENOMEM;
	r = http_post_headers(post, request);
	r = r ?: http_post_options(post, request);
	if (r)
		return r;
	if (curl_multi_add_handle(http->multi, post->easy))
		return -ENOMEM;
	LIST_INSERT_HEAD(&http->posts, post, link);
	*ret = TAKE_PTR(post);
	return 0;
}

void http_post_cancel(struct http *http, struct http_post *post)
{
	curl_multi_remove_handle(http->multi, post->easy);
	http_post_free(post);
}

static enum attempt_result judge(long status)
{
	if (status >= 200 && status < 300)
		return ATTEMPT_TAKEN;
	if (status >= 400 && status < 500 && status != 408 && status != 429)
		return ATTEMPT_REFUSED;
	return ATTEMPT_FAILED;
}

/* A status that has arrived counts, even if the rest of the answer is lost. */
static void http_post_end(struct http *http, struct http_post *post, CURLcode code)
{
	const struct attempt_done done = post->done;
	struct attempt_end end = {.result = ATTEMPT_FAILED};
	char error[CURL_ERROR_SIZE + ANSWER_KEPT_BYTES];
	long status = 0;

	curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200) {
		end.result = judge(status);
		if (status == 429 || status == 503)
			end.retry_after_seconds =
				retry_after_seconds(post->retry_after, time(NULL));
		snprintf(error, sizeof(error), "HTTP %ld%s%s", status,
			 post->answer_kept ? ": " : "", post->answer);
	} else {
		if (post->endless)
			snprintf(error, sizeof(error), "the answer has no end");
		else
			snprintf(error, sizeof(error), "%s",
				 post->why[0] ? post->why : curl_easy_strerror(code));
	}
	http_post_cancel(http, post);
	end.error = end.result == ATTEMPT_TAKEN ? NULL : error;
	done.fn(done.context, &end);
}

/* ---- all of them ---- */

static void http_collect(struct http *http)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct http_post *post = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&post);
		http_post_end(http, post, message->data.result);
	}
}

/* Counts the event. True if it was one too many, and the post has ended. */
static bool too_many_pieces(struct http *http, int fd)
{
	struct http_post *post;

	LIST_FOREACH(post, &http->posts, link)
	{
		if (post->fd != fd || ++post->pieces <= ANSWER_PIECES_MAX)
			continue;
		post->endless = true;
		http_post_end(http, post, CURLE_RECV_ERROR);
		return true;
	}
	return false;
}

void http_event(struct http *http, int fd, uint32_t epoll_events)
{
	int events = 0, running;

	if (too_many_pieces(http, fd))
		return;
	if (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		events |= CURL_CSELECT_IN;
	if (epoll_events & EPOLLOUT)
		events |= CURL_CSELECT_OUT;
	if (epoll_events & EPOLLERR)
		events |= CURL_CSELECT_ERR;
	curl_multi_socket_action(http->multi, fd, events, &running);
	http_collect(http);
}

void http_run(struct http *http)
{
	int running;

	if (http->timer && attempt_now_ms() >= http->timer_ms) {
		http->timer = false;
		curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	http_collect(http);
}

int http_timeout_ms(const struct http *http)
{
	int64_t left_ms;

	if (!http->timer)
		return -1;
	left_ms = http->timer_ms - attempt_now_ms();
	if (left_ms < 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

int http_new(int epoll_fd, struct http **ret)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return -ENOMEM;
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(http);
		return -EIO;
	}
	http->epoll_fd = epoll_fd;
	http->multi = curl_multi_init();
	if (!http->multi || curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
	    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) ||
	    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
	    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http)) {
		http_free(http);
		return -ENOMEM;
	}
	*ret = http;
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->multi)
		curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	free(http);
}

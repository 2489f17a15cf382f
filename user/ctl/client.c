/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/format.h"

struct body {
	char *data;
	size_t len;
	bool too_big;
};

static size_t body_append(char *data, size_t size, size_t n, void *arg)
{
	struct body *body = arg;
	size_t len = size * n;
	char *grown;

	if (len > CTL_MAX_BODY - body->len) {
		body->too_big = true;
		return 0;
	}
	grown = realloc(body->data, body->len + len + 1);
	if (!grown)
		return 0;
	memcpy(grown + body->len, data, len);
	body->data = grown;
	body->len += len;
	grown[body->len] = '\0';
	return len;
}

static void body_clear(struct body *body)
{
	free(body->data);
}

static void curl_cleanupp(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static int say_unreachable(const struct ctl *ctl, const char *why, int os_errno)
{
	fprintf(ctl->err, "slictl: no agent answers on ");
	format_write_safe(ctl->socket, ctl->err);
	fprintf(ctl->err, " (%s).\n", why);
	if (os_errno == EACCES || os_errno == EPERM)
		fprintf(ctl->err, "The socket is open to root and to members of group sliprobe.\n");
	else
		fprintf(ctl->err, "Start it with \"systemctl start sliprobe\" or \"sliprobed\", or "
				  "name its socket with --socket.\n");
	return CTL_UNREACHABLE;
}

static int say_failed(const struct ctl *ctl, CURL *curl, CURLcode code, const struct body *body)
{
	long os_errno = 0;
	char text[64];

	switch (code) {
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
		return say_unreachable(ctl, os_errno ? strerror((int)os_errno) : "cannot connect",
				       (int)os_errno);
	case CURLE_OPERATION_TIMEDOUT:
		snprintf(text, sizeof(text), "no answer within %d s", CTL_TIMEOUT_MS / 1000);
		return say_unreachable(ctl, text, 0);
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return say_unreachable(ctl, "connection closed before the answer was whole", 0);
	case CURLE_WRITE_ERROR:
		fprintf(ctl->err, "slictl: %s\n",
			body->too_big ? "the answer is too big" : "out of memory");
		return CTL_CANNOT_TELL;
	default:
		fprintf(ctl->err, "slictl: what answers on ");
		format_write_safe(ctl->socket, ctl->err);
		fprintf(ctl->err, " is no sliprobe agent: %s\n", curl_easy_strerror(code));
		return CTL_CANNOT_TELL;
	}
}

static void list_cleanupp(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

/* http://localhost/PATH/NAME, or NULL when out of memory. */
static char *make_url(CURL *curl, const struct ctl_request *request)
{
	char *escaped = request->name ?
				curl_easy_escape(curl, request->name, (int)strlen(request->name)) :
				NULL;
	char *url = NULL;

	if ((!request->name || escaped) &&
	    asprintf(&url, "http://localhost%s%s", request->path, escaped ? escaped : "") < 0)
		url = NULL;
	curl_free(escaped);
	return url;
}

static void set_options(const struct ctl *ctl, CURL *curl, const char *url, struct body *body)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* even if there is an http_proxy */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CTL_CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CTL_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_append);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

static void set_request(CURL *curl, const struct ctl_request *request, struct curl_slist *headers)
{
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (!strcmp(request->method, "POST"))
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	else if (strcmp(request->method, "GET") != 0)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/*
 * As curl_easy_perform(). A Unix socket that more want to connect to than may wait says EAGAIN, which curl takes
 * for the begin of a connection, and then finds neither that nor an error.
 */
static CURLcode perform(CURL *curl)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	const double until = clock_seconds(CLOCK_MONOTONIC) + CTL_CONNECT_TIMEOUT_MS / 1e3;
	long os_errno = 0;
	CURLcode code;

	do {
		code = curl_easy_perform(curl);
		if (code != CURLE_COULDNT_CONNECT)
			return code;
		curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
	} while ((!os_errno || os_errno == EAGAIN) && clock_seconds(CLOCK_MONOTONIC) < until &&
		 !nanosleep(&pause, NULL));
	return code;
}

int ctl_ask(const struct ctl *ctl, const struct ctl_request *request, struct ctl_answer *ret)
{
	_cleanup_(curl_cleanupp) CURL *curl = NULL;
	_cleanup_(list_cleanupp) struct curl_slist *headers = NULL;
	_cleanup_(body_clear) struct body body = {};
	_cleanup_free_ char *url = NULL;
	long status = 0;
	CURLcode code;

	if (strlen(ctl->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		fprintf(ctl->err, "slictl: --socket: a path of up to %zu bytes is expected\n",
			sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
		return CTL_CANNOT_TELL;
	}

	/* without TLS and Windows sockets */
	if (curl_global_init(CURL_GLOBAL_NOTHING) == CURLE_OK)
		curl = curl_easy_init();
	if (curl)
		url = make_url(curl, request);
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!url || !headers)
		return ctl_no_memory(ctl);
	set_options(ctl, curl, url, &body);
	set_request(curl, request, headers);
	code = perform(curl);
	if (code != CURLE_OK)
		return say_failed(ctl, curl, code, &body);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	*ret = (struct ctl_answer){status, TAKE_PTR(body.data), body.len};
	return CTL_DONE;
}

void ctl_answer_clear(struct ctl_answer *answer)
{
	free(answer->body);
	*answer = (struct ctl_answer){};
}

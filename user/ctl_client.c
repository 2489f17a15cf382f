/* SPDX-License-Identifier: GPL-2.0-only */
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "ctl_client.h"
#include "ctl_format.h"

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
	ctl_write_safe(ctl->socket, ctl->err);
	fprintf(ctl->err, " (%s).\n", why);
	if (os_errno == EACCES || os_errno == EPERM)
		fprintf(ctl->err, "The socket is open to root and to members of group sliprobe.\n");
	else
		fprintf(ctl->err, "Start it with \"systemctl start sliprobe\" or \"sliprobed\", or "
				  "name its socket with --socket.\n");
	return CTL_UNREACHABLE;
}

/* Repeats the agent's own words for a refusal: {"error": "..."} */
static int say_refused(const struct ctl *ctl, long status, const struct body *body)
{
	_cleanup_json_ json_t *json = json_loadb(body->data ? body->data : "", body->len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "error"));

	fprintf(ctl->err, "slictl: ");
	if (text)
		ctl_write_safe(text, ctl->err);
	else
		fprintf(ctl->err, "the agent answered with HTTP status %ld", status);
	fputc('\n', ctl->err);
	return CTL_CANNOT_TELL;
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
		ctl_write_safe(ctl->socket, ctl->err);
		fprintf(ctl->err, " is no sliprobe agent: %s\n", curl_easy_strerror(code));
		return CTL_CANNOT_TELL;
	}
}

int ctl_get(const struct ctl *ctl, const char *path, const char *name, char **ret_body,
	    size_t *ret_len)
{
	_cleanup_(curl_cleanupp) CURL *curl = NULL;
	_cleanup_(body_clear) struct body body = {};
	_cleanup_free_ char *url = NULL;
	char *escaped = NULL;
	long status = 0;
	CURLcode code;
	bool ok;

	if (strlen(ctl->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		fprintf(ctl->err, "slictl: --socket: a path of up to %zu bytes is expected\n",
			sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
		return CTL_CANNOT_TELL;
	}

	/* Nothing of TLS or Windows sockets is wanted. */
	if (curl_global_init(CURL_GLOBAL_NOTHING) == CURLE_OK)
		curl = curl_easy_init();
	if (curl && name)
		escaped = curl_easy_escape(curl, name, (int)strlen(name));
	ok = curl && (!name || escaped) &&
	     asprintf(&url, "http://localhost%s%s", path, name ? escaped : "") >= 0;
	curl_free(escaped);
	if (!ok) {
		fprintf(ctl->err, "slictl: out of memory\n");
		return CTL_CANNOT_TELL;
	}

	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever http_proxy says */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CTL_CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CTL_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_append);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return say_failed(ctl, curl, code, &body);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return say_refused(ctl, status, &body);
	if (!body.data) {
		fprintf(ctl->err, "slictl: the agent's answer is empty\n");
		return CTL_CANNOT_TELL;
	}

	*ret_body = body.data;
	*ret_len = body.len;
	body.data = NULL;
	return CTL_DONE;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/server.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "report/json.h"
#include "report/metrics.h"
#include "server/clients.h"
#include "server/listen.h"

enum {
	CLIENTS_MAX = 512,
	/* shut down, but not yet noticed by libmicrohttpd, which stops accepting at its own limit */
	CLIENTS_CLOSING_MAX = 64,
	/* 16 KiB of request head, and what libmicrohttpd needs to parse it and to answer */
	CLIENT_MEMORY_BYTES = 20 << 10,
	BODY_MAX_BYTES = 64 << 10,
	TEXT_BLOCK_BYTES = 64 << 10,
	IDLE_TIMEOUT_S = 5, /* no byte either way */
};

struct status {
	const struct status_ops *ops;
	void *agent;
	struct MHD_Daemon *daemon;
	int epoll_fd; /* the daemon's */
	struct status_listener listener;
	struct clients clients;
};

struct reply {
	unsigned int code;
	const char *content_type;
	const char *allow; /* of a 405 */
	char *body; /* malloc()ed; NULL: out of memory, if there is no text either */
	struct metrics *text; /* instead of a body */
	size_t len;
};

static void on_connection(void *cls, struct MHD_Connection *connection, void **client,
			  enum MHD_ConnectionNotificationCode code)
{
	struct status *status = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*client = client_begin(&status->clients,
				       MHD_get_connection_info(connection,
							       MHD_CONNECTION_INFO_CONNECTION_FD)
					       ->connect_fd);
	else if (*client)
		client_end(&status->clients, *client);
}

static struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode code)
{
	struct status *status = cls;
	struct client *client = client_of(connection);

	(void)code;
	free(*request);
	*request = NULL;
	if (client)
		client_sent(&status->clients, client);
}

static void reply_with(struct reply *reply, unsigned int code, const char *content_type, char *body)
{
	reply->code = code;
	reply->content_type = content_type;
	reply->body = body;
	reply->len = body ? strlen(body) : 0;
}

static void reply_json(struct reply *reply, unsigned int code, char *body)
{
	reply_with(reply, code, "application/json", body);
}

static void reply_error(struct reply *reply, unsigned int code, const char *text)
{
	reply_json(reply, code, json_error(text));
}

/* `rest`: what follows the path of a route that ends in '/', percent-decoded. */
struct request {
	struct status *status;
	struct MHD_Connection *connection;
	const char *rest;
	const char *body;
	size_t body_len;
};

static bool take_snapshot(const struct request *request, bool series, struct snapshot *ret,
			  struct reply *reply)
{
	int r = request->status->ops->snapshot(request->status->agent, series, ret);

	if (!r)
		return true;
	reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, strerror(-r));
	return false;
}

/* Whoever asks for `services=no` does without most of the text, and of what it takes to make it. */
static void get_status(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_clear) struct snapshot snapshot = {0};
	const char *services =
		MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "services");
	bool brief = services && !strcmp(services, "no");

	if (take_snapshot(request, !brief, &snapshot, reply))
		reply_json(reply, MHD_HTTP_OK,
			   brief ? json_status_brief(&snapshot) : json_status(&snapshot));
}

static void get_services(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_clear) struct snapshot snapshot = {0};

	if (take_snapshot(request, true, &snapshot, reply))
		reply_json(reply, MHD_HTTP_OK, json_services(&snapshot));
}

static void get_slo(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_clear) struct snapshot snapshot = {0};

	if (!take_snapshot(request, false, &snapshot, reply))
		return;
	for (size_t i = 0; i < snapshot.n_slos; i++) {
		if (!strcmp(snapshot.slos[i].name, request->rest)) {
			reply_json(reply, MHD_HTTP_OK, json_slo(&snapshot, i));
			return;
		}
	}
	reply_error(reply, MHD_HTTP_NOT_FOUND, "no SLO of this name");
}

/*
 * Prometheus names OpenMetrics in its Accept; whoever does not (curl, promtool behind it) gets the
 * format that everything reads.
 */
static bool accepts_openmetrics(struct MHD_Connection *connection)
{
	static const char type[] = "application/openmetrics-text";
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	for (; accept && *accept; accept++) {
		if (!strncasecmp(accept, type, sizeof(type) - 1))
			return true;
	}
	return false;
}

static void get_metrics(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_clear) struct snapshot snapshot = {0};
	const bool openmetrics = accepts_openmetrics(request->connection);

	if (!take_snapshot(request, true, &snapshot, reply))
		return;
	reply->code = MHD_HTTP_OK;
	reply->content_type = openmetrics
				      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
				      : "text/plain; version=0.0.4; charset=utf-8";
	if (!metrics_new(&snapshot, openmetrics ? METRICS_OPENMETRICS : METRICS_TEXT, &reply->text))
		reply->len = metrics_len(reply->text);
}

static void get_health(const struct request *request, struct reply *reply)
{
	(void)request;
	reply_with(reply, MHD_HTTP_OK, "text/plain", strdup("ok\n"));
}

static void get_ready(const struct request *request, struct reply *reply)
{
	if (request->status->ops->ready(request->status->agent))
		get_health(request, reply);
	else
		reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready");
}

static void post_reload(const struct request *request, struct reply *reply)
{
	struct error error = {""};
	int r = request->status->ops->reload(request->status->agent, &error);

	if (!r)
		reply_json(reply, MHD_HTTP_OK, strdup("{\"reloaded\": true}\n"));
	else
		reply_error(reply, MHD_HTTP_UNPROCESSABLE_CONTENT,
			    error.text[0] ? error.text : strerror(-r));
}

static void get_alerts(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_alerts_clear) struct snapshot_alerts alerts = {0};
	int r = request->status->ops->alerts(request->status->agent, &alerts);

	if (r)
		reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, strerror(-r));
	else
		reply_json(reply, MHD_HTTP_OK, json_alerts(&alerts));
}

static void get_history(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_history_clear) struct snapshot_history history = {0};
	int r = request->status->ops->history(request->status->agent, request->rest, &history);

	if (r == -ENOENT)
		reply_error(reply, MHD_HTTP_NOT_FOUND, "no SLO of this name");
	else if (r)
		reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, strerror(-r));
	else
		reply_json(reply, MHD_HTTP_OK, json_history(&history));
}

/* Who asks, by the socket's peer credentials: "uid 1000". */
static void peer_name(struct MHD_Connection *connection, char *ret, size_t size)
{
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		snprintf(ret, size, "unknown");
	else
		snprintf(ret, size, "uid %u", peer.uid);
}

static void post_silence(const struct request *request, struct reply *reply)
{
	char id[SILENCE_ID_BYTES], by[32], *body;
	struct error error = {""};
	int r;

	peer_name(request->connection, by, sizeof(by));
	r = request->status->ops->silence(request->status->agent, request->body, request->body_len,
					  by, id, &error);
	if (r)
		reply_error(reply, MHD_HTTP_BAD_REQUEST, error.text[0] ? error.text : strerror(-r));
	else
		reply_json(reply, MHD_HTTP_OK,
			   asprintf(&body, "{\"id\": \"%s\"}\n", id) < 0 ? NULL : body);
}

static void delete_silence(const struct request *request, struct reply *reply)
{
	if (request->status->ops->unsilence(request->status->agent, request->rest))
		reply_error(reply, MHD_HTTP_NOT_FOUND, "no silence of this id");
	else
		reply_json(reply, MHD_HTTP_OK, strdup("{}\n"));
}

static void post_notify_test(const struct request *request, struct reply *reply)
{
	int n = request->status->ops->notify_test(request->status->agent, request->body,
						  request->body_len);
	char *body;

	if (n == -ENOENT)
		reply_error(reply, MHD_HTTP_CONFLICT, "no receiver is configured");
	else if (n < 0)
		reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, strerror(-n));
	else
		reply_json(reply, MHD_HTTP_OK,
			   asprintf(&body, "{\"receivers\": %d}\n", n) < 0 ? NULL : body);
}

static const struct route {
	const char *path; /* one that ends in '/' takes a name after it */
	const char *method; /* GET stands for HEAD, too */
	void (*serve)(const struct request *request, struct reply *reply);
} routes[] = {
	/* clang-format off */
	{"/v1/status", "GET", get_status},
	{"/v1/services", "GET", get_services},
	{"/v1/slos/", "GET", get_slo},
	{"/v1/alerts", "GET", get_alerts},
	{"/v1/history/", "GET", get_history},
	{"/v1/silences", "POST", post_silence},
	{"/v1/silences/", "DELETE", delete_silence},
	{"/v1/notify-test", "POST", post_notify_test},
	{"/v1/reload", "POST", post_reload},
	{"/metrics", "GET", get_metrics},
	{"/healthz", "GET", get_health},
	{"/readyz", "GET", get_ready},
	/* clang-format on */
};

static const struct route *route_find(const char *url, const char **ret_rest)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		size_t len = strlen(routes[i].path);

		if (strncmp(url, routes[i].path, len) != 0 ||
		    (routes[i].path[len - 1] == '/') != (url[len] != 0))
			continue;
		*ret_rest = url + len;
		return &routes[i];
	}
	return NULL;
}

static void serve(struct request *request, const char *url, const char *method, struct reply *reply)
{
	const struct route *route = route_find(url, &request->rest);
	const bool get = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	if (!route) {
		reply_error(reply, MHD_HTTP_NOT_FOUND, "nothing here");
	} else if (strcmp(route->method, get ? "GET" : method) != 0) {
		reply_error(reply, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed here");
		reply->allow = strcmp(route->method, "GET") ? route->method : "GET, HEAD";
	} else {
		route->serve(request, reply);
	}
}

static ssize_t read_text(void *cls, uint64_t at, char *ret, size_t room)
{
	ssize_t n = metrics_read(cls, ret, room);

	(void)at;
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return n ? n : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_text(void *cls)
{
	metrics_free(cls);
}

/* Takes the reply's body or text. */
static struct MHD_Response *make_response(struct reply *reply)
{
	struct MHD_Response *response;

	if (reply->text) {
		response = MHD_create_response_from_callback(reply->len, TEXT_BLOCK_BYTES,
							     read_text, reply->text, free_text);
		if (!response)
			metrics_free(reply->text);
		return response;
	}
	if (!reply->body)
		return NULL;
	response = MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(reply->body);
	return response;
}

/* Takes the reply's body or text. */
static enum MHD_Result reply_queue(struct status *status, struct MHD_Connection *connection,
				   struct reply *reply)
{
	struct client *client = client_of(connection);
	struct MHD_Response *response = make_response(reply);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
					 reply->content_type);
	if (result == MHD_YES && reply->allow)
		result = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	if (result == MHD_YES)
		result = MHD_queue_response(connection, reply->code, response);
	MHD_destroy_response(response); /* our reference: the connection holds its own */
	if (result != MHD_YES)
		return MHD_NO;
	client_sending(&status->clients, client, reply->len);
	return MHD_YES;
}

static bool body_announced_too_big(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > BODY_MAX_BYTES;
}

/* The body of a request, as far as it has come. */
struct upload {
	size_t len;
	char body[BODY_MAX_BYTES];
};

/*
 * Called with the head (*upload is NULL), with each piece of the body, and at the end of the
 * request.
 */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *piece,
				  size_t *piece_bytes, void **context)
{
	struct status *status = cls;
	struct client *client = client_of(connection);
	struct upload *upload = *context;
	struct request request = {.status = status, .connection = connection};
	struct reply reply = {0};

	(void)version;
	if (!client || client->phase == CLIENT_CLOSING)
		return MHD_NO;
	if (!upload) {
		*context = upload = malloc(sizeof(*upload));
		if (!upload)
			return MHD_NO;
		upload->len = 0;
		if (!body_announced_too_big(connection))
			return MHD_YES;
		reply_error(&reply, MHD_HTTP_CONTENT_TOO_LARGE, "request body too large");
		return reply_queue(status, connection, &reply);
	}
	if (*piece_bytes) {
		/* a chunked body announces no length, and no reply can be made in its middle */
		if (*piece_bytes > sizeof(upload->body) - upload->len)
			return MHD_NO;
		memcpy(upload->body + upload->len, piece, *piece_bytes);
		upload->len += *piece_bytes;
		*piece_bytes = 0;
		return MHD_YES;
	}
	request.body = upload->body;
	request.body_len = upload->len;
	serve(&request, url, method, &reply);
	return reply_queue(status, connection, &reply);
}

static int daemon_start(struct status *status)
{
	const union MHD_DaemonInfo *info;
	struct rlimit files;

	/* half of our descriptors at most: the rest is the agent's */
	status->clients.max = CLIENTS_MAX;
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur / 2 < CLIENTS_MAX)
		status->clients.max = files.rlim_cur / 2;
	errno = 0;
	status->daemon =
		MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, status,
				 MHD_OPTION_LISTEN_SOCKET, status->listener.fd,
				 MHD_OPTION_CONNECTION_LIMIT,
				 (unsigned int)status->clients.max + CLIENTS_CLOSING_MAX,
				 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_TIMEOUT_S,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_MEMORY_BYTES,
				 MHD_OPTION_NOTIFY_CONNECTION, on_connection, status,
				 MHD_OPTION_NOTIFY_COMPLETED, on_completed, status, MHD_OPTION_END);
	/* it closes the listening socket, on most of its failures, too */
	status->listener.fd = -1;
	if (!status->daemon)
		return errno ? -errno : -EIO;
	info = MHD_get_daemon_info(status->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	status->epoll_fd = info->epoll_fd;
	return 0;
}

static void status_close_at(struct status **status)
{
	status_close(*status);
}

int status_open(const char *path, const struct status_ops *ops, void *agent, struct status **ret)
{
	_cleanup_(status_close_at) struct status *status = calloc(1, sizeof(*status));
	int r;

	if (!status)
		return -ENOMEM;
	status->ops = ops;
	status->agent = agent;
	status->listener = (struct status_listener){.fd = -1, .lock_fd = -1};
	clients_init(&status->clients);
	r = status_listen(path, &status->listener);
	if (!r)
		r = daemon_start(status);
	if (r)
		return r;
	*ret = TAKE_PTR(status);
	return 0;
}

int status_fd(const struct status *status)
{
	return status->epoll_fd;
}

int status_timeout_ms(const struct status *status)
{
	int timeout_ms = clients_timeout_ms(&status->clients);
	MHD_UNSIGNED_LONG_LONG daemon_ms;

	if (MHD_get_timeout(status->daemon, &daemon_ms) != MHD_YES)
		return timeout_ms;
	if (daemon_ms > INT_MAX)
		daemon_ms = INT_MAX;
	return timeout_ms < 0 || (int)daemon_ms < timeout_ms ? (int)daemon_ms : timeout_ms;
}

void status_run(struct status *status)
{
	clients_check_deadlines(&status->clients);
	MHD_run(status->daemon);
}

void status_close(struct status *status)
{
	if (!status)
		return;
	status_listener_unlink(&status->listener);
	if (status->daemon)
		MHD_stop_daemon(status->daemon);
	status_listener_close(&status->listener);
	free(status);
}

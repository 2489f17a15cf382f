/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/routes.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_values.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "page/page.h"
#include "report/json.h"
#include "report/json_render.h"
#include "report/metrics.h"
#include "server/accept.h"

static void reply_failure(struct reply *reply, int r)
{
	reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, strerror(-r));
}

static bool take_snapshot(const struct request *request, bool series, struct snapshot *ret,
			  struct reply *reply)
{
	int r = request->ops->snapshot(request->agent, series, ret);

	if (r)
		reply_failure(reply, r);
	return !r;
}

/* `services=no` leaves out the services: most of the text, and most of the work of making it. */
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

static const char *argument(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

/*
 * `window` and `since` say which span of time is shown beside the counts since the start, `service`
 * which one of the services.
 */
static void get_services(const struct request *request, struct reply *reply)
{
	const char *service = argument(request, "service");
	_cleanup_(snapshot_clear) struct snapshot snapshot = {0};
	struct period_query query;
	struct error error;
	int r = period_query_parse(argument(request, "since"), argument(request, "window"),
				   clock_seconds(CLOCK_REALTIME), &query, &error);

	if (r) {
		reply_error(reply, MHD_HTTP_BAD_REQUEST, error.text);
		return;
	}
	if (!take_snapshot(request, true, &snapshot, reply))
		return;
	if (service && !snapshot_service_find(&snapshot, service)) {
		reply_error(reply, MHD_HTTP_NOT_FOUND, "no service of this name");
		return;
	}
	r = request->ops->periods(request->agent, &query, &snapshot);
	if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_services_named(&snapshot, service));
}

static void reply_no_slo(const struct request *request, const struct snapshot *snapshot,
			 struct reply *reply)
{
	struct suggestion suggestion = suggestion_for(request->rest);
	char text[160], meant[SUGGESTION_BYTES];

	for (size_t i = 0; i < snapshot->n_slos; i++)
		suggestion_try(&suggestion, snapshot->slos[i].name);
	snprintf(text, sizeof(text), "no SLO of this name%s", suggestion_text(&suggestion, meant));
	reply_error(reply, MHD_HTTP_NOT_FOUND, text);
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
	reply_no_slo(request, &snapshot, reply);
}

/*
 * Prometheus names OpenMetrics in its Accept, with a greater weight than the text format; whoever does
 * not name it (curl, promtool behind it) gets the format that everything reads.
 */
static enum metrics_format accepted_format(struct MHD_Connection *connection)
{
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	const int openmetrics = accept_weight(accept, "application/openmetrics-text");
	const int text = accept_weight(accept, "text/plain");

	if (openmetrics == text)
		return accept && strcasestr(accept, "openmetrics-text") ? METRICS_OPENMETRICS :
									  METRICS_TEXT;
	return openmetrics > text ? METRICS_OPENMETRICS : METRICS_TEXT;
}

static void get_metrics(const struct request *request, struct reply *reply)
{
	static const char *const types[] = {
		[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	_cleanup_(snapshot_clear) struct snapshot snapshot = {0};
	const enum metrics_format format = accepted_format(request->connection);
	char *text;
	size_t len;
	int r;

	if (!take_snapshot(request, true, &snapshot, reply))
		return;
	r = metrics_text(&snapshot, format, &text, &len);
	if (r)
		reply_failure(reply, r);
	else
		reply_with(reply, MHD_HTTP_OK, types[format], text);
}

/* For people; all that it shows it asks for at the other addresses. */
static void get_page(const struct request *request, struct reply *reply)
{
	size_t len;

	(void)request;
	reply_with(reply, MHD_HTTP_OK, "text/html; charset=utf-8", page_text(&len));
	page_policy(reply->policy);
}

static void get_health(const struct request *request, struct reply *reply)
{
	(void)request;
	reply_with(reply, MHD_HTTP_OK, "text/plain", strdup("ok\n"));
}

/* Ready: the kernel's maps can be read. */
static void get_ready(const struct request *request, struct reply *reply)
{
	if (request->ops->ready(request->agent))
		reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready");
	else
		get_health(request, reply);
}

static void post_reload(const struct request *request, struct reply *reply)
{
	_cleanup_(reload_clear) struct reload reload = {0};
	const struct asker by = peer_asker(request->fd);
	struct error error = {""};
	int r = request->ops->reload(request->agent, &by, &reload, &error);

	if (!r)
		reply_json(reply, MHD_HTTP_OK, reload_json(&reload));
	else
		reply_error(reply, MHD_HTTP_UNPROCESSABLE_CONTENT,
			    error.text[0] ? error.text : strerror(-r));
}

static void get_alerts(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_alerts_clear) struct snapshot_alerts alerts = {0};
	int r = request->ops->alerts(request->agent, &alerts);

	if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_alerts(&alerts));
}

/* NaN: not asked for. */
static int parse_time(const struct request *request, const char *name, double *ret_unix,
		      struct error *error)
{
	const char *text = argument(request, name);

	*ret_unix = NAN;
	if (!text || !period_time_parse(text, clock_seconds(CLOCK_REALTIME), ret_unix))
		return 0;
	return error_set(error, -EINVAL,
			 "%s: expected a duration such as 2h (so long ago), or a time such as "
			 "2030-01-02T03:04:05Z, got \"%.60s\"",
			 name, text);
}

enum { INCIDENTS_LISTED = 100, INCIDENTS_LISTED_MAX = 512 };

static int parse_incidents(const struct request *request, struct incidents_query *ret,
			   struct error *error)
{
	const char *limit = argument(request, "limit");
	char *end = NULL;
	int r;

	*ret = (struct incidents_query){.slo = argument(request, "slo"), .limit = INCIDENTS_LISTED};
	r = parse_time(request, "since", &ret->since_unix, error);
	r = r ?: parse_time(request, "until", &ret->until_unix, error);
	if (r || !limit)
		return r;
	ret->limit = strtoul(limit, &end, 10);
	if (*limit >= '1' && *limit <= '9' && !*end && ret->limit <= INCIDENTS_LISTED_MAX)
		return 0;
	return error_set(error, -EINVAL, "limit: expected a number from 1 to %d, got \"%.60s\"",
			 INCIDENTS_LISTED_MAX, limit);
}

enum { CHANGES_LISTED = 500 };

static void get_changes(const struct request *request, struct reply *reply)
{
	struct changes_query query = {.service = argument(request, "service"),
				      .limit = CHANGES_LISTED};
	struct error error;
	json_t *json;
	int r = parse_time(request, "since", &query.since_unix, &error);

	r = r ?: parse_time(request, "until", &query.until_unix, &error);
	if (r) {
		reply_error(reply, MHD_HTTP_BAD_REQUEST, error.text);
		return;
	}
	r = request->ops->changes(request->agent, &query, &json);
	if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_render(json, "\n"));
}

static void get_incidents(const struct request *request, struct reply *reply)
{
	struct incidents_query query;
	struct error error;
	json_t *json;
	int r;

	if (parse_incidents(request, &query, &error)) {
		reply_error(reply, MHD_HTTP_BAD_REQUEST, error.text);
		return;
	}
	r = request->ops->incidents(request->agent, &query, &json);
	if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_render(json, "\n"));
}

static void get_incident(const struct request *request, struct reply *reply)
{
	char *end;
	const uint64_t number = strtoull(request->rest, &end, 10);
	json_t *json;
	int r = -ENOENT;

	if (*request->rest >= '1' && *request->rest <= '9' && !*end)
		r = request->ops->incident(request->agent, number, &json);
	if (r == -ENOENT)
		reply_error(reply, MHD_HTTP_NOT_FOUND, "no incident of this number");
	else if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_render(json, "\n"));
}

static bool parse_by(const char *text, enum rows_by *ret)
{
	static const struct {
		const char *name;
		enum rows_by by;
	} names[] = {
		{"auto", ROWS_BY_AUTO},
		{"minute", ROWS_BY_MINUTE},
		{"hour", ROWS_BY_HOUR},
		{"day", ROWS_BY_DAY},
	};

	for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i].name, text)) {
			*ret = names[i].by;
			return true;
		}
	}
	return !text;
}

static int parse_rows(const struct request *request, struct rows_query *ret, struct error *error)
{
	const char *kind = argument(request, "kind"), *by = argument(request, "by");
	const char *offset = argument(request, "utc_offset");
	int r;

	*ret = (struct rows_query){
		.name = request->rest,
		.service = kind && !strcmp(kind, "service"),
		.route = argument(request, "route"),
		.status = argument(request, "status"),
		.utc_offset_seconds = offset ? strtod(offset, NULL) : 0,
	};
	if (!parse_by(by, &ret->by))
		return error_set(error, -EINVAL, "by: expected minute, hour or day, got \"%.60s\"",
				 by);
	if (ret->status && !snapshot_status_valid(ret->status))
		return error_set(
			error, -EINVAL,
			"status: expected a status such as 503 or UNAVAILABLE, a class such as 5xx, or an "
			"outcome such as server_abort, got \"%.60s\"",
			ret->status);
	if (!(fabs(ret->utc_offset_seconds) <= 86400))
		return error_set(error, -EINVAL, "utc_offset: expected seconds up to a day");
	r = parse_time(request, "since", &ret->since_unix, error);
	return r ?: parse_time(request, "until", &ret->until_unix, error);
}

static bool says_yes(const struct request *request, const char *name)
{
	const char *text = argument(request, name);

	return text && !strcmp(text, "yes");
}

/* When what was asked, and with what result. */
static void get_rows(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_clear) struct snapshot snapshot = {0};
	_cleanup_(snapshot_rows_clear) struct snapshot_rows rows = {0};
	struct rows_query query;
	struct error error;
	int r;

	if (parse_rows(request, &query, &error)) {
		reply_error(reply, MHD_HTTP_BAD_REQUEST, error.text);
		return;
	}
	if (!take_snapshot(request, true, &snapshot, reply))
		return;
	r = request->ops->rows(request->agent, &query, &snapshot, &rows);
	rows.histograms = says_yes(request, "histograms");
	if (r == -ENOENT)
		reply_error(reply, MHD_HTTP_NOT_FOUND, "no SLO or service of this name");
	else if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_rows(&rows));
}

static bool asks_for_rows(const struct request *request)
{
	static const char *const names[] = {"by", "since", "until", "route", "status", "kind"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (argument(request, names[i]))
			return true;
	}
	return false;
}

/* `former=1`: under the definition that the SLO had before, 2 the one before that, and so on. */
static void get_former(const struct request *request, const char *which, struct reply *reply)
{
	_cleanup_(snapshot_history_clear) struct snapshot_history history = {0};
	size_t digits = strspn(which, "0123456789"), n = strtoul(which, NULL, 10);
	int r;

	if (!digits || digits > 4 || which[digits] || !n) {
		reply_error(reply, MHD_HTTP_BAD_REQUEST,
			    "former: expected 1 for the definition before, 2 for the one before "
			    "that, and so on");
		return;
	}
	r = request->ops->former(request->agent, request->rest, n, &history);
	if (r == -ENOENT)
		reply_error(reply, MHD_HTTP_NOT_FOUND,
			    n == 1 ? "no history under a former definition is kept of an SLO of "
				     "this name" :
				     "no history under so many former definitions is kept of an "
				     "SLO of this name");
	else if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_history(&history));
}

/* Every step of an SLO; rows if one of their terms is given, and of a service. */
static void get_present(const struct request *request, struct reply *reply)
{
	_cleanup_(snapshot_history_clear) struct snapshot_history history = {0};
	int r = 0;

	if (asks_for_rows(request)) {
		get_rows(request, reply);
		return;
	}
	r = request->ops->history(request->agent, request->rest, &history);
	if (r == -ENOENT)
		get_rows(request, reply);
	else if (r)
		reply_failure(reply, r);
	else
		reply_json(reply, MHD_HTTP_OK, json_history(&history));
}

static void get_history(const struct request *request, struct reply *reply)
{
	const char *former = argument(request, "former");

	if (former)
		get_former(request, former, reply);
	else
		get_present(request, reply);
}

static void post_silence(const struct request *request, struct reply *reply)
{
	const struct asker by = peer_asker(request->fd);
	struct silence_made made;
	struct error error = {""};
	int r = request->ops->silence(request->agent, &by, request->body, request->body_len, &made,
				      &error);

	if (r)
		reply_error(reply, r == -ENOSPC ? MHD_HTTP_CONFLICT : MHD_HTTP_BAD_REQUEST,
			    error.text[0] ? error.text : strerror(-r));
	else
		reply_json(reply, MHD_HTTP_OK, silence_made_text(&made));
}

static void delete_silence(const struct request *request, struct reply *reply)
{
	const struct asker by = peer_asker(request->fd);

	if (request->ops->unsilence(request->agent, &by, request->rest))
		reply_error(reply, MHD_HTTP_NOT_FOUND, "no silence of this id");
	else
		reply_json(reply, MHD_HTTP_OK, strdup("{}\n"));
}

static void post_notify_test(const struct request *request, struct reply *reply)
{
	const struct asker by = peer_asker(request->fd);
	struct error error = {""};
	int n = request->ops->notify_test(request->agent, &by, request->body, request->body_len,
					  &error);
	char *body;

	if (n == -ENOENT)
		reply_error(reply, MHD_HTTP_CONFLICT, error.text);
	else if (n == -EBUSY)
		reply_error(reply, MHD_HTTP_TOO_MANY_REQUESTS, error.text);
	else if (n < 0)
		reply_failure(reply, n);
	else
		reply_json(reply, MHD_HTTP_OK,
			   asprintf(&body, "{\"receivers\": %d}\n", n) < 0 ? NULL : body);
}

/* The arguments as they came: who answers says what is wrong with them. */
static enum MHD_Result add_argument(void *context, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	_cleanup_free_ char *key = utf8_clean(name);

	(void)kind;
	if (key)
		json_put(context, key, json_text_or_null(value));
	return MHD_YES;
}

static void ask(const char *what, json_t *question, struct reply *reply)
{
	if (question && !json_put(question, "what", json_string(what))) {
		reply->question = question;
		return;
	}
	json_decref(question);
	reply_failure(reply, -ENOMEM);
}

static void get_events(const struct request *request, struct reply *reply)
{
	json_t *question = json_object();

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_argument,
				  question);
	ask("events", question, reply);
}

static void get_explain(const struct request *request, struct reply *reply)
{
	json_t *question = json_object();
	int failed = json_put(question, "slo", json_text_or_null(request->rest));

	failed |= json_put(question, "since", json_text_or_null(argument(request, "since")));
	failed |= json_put(question, "until", json_text_or_null(argument(request, "until")));
	ask("explain", json_checked(question, failed), reply);
}

static const struct route {
	const char *path; /* one that ends in '/' takes a name after it, but for "/" itself */
	const char *method; /* GET stands for HEAD, too */
	void (*serve)(const struct request *request, struct reply *reply);
	bool shared; /* with whoever reaches the listener for metrics */
	const char *change; /* what it does, in a word, if it changes anything */
	enum route_turn turn;
} routes[] = {
	/* clang-format off */
	{"/", "GET", get_page, false, NULL, ROUTE_SHARED},
	{"/v1/status", "GET", get_status, false, NULL, ROUTE_SHARED},
	{"/v1/services", "GET", get_services, false, NULL, ROUTE_SHARED},
	{"/v1/slos/", "GET", get_slo, false, NULL, ROUTE_SHARED},
	{"/v1/alerts", "GET", get_alerts, false, NULL, ROUTE_SHARED},
	{"/v1/changes", "GET", get_changes, false, NULL, ROUTE_SHARED},
	{"/v1/incidents", "GET", get_incidents, false, NULL, ROUTE_SHARED},
	{"/v1/incidents/", "GET", get_incident, false, NULL, ROUTE_SHARED},
	{"/v1/history/", "GET", get_history, false, NULL, ROUTE_SHARED},
	{"/v1/events", "GET", get_events, false, NULL, ROUTE_ELSEWHERE},
	{"/v1/explain/", "GET", get_explain, false, NULL, ROUTE_ELSEWHERE},
	{"/v1/silences", "POST", post_silence, false, "silence", ROUTE_ALONE},
	{"/v1/silences/", "DELETE", delete_silence, false, "end of a silence", ROUTE_ALONE},
	{"/v1/notify-test", "POST", post_notify_test, false, "test message", ROUTE_ALONE},
	{"/v1/reload", "POST", post_reload, false, "reload", ROUTE_SHARED},
	{"/metrics", "GET", get_metrics, true, NULL, ROUTE_SHARED},
	{"/healthz", "GET", get_health, true, NULL, ROUTE_AT_ONCE},
	{"/readyz", "GET", get_ready, true, NULL, ROUTE_AT_ONCE},
	/* clang-format on */
};

static const struct route *route_find(const struct request *request, const char *url,
				      const char **ret_rest)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		size_t len = strlen(routes[i].path);

		if (strncmp(url, routes[i].path, len) != 0 ||
		    (len > 1 && routes[i].path[len - 1] == '/') != (url[len] != 0) ||
		    (request->shared_only && !routes[i].shared))
			continue;
		*ret_rest = url + len;
		return &routes[i];
	}
	return NULL;
}

/* Why a request is refused whatever it says. */
enum refusal {
	REFUSED_NOT,
	REFUSED_PATH,
	REFUSED_METHOD,
	REFUSED_CHANGE,
	REFUSED_HOST,
	REFUSED_BROWSER,
	REFUSED_READ_ONLY,
};

static const char *header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* A page of its own cannot ask for changes, so that a page of others that a browser shows cannot either. */
static bool is_from_browser(const struct request *request)
{
	return header(request, "Origin") || header(request, "Sec-Fetch-Site");
}

static enum refusal refusal(const struct request *request, const struct route *route,
			    const char *method)
{
	const bool get = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	if (!guard_host_is_ours(header(request, MHD_HTTP_HEADER_HOST), request->guard,
				request->hosts))
		return REFUSED_HOST;
	if (!get && request->read_only)
		return REFUSED_READ_ONLY;
	if (!route)
		return REFUSED_PATH;
	if (strcmp(route->method, get ? "GET" : method) != 0)
		return REFUSED_METHOD;
	if (!get && is_from_browser(request))
		return REFUSED_BROWSER;
	return get || peer_may_change(request->fd, request->rights) ? REFUSED_NOT : REFUSED_CHANGE;
}

enum route_turn route_turn(const struct request *request, const char *url, const char *method)
{
	const char *rest;
	const struct route *route = route_find(request, url, &rest);

	return refusal(request, route, method) == REFUSED_NOT ? route->turn : ROUTE_AT_ONCE;
}

bool route_reloads(const char *url)
{
	return !strcmp(url, "/v1/reload");
}

static void refuse_change(const struct request *request, const char *what, struct reply *reply)
{
	const struct asker by = peer_asker(request->fd);

	request->ops->refused(request->agent, &by, what);
	reply_error(reply, MHD_HTTP_FORBIDDEN,
		    "not permitted: only root, and the group that agent.admin_group names, "
		    "may change what the agent does");
}

void route_serve(struct request *request, const char *url, const char *method, struct reply *reply)
{
	const struct route *route = route_find(request, url, &request->rest);

	switch (refusal(request, route, method)) {
	case REFUSED_NOT:
		route->serve(request, reply);
		break;
	case REFUSED_PATH:
		reply_error(reply, MHD_HTTP_NOT_FOUND, "nothing here");
		break;
	case REFUSED_METHOD:
		reply_error(reply, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed here");
		reply->allow = strcmp(route->method, "GET") ? route->method : "GET, HEAD";
		break;
	case REFUSED_CHANGE:
		refuse_change(request, route->change, reply);
		break;
	case REFUSED_HOST:
		reply_error(
			reply, MHD_HTTP_MISDIRECTED_REQUEST,
			"not asked under a name of its own: use localhost, an address, or a name "
			"of agent.page_hosts");
		break;
	case REFUSED_BROWSER:
		reply_error(reply, MHD_HTTP_FORBIDDEN, "a browser may change nothing: use slictl");
		break;
	case REFUSED_READ_ONLY:
		reply_error(reply, MHD_HTTP_FORBIDDEN,
			    "nothing can be changed here: use slictl on the host");
		break;
	}
}

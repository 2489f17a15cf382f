/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requests to an Alertmanager, at a server that looks at them, and at the real one, whose own
 * webhook receiver must get one notification that fires and one that resolves.
 */
#include "tests/unit/deliver/deliver_fixture.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "notify/message.h"

static void alertmanager(void)
{
	server_open(&f.servers[0], 0);
	add_url(&f, RECEIVER_ALERTMANAGER, f.servers[0].port);
}

/* Tells it of one open notice, or of none. */
static void open_now(json_t *notice)
{
	json_t *list = notice ? json_pack("[O]", notice) : json_array();

	assert_int_equal(deliver_open(f.deliver, list, now_of(&f)), 0);
	json_decref(list);
}

/* A text of the i-th request's only alert. */
static const char *alert_text(int request, const char *group, const char *key)
{
	static char text[1024];
	json_t *list = json_loads(server_body(&f.servers[0], request), 0, NULL);
	const json_t *alert = json_array_get(list, 0);
	const char *value;

	assert_int_equal(json_array_size(list), 1);
	value = json_string_value(
		json_object_get(group ? json_object_get(alert, group) : alert, key));
	snprintf(text, sizeof(text), "%s", value ? value : "");
	json_decref(list);
	return text;
}

static long ends_in_seconds(int request)
{
	struct tm tm = {0};

	assert_non_null(strptime(alert_text(request, NULL, "endsAt"), "%Y-%m-%dT%H:%M:%SZ", &tm));
	return (long)(timegm(&tm) - time(NULL));
}

/* ---- */

TEST(alert_names_service_severity_host_and_what_is_known)
{
	alertmanager();
	strcat(f.urls[0], "/"); /* makes no difference */
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_ptr_equal(strstr(f.servers[0].requests[0], "POST /api/v2/alerts HTTP/1.1\r\n"),
			 f.servers[0].requests[0]);
	assert_string_equal(alert_text(0, "labels", "alertname"), "SliprobeErrorBudget");
	assert_string_equal(alert_text(0, "labels", "slo"), "checkout");
	assert_string_equal(alert_text(0, "labels", "service"), "shop");
	assert_string_equal(alert_text(0, "labels", "severity"), "page");
	assert_string_equal(alert_text(0, "labels", "host"), "web-1");
	assert_string_equal(alert_text(0, "annotations", "summary"), "checkout burns at 14.5");
	assert_string_equal(alert_text(0, "annotations", "runbook_url"), "https://wiki/shop");
	assert_string_equal(alert_text(0, "annotations", "command"), "slictl slo checkout");
	assert_string_equal(alert_text(0, "annotations", "description"),
			    "checkout: burn-1h, burn-6h; burn rate 14.5 (5m); 42.0 % of the budget "
			    "left; exhausted in 2.5 h\n"
			    "Owner: team-shop\nPurpose: sells\nMitigation: roll back\n");
	assert_string_equal(alert_text(0, NULL, "startsAt"), "2026-02-28T12:00:00Z");
	assert_in_range(ends_in_seconds(0), 235, 240);
}

/* Those of the SLO's owner go with ours, and never in their place. */
TEST(labels_and_description_of_the_slo_go_along)
{
	json_t *notice = message("1", "fire", "page");
	json_t *slo = json_array_get(json_object_get(notice, "slos"), 0), *list, *labels;

	json_object_set_new(slo, "description", json_string("Customers can pay."));
	json_object_set_new(slo, "labels",
			    json_pack("{s:s, s:s}", "team", "shop", "severity", "none"));
	list = message_alerts(notice, 1772280000);
	labels = json_object_get(json_array_get(list, 0), "labels");
	assert_int_equal(json_object_size(labels), 6);
	assert_string_equal(message_text(labels, "team"), "shop");
	assert_string_equal(message_text(labels, "severity"), "page");
	assert_non_null(strstr(message_text(json_object_get(json_array_get(list, 0), "annotations"),
					    "description"),
			       "\nCustomers can pay.\n"));
	json_decref(list);
	json_decref(notice);
}

TEST(open_alerts_are_resent_every_minute_and_never_reminded_of)
{
	json_t *notice = message("1", "fire", "page");

	alertmanager();
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 1));
	open_now(notice);
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 2));
	open_now(notice);
	f.skew_seconds += 59;
	open_now(notice);
	send_message(&f, "1", "remind");
	turn_for(&f, 0.1);
	assert_int_equal(f.servers[0].n_requests, 2);
	f.skew_seconds += 1;
	open_now(notice);
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 3));
	assert_string_equal(alert_text(2, NULL, "startsAt"), "2026-02-28T12:00:00Z");
	assert_in_range(ends_in_seconds(2), 235, 240);
	assert_int_equal(reported(&f, 0, "sent"), 1);
	f.skew_seconds += 60;
	open_now(NULL);
	turn_for(&f, 0.1);
	assert_int_equal(f.servers[0].n_requests, 3);
	json_decref(notice);
}

TEST(resent_alerts_are_of_the_severities_wanted)
{
	json_t *page = message("1", "fire", "page"), *ticket = message("2", "fire", "ticket");
	json_t *list = json_pack("[o, o]", page, ticket);

	alertmanager();
	f.receivers[0].severities = 1U << SEVERITY_TICKET;
	start();
	assert_int_equal(deliver_open(f.deliver, list, now_of(&f)), 0);
	json_decref(list);
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 1));
	assert_string_equal(alert_text(0, "labels", "severity"), "ticket");
}

TEST(failed_resend_is_tried_again_sooner)
{
	json_t *notice = message("1", "fire", "page");

	alertmanager();
	f.servers[0].status = 400; /* no reason to give up what is still true */
	start();
	open_now(notice);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_int_equal(reported(&f, 0, "given_up"), 0);
	f.servers[0].status = 200;
	f.skew_seconds += 2;
	open_now(notice);
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 2));
	json_decref(notice);
}

TEST(resolve_ends_the_alert_and_is_tried_until_accepted)
{
	json_t *notice = message("1", "fire", "page");

	alertmanager();
	f.servers[0].status = 503;
	start();
	send_message(&f, "1", "resolve");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_string_equal(alert_text(0, NULL, "endsAt"), "2026-02-28T12:10:00Z");
	f.servers[0].status = 200;
	f.skew_seconds += 2;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_string_equal(alert_text(1, NULL, "endsAt"), "2026-02-28T12:10:00Z");
	json_decref(notice);
}

TEST(resolve_overtakes_what_the_alertmanager_was_not_told)
{
	json_t *notice = message("1", "fire", "page");

	alertmanager();
	start();
	send_message(&f, "1", "fire");
	send_message(&f, "2", "fire");
	open_now(notice);
	send_message(&f, "1", "resolve");
	open_now(NULL);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	turn_for(&f, 0.1);
	assert_int_equal(f.servers[0].n_requests, 2);
	assert_in_range(ends_in_seconds(0), 235, 240);
	assert_string_equal(alert_text(1, NULL, "endsAt"), "2026-02-28T12:10:00Z");
	assert_int_equal(f.n_kept, 0);
	json_decref(notice);
}

/* "pay+checkout-": which alerts a request has, and whether they are open. */
static const char *alerts_text(int request)
{
	static char text[256];
	json_t *list = json_loads(server_body(&f.servers[0], request), 0, NULL);

	text[0] = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *alert = json_array_get(list, i);
		const json_t *labels = json_object_get(alert, "labels");

		strcat(text, json_string_value(json_object_get(labels, "slo")));
		strcat(text, !strcmp(json_string_value(json_object_get(alert, "endsAt")),
				     "2026-02-28T12:10:00Z") ?
				     "-" :
				     "+");
	}
	json_decref(list);
	return text;
}

static void send_of_two(const char *id, const char *kind)
{
	json_t *json = message_of_two(id, kind);

	assert_int_equal(deliver_send(f.deliver, json, now_of(&f)), 0);
	json_decref(json);
}

TEST(each_slo_is_an_alert_with_times_and_texts_of_its_own)
{
	json_t *list, *json = message_of_two("1", "joined");

	list = message_alerts(json, 0);
	assert_int_equal(json_array_size(list), 2);
	for (int i = 0; i < 2; i++) {
		const json_t *alert = json_array_get(list, (size_t)i);
		const json_t *labels = json_object_get(alert, "labels");
		const json_t *annotations = json_object_get(alert, "annotations");

		assert_string_equal(json_string_value(json_object_get(labels, "slo")),
				    i ? "checkout" : "pay");
		assert_int_equal(json_object_size(labels), 5);
		assert_string_equal(json_string_value(json_object_get(annotations, "summary")),
				    i ? "checkout burns" : "pay burns");
		assert_string_equal(json_string_value(json_object_get(alert, "startsAt")),
				    i ? "2026-02-28T12:00:00Z" : "2026-02-28T12:05:00Z");
	}
	json_decref(list);
	json_decref(json);
}

TEST(message_without_slos_is_one_alert_of_what_was_not_counted)
{
	json_t *json = message("1", "fire", "ticket"), *list;
	const json_t *labels;

	json_object_set_new(json, "slos", json_array());
	list = message_alerts(json, 0);
	assert_int_equal(json_array_size(list), 1);
	labels = json_object_get(json_array_get(list, 0), "labels");
	assert_string_equal(json_string_value(json_object_get(labels, "alertname")),
			    "SliprobeCoverage");
	assert_null(json_object_get(labels, "slo"));
	json_decref(list);
	json_decref(json);
}

TEST(slo_that_leaves_ends_its_own_alert)
{
	alertmanager();
	start();
	send_of_two("1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_string_equal(alerts_text(0), "pay+checkout+");
	send_of_two("1", "left");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_string_equal(alerts_text(1), "pay-");
}

TEST(slo_that_leaves_overtakes_what_the_alertmanager_was_not_told_of_it)
{
	json_t *alone = message("1", "joined", "page"), *pay;

	alertmanager();
	start();
	pay = json_pack("[{s:s, s:s}]", "name", "pay", "status", "firing");
	json_object_set_new(alone, "slos", pay);
	send_of_two("1", "fire");
	assert_int_equal(deliver_send(f.deliver, alone, now_of(&f)), 0);
	send_of_two("1", "left");
	restart(); /* what waits is kept as it is now */
	assert_int_equal(reported(&f, 0, "waiting"), 2);
	send_of_two("1", "resolve"); /* an end is overtaken by none */
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_string_equal(alerts_text(0), "pay-");
	assert_string_equal(alerts_text(1), "pay-checkout-");
	json_decref(alone);
}

TEST(slo_that_leaves_takes_only_its_own_part_of_a_message_that_waits)
{
	alertmanager();
	start();
	send_of_two("1", "fire");
	send_of_two("1", "left");
	restart();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_string_equal(alerts_text(0), "checkout+");
	assert_string_equal(alerts_text(1), "pay-");
}

TEST(alert_never_ends_before_it_starts)
{
	json_t *resolved = message("1", "resolve", "page"), *alerts;

	json_object_set_new(resolved, "sent_at", json_string("2026-02-28T11:00:00Z"));
	alerts = message_alerts(resolved, 0);
	assert_int_equal(json_array_size(alerts), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(alerts, 0), "endsAt")),
			    "2026-02-28T12:00:00Z");
	json_decref(alerts);
	json_decref(resolved);
}

TEST(test_alert_has_a_name_of_its_own_and_ends_by_itself)
{
	alertmanager();
	start();
	send_message(&f, "1", "test");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_string_equal(alert_text(0, "labels", "alertname"), "SliprobeTest");
	assert_in_range(ends_in_seconds(0), 55, 60);
}

/* ---- the real one ---- */

static const char config_text[] =
	"route: {receiver: hook, group_by: [...], group_wait: 0s, group_interval: 1s,\n"
	"        repeat_interval: 4h}\n"
	"receivers:\n"
	"- name: hook\n"
	"  webhook_configs: [{url: \"http://127.0.0.1:%d/\", send_resolved: true}]\n";

static struct {
	char directory[64];
	pid_t pid;
	int port;
} real;

static void real_start(void)
{
	char config[128], storage[128], listen[64];
	char *arguments[] = {(char *)"prometheus-alertmanager",
			     config,
			     storage,
			     listen,
			     (char *)"--cluster.listen-address=",
			     (char *)"--log.level=warn",
			     NULL};

	snprintf(config, sizeof(config), "--config.file=%s/config.yml", real.directory);
	snprintf(storage, sizeof(storage), "--storage.path=%s/data", real.directory);
	snprintf(listen, sizeof(listen), "--web.listen-address=127.0.0.1:%d", real.port);
	assert_int_equal(posix_spawnp(&real.pid, arguments[0], NULL, NULL, arguments, environ), 0);
}

static int real_setup(void **state)
{
	char path[128];
	FILE *config;

	setup(state);
	memset(&real, 0, sizeof(real));
	snprintf(real.directory, sizeof(real.directory), "/tmp/sliprobe-test-XXXXXX");
	if (!mkdtemp(real.directory))
		return -1;
	server_open(&f.servers[0], 0);
	snprintf(path, sizeof(path), "%s/config.yml", real.directory);
	config = fopen(path, "w");
	if (!config)
		return -1;
	fprintf(config, config_text, f.servers[0].port);
	fclose(config);
	real.port = server_free_port();
	add_url(&f, RECEIVER_ALERTMANAGER, real.port);
	return 0;
}

static int real_teardown(void **state)
{
	char command[128];

	if (real.pid) {
		kill(real.pid, SIGKILL);
		waitpid(real.pid, NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -r %s", real.directory);
	return teardown(state) || system(command);
}

static size_t append(char *bytes, size_t size, size_t n, void *context)
{
	strncat(context, bytes, size * n);
	return size * n;
}

/* The answer to a GET; NULL while it does not listen yet. */
static json_t *real_get(const char *path)
{
	static char text[1 << 16];
	CURL *easy = curl_easy_init();
	char url[128];

	text[0] = 0;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", real.port, path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 5L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, text);
	curl_easy_perform(easy);
	curl_easy_cleanup(easy);
	return json_loads(text, 0, NULL);
}

/* How many alerts it has that fire; the first one's endsAt. */
static size_t real_alerts(char ret_ends_at[64])
{
	json_t *list = real_get("/api/v2/alerts");
	const char *ends_at = json_string_value(json_object_get(json_array_get(list, 0), "endsAt"));
	size_t n = json_array_size(list);

	snprintf(ret_ends_at, 64, "%s", ends_at ? ends_at : "");
	json_decref(list);
	return n;
}

/* The notifications that its webhook receiver got, e.g. "firing resolved". */
static const char *notified(void)
{
	static char text[1024];

	text[0] = 0;
	for (int i = 0; i < f.servers[0].n_requests; i++) {
		json_t *json = json_loads(server_body(&f.servers[0], i), 0, NULL);
		const json_t *alerts = json_object_get(json, "alerts");

		assert_int_equal(json_array_size(alerts), 1);
		strcat(text, i ? " " : "");
		strcat(text, json_string_value(json_object_get(json, "status")));
		json_decref(json);
	}
	return text;
}

static json_t *real_message(const char *kind, time_t started)
{
	json_t *json = message("1", kind, "page");
	const time_t now = time(NULL);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&started));
	json_object_set_new(json, "started_at", json_string(text));
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	json_object_set_new(json, "sent_at", json_string(text));
	return json;
}

static void real_ready(void)
{
	const double end = clock_seconds() + 20;
	json_t *status = NULL;

	while (!status && clock_seconds() < end) {
		usleep(50000);
		status = real_get("/api/v2/status");
	}
	assert_non_null(status);
	json_decref(status);
}

TEST(real_alertmanager_notifies_once_and_resolves_once)
{
	json_t *notice, *resolve;
	char first_end[64], end[64];

	if (access("/usr/bin/prometheus-alertmanager", X_OK)) {
		print_message("no prometheus-alertmanager here\n");
		skip();
	}
	/* not there yet when it fires */
	start();
	notice = real_message("fire", time(NULL));
	assert_int_equal(deliver_send(f.deliver, notice, now_of(&f)), 0);
	open_now(notice);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 2));
	real_start();
	real_ready();
	f.skew_seconds += 2;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 1));
	assert_int_equal(real_alerts(first_end), 1);

	/* many resends, and a restart between them */
	for (int i = 0; i < 10; i++) {
		f.skew_seconds += 60;
		open_now(notice);
		turn_for(&f, 0.3);
		if (i == 4) {
			deliver_free(f.deliver);
			start();
		}
	}
	assert_int_equal(reported(&f, 0, "failed"), 0);
	assert_int_equal(real_alerts(end), 1);
	assert_true(strcmp(end, first_end) > 0); /* it would last */
	assert_string_equal(notified(), "firing");

	resolve = real_message("resolve", time(NULL));
	json_object_set(resolve, "started_at", json_object_get(notice, "started_at"));
	assert_int_equal(deliver_send(f.deliver, resolve, now_of(&f)), 0);
	open_now(NULL);
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 2));
	turn_for(&f, 3);
	assert_string_equal(notified(), "firing resolved");
	assert_int_equal(real_alerts(end), 0);
	json_decref(notice);
	json_decref(resolve);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(alert_names_service_severity_host_and_what_is_known),
		WITH_SETUP(labels_and_description_of_the_slo_go_along),
		WITH_SETUP(open_alerts_are_resent_every_minute_and_never_reminded_of),
		WITH_SETUP(resent_alerts_are_of_the_severities_wanted),
		WITH_SETUP(failed_resend_is_tried_again_sooner),
		WITH_SETUP(resolve_ends_the_alert_and_is_tried_until_accepted),
		WITH_SETUP(resolve_overtakes_what_the_alertmanager_was_not_told),
		WITH_SETUP(each_slo_is_an_alert_with_times_and_texts_of_its_own),
		WITH_SETUP(message_without_slos_is_one_alert_of_what_was_not_counted),
		WITH_SETUP(slo_that_leaves_ends_its_own_alert),
		WITH_SETUP(slo_that_leaves_overtakes_what_the_alertmanager_was_not_told_of_it),
		WITH_SETUP(slo_that_leaves_takes_only_its_own_part_of_a_message_that_waits),
		WITH_SETUP(alert_never_ends_before_it_starts),
		WITH_SETUP(test_alert_has_a_name_of_its_own_and_ends_by_itself),
		cmocka_unit_test_setup_teardown(real_alertmanager_notifies_once_and_resolves_once,
						real_setup, real_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

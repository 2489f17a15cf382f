/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/unit/fixtures/test.h"
#include "report/metrics.h"
#include "snapshot_fixture.h"

#define SHOP_GET "service=\"shop\",http_request_method=\"GET\",http_route=\"/cart/*\""
#define SHOP_200 SHOP_GET ",http_response_status_code=\"200\""
#define DURATION "http_server_request_duration_seconds"

static char *render(struct snapshot *snapshot, enum metrics_format format)
{
	size_t len;
	char *text;

	assert_int_equal(metrics_text(snapshot, format, &text, &len), 0);
	assert_int_equal(strlen(text), len);
	snapshot_clear(snapshot);
	return text;
}

static char *rendered(enum metrics_format format)
{
	struct snapshot snapshot;

	fixture_snapshot(&snapshot);
	return render(&snapshot, format);
}

/* The text must hold `line` as a whole line, once. */
static void assert_line(const char *text, const char *line)
{
	size_t len = strlen(line), n = 0;

	for (const char *at = text; (at = strstr(at, line)); at += len)
		n += (at == text || at[-1] == '\n') && at[len] == '\n';
	if (n != 1)
		fail_msg("%zu times: %s", n, line);
}

TEST(durations_are_histograms)
{
	char *text = rendered(METRICS_OPENMETRICS);

	assert_line(text, "# TYPE " DURATION " histogram");
	assert_line(text, "# UNIT " DURATION " seconds");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"6.103515625e-05\"} 0");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"0.0009765625\"} 0");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"0.03125\"} 0");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"0.0625\"} 900");
	/* the threshold's count is exact where the histogram's bucket is not */
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"0.1\"} 980");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"0.125\"} 982");
	/* a threshold that is an octave's bound appears once */
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"1.0\"} 982");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"64.0\"} 982");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"+Inf\"} 982");
	assert_line(text, DURATION "_count{" SHOP_200 "} 982");
	/* 900 x 0.05 + 80 x 0.1 + 2 x 0.100000001 */
	assert_line(text, DURATION "_sum{" SHOP_200 "} 53.200000002");
	free(text);
}

TEST(errors_are_typed)
{
	char *text = rendered(METRICS_OPENMETRICS);

	assert_line(text, DURATION "_count{" SHOP_GET
				   ",http_response_status_code=\"503\",error_type=\"503\"} 5");
	assert_line(text, DURATION "_count{" SHOP_GET ",error_type=\"server_abort\"} 2");
	/* no duration, but an event */
	assert_line(text, DURATION "_bucket{" SHOP_GET ",error_type=\"unanswered\",le=\"64.0\"} 0");
	assert_line(text, DURATION "_bucket{" SHOP_GET ",error_type=\"unanswered\",le=\"+Inf\"} 1");
	assert_line(text, DURATION "_count{" SHOP_GET ",error_type=\"unanswered\"} 1");
	/* 404 is no error of a server */
	assert_line(text, DURATION "_count{service=\"shop\",http_request_method=\"_OTHER\","
				   "http_route=\"_other\",http_response_status_code=\"404\"} 10");
	free(text);
}

TEST(queue_durations_are_by_route)
{
	char *text = rendered(METRICS_OPENMETRICS);

	assert_line(text, "sliprobe_http_request_queue_duration_seconds_bucket{" SHOP_GET
			  ",le=\"0.0009765625\"} 2");
	assert_line(text, "sliprobe_http_request_queue_duration_seconds_bucket{" SHOP_GET
			  ",le=\"0.001953125\"} 989");
	assert_line(text, "sliprobe_http_request_queue_duration_seconds_count{" SHOP_GET "} 989");
	assert_line(text,
		    "sliprobe_http_request_queue_duration_seconds_sum{" SHOP_GET "} 0.987000000");
	free(text);
}

TEST(slos_and_coverage)
{
	char *text = rendered(METRICS_OPENMETRICS);

	assert_line(text, "# TYPE sliprobe_slo_events counter");
	assert_line(text,
		    "sliprobe_slo_events_total{slo=\"checkout\",service=\"shop\",result=\"good\"} "
		    "1990");
	assert_line(text,
		    "sliprobe_slo_events_total{slo=\"checkout\",service=\"shop\",result=\"bad\"} "
		    "20");
	assert_line(text, "sliprobe_slo_bad_events_total{slo=\"checkout\",service=\"shop\","
			  "reason=\"status\"} 14");
	assert_null(strstr(text, "reason=\"body\"")); /* there was none */
	assert_line(text, "sliprobe_slo_client_aborts_left_out_total{slo=\"checkout\","
			  "service=\"shop\"} 21");
	assert_line(text, "sliprobe_slo_status_unknown_total{slo=\"checkout\","
			  "service=\"shop\"} 44");
	assert_line(text, "sliprobe_slo_objective_ratio{slo=\"checkout\",service=\"shop\"} 0.999");
	assert_line(text, "# UNIT sliprobe_slo_start_time_seconds seconds");
	assert_non_null(strstr(
		text, "sliprobe_slo_start_time_seconds{slo=\"checkout\",service=\"shop\"} "));
	assert_line(text,
		    "sliprobe_slo_error_budget_remaining_ratio{slo=\"checkout\",service=\"shop\"} "
		    "-9.0");
	assert_line(text,
		    "sliprobe_slo_burn_rate{slo=\"checkout\",service=\"shop\",window=\"1h\"} 10.0");
	/* unknown is absent */
	assert_null(strstr(text, "window=\"5m\""));
	assert_null(strstr(text, "remaining_ratio{slo=\"unused"));
	/* hostile names are escaped */
	assert_line(text, "sliprobe_slo_events_total{slo=\"unused \\\"\\\\\\n\\\\xff\","
			  "service=\"absent\",result=\"bad\"} 0");
	assert_line(text, "sliprobe_lost_total{reason=\"response_unparsable\"} 5");
	assert_line(text, "sliprobe_lost_total{reason=\"payload_unreadable\"} 0");
	assert_line(text, "sliprobe_kernel_errors_total{site=\"sequence_went_back\"} 4");
	assert_line(text, "sliprobe_http_requests_seen_total 1009");
	assert_line(text, "sliprobe_http_requests_in_flight 2");
	assert_line(text, "sliprobe_unmeasured_listeners 1");
	assert_line(text, "sliprobe_blind_connections_total{service=\"\",port=\"8443\","
			  "process=\"x\",reason=\"tls\"} 7");
	assert_line(text, "sliprobe_measured_connections_total{service=\"shop\"} 28");
	assert_line(text, "sliprobe_service_lost_total{service=\"shop\","
			  "reason=\"response_unparsable\"} 5");
	assert_null(strstr(text, "sliprobe_service_lost_total{service=\"idle"));
	assert_line(text, "sliprobe_service_status_unknown_total{service=\"shop\"} 40");
	assert_null(strstr(text, "sliprobe_service_status_unknown_total{service=\"idle"));
	assert_line(text, "# TYPE sliprobe_build info");
	assert_line(text, "sliprobe_build_info{version=\"0.1.0\",kernel=\"6.18.44\","
			  "hook=\"tracepoint\"} 1");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
}

/* What the owner says of an SLO is a series of its own: the labels of the others stay. */
TEST(description_and_labels_are_one_series)
{
	struct config_label own[] = {{"team", "shop"}, {"tier", "1 \"a\"\n"}};
	struct config_slo config = {.description = "Pays.", .labels = own, .n_labels = 2};
	struct snapshot snapshot;
	char *text;

	fixture_snapshot(&snapshot);
	snapshot.slos[0].config = &config;
	text = render(&snapshot, METRICS_OPENMETRICS);
	assert_line(text, "# TYPE sliprobe_slo info");
	assert_line(text, "sliprobe_slo_info{slo=\"checkout\",service=\"shop\",description="
			  "\"Pays.\",team=\"shop\",tier=\"1 \\\"a\\\"\\n\"} 1");
	assert_line(text, "sliprobe_slo_info{slo=\"unused \\\"\\\\\\n\\\\xff\",service="
			  "\"absent\"} 1");
	assert_line(text, "sliprobe_slo_objective_ratio{slo=\"checkout\",service=\"shop\"} 0.999");
	free(text);
}

/* Skewed reads of the kernel's maps must not make a bucket smaller than the one before. */
TEST(buckets_never_fall)
{
	struct snapshot snapshot;
	struct snapshot_series *series;
	unsigned long long before = 0;
	size_t n = 0;
	char *text;

	fixture_snapshot(&snapshot);
	series = snapshot.services[1].series[0];
	series->thresholds[0].count = 990; /* ahead of the histogram */
	series->thresholds[1].count = 1; /* behind it */
	series->requests = 3;
	text = render(&snapshot, METRICS_OPENMETRICS);
	for (char *at = text; (at = strstr(at, DURATION "_bucket{" SHOP_200)); at++) {
		unsigned long long below = strtoull(strchr(at, '}') + 1, NULL, 10);

		assert_true(below >= before);
		before = below;
		n++;
	}
	assert_int_equal(n, 23); /* 21 octaves, one threshold beside them, +Inf */
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"0.1\"} 990");
	assert_line(text, DURATION "_bucket{" SHOP_200 ",le=\"+Inf\"} 990");
	assert_line(text, DURATION "_count{" SHOP_200 "} 990");
	free(text);
}

TEST(text_format_declares_what_it_samples)
{
	char *text = rendered(METRICS_TEXT);

	assert_line(text, "# TYPE sliprobe_slo_events_total counter");
	assert_line(text, "# TYPE sliprobe_build_info gauge");
	assert_null(strstr(text, "# TYPE sliprobe_slo_events counter"));
	free(text);
}

TEST(clients_have_a_family_of_their_own)
{
	struct snapshot snapshot;
	char *text;

	fixture_snapshot(&snapshot);
	snapshot.services[1].role = ROLE_CLIENT;
	text = render(&snapshot, METRICS_OPENMETRICS);
	assert_line(text, "http_client_request_duration_seconds_count{" SHOP_200 "} 982");
	assert_line(text, "http_client_request_duration_seconds_count{service=\"shop\","
			  "http_request_method=\"_OTHER\",http_route=\"_other\","
			  "http_response_status_code=\"404\",error_type=\"404\"} 10");
	assert_null(strstr(text, DURATION "_count"));
	free(text);
}

/* However it is read, and however often it stops in between. */
TEST(each_of_many_series_is_there)
{
	enum { SERIES = 100 };
	static char routes[SERIES][16];
	struct snapshot snapshot = {0};
	struct snapshot_service *service;
	char line[256], *text;

	service = snapshot.services = calloc(1, sizeof(*snapshot.services));
	snapshot.n_services = 1;
	service->name = strdup("shop");
	service->series = calloc(SERIES, sizeof(*service->series));
	for (size_t i = 0; i < SERIES; i++) {
		snprintf(routes[i], sizeof(routes[i]), "/%zu", i);
		service->series[i] = calloc(1, sizeof(**service->series));
		service->series[i]->route = routes[i];
		service->series[i]->method = HTTP_METHOD_GET;
		service->series[i]->outcome = OUTCOME_COMPLETE;
		service->series[i]->status = 200;
		service->series[i]->requests = i;
		service->n_series++;
	}
	text = render(&snapshot, METRICS_OPENMETRICS);
	assert_true(strlen(text) > 400000);
	for (size_t i = 0; i < SERIES; i++) {
		snprintf(line, sizeof(line),
			 DURATION "_count{service=\"shop\",http_request_method=\"GET\","
				  "http_route=\"%s\",http_response_status_code=\"200\"} %zu",
			 routes[i], i);
		assert_line(text, line);
		snprintf(line, sizeof(line),
			 "sliprobe_http_request_queue_duration_seconds_count{service=\"shop\","
			 "http_request_method=\"GET\",http_route=\"%s\"} %zu",
			 routes[i], i);
		assert_line(text, line);
	}
	assert_line(text, "# EOF");
	free(text);
}

TEST(the_agents_own_health)
{
	struct snapshot snapshot;
	struct snapshot_alert *alerts = calloc(2, sizeof(*alerts));
	char *text;

	fixture_snapshot(&snapshot);
	free(snapshot.slos[0].alerts);
	snapshot.slos[0].alerts = alerts;
	snapshot.slos[0].n_alerts = 2;
	alerts[0].severity = SEVERITY_PAGE;
	alerts[1].severity = SEVERITY_PAGE;
	snapshot.store.state = SNAPSHOT_STORE_OK;
	snapshot.store.bytes = 4096;
	snapshot.agent.steps = 77;
	snapshot.agent.late_seconds = 0.25;
	snapshot.agent.late_max_seconds = 1.5;
	snapshot.agent.reloads_refused = 2;
	snapshot.agent.refused_at = 1;
	snapshot.notifications[RECEIVER_WEBHOOK] =
		(struct snapshot_notifications){2, 7, 1, 5, 3, 4};
	text = render(&snapshot, METRICS_TEXT);
	assert_line(text,
		    "sliprobe_slo_alerts{slo=\"checkout\",service=\"shop\",severity=\"page\"} 2");
	assert_line(text,
		    "sliprobe_slo_alerts{slo=\"checkout\",service=\"shop\",severity=\"ticket\"} 0");
	assert_line(text, "sliprobe_store_writable 1");
	assert_line(text, "sliprobe_store_size_bytes 4096");
	assert_line(text, "sliprobe_config_reloads_refused_total 2");
	assert_line(text, "sliprobe_steps_total 77");
	assert_line(text, "sliprobe_step_late_seconds 0.25");
	assert_line(text, "sliprobe_step_late_max_seconds 1.5");
	assert_line(text, "sliprobe_config_last_reload_successful 0");
	assert_line(text, "sliprobe_notifications_sent_total{receiver=\"webhook\"} 7");
	assert_line(text, "sliprobe_notifications_given_up_total{receiver=\"webhook\"} 1");
	assert_line(text, "sliprobe_notification_attempts_failed_total{receiver=\"webhook\"} 5");
	assert_line(text, "sliprobe_notifications_waiting{receiver=\"webhook\"} 3");
	assert_line(text, "sliprobe_notifications_missed{receiver=\"webhook\"} 4");
	assert_null(strstr(text, "receiver=\"command\""));
	free(text);
}

TEST(empty_snapshot)
{
	struct snapshot snapshot = {0};
	char *text = render(&snapshot, METRICS_OPENMETRICS);

	assert_line(text, "sliprobe_http_requests_seen_total 0");
	assert_line(text, "# EOF");
	free(text);
}

TEST(promtool_finds_nothing_to_say)
{
	FILE *promtool;
	char *text;
	int status;

	if (system("command -v promtool >/dev/null 2>&1")) {
		print_message("skipped: promtool is not installed\n");
		skip();
	}
	text = rendered(METRICS_TEXT);
	promtool = popen("promtool check metrics 2>&1", "w");
	assert_non_null(promtool);
	assert_int_equal(fputs(text, promtool) >= 0, 1);
	status = pclose(promtool);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	free(text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_histograms),
		cmocka_unit_test(the_agents_own_health),
		cmocka_unit_test(errors_are_typed),
		cmocka_unit_test(queue_durations_are_by_route),
		cmocka_unit_test(slos_and_coverage),
		cmocka_unit_test(description_and_labels_are_one_series),
		cmocka_unit_test(buckets_never_fall),
		cmocka_unit_test(text_format_declares_what_it_samples),
		cmocka_unit_test(clients_have_a_family_of_their_own),
		cmocka_unit_test(each_of_many_series_is_there),
		cmocka_unit_test(empty_snapshot),
		cmocka_unit_test(promtool_finds_nothing_to_say),
	};

	/* for other readers of the formats: test_metrics text|openmetrics */
	if (argc > 1) {
		fputs(rendered(strcmp(argv[1], "text") ? METRICS_OPENMETRICS : METRICS_TEXT),
		      stdout);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

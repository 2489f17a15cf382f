/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket's answers as text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/views.h"

static char *view(int (*fn)(const json_t *json, bool colour, FILE *out), const char *source,
		  bool colour, int expected)
{
	json_t *json = json_loads(source, 0, NULL);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(json);
	assert_int_equal(fn(json, colour, out), expected);
	fclose(out);
	json_decref(json);
	return text;
}

static const char status_json[] =
	"{\"agent\": {\"version\": \"0.1.0\", \"kernel\": \"6.1.0\", \"hook\": \"fexit\","
	" \"started_at\": \"2030-01-02T03:04:05Z\", \"capabilities\": [],"
	" \"config\": \"/etc/x.yaml\", \"warnings\": [\"odd\\u001b[31m\"]},"
	" \"coverage\": {\"counted\": 1000, \"lost\": 2, \"in_flight\": 1, \"samples_lost\": 0,"
	"  \"seen\": 1003, \"lost_by_reason\": {\"internal\": 2, \"x\": 0}, \"consistent\": true,"
	"  \"kernel_errors\": {\"iovec_read\": 3}, \"hook_misses\": 0,"
	"  \"unmeasured\": [{\"port\": 8443, \"process\": \"x\", \"reason\": \"tls: no\"}],"
	"  \"blind\": [{\"port\": 8443, \"process\": \"x\", \"reason\": \"tls\", \"measured\": false},"
	"   {\"port\": 80, \"process\": \"nginx\", \"reason\": \"tls\", \"measured\": true,"
	"    \"connections\": 12, \"service\": \"shop\"}]},"
	" \"services\": [],"
	" \"slos\": [{\"name\": \"checkout\", \"service\": \"shop\", \"objective\": 0.999,"
	"   \"window_seconds\": 2592000, \"eligible\": 1000, \"good\": 990, \"bad\": 10,"
	"   \"availability\": 0.99, \"budget\": {\"allowed\": 1.0, \"spent_ratio\": 10.0,"
	"   \"remaining_ratio\": -9.0, \"exhausted_in_seconds\": 0},"
	"   \"burn_rate\": {\"5m\": 10.0, \"1h\": 9.5},"
	"   \"coverage\": {\"lost\": 1, \"lost_by_reason\": {\"x\": 1}, \"blind_connections\": 12,"
	"    \"status_unknown\": 5, \"quic\": true, \"measured_connections\": 28, \"blind_by_reason\": {\"tls\": 10, \"http/2\": 2}},"
	"   \"alerts\": [{\"name\": \"slow\", \"severity\": \"ticket\", \"state\": \"firing\","
	"     \"since\": \"2030-01-02T03:00:00Z\", \"silenced\": true,"
	"     \"burn_long\": 3.5, \"burn_short\": null},"
	"    {\"name\": \"fast\", \"severity\": \"page\", \"state\": \"exhausted\"},"
	"    {\"name\": \"rest\", \"severity\": \"ticket\", \"state\": \"inactive\"}]},"
	"  {\"name\": \"idle\", \"service\": \"shop\", \"objective\": 0.9, \"eligible\": 0,"
	"   \"good\": 0, \"bad\": 0, \"availability\": null, \"budget\": {\"allowed\": 0.0,"
	"   \"spent_ratio\": null, \"remaining_ratio\": null, \"exhausted_in_seconds\": null},"
	"   \"coverage\": {\"lost\": 1, \"blind_connections\": 12},"
	"   \"burn_rate\": {\"5m\": null, \"1h\": null}, \"alerts\": []}]}";

TEST(test_status_view)
{
	char *text = view(ctl_view_status, status_json, false, 0);

	assert_string_equal(
		text,
		"SLO       SERVICE  ELIGIBLE  BAD  AVAILABLE  OBJECTIVE  BUDGET LEFT  BURN 1h"
		"  BURN 5m  EXHAUSTED IN  ALERTS\n"
		"checkout  shop         1000   10   99.0000%      99.9%      -900.0%     9.5x"
		"    10.0x     exhausted  page: slow (silenced), fast\n"
		"idle      shop            0    0          -        90%            -        -"
		"        -             -  none\n"
		"\n"
		"Coverage: 1000 counted of 1003 seen, 1 in flight, 2 lost (internal 2);"
		" 0 samples lost\n"
		"Kernel-side errors: iovec_read 3\n"
		"Counted in part: shop: 12 of 40 connections blind (tls 10, http/2 2),"
		" 1 request lost (x 1), 5 requests not judged (status not known), HTTP/3 not measured"
		" (quic); judges checkout, idle\n"
		"Blind connections, beside others that are measured:\n"
		"  PORT  PROCESS  CONNECTIONS  REASON  SERVICE\n"
		"    80  nginx             12  tls     shop\n"
		"Unmeasured listeners:\n"
		"  PORT  PROCESS  CONNECTIONS  REASON\n"
		"  8443  x                  -  tls: no\n"
		"Agent: sliprobe 0.1.0, kernel 6.1.0, fexit hooks, since 2030-01-02T03:04:05Z,"
		" configuration /etc/x.yaml\n"
		"Warning: odd\\x1b[31m\n");
	free(text);
}

TEST(test_status_view_colours_only_when_asked)
{
	char *plain = view(ctl_view_status, status_json, false, 0);
	char *coloured = view(ctl_view_status, status_json, true, 0);

	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(coloured, "\033[31m-900.0%\033[0m"));
	free(plain);
	free(coloured);
}

TEST(test_services_view)
{
	char *text =
		view(ctl_view_services,
		     "{\"services\": [{\"name\": \"shop\", \"role\": \"server\", \"port\": 8080,"
		     " \"process\": \"nginx\", \"pid\": 12, \"exe\": null, \"requests\": 1000,"
		     " \"about\": {\"owner\": \"team\", \"purpose\": null},"
		     " \"requests_per_second\": 100.5, \"outcomes\": {\"complete\": 999,"
		     " \"server_abort\": 1}, \"status\": {\"200\": 990, \"404\": 4, \"503\": 5},"
		     " \"routes\": [{\"route\": \"/a\\u0007/*\", \"method\": \"GET\","
		     " \"requests\": 1000, \"errors\": 6, \"requests_per_second\": 100.5,"
		     " \"status\": {\"200\": 990, \"404\": 4, \"503\": 5},"
		     " \"latency_seconds\": {\"p50\": 0.001, \"p99\": 0.104},"
		     " \"queue_seconds\": {\"p99\": null}}]}]}",
		     false, 0);

	assert_string_equal(
		text, "shop (server, port 8080, process nginx, pid 12)\n"
		      "  owner: team\n"
		      "  1000 requests, 100/s; outcomes: complete 999 server_abort 1;"
		      " status: 200 990 404 4 503 5\n"
		      "  ROUTE     METHOD   RATE  REQUESTS  ERRORS     P50    P99  QUEUE P99\n"
		      "  /a\\x07/*  GET     100/s      1000       6  1.00ms  104ms          -\n");
	free(text);
}

TEST(test_services_view_has_statuses_of_grpc)
{
	char *text =
		view(ctl_view_services,
		     "{\"services\": [{\"name\": \"cart\", \"role\": \"server\", \"requests\": 9,"
		     " \"requests_per_second\": 1, \"outcomes\": {\"complete\": 9},"
		     " \"status\": {\"200\": 8, \"_unknown\": 1},"
		     " \"grpc_status\": {\"OK\": 5, \"NOT_FOUND\": 1, \"UNAVAILABLE\": 2,"
		     " \"_unknown\": 1}}]}",
		     true, 0);

	assert_string_equal(text,
			    "cart (server)\n"
			    "  9 requests, 1.0/s; outcomes: complete 9; status: 200 8 _unknown 1;"
			    " gRPC status: OK 5 NOT_FOUND 1 \x1b[31mUNAVAILABLE\x1b[0m 2"
			    " _unknown 1\n");
	free(text);
}

TEST(services_say_which_of_their_connections_are_over_tls)
{
	static const struct {
		int measured, tls;
		const char *says;
	} cases[] = {
		{0, 0, "shop (server, port 443)\n"},
		{7, 0, "shop (server, port 443)\n"},
		{7, 7, "shop (server, port 443, TLS)\n"},
		{7, 2, "shop (server, port 443, TLS on 2 of 7 connections)\n"},
	};
	char json[256], *text;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(json, sizeof(json),
			 "{\"services\": [{\"name\": \"shop\", \"role\": \"server\", \"port\": 443,"
			 " \"measured_connections\": %d, \"tls_connections\": %d}]}",
			 cases[i].measured, cases[i].tls);
		text = view(ctl_view_services, json, false, 0);
		assert_memory_equal(text, cases[i].says, strlen(cases[i].says));
		free(text);
	}
}

#define SPAN(rate, requests, errors, p50, p99)                                                     \
	"{\"requests_per_second\": " rate ", \"requests\": " requests ", \"errors\": " errors      \
	", \"error_ratio\": 0.5, \"outcomes\": {\"complete\": " requests                           \
	"}, \"status\": {\"503\": " errors "}, \"latency_seconds\": {\"p50\": " p50                \
	", \"p99\": " p99 "}, \"queue_seconds\": {\"p99\": null}}"

/* An hour of 1.44 ms, then each request takes 600 ms. */
static const char window_json[] =
	"{\"window\": {\"from\": \"2030-01-02T02:59:05Z\", \"to\": \"2030-01-02T03:04:05Z\","
	"  \"seconds\": 300.0, \"covered_seconds\": 300.0},"
	" \"before\": {\"from\": \"2030-01-02T01:59:05Z\", \"to\": \"2030-01-02T02:59:05Z\","
	"  \"seconds\": 3600.0, \"covered_seconds\": 600.0},"
	" \"services\": [{\"name\": \"shop\", \"role\": \"server\", \"port\": 8080, \"requests\": 9000,"
	"  \"errors\": 3, \"outcomes\": {}, \"status\": {}, \"requests_per_second\": null,"
	"  \"window\": " SPAN("2.0", "600", "300", "0.6", "1.2") ", \"before\": " SPAN(
		"4.0", "2400", "0", "0.00144",
		"0.002") ", \"routes\": [{\"route\": \"/pay\", \"method\": \"POST\", \"requests\": 9000,"
			 "  \"errors\": 3, \"latency_seconds\": {\"p50\": 0.00144},"
			 "  \"window\": " SPAN("2.0", "600", "300", "0.6",
					       "1.2") ", \"before\": " SPAN("4.0", "2400", "0",
									    "0.00144",
									    "0.002") "}]}]}";

TEST(test_services_of_late_beside_the_time_before)
{
	char *text = view(ctl_view_services, window_json, false, 0);

	assert_string_equal(text, "2030-01-02 02:59:05 to 03:04:05 UTC (5m), beside the 1h before\n"
				  "In the time before: counted for 10m of 1h.\n"
				  "\n"
				  "shop (server, port 8080)\n"
				  "  9000 requests since the start, -; outcomes:; status:\n"
				  "  ROUTE  METHOD   RATE  ERRORS    P50     WAS    P99     WAS\n"
				  "  /pay   POST    2.0/s     300  600ms  1.44ms  1.20s  2.00ms\n");
	free(text);
}

TEST(test_all_of_one_service)
{
	char *text = view(ctl_view_service, window_json, false, 0);

	assert_non_null(strstr(text, "  in this time: 600 requests; outcomes: complete 600; "
				     "status: 503 300\n"));
	assert_non_null(strstr(
		text,
		"  ROUTE  METHOD   RATE  REQUESTS  ERRORS  RATIO     P50     P99  QUEUE P99\n"
		"  all    -       2.0/s       600     300  50.0%   600ms   1.20s          -\n"
		"         before  4.0/s      2400       0  50.0%  1.44ms  2.00ms          -\n"
		"  /pay   POST    2.0/s       600     300  50.0%   600ms   1.20s          -\n"
		"         before  4.0/s      2400       0  50.0%  1.44ms  2.00ms          -\n"));
	free(text);
}

TEST(test_slo_view)
{
	json_t *status = json_loads(status_json, 0, NULL);
	json_t *alerts =
		json_object_get(json_array_get(json_object_get(status, "slos"), 0), "alerts");
	char *source;
	char *text;

	json_array_remove(alerts, 2);
	source = json_dumps(json_array_get(json_object_get(status, "slos"), 0), 0);
	text = view(ctl_view_slo, source, false, 0);
	assert_string_equal(
		text,
		"checkout, service shop: 99.9% over 30d\n"
		"  covered        - (- of -)\n"
		"  not counted    12 of 40 connections blind (tls 10, http/2 2),"
		" 1 request lost (x 1), 5 requests not judged (status not known), HTTP/3 not measured (quic)\n"
		"  eligible       1000\n"
		"  good           990\n"
		"  bad            10\n"
		"  available      99.0000%\n"
		"  budget left    -900.0% (1.0 bad events allowed)\n"
		"  exhausted      yes\n"
		"  burn rate      5m 10.0x 1h 9.5x\n"
		"\n"
		"  ALERT  SEVERITY  STATE             SINCE                 BURN LONG  BURN SHORT\n"
		"  slow   ticket    firing, silenced  2030-01-02T03:00:00Z       3.5x           -\n"
		"  fast   page      exhausted         -                             -           -\n");
	free(text);
	free(source);
	json_decref(status);
}

TEST(test_slo_view_shows_the_budget_of_a_window_not_yet_full_as_such)
{
	char *text = view(ctl_view_slo,
			  "{\"name\": \"checkout\", \"service\": \"shop\", \"objective\": 0.999,"
			  " \"window_seconds\": 2592000, \"eligible\": 406, \"good\": 400,"
			  " \"bad\": 6, \"budget\": {\"allowed\": 25924.3, \"projected\": true,"
			  "  \"counted_seconds\": 40.6, \"remaining_ratio\": 0.99977}}",
			  false, 0);

	assert_non_null(strstr(text, "  budget left    99.9% (6 of about 25,900 bad events)\n"
				     "                 by the first 40s of 30d\n"));
	free(text);
}

TEST(test_slo_view_says_what_is_counted_and_why_it_was_bad)
{
	char *text = view(
		ctl_view_slo,
		"{\"name\": \"checkout\", \"service\": \"shop\", \"objective\": 0.99,"
		" \"window_seconds\": 3600, \"eligible\": 1000, \"good\": 990, \"bad\": 10,"
		" \"bad_by_reason\": {\"server_abort\": 0, \"status\": 6, \"latency\": 4},"
		" \"client_aborts_left_out\": 11, \"status_unknown\": 40, \"no_alert\": \"too few\", \"definition\":"
		"  {\"eligible\": \"requests to /checkout, /cart/*; methods GET, POST; without paths"
		" /healthz\", \"good\": \"status 100-499\", \"client_abort\": \"bad\"},"
		" \"budget\": {\"remaining_ratio\": -1}, \"burn_rate\": {}}",
		false, 0);

	assert_string_equal(
		text,
		"checkout, service shop: 99% over 1h\n"
		"  eligible       1000, 11 left out, whose clients gave up\n"
		"                 requests to /checkout, /cart/*; methods GET, POST; without\n"
		"                 paths /healthz\n"
		"  good           990\n"
		"                 status 100-499\n"
		"  bad            10: status 6, latency 4\n"
		"                 bad\n"
		"  not judged     40, whose status is not known\n"
		"  available      -\n"
		"  budget left    -100.0%\n"
		"  exhausted      -\n"
		"  burn rate     \n"
		"  no alert       too few\n");
	free(text);
}

TEST(test_status_shows_what_is_left_out_above_one_percent)
{
	static const char *const left_out[] = {"10", "11"};
	static const char *const cells[] = {"  1000    0", "  1000, 11 left out    0"};

	for (size_t i = 0; i < 2; i++) {
		char source[512], *text;

		snprintf(source, sizeof(source),
			 "{\"slos\": [{\"name\": \"a\", \"service\": \"s\", \"eligible\": 1000,"
			 " \"bad\": 0, \"client_aborts_left_out\": %s}], \"coverage\": {}}",
			 left_out[i]);
		text = view(ctl_view_status, source, false, 0);
		if (!strstr(text, cells[i]))
			fail_msg("%s", text);
		free(text);
	}
}

TEST(test_slo_view_shows_window_budgeting_coverage_and_minutes)
{
	char *text = view(
		ctl_view_slo,
		"{\"name\": \"checkout\", \"service\": \"shop\", \"objective\": 0.99,"
		" \"window_seconds\": 2678400, \"since\": \"2030-01-02T03:04:05Z\","
		" \"window\": {\"kind\": \"calendar\", \"from\": \"2030-01-01T00:00:00Z\","
		"  \"to\": \"2030-02-01T00:00:00Z\", \"time_zone\": \"Europe/Rome\"},"
		" \"budgeting\": \"timeslices\","
		" \"slice\": {\"seconds\": 60, \"target\": 0.95, \"good\": 97, \"bad\": 3},"
		" \"coverage\": {\"covered_seconds\": 5400, \"elapsed_seconds\": 7200,"
		"  \"ratio\": 0.75}, \"excluded\": 12, \"eligible\": 1000, \"good\": 990,"
		" \"bad\": 10, \"availability\": 0.97, \"budget\": {\"allowed\": 446.4,"
		"  \"spent_ratio\": 0.00672, \"remaining_ratio\": 0.99328,"
		"  \"exhausted_in_seconds\": null, \"allowed_minutes\": 446.4,"
		"  \"remaining_minutes\": 443.4}, \"burn_rate\": {\"1h\": null}, \"alerts\": []}",
		false, 0);

	assert_string_equal(text,
			    "checkout, service shop: 99% over 31d\n"
			    "  window         calendar (Europe/Rome), from 2030-01-01T00:00:00Z\n"
			    "                 to 2030-02-01T00:00:00Z\n"
			    "  budgeting      timeslices of 1m, good at 95%: 97 good, 3 bad\n"
			    "  counted since  2030-01-02T03:04:05Z\n"
			    "  covered        75.0% (1h 30m of 2h)\n"
			    "  eligible       1000\n"
			    "  good           990\n"
			    "  bad            10\n"
			    "  excluded       12 by maintenance or silences\n"
			    "  available      97.0000%\n"
			    "  budget left    99.3% (446.4 bad slices allowed)\n"
			    "                 443.4 of 446.4 minutes of full outage\n"
			    "  exhausted      -\n"
			    "  burn rate      1h -\n");
	free(text);
}

TEST(test_status_view_tells_a_failing_store_and_windows_not_covered)
{
	char *text = view(
		ctl_view_status,
		"{\"slos\": [{\"name\": \"a\", \"coverage\": {\"ratio\": 0.975,"
		" \"covered_seconds\": 35100, \"elapsed_seconds\": 36000}},"
		" {\"name\": \"b\", \"coverage\": {\"ratio\": 1}},"
		" {\"name\": \"c\", \"coverage\": {\"ratio\": null}}],"
		" \"without_traffic\": [{\"service\": \"cart\", \"match\": {\"port\": 81,"
		" \"process\": null, \"exe\": null}, \"listening\": false},"
		" {\"service\": \"api\", \"match\": {\"port\": 80, \"process\": \"ngin\\u001b*\","
		" \"exe\": \"/x\"}, \"listening\": true}],"
		" \"coverage\": {\"gaps\": 2}, \"store\": {\"state\": \"failing\","
		" \"reason\": \"disk full\\u001b\", \"path\": \"/x/db\"}}",
		false, 0);

	assert_non_null(strstr(
		text,
		"Gaps in counting: 2\n"
		"Without traffic: cart (port 81: nothing listens there), "
		"api (port 80, process ngin\\x1b*, exe /x)\n"
		"Windows not wholly counted: 1 of 3 SLOs; the least is a: 97.5% counted, 15m not\n"
		"History: keeping it is failing (/x/db): disk full\\x1b\n"
		"Unmeasured"));
	free(text);
	text = view(ctl_view_status,
		    "{\"slos\": [], \"coverage\": {}, \"store\": {\"state\": \"not kept\","
		    " \"reason\": \"--no-state\", \"path\": null}}",
		    false, 0);
	assert_non_null(strstr(text, "History: is not kept: --no-state\n"));
	free(text);
	text = view(ctl_view_status,
		    "{\"slos\": [], \"coverage\": {\"gaps\": 0}, \"store\": {\"state\": \"ok\"}}",
		    false, 0);
	assert_null(strstr(text, "History"));
	assert_null(strstr(text, "Gaps"));
	free(text);
}

TEST(test_status_view_tells_what_is_wrong_with_samples_and_nothing_else)
{
	char *text = view(ctl_view_status,
			  "{\"slos\": [], \"coverage\": {}, \"samples\": {\"state\": \"stopped\","
			  " \"reason\": \"signal 9\\u001b\"}}",
			  false, 0);

	assert_non_null(
		strstr(text, "Samples: none are kept: signal 9\\x1b; counts are not affected\n"));
	free(text);
	text = view(
		ctl_view_status,
		"{\"slos\": [], \"coverage\": {}, \"samples\": {\"state\": \"off\", \"reason\": null}}",
		false, 0);
	assert_null(strstr(text, "Samples"));
	free(text);
}

TEST(test_views_refuse_other_json_and_write_nothing)
{
	static const char *const sources[] = {"{}", "[]", "{\"slos\": 1, \"services\": {}}"};

	for (size_t i = 0; i < 3; i++) {
		char *text = view(ctl_view_status, sources[i], false, -EINVAL);

		assert_string_equal(text, "");
		free(text);
		text = view(ctl_view_services, sources[i], false, -EINVAL);
		assert_string_equal(text, "");
		free(text);
		text = view(ctl_view_slo, sources[i], false, -EINVAL);
		assert_string_equal(text, "");
		free(text);
	}
}

TEST(test_views_show_unknown_for_wrong_types)
{
	char *text = view(ctl_view_status,
			  "{\"slos\": [3, {\"name\": 4, \"burn_rate\": []}], \"coverage\": {}}",
			  false, 0);

	assert_non_null(strstr(text, "Coverage: - counted, - in flight, - lost; - samples lost\n"
				     "Unmeasured listeners: -\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_view),
		cmocka_unit_test(test_status_view_colours_only_when_asked),
		cmocka_unit_test(test_services_view),
		cmocka_unit_test(test_services_view_has_statuses_of_grpc),
		cmocka_unit_test(services_say_which_of_their_connections_are_over_tls),
		cmocka_unit_test(test_services_of_late_beside_the_time_before),
		cmocka_unit_test(test_all_of_one_service),
		cmocka_unit_test(test_slo_view),
		cmocka_unit_test(test_slo_view_says_what_is_counted_and_why_it_was_bad),
		cmocka_unit_test(test_status_shows_what_is_left_out_above_one_percent),
		cmocka_unit_test(test_slo_view_shows_the_budget_of_a_window_not_yet_full_as_such),
		cmocka_unit_test(test_slo_view_shows_window_budgeting_coverage_and_minutes),
		cmocka_unit_test(test_status_view_tells_a_failing_store_and_windows_not_covered),
		cmocka_unit_test(
			test_status_view_tells_what_is_wrong_with_samples_and_nothing_else),
		cmocka_unit_test(test_views_refuse_other_json_and_write_nothing),
		cmocka_unit_test(test_views_show_unknown_for_wrong_types),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

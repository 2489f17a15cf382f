/* SPDX-License-Identifier: GPL-2.0-only */
/* The filter language: every operator on every type, and every refusal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/samples/event_fixture.h"
#include "samples/filter.h"

static bool is_true(const char *text, const struct event *event)
{
	struct filter *filter = NULL;
	struct error error = {};
	bool ret;

	if (filter_new(text, &filter, &error) < 0)
		fail_msg("%s: %s", text, error.text);
	ret = filter_is_true(filter, event);
	filter_free(filter);
	return ret;
}

static void expect_all(const char *const *filters, const struct event *event, bool expected)
{
	for (; *filters; filters++) {
		if (is_true(*filters, event) != expected)
			fail_msg("%s: expected %s", *filters, expected ? "true" : "false");
	}
}

TEST(comparisons_are_true)
{
	static const char *const filters[] = {
		"",
		"  ",
		"status>=500 and route=/checkout and total>200ms and user_agent~\"curl/*\"",
		"service=shop",
		"service==shop",
		"service!=shoppe",
		"SERVICE = 'shop'",
		"role=server",
		"role!=client",
		"route=/checkout",
		"method=POST",
		"path~/checkout/*",
		"path~out/",
		"path!~/cart/*",
		"path~\"/checkout/?\"",
		"query=a&b",
		"status=503",
		"status=5xx",
		"status!=4xx",
		"status>=5xx",
		"status>4XX",
		"status<=5xx",
		"status<6xx",
		"status<504",
		"status in (500, 503)",
		"status in (4xx,5xx)",
		"status not in (200,204)",
		"outcome=complete",
		"outcome in (complete,unanswered)",
		"outcome~comp",
		"bad",
		"bad=true",
		"bad=yes",
		"bad=1",
		"bad!=false",
		"bad_for=checkout",
		"eligible_for=cart and not bad_for=cart",
		"bad_for=latency",
		"bad_for!=cart",
		"bad_for~late*",
		"bad_for in (cart, latency)",
		"bad_for not in (cart, x)",
		"total=250ms",
		"total>=250ms",
		"total<=0.25s",
		"total<1m",
		"total!=1s",
		"total>0",
		"total_seconds>0.2",
		"total_seconds=0.25",
		"queue>49ms and queue<51ms",
		"service_time>199ms",
		"service_seconds>0.1",
		"first_byte>200ms",
		"run_delay>500us",
		"rtt<1ms",
		"window_full=0",
		"retransmits=3",
		"retransmits in (2,3)",
		"bytes_in=120",
		"bytes_out>=20KiB",
		"bytes_out=20480B",
		"bytes_out<1MB",
		"bytes_out>20kB",
		"bytes_out<1GiB",
		"host=shop.example",
		"client=10.1.2.3",
		"client=10.0.0.0/8",
		"client=10.1.2.2/31",
		"client in (192.168.0.0/16, 10.1.0.0/16)",
		"client!=10.2.0.0/16",
		"client=0.0.0.0/0",
		"client~10.*",
		"client!=2001:db8::/32",
		"client_network=10.1.2.0/24",
		"client_port=40000",
		"request_id=r1",
		"traceparent",
		"traceparent~0af7651916cd43dd8448eb211c80319c",
		"header.x-user-id=7",
		"header.X-User-Id=7",
		"protocol=http/1.1",
		"version=3fa2c1",
		"process=node",
		"pid=4711",
		"tid=4712",
		"container=c0ffee",
		"pod=p1",
		"unit=shop.service",
		"weight>2 and weight=2.5",
		"id=7",
		"time>=2030-01-02T03:04:05Z",
		"time=2030-01-02T03:04:05Z",
		"time<=2030-01-02T03:04:05Z",
		"time<2030-01-02T03:04:06Z",
		"time=2030-01-02T04:04:05+01:00",
		"time=1893553445",
		"time=1893553445.25",
		"time=2030-01-02T03:04:05.250Z",
		"not status=200",
		"status=200 or status=503",
		"status=200 and bad or path~checkout",
		"(status=200 or status=503) and bad",
		"not (status=200 or status=404)",
		"NOT status=200 AND bad",
		"not not bad",
		"status=200 or (bad and not(outcome=unanswered))",
		"user_agent=\"curl/8.5\"",
		"user_agent='curl/8.5'",
		"user_agent~\"c*l/?.?\"",
		"user_agent~*",
		"user_agent~curl",
		"user_agent!~Curl",
		NULL};
	const struct event event = event_fixture();

	expect_all(filters, &event, true);
}

TEST(comparisons_are_false)
{
	static const char *const filters[] = {"service!=shop",
					      "service=Shop",
					      "service=sho",
					      "role=client",
					      "path~/cart/*",
					      "path~/checkout",
					      "path!~/checkout/*",
					      "status=504",
					      "status=4xx",
					      "status!=503",
					      "status!=5xx",
					      "status>5xx",
					      "status<5xx",
					      "status>503",
					      "status<503",
					      "status not in (500,503)",
					      "outcome=unanswered",
					      "not bad",
					      "bad=false",
					      "bad=no",
					      "bad!=true",
					      "bad_for=cart",
					      "bad_for!=checkout",
					      "bad_for!=latency",
					      "bad_for!~late*",
					      "bad_for not in (checkout)",
					      "total>250ms",
					      "total<250ms",
					      "total!=250ms",
					      "client=10.1.2.4",
					      "client=11.0.0.0/8",
					      "client=10.1.2.4/31",
					      "client=2001:db8::/32",
					      "client!=10.0.0.0/8",
					      "time>2030-01-02T03:04:05Z",
					      "time<2030-01-02T03:04:05Z",
					      "status=200 or path~cart",
					      "bad and status=200",
					      "header.x-other",
					      "header.x-other=7",
					      "user_agent~\"curl\\*\"",
					      "user_agent~\"curl/?\"",
					      NULL};
	const struct event event = event_fixture();

	/* without `*` and `?` a part is enough */
	assert_true(is_true("path~/checkout", &event));
	for (const char *const *f = filters; *f; f++) {
		if (strcmp(*f, "path~/checkout") != 0 && is_true(*f, &event))
			fail_msg("%s: expected false", *f);
	}
}

TEST(what_is_not_known_is_equal_to_nothing_and_different_from_all)
{
	static const char *const yes[] = {
		"user_agent!=curl",   "user_agent!~curl",    "not user_agent",
		"status!=200",	      "status not in (200)", "total!=1s",
		"client!=10.0.0.0/8", "not traceparent",     "not bad",
		"not client_network", "bad_for!=x",	     "not bad_for",
		"not total",	      "not header.x",	     NULL};
	static const char *const no[] = {"user_agent=curl", "user_agent~*",	"user_agent",
					 "status",	    "status<600",	"status>=0",
					 "total<1d",	    "total>=0",		"bytes_in>=0",
					 "pid>=0",	    "client=0.0.0.0/0", "bad_for~*",
					 "retransmits",	    "client_port",	NULL};
	const struct event event = event_fixture_unknown();

	expect_all(yes, &event, true);
	expect_all(no, &event, false);
}

TEST(an_address_of_ipv6_is_in_its_network)
{
	struct event event = event_fixture();

	event.client = "2001:db8:1:2::3";
	assert_true(is_true("client=2001:db8::/32", &event));
	assert_true(is_true("client=2001:db8:1::/47", &event));
	assert_false(is_true("client=2001:db8:2::/47", &event));
	assert_true(is_true("client_network=2001:db8:1::/48", &event));
	event.client = "10.1.2.0/24"; /* where clients are redacted */
	assert_true(is_true("client=10.1.0.0/16 and client_network=10.1.2.0/24", &event));
	event.client = "unknown"; /* as a proxy may say */
	assert_false(is_true("client=0.0.0.0/0", &event));
	assert_false(is_true("client_network", &event));
	assert_true(is_true("client=unknown", &event));
}

TEST(quotes_and_escapes_mean_themselves)
{
	struct event event = event_fixture();

	event.user_agent = "a \"b\" (c), and \\ *d";
	assert_true(is_true("user_agent=\"a \\\"b\\\" (c), and \\\\ *d\"", &event));
	assert_true(is_true("user_agent='a \"b\" (c), and \\ *d'", &event));
	assert_true(is_true("user_agent~'a*\\*d'", &event));
	assert_false(is_true("user_agent~'a*\\*c'", &event));
	event.user_agent = "";
	assert_true(is_true("user_agent=\"\" and user_agent", &event));
}

TEST(a_glob_takes_the_whole_text)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool expected;
	} cases[] = {
		{"", "", true},		  {"", "a", false},	  {"*", "", true},
		{"?", "", false},	  {"a*b*c", "abc", true}, {"a*b*c", "aXbYc", true},
		{"a*b*c", "aXbY", false}, {"*ab", "aab", true},	  {"*ab", "abab", true},
		{"a?c", "abc", true},	  {"a?c", "ac", false},	  {"**", "x", true},
		{"a\\*", "a*", true},	  {"a\\*", "ab", false},  {"\\?", "?", true},
		{"\\?", "a", false},	  {"\\\\", "\\", true},	  {"\\a", "\\a", true},
		{"a*", "b", false},	  {"*.*", "a.b", true},	  {"*?", "", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (filter_glob(cases[i].pattern, cases[i].text) != cases[i].expected)
			fail_msg("%s on %s", cases[i].pattern, cases[i].text);
	}
}

TEST(statuses_of_grpc_have_names)
{
	static const char *const yes[] = {
		"grpc_status=UNAVAILABLE",
		"grpc_status in (INTERNAL, UNAVAILABLE)",
		"grpc_status!=OK",
		"grpc_status",
		"status=200",
		"status=2xx and grpc_status~UNAV*",
		NULL,
	};
	static const char *const no[] = {"grpc_status=OK", "status=1xx", "status>200", NULL};
	static const char *const not_grpc[] = {"grpc_status=OK", "grpc_status=_absent",
					       "grpc_status", NULL};
	struct event event = event_fixture();

	expect_all(not_grpc, &event, false);
	event.status = status_of(200, GRPC_UNAVAILABLE);
	expect_all(yes, &event, true);
	expect_all(no, &event, false);
}

TEST(refusals_name_the_place_and_what_there_is)
{
	static const struct {
		const char *text;
		const char *begin; /* of the sentence behind "filter, column " */
	} cases[] = {
		{"usr_agent=x",
		 "1: no field \"usr_agent\"; did you mean \"user_agent\"? there are time service"},
		{"zzz=x", "1: no field \"zzz\"; there are time service"},
		{"bad and zzz=x", "9: no field \"zzz\""},
		{"\xc3\xa4\xc3\xb6=1", "1: no field \"\\xc3\\xa4\\xc3\\xb6\""},
		{"service='\xc3\xa4' x", "13: expected \"and\" or \"or\", got \"x\""},
		{"header.=x", "1: no field \"header.\""},
		{"header.a/b=x", "1: no field \"header.a/b\""},
		{"status", NULL},
		{"status>", "8: expected a value, got the end"},
		{"status>>5", "7: expected one of = != < <= > >= ~ !~ in, got \">>\""},
		{"status=~5", "7: expected one of"},
		{"status=and",
		 "8: status: expected a status such as 503, or a class such as 5xx, got \"and\""},
		{"status=5x", "8: status: expected a status"},
		{"grpc_status=UNAVAILBLE", "13: grpc_status: expected one of OK, CANCELLED, "},
		{"status~5*",
		 "7: status is a number: expected =, !=, <, <=, >, >= or in (status=5xx)"},
		{"total>200", "7: total: expected a duration such as 200ms or 1.5s, got \"200\""},
		{"total_seconds>x", "15: total: expected a duration"},
		{"total~1*", "6: total is a number"},
		{"bytes_in>1kb",
		 "10: bytes_in: expected a size such as 512, 10KiB or 1MB, got \"1kb\""},
		{"bytes_in>", "10: expected a value"},
		{"pid=abc", "5: pid: expected a number, got \"abc\""},
		{"pid=1.", "5: pid: expected a number"},
		{"pid=-1", "5: pid: expected a number"},
		{"pid=11111111111111111111111111111111111", "5: pid: expected a number"},
		{"time>yesterday",
		 "6: time: expected a time such as 2030-01-02T14:30:00Z, or Unix seconds, got \"yesterday\""},
		{"bad=maybe", "5: bad: expected true or false, got \"maybe\""},
		{"bad>1", "4: bad is true or false: expected = or !=, or its name alone"},
		{"bad in (true)", "5: bad is true or false"},
		{"user_agent>x", "11: user_agent is a text: expected =, !=, ~, !~ or in"},
		{"header.x-a<1", "11: header.x-a is a text"},
		{"outcome=compleet",
		 "9: outcome: expected one of complete, server_abort, client_abort, unanswered, not_accepted; did you mean \"complete\"?"},
		{"role=peer", "6: role: expected one of server, client"},
		{"client=10.0.0.0/33",
		 "8: client: expected a network such as 10.0.0.0/8 or 2001:db8::/32, got \"10.0.0.0/33\""},
		{"client=x/8", "8: client: expected a network"},
		{"client=10.0.0.0/", "8: client: expected a network"},
		{"client=::/129", "8: client: expected a network"},
		{"status=503 route=/x", "12: expected \"and\" or \"or\", got \"route\""},
		{"status=503 && bad", "12: expected \"and\" or \"or\", got \"&&\""},
		{"status=503 and", "15: expected a field, got the end"},
		{"and bad", "1: no field \"and\""},
		{"(bad", "5: expected \"and\", \"or\" or \")\", got the end"},
		{"bad)", "4: expected \"and\" or \"or\", got \")\""},
		{"()", "2: expected a field, got \")\""},
		{"not", "4: expected a field, got the end"},
		{"status in", "10: expected a list such as (500, 503), got the end"},
		{"status in 503", "11: expected a list"},
		{"status in ()", "12: expected a value, got \")\""},
		{"status in (503", "15: expected \",\" or \")\", got the end"},
		{"status in (503 504)", "16: expected \",\" or \")\", got \"504\""},
		{"status in (503,)", "16: expected a value, got \")\""},
		{"status not 503", "12: expected \"in\", got \"503\""},
		{"path=\"/a", "6: this quote is not closed"},
		{"path='/a", "6: this quote is not closed"},
		{"path=\"/a\\\"", "6: this quote is not closed"},
		{"=503", "1: expected a field, got \"=\""},
		{"\"status\"=503", "1: expected a field, got \"status\""},
		{"path=\033[31m", NULL},
		{"\033[31m=1", "1: no field \"\\x1b[31m\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter *filter = NULL;
		struct error error = {};
		char expected[512];
		int r = filter_new(cases[i].text, &filter, &error);

		if (!cases[i].begin) {
			assert_int_equal(r, 0);
			filter_free(filter);
			continue;
		}
		snprintf(expected, sizeof(expected), "filter, column %s", cases[i].begin);
		if (r != -EINVAL || filter || strncmp(error.text, expected, strlen(expected)) != 0)
			fail_msg("%s: %d %s, expected %s", cases[i].text, r, error.text, expected);
	}
}

/* `n` times `part`, then `end`. */
static char *repeated(const char *begin, const char *part, size_t n, const char *end)
{
	char *text = calloc(1, strlen(begin) + n * strlen(part) + strlen(end) + 1);

	assert_non_null(text);
	strcpy(text, begin);
	for (size_t i = 0; i < n; i++)
		strcat(text, part);
	return strcat(text, end);
}

static void expect_refused(char *text, const char *words)
{
	struct filter *filter = NULL;
	struct error error = {};

	assert_int_equal(filter_new(text, &filter, &error), -EINVAL);
	if (!strstr(error.text, words))
		fail_msg("%s", error.text);
	free(text);
}

static void expect_taken(char *text, const struct event *event)
{
	assert_true(is_true(text, event));
	free(text);
}

TEST(length_depth_and_number_are_bounded)
{
	const struct event event = event_fixture();

	expect_taken(repeated("", " ", FILTER_TEXT_MAX, ""), &event);
	expect_refused(repeated("", " ", FILTER_TEXT_MAX + 1, ""), "expected up to 4096 bytes");
	expect_taken(repeated("", "not ", FILTER_DEPTH_MAX, "bad"), &event);
	expect_refused(repeated("", "not ", FILTER_DEPTH_MAX + 1, "bad"),
		       "expected a depth of up to 32");
	expect_refused(repeated("", "(", FILTER_DEPTH_MAX + 1, "bad"),
		       "column 33: expected a depth");
	expect_taken(repeated("bad", " and bad", FILTER_NODES_MAX - 2, ""), &event);
	expect_refused(repeated("bad", " and bad", FILTER_NODES_MAX - 1, ""), "expected up to 128");
	expect_taken(repeated("status in (503", ",1", FILTER_VALUES_MAX - 1, ")"), &event);
	expect_refused(repeated("status in (503", ",1", FILTER_VALUES_MAX, ")"),
		       "expected up to 128");
}

TEST(what_a_filter_asks_of_all_events_is_told)
{
	struct filter *filter = NULL;
	struct error error;

	assert_int_equal(filter_new("service=shop and (bad or status=200) and bad_for=x", &filter,
				    &error),
			 0);
	assert_string_equal(filter_needs_text(filter, "service"), "shop");
	assert_string_equal(filter_needs_text(filter, "bad_for"), "x");
	assert_null(filter_needs_text(filter, "path"));
	assert_false(filter_needs_bad(filter));
	filter_free(filter);
	assert_int_equal(filter_new("service=shop or bad", &filter, &error), 0);
	assert_null(filter_needs_text(filter, "service"));
	assert_false(filter_needs_bad(filter));
	filter_free(filter);
	assert_int_equal(filter_new("not service=shop and service!=x and service~y and bad",
				    &filter, &error),
			 0);
	assert_null(filter_needs_text(filter, "service"));
	assert_true(filter_needs_bad(filter));
	filter_free(filter);
	assert_int_equal(filter_new("bad", &filter, &error), 0);
	assert_true(filter_needs_bad(filter));
	filter_free(filter);
	assert_false(filter_needs_bad(NULL));
	assert_null(filter_needs_text(NULL, "service"));
}

TEST(a_hundred_thousand_events_take_less_than_half_a_second)
{
	/* without sanitizers some 20 ms */
	struct event event = event_fixture();
	struct filter *filter = NULL;
	struct timespec from, to;
	struct error error;
	size_t n = 0;

	assert_int_equal(
		filter_new(
			"status>=500 and route=/checkout and total>200ms and user_agent~'curl/*'",
			&filter, &error),
		0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < 100000; i++) {
		event.status = i % 2 ? 200 : 503;
		n += filter_is_true(filter, &event);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_int_equal(n, 50000);
	filter_free(filter);
	assert_true((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9 <
		    0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_are_true),
		cmocka_unit_test(comparisons_are_false),
		cmocka_unit_test(what_is_not_known_is_equal_to_nothing_and_different_from_all),
		cmocka_unit_test(an_address_of_ipv6_is_in_its_network),
		cmocka_unit_test(quotes_and_escapes_mean_themselves),
		cmocka_unit_test(a_glob_takes_the_whole_text),
		cmocka_unit_test(statuses_of_grpc_have_names),
		cmocka_unit_test(refusals_name_the_place_and_what_there_is),
		cmocka_unit_test(length_depth_and_number_are_bounded),
		cmocka_unit_test(what_a_filter_asks_of_all_events_is_told),
		cmocka_unit_test(a_hundred_thousand_events_take_less_than_half_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The excerpt of a head as its parts, wherever it is cut. */
#include "tests/unit/fixtures/test.h"

#include <stdio.h>
#include <string.h>

#include "samples/head.h"
#include "tests/unit/fixtures/guard.h"

static const char *const names[] = {"x-user-id", "referer"};
static struct guard guard;
static struct head head;

static void parse_bytes(const char *bytes, size_t len)
{
	memset(&head, 0xa5, sizeof(head));
	head_parse((const char *)guard_at_end(&guard, (const uint8_t *)bytes, len), len, names, 2,
		   &head);
}

static void parse(const char *text)
{
	parse_bytes(text, strlen(text));
}

static void assert_part(struct head_part part, const char *expected)
{
	if (!expected) {
		assert_null(part.at);
		return;
	}
	assert_non_null(part.at);
	assert_int_equal(part.len, strlen(expected));
	assert_memory_equal(part.at, expected, part.len);
}

TEST(test_a_whole_head_has_all_parts)
{
	parse("\r\nPOST /cart/7?user=anna#x HTTP/1.1\r\n"
	      "Host: shop.example:8080\r\n"
	      "user-agent:  ShopApp/2.3 \r\n"
	      "X-Request-ID: 0d9f\r\n"
	      "X-User-Id: 7\r\n"
	      "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
	      "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 10.0.0.2\r\n"
	      "Forwarded: for=1.1.1.1\r\n"
	      "\r\nReferer: body\r\n");
	assert_part(head.method, "POST");
	assert_part(head.path, "/cart/7");
	assert_part(head.query, "user=anna");
	assert_part(head.host, "shop.example:8080");
	assert_part(head.user_agent, "ShopApp/2.3");
	assert_part(head.request_id, "0d9f");
	assert_part(head.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	assert_part(head.headers[0], "7");
	assert_part(head.headers[1], NULL);
	assert_string_equal(head.x_forwarded_for, "1.1.1.1,10.0.0.2");
	assert_string_equal(head.forwarded, "for=1.1.1.1");
	assert_false(head.has_proxy || head.old || head.path.cut || head.query.cut);
}

TEST(test_each_form_of_the_target_is_read)
{
	static const struct {
		const char *line, *path, *query, *host;
	} cases[] = {
		{"GET / HTTP/1.1\n", "/", NULL, NULL},
		{"GET /?a HTTP/1.1\n", "/", "a", NULL},
		{"GET /a b?c d HTTP/1.1\n", "/a b", "c d", NULL},
		{"GET http://h.example/a?b HTTP/1.1\r\nHost: other\r\n\r\n", "/a", "b",
		 "h.example"},
		{"GET http://anna:secret@h:80?q HTTP/1.1\n", "/", "q", "h:80"},
		{"GET https://h HTTP/1.0\n", "/", NULL, "h"},
		{"OPTIONS * HTTP/1.1\n", "*", NULL, NULL},
		{"CONNECT h:443 HTTP/1.1\n", NULL, NULL, "h:443"},
		{"GET /http://x/y HTTP/1.1\n", "/http://x/y", NULL, NULL},
		{"PURGE /#f?x HTTP/1.1\n", "/", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(cases[i].line);
		assert_non_null(head.method.at);
		assert_part(head.path, cases[i].path);
		assert_part(head.query, cases[i].query);
		assert_part(head.host, cases[i].host);
	}
}

TEST(test_what_is_no_http_has_no_parts)
{
	static const char *const texts[] = {"",
					    "GET",
					    "GET /\r\n",
					    "GET / HTTP/2.0\r\n",
					    "G@T / HTTP/1.1\r\n",
					    " / HTTP/1.1\r\n",
					    "\x16\x03\x01",
					    "averyveryveryverylongmethodtokenindeed / HTTP/1.1\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		parse(texts[i]);
		assert_part(head.method, NULL);
		assert_part(head.path, NULL);
		assert_part(head.user_agent, NULL);
	}
}

TEST(test_a_user_and_password_are_left_out_of_the_host)
{
	parse("GET / HTTP/1.1\r\nHost: anna:secret@h\r\n\r\n");
	assert_part(head.host, "h");
}

TEST(test_traceparents_are_valid)
{
	static const struct {
		const char *value;
		bool valid;
	} cases[] = {
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true},
		{"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false},
		{"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x", false},
		{"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
		{"00-00000000000000000000000000000000-b7ad6b7169203331-01", false},
		{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
		{"00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01", false},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false},
		{"00-0af7651916cd43dd8448eb211c80319c.b7ad6b7169203331-01", false},
		{"x", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\ntraceparent: %s\r\n\r\n",
			 cases[i].value);
		parse(text);
		assert_int_equal(head.traceparent.at != NULL, cases[i].valid);
		if (cases[i].valid)
			assert_int_equal(head.traceparent.len, HEAD_TRACEPARENT_BYTES);
	}
	parse("GET / HTTP/1.1\n"
	      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\n"
	      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\n\n");
	assert_part(head.traceparent, NULL);
}

TEST(test_fields_may_go_on_in_the_next_line)
{
	parse("GET / HTTP/1.1\r\nX-User-Id: a\r\n\tb\r\nUser-Agent: c\r\n\r\n");
	assert_part(head.headers[0], "a\r\n\tb");
	assert_part(head.user_agent, "c");
}

TEST(test_the_proxy_header_is_read_in_both_versions)
{
	static const char two[] =
		"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\x11\x22\0\x50"
		"GET /a HTTP/1.1\r\n\r\n";
	static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET /a HTTP/1.1\r\n\r\n";
	char text[ADDRESS_TEXT_BYTES];

	parse("PROXY TCP4 1.2.3.4 10.0.0.1 4711 80\r\nGET /a HTTP/1.1\r\n\r\n");
	assert_true(head.has_proxy);
	address_text(head.proxy, text);
	assert_string_equal(text, "1.2.3.4");
	assert_part(head.path, "/a");
	parse("PROXY TCP6 2001:db8::1 ::1 4711 80\r\nGET /a HTTP/1.1\r\n\r\n");
	address_text(head.proxy, text);
	assert_string_equal(text, "2001:db8::1");
	parse("PROXY UNKNOWN 1.2.3.4\r\nGET /a HTTP/1.1\r\n\r\n");
	assert_false(head.has_proxy);
	assert_part(head.path, "/a");
	parse_bytes(two, sizeof(two) - 1);
	assert_true(head.has_proxy);
	address_text(head.proxy, text);
	assert_string_equal(text, "1.2.3.4");
	assert_part(head.path, "/a");
	parse_bytes(local, sizeof(local) - 1);
	assert_false(head.has_proxy);
	assert_part(head.path, "/a");
	for (size_t len = 0; len < 28; len++) {
		parse_bytes(two, len);
		assert_false(head.has_proxy);
		assert_part(head.path, NULL);
	}
}

/* Wherever the excerpt ends, a part is there as a whole, or not at all; path and query say that they are cut. */
TEST(test_no_part_is_shown_half)
{
	static const char text[] =
		"GET http://shop.example/cart/7?user=anna&b=1 HTTP/1.1\r\nUser-Agent: ShopApp/2.3\r\n"
		"X-Request-Id: 0d9f\r\nX-User-Id: 77\r\nX-Forwarded-For: 6.6.6.6\r\n"
		"X-Forwarded-For: 1.1.1.1, 10.0.0.2\r\n\r\n";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		parse_bytes(text, len);
		if (head.host.at)
			assert_part(head.host, "shop.example");
		if (head.path.at && !head.path.cut)
			assert_part(head.path, "/cart/7");
		if (head.query.at && !head.query.cut)
			assert_part(head.query, "user=anna&b=1");
		if (head.user_agent.at)
			assert_part(head.user_agent, "ShopApp/2.3");
		if (head.request_id.at)
			assert_part(head.request_id, "0d9f");
		if (head.headers[0].at)
			assert_part(head.headers[0], "77");
		/* what a proxy has put behind could be missing */
		assert_string_equal(head.x_forwarded_for, "");
	}
	parse(text);
	assert_string_equal(head.x_forwarded_for, "6.6.6.6,1.1.1.1, 10.0.0.2");
}

TEST(test_a_cut_path_says_so)
{
	parse("GET /cart/7");
	assert_part(head.path, "/cart/7");
	assert_true(head.path.cut);
	parse("GET /cart/7?user=an");
	assert_part(head.path, "/cart/7");
	assert_false(head.path.cut);
	assert_part(head.query, "user=an");
	assert_true(head.query.cut);
	parse("GET /cart/7 HT");
	assert_part(head.path, "/cart/7");
	assert_false(head.path.cut);
}

static int setup(void **state)
{
	(void)state;
	return guard_init(&guard, 4096) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	guard_clear(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(test_a_whole_head_has_all_parts),
		WITH_SETUP(test_each_form_of_the_target_is_read),
		WITH_SETUP(test_what_is_no_http_has_no_parts),
		WITH_SETUP(test_a_user_and_password_are_left_out_of_the_host),
		WITH_SETUP(test_traceparents_are_valid),
		WITH_SETUP(test_fields_may_go_on_in_the_next_line),
		WITH_SETUP(test_the_proxy_header_is_read_in_both_versions),
		WITH_SETUP(test_no_part_is_shown_half),
		WITH_SETUP(test_a_cut_path_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The page's text: its policy names its style and its script, it loads nothing, and a report is closed. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "page/page.h"

/* The text between the first `begin` and the next `end`; malloc()ed. */
static char *between(const char *text, const char *begin, const char *end)
{
	const char *from = strstr(text, begin), *to;

	assert_non_null(from);
	from += strlen(begin);
	to = strstr(from, end);
	assert_non_null(to);
	return strndup(from, (size_t)(to - from));
}

static void assert_allowed(const char *policy, const char *source, const char *text)
{
	char digest[SHA256_BASE64_BYTES], want[128];

	sha256_base64(text, strlen(text), digest);
	snprintf(want, sizeof(want), "%s 'sha256-%s';", source, digest);
	if (!strstr(policy, want))
		fail_msg("no %s in %s", want, policy);
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

TEST(a_digest_in_base64)
{
	char text[SHA256_BASE64_BYTES];

	sha256_base64("", 0, text);
	assert_string_equal(text, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(the_policy_names_the_style_and_the_script_that_are_there)
{
	char policy[PAGE_POLICY_BYTES];
	size_t len;
	_cleanup_free_ char *page = page_text(&len);
	_cleanup_free_ char *style = between(page, "<style>", "</style>");
	_cleanup_free_ char *script = between(page, "<script>", "</script>");

	page_policy(policy);
	assert_int_equal(len, strlen(page));
	assert_allowed(policy, "style-src", style);
	assert_allowed(policy, "script-src", script);
	assert_int_equal(times(page, "<style"), 1);
	assert_int_equal(times(page, "<script"), 1);
	assert_true(strlen(policy) < PAGE_POLICY_BYTES - 1);
	assert_null(strstr(policy, "unsafe"));
}

TEST(nothing_is_loaded_and_nothing_read_as_markup)
{
	static const char *const banned[] = {
		"innerHTML",	"outerHTML", "insertAdjacentHTML", "document.write", "eval(",
		"new Function", "DOMParser", "localStorage",	   "import(",	     "@import",
		" src=",	"url(",	     " style=\"",	   " onclick=\"",    "@policy@",
		"@data@",
	};
	size_t len;
	_cleanup_free_ char *page = page_text(&len);

	for (size_t i = 0; i < sizeof(banned) / sizeof(banned[0]); i++) {
		if (strstr(page, banned[i]))
			fail_msg("%s in the page", banned[i]);
	}
	/* of the namespace of SVG: a name, which nobody asks for */
	for (const char *at = page; (at = strstr(at, "http://")); at++)
		assert_memory_equal(at, "http://www.w3.org/2000/svg", 26);
	assert_null(strstr(page, "https://"));
}

TEST(a_report_holds_what_requests_say)
{
	static const char said[] =
		"{\"path\": \"</script><script>alert(1)</script><!--\", \"more\": \"&amp;\"}";
	size_t len;
	_cleanup_free_ char *page = page_report(said, strlen(said), &len);
	_cleanup_free_ char *json =
		between(page, "<script type=\"application/json\" id=\"answers\">", "</script>");
	_cleanup_free_ char *policy =
		between(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
	_cleanup_free_ char *script = between(page, "<script>", "</script>");
	json_t *read = json_loads(json, 0, NULL);

	assert_int_equal(len, strlen(page));
	assert_null(strpbrk(json, "<>&"));
	assert_string_equal(json_string_value(json_object_get(read, "path")),
			    "</script><script>alert(1)</script><!--");
	assert_string_equal(json_string_value(json_object_get(read, "more")), "&amp;");
	json_decref(read);
	assert_int_equal(times(page, "<script"), 2);
	assert_allowed(policy, "script-src", script);
	assert_non_null(strstr(policy, "connect-src 'none'"));
	assert_null(strstr(policy, "frame-ancestors"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_in_base64),
		cmocka_unit_test(the_policy_names_the_style_and_the_script_that_are_there),
		cmocka_unit_test(nothing_is_loaded_and_nothing_read_as_markup),
		cmocka_unit_test(a_report_holds_what_requests_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents as text: the list, one of them, and the draft in Markdown, with hostile texts in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/markdown.h"
#include "ctl/view_incidents.h"

static const char one[] =
	"{\"number\": 7, \"slo\": \"check|out\", \"service\": \"shop\", \"severity\": \"page\","
	" \"state\": \"resolved\", \"started_at\": \"2030-01-02T03:04:00Z\","
	" \"detected_at\": \"2030-01-02T03:05:00Z\", \"resolved_at\": \"2030-01-02T03:20:00Z\","
	" \"detect_seconds\": 60.0, \"repair_seconds\": 900.0, \"objective\": 0.999,"
	" \"window_seconds\": 2592000, \"eligible\": 300, \"bad\": 160,"
	" \"budget_spent_ratio\": 0.25, \"sentence\": \"80 % are curl\","
	" \"reasons\": {\"status\": 150, \"latency\": 10, \"body\": 0},"
	" \"alerts\": [{\"name\": \"fast\", \"severity\": \"page\", \"at\": \"2030-01-02T03:05:00Z\","
	"   \"until\": \"2030-01-02T03:20:00Z\"}],"
	" \"changes\": [{\"at\": \"2030-01-02T03:03:50Z\", \"service\": \"shop\", \"what\": \"version\","
	"   \"from\": \"1\", \"to\": \"2<script>alert(1)</script>\", \"pid\": null, \"detail\": null}],"
	" \"notified\": [{\"at\": \"2030-01-02T03:05:01Z\", \"receiver\": \"webhook https://a\","
	"   \"kind\": \"fire\", \"severity\": \"page\", \"result\": \"sent\", \"attempts\": 1,"
	"   \"error\": null}],"
	" \"silences\": [], \"about\": {\"owner\": \"team-shop\", \"purpose\": \"sells\","
	"   \"importance\": null, \"mitigation\": null, \"runbook\": \"https://run/b\"},"
	" \"explain\": {\"detection\": {\"at\": \"2030-01-02T03:05:10Z\", \"kind\": \"errors\","
	"   \"sentence\": \"80 % are [curl](http://evil/) @all\\n# x\", \"findings\": [{\"where\":"
	"   [{\"dimension\": \"user_agent\", \"value\": \"curl\\u001b[31m\"}], \"bad_share\": 0.8,"
	"   \"good_share\": 0.01, \"exact\": false}]}, \"resolution\": null}}";

static char *view(int (*fn)(const json_t *json, bool colour, FILE *out), const char *source,
		  int expected)
{
	json_t *json = json_loads(source, 0, NULL);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(json);
	assert_int_equal(fn(json, false, out), expected);
	fclose(out);
	json_decref(json);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("lacks \"%s\":\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("has \"%s\":\n%s", part, text);
}

TEST(the_draft_tells_what_is_known_and_leaves_the_rest_blank)
{
	char *text = view(ctl_view_incident_markdown, one, 0);

	has(text, "# Incident 7: check\\|out of shop\n");
	has(text, "| Purpose | sells |\n| Owner | team-shop |\n| Runbook | <https://run/b> |\n");
	lacks(text, "| Importance |");
	has(text, "160 of 300 requests were bad (53.3%): 150 by status, 10 by latency.\n"
		  "That spent 25.0% of the error budget (objective 99.9% over 30d).");
	has(text, "| Began | 2030-01-02 03:04:00 UTC |\n"
		  "| Detected | 2030-01-02 03:05:00 UTC (after 1m) |\n"
		  "| Resolved | 2030-01-02 03:20:00 UTC (after another 15m) |\n");
	has(text,
	    "| 2030-01-02 03:03:50 | shop: version 2&lt;script&gt;alert(1)&lt;/script&gt; begins "
	    "to serve (before: 1) |\n"
	    "| 2030-01-02 03:04:00 | the burn begins: the first bad step |\n"
	    "| 2030-01-02 03:05:00 | detected: the page fast fires |\n"
	    "| 2030-01-02 03:05:01 | webhook https\\://a was told (page, fire) |\n"
	    "| 2030-01-02 03:20:00 | the page fast is over |\n"
	    "| 2030-01-02 03:20:00 | resolved |\n");
	has(text,
	    "When it was detected: 80 % are \\[curl\\](http\\://evil/) \\@all\\\\u000a\\# x\n");
	has(text, "| user\\_agent curl\\\\u001b\\[31m | 80.0% | 1.0% | from samples |\n");
	has(text, "## Follow-ups\n\n| what | who | until |\n|---|---|---|\n| | | |\n");
	free(text);
}

TEST(one_incident_on_a_terminal)
{
	char *text = view(ctl_view_incident, one, 0);

	has(text, "Incident 7: page check|out of shop, resolved\n"
		  "  160 of 300 requests were bad (53.3%): 150 by status, 10 by latency\n"
		  "  25.0% of the budget was spent (objective 99.9% over 30d)\n"
		  "  began      2030-01-02 03:04:00 UTC\n"
		  "  detected   2030-01-02 03:05:00 UTC, after 1m\n"
		  "  resolved   2030-01-02 03:20:00 UTC, after another 15m\n");
	has(text, "  01-02 03:04:00  the burn begins: the first bad step\n");
	has(text, "    user_agent curl\\x1b[31m: 80.0% of the bad, 1.0% of the good\n");
	lacks(text, "\x1b");
	free(text);
}

TEST(the_list_has_a_line_for_each_and_what_stood_out)
{
	char source[sizeof(one) + 64];
	char *text;

	snprintf(source, sizeof(source), "{\"incidents\": [%s], \"left_out\": 3}", one);
	text = view(ctl_view_incidents, source, 0);
	has(text, "N  SLO");
	has(text, "01-02 03:04:00");
	has(text, "16m");
	has(text, "25.0%");
	has(text, "\n  7: 80 % are curl\n");
	has(text, "\n3 older ones are not shown.\n");
	free(text);
	text = view(ctl_view_incidents, "{\"incidents\": []}", 0);
	assert_string_equal(text, "No incident is known.\n");
	free(text);
	free(view(ctl_view_incidents, "{}", -EINVAL));
	free(view(ctl_view_incident, "{}", -EINVAL));
	free(view(ctl_view_incident_markdown, "{}", -EINVAL));
}

static void shows(const char *text, const char *expected)
{
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);

	markdown_write(text, out);
	fclose(out);
	assert_string_equal(written, expected);
	free(written);
}

TEST(texts_make_no_markup)
{
	shows("plain: 12:30, 99.9 % (fine) - ok", "plain: 12:30, 99.9 % (fine) - ok");
	shows("- item", "\\- item");
	shows("12. item", "12\\. item");
	shows("| `a` *b* _c_ ~d~", "\\| \\`a\\` \\*b\\* \\_c\\_ \\~d\\~");
	shows("![x](javascript:alert(1))", "\\!\\[x\\](javascript:alert(1))");
	shows("www.evil.example http://x", "www\\.evil.example http\\://x");
	shows("a\nb\xe2\x80\xae\xff", "a\\\\u000ab\\\\u202e\\\\xff");
	shows("&lt;", "&amp;lt;");
	shows(NULL, "-");
}

static void links(const char *text, const char *expected)
{
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);

	markdown_write_url(text, out);
	fclose(out);
	assert_string_equal(written, expected);
	free(written);
}

TEST(only_plain_urls_are_links)
{
	links("https://run.example/b?x=1", "<https://run.example/b?x=1>");
	links("javascript:alert(1)", "javascript:alert(1)");
	links("https://a/><script>", "https\\://a/&gt;&lt;script&gt;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_draft_tells_what_is_known_and_leaves_the_rest_blank),
		cmocka_unit_test(one_incident_on_a_terminal),
		cmocka_unit_test(the_list_has_a_line_for_each_and_what_stood_out),
		cmocka_unit_test(texts_make_no_markup),
		cmocka_unit_test(only_plain_urls_are_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

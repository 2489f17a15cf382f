/* SPDX-License-Identifier: GPL-2.0-only */
/* What explain says of an SLO, in slictl top: the sentence, then the evidence. */
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "ctl/json.h"
#include "ctl/top.h"
#include "ctl/top_screen.h"

enum {
	WHERE_COLUMNS_MAX = 90,
	SHARE = 10, /* columns */
	SENTENCE_LINES = 6,
	FINDINGS_COLUMNS = 4,
};

/* {"user_agent": "x"}, or a list of {"dimension", "value"}. */
static void where_text(const json_t *where, char *ret, size_t room)
{
	const char *key;
	json_t *value;
	size_t i, len = 0;

	ret[0] = 0;
	if (json_is_array(where)) {
		json_array_foreach(where, i, value) {
			len = strlen(ret);
			snprintf(ret + len, room - len, "%s%s = %s", len ? " and " : "",
				 ctl_string(value, "dimension") ?: "?",
				 ctl_string(value, "value") ?: "?");
		}
		return;
	}
	json_object_foreach((json_t *)where, key, value) {
		len = strlen(ret);
		if (json_is_integer(value))
			snprintf(ret + len, room - len, "%s%s = %lld", len ? " and " : "", key,
				 (long long)json_integer_value(value));
		else
			snprintf(ret + len, room - len, "%s%s = %s", len ? " and " : "", key,
				 json_string_value(value) ?: "?");
	}
}

static int draw_findings(const json_t *explained, int y)
{
	static const char *const names[FINDINGS_COLUMNS] = {"of the bad", "of good", "vanish",
							    "at least"};
	static const char *const keys[FINDINGS_COLUMNS] = {"bad_share", "good_share", "excess",
							   "excess_low"};
	const json_t *findings = json_object_get(explained, "findings");
	const int right = screen_width() - FINDINGS_COLUMNS * (SHARE + 1);
	const int x = right > WHERE_COLUMNS_MAX ? WHERE_COLUMNS_MAX : right;
	json_t *finding;
	char text[1024];
	size_t i;

	if (!json_array_size(findings))
		return y;
	screen_text(y, 0, x, SCREEN_ACCENT, "What the bad have more often");
	for (int c = 0; c < FINDINGS_COLUMNS; c++)
		screen_right(y, x + c * (SHARE + 1), SHARE, SCREEN_ACCENT, names[c]);
	json_array_foreach(findings, i, finding) {
		if (++y > top_lines())
			return y;
		where_text(json_object_get(finding, "where"), text, sizeof(text));
		screen_text(y, 1, x - 2, SCREEN_PLAIN, text);
		for (int c = 0; c < FINDINGS_COLUMNS; c++)
			screen_right(y, x + c * (SHARE + 1), SHARE, c ? SCREEN_PLAIN : SCREEN_BAD,
				     format_percent(ctl_number(finding, keys[c]), 1).text);
	}
	return y + 2;
}

static int draw_changes(const json_t *explained, int y)
{
	const json_t *changes = json_object_get(explained, "changes");
	json_t *change;
	char text[1024];
	size_t i;

	if (!json_array_size(changes))
		return y;
	y = top_title(y, "Changes just before (UTC)");
	json_array_foreach(changes, i, change) {
		const char *from = ctl_string(change, "from"), *to = ctl_string(change, "to");

		if (y > top_lines())
			return y;
		snprintf(text, sizeof(text), "%s  %s: %s %s%s%s %s",
			 format_time(ctl_string(change, "at")).text,
			 ctl_string(change, "service") ?: "host", ctl_string(change, "what") ?: "?",
			 from ?: "", from && to ? " -> " : "", to ?: "",
			 ctl_string(change, "detail") ?: "");
		screen_text(y++, 1, screen_width() - 1, SCREEN_PLAIN, text);
	}
	return y + 1;
}

void top_explain_draw(const struct top *top)
{
	const json_t *explained = top->answers[TOP_EXPLAIN];
	const json_t *samples = json_object_get(explained, "samples");
	char text[256];
	int y = 1 - (int)top->scroll;

	snprintf(text, sizeof(text), "%s: what failed", top->chosen ?: "-");
	screen_text(y++, 0, screen_width(), SCREEN_BOLD, text);
	if (!explained) {
		screen_words(y + 1, 1, screen_width() - 2, SENTENCE_LINES, SCREEN_DIM,
			     top->why[TOP_EXPLAIN] ?: "asking ...");
		return;
	}
	y += screen_words(y, 1, screen_width() - 2, SENTENCE_LINES, SCREEN_BOLD,
			  ctl_string(explained, "sentence") ?: "Nothing stands out.");
	snprintf(text, sizeof(text),
		 "Kind: %s. Began at %s UTC. Compared %s bad samples with %s good.",
		 ctl_string(explained, "kind") ?: "-",
		 format_time(ctl_string(explained, "onset")).text, ctl_count(samples, "bad").text,
		 ctl_count(samples, "good").text);
	y += screen_words(y, 1, screen_width() - 2, 2, SCREEN_DIM, text);
	y = draw_findings(explained, y + 1);
	y = draw_changes(explained, y);
	snprintf(text, sizeof(text),
		 "slictl explain %s: the same, with the commands that show the requests",
		 top->chosen ?: "NAME");
	if (y <= top_lines())
		screen_text(y, 1, screen_width() - 1, SCREEN_DIM, text);
}

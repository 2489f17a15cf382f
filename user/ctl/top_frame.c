/* SPDX-License-Identifier: GPL-2.0-only */
/* What is on every view of slictl top: the first line, the last one; and the help. */
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "ctl/json.h"
#include "ctl/top.h"
#include "ctl/top_screen.h"

enum { FRAME_LINES = 2 };

int top_lines(void)
{
	return screen_height() - FRAME_LINES;
}

int top_title(int y, const char *title)
{
	screen_text(y, 0, screen_width(), SCREEN_ACCENT, title);
	return y + 1;
}

/* How many SLOs have an alert of that severity that is heard. */
static size_t firing(const struct top *top, const char *severity)
{
	const json_t *slos = json_object_get(top->answers[TOP_STATUS], "slos");
	json_t *slo, *alert;
	size_t i, k, n = 0;

	json_array_foreach(slos, i, slo) {
		bool fires = false;

		json_array_foreach(json_object_get(slo, "alerts"), k, alert) {
			const char *state = ctl_string(alert, "state"),
				   *is = ctl_string(alert, "severity");

			fires |= state && is && !strcmp(state, "firing") && !strcmp(is, severity) &&
				 !json_is_true(json_object_get(alert, "silenced"));
		}
		n += fires;
	}
	return n;
}

static void draw_first_line(const struct top *top)
{
	const size_t pages = firing(top, "page"), tickets = firing(top, "ticket");
	const size_t n = json_array_size(json_object_get(top->answers[TOP_STATUS], "slos"));
	char text[96];
	int x = screen_text(0, 0, screen_width(), SCREEN_BOLD, "sliprobe");

	snprintf(text, sizeof(text), "  %zu SLO%s", n, format_plural(n));
	x += screen_text(0, x, screen_width() - x, SCREEN_PLAIN, text);
	snprintf(text, sizeof(text), "  %zu burn%s fast", pages, pages == 1 ? "s" : "");
	if (pages)
		x += screen_text(0, x, screen_width() - x, SCREEN_BAD, text);
	snprintf(text, sizeof(text), "  %zu with a ticket", tickets);
	if (tickets)
		x += screen_text(0, x, screen_width() - x, SCREEN_WARN, text);
	if (!pages && !tickets && n)
		x += screen_text(0, x, screen_width() - x, SCREEN_GOOD, "  nothing burns");
	if (top->silent)
		snprintf(text, sizeof(text), "no answer since %s", top->as_of);
	else
		snprintf(text, sizeof(text), "%s%s", top->paused ? "paused at " : "", top->as_of);
	if (x + (int)strlen(text) + 1 < screen_width())
		screen_right(0, x, screen_width() - x, top->silent ? SCREEN_BAD : SCREEN_DIM, text);
}

static void draw_keys(const struct top *top)
{
	static const char *const keys[] = {
		[TOP_VIEW_SLOS] =
			"up/down choose  Enter service  e explain  / filter  s sort  ? keys  q quit",
		[TOP_VIEW_SERVICE] =
			"Esc back  Tab next part  up/down scroll  e explain  ? keys  q quit",
		[TOP_VIEW_EXPLAIN] = "Esc back  up/down scroll  ? keys  q quit",
		[TOP_VIEW_HELP] = "Esc back  q quit",
	};
	char text[TOP_FILTER_BYTES + 64];
	const int y = screen_height() - 1;

	if (top->typing) {
		snprintf(text, sizeof(text), "Names with: %s_   (Enter done, Esc all)",
			 top->filter);
		screen_text(y, 0, screen_width(), SCREEN_BOLD, text);
	} else {
		screen_text(y, 0, screen_width(), SCREEN_DIM, keys[top->view]);
	}
}

void top_frame_draw(const struct top *top)
{
	screen_clear_line(0);
	draw_first_line(top);
	screen_clear_line(screen_height() - 1);
	draw_keys(top);
}

void top_help_draw(const struct top *top)
{
	static const char *const lines[] = {
		"Up, Down, j, k     choose an SLO, or scroll",
		"PgUp, PgDn         a screen up or down; Home, End: to the first, the last",
		"Enter, Right       the SLO's service: routes, latency, versions, bad requests",
		"Esc, Left          back",
		"Tab                the next part of a service alone, then all again",
		"e                  explain what failed of the SLO",
		"/                  only SLOs with these letters in their name or service",
		"s                  sort: worst, least budget, fastest burn, name",
		"p                  pause, and go on",
		"q, Ctrl-C          quit",
		"",
		"Budget: what is left of it; below 0 it is overspent. Burn: bad requests of the last",
		"hour as a multiple of what the objective allows; at 1.0x the budget lasts the window.",
		"The small picture: the share of bad requests by the minute, of the last half hour.",
		"Latency: the past on the left, a minute as wide as there is room; brighter is more.",
	};
	int y = top_title(1, "Keys");

	(void)top;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && y <= top_lines(); i++)
		screen_text(y++, 1, screen_width() - 1, SCREEN_PLAIN, lines[i]);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* A service in slictl top: its routes, its latency over time, its versions, its bad requests as they come. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/json_status.h"
#include "ctl/json.h"
#include "ctl/top.h"
#include "ctl/top_screen.h"

enum {
	NUMBER = 9, /* columns of a number */
	NUMBERS = 5,
	ROUTE_COLUMNS_MAX = 72,
	MINUTE_COLUMNS_MAX = 4,
	LABEL = 8, /* columns of a latency beside the map */
	PART_LINES_MIN = 3,
};

static const json_t *service_of(const struct top *top)
{
	return json_array_get(json_object_get(top->answers[TOP_SERVICE], "services"), 0);
}

static const char *why_not(const struct top *top, enum top_slot slot)
{
	return top->why[slot] ?: "asking ...";
}

/* ---- routes ---- */

static double of_late(const json_t *route, const char *key)
{
	return ctl_number(json_object_get(route, "window"), key);
}

static int by_rate(const void *a, const void *b)
{
	const double one = of_late(*(const json_t *const *)a, "requests"),
		     other = of_late(*(const json_t *const *)b, "requests");

	return (one < other) - (one > other);
}

static void draw_numbers(int y, int x, const json_t *route)
{
	const json_t *window = json_object_get(route, "window"),
		     *before = json_object_get(route, "before");
	const double errors = ctl_number(window, "error_ratio");
	const struct format_text texts[NUMBERS] = {
		format_rate(ctl_number(window, "requests_per_second")),
		format_percent(errors, 1),
		format_latency(ctl_number(json_object_get(window, "latency_seconds"), "p50")),
		format_latency(ctl_number(json_object_get(window, "latency_seconds"), "p99")),
		format_latency(ctl_number(json_object_get(before, "latency_seconds"), "p99")),
	};

	for (int i = 0; i < NUMBERS; i++)
		screen_right(y, x + i * NUMBER, NUMBER,
			     i == 1 && errors > 0 ? SCREEN_BAD : SCREEN_PLAIN, texts[i].text);
}

static void draw_routes(const struct top *top, int y, int lines)
{
	static const char *const names[NUMBERS] = {"rate", "errors", "p50", "p99", "before"};
	const json_t *list = json_object_get(service_of(top), "routes");
	const size_t n = json_array_size(list);
	const json_t **routes = calloc(n + 1, sizeof(*routes));
	const size_t skip = top->part == TOP_PART_ROUTES ? top->scroll : 0;
	const int right = screen_width() - NUMBERS * NUMBER;
	const int x = right > ROUTE_COLUMNS_MAX ? ROUTE_COLUMNS_MAX : right;

	screen_text(y, 0, x, SCREEN_ACCENT, "Routes, the last 5 minutes");
	for (int i = 0; i < NUMBERS; i++)
		screen_right(y, x + i * NUMBER, NUMBER, SCREEN_ACCENT, names[i]);
	for (size_t i = 0; routes && i < n; i++)
		routes[i] = json_array_get(list, i);
	if (routes)
		qsort(routes, n, sizeof(*routes), by_rate);
	for (size_t i = 0; routes && i + 1 < (size_t)lines && skip + i < n; i++) {
		const json_t *route = routes[skip + i];
		char text[512];

		snprintf(text, sizeof(text), "%s %s", ctl_string(route, "method") ?: "?",
			 ctl_string(route, "route") ?: "?");
		screen_text(y + 1 + (int)i, 1, x - 2, SCREEN_PLAIN, text);
		draw_numbers(y + 1 + (int)i, x, route);
	}
	if (!n)
		screen_text(y + 1, 1, screen_width() - 1, SCREEN_DIM,
			    service_of(top) ? "No request has come yet." :
					      why_not(top, TOP_SERVICE));
	free((void *)routes);
}

/* ---- latency ---- */

/* Rows of the map that are shown: all that hold something, or as many around them as there is room for. */
/* The most of a column in rows top_row and below. */
static int level_of(const struct top_heat *heat, size_t column, int top_row, int fold)
{
	int level = 0;

	for (int row = top_row; row > top_row - fold && row >= heat->low; row--) {
		const int one = top_heat_level(heat, column, row, SCREEN_HEATS);

		level = one > level ? one : level;
	}
	return level;
}

static void draw_map(const struct top_heat *heat, int y, int lines)
{
	const int columns = screen_width() - LABEL - 1;
	const int rows = heat->high - heat->low + 1;
	const int fold = (rows + lines - 1) / lines;
	const size_t first = heat->n > (size_t)columns ? heat->n - (size_t)columns : 0;
	const int n = (int)(heat->n - first);
	/* of a young agent the minutes are few: wider, and at the right */
	const int wide = n && columns / n < MINUTE_COLUMNS_MAX ? columns / n : MINUTE_COLUMNS_MAX;
	const int left = screen_width() - 1 - n * wide;

	for (int line = 0; line * fold < rows; line++) {
		const int top_row = heat->high - line * fold;

		screen_right(y + line, 0, LABEL - 1, SCREEN_DIM,
			     format_latency(top_heat_end(top_row)).text);
		for (int i = 0; i < n * wide; i++)
			screen_heat(y + line, left + i,
				    level_of(heat, first + (size_t)(i / wide), top_row, fold));
	}
}

static void draw_heat(const struct top *top, int y, int lines)
{
	screen_text(y, 0, screen_width(), SCREEN_ACCENT, "Latency by the minute, now at the right");
	if (!top->answers[TOP_HEAT])
		screen_text(y + 1, 1, screen_width() - 1, SCREEN_DIM, why_not(top, TOP_HEAT));
	else if (top->heat.low > top->heat.high)
		screen_text(y + 1, 1, screen_width() - 1, SCREEN_DIM, "Nothing was answered then.");
	else
		draw_map(&top->heat, y + 1, lines - 1);
}

/* ---- versions ---- */

static void draw_versions(const struct top *top, int y, int lines)
{
	const json_t *versions = json_object_get(service_of(top), "versions");
	const size_t skip = top->part == TOP_PART_VERSIONS ? top->scroll : 0;
	json_t *version;
	size_t i;

	screen_text(y, 0, screen_width(), SCREEN_ACCENT,
		    "Versions: requests, instances, first seen (UTC)");
	json_array_foreach(versions, i, version) {
		const int line = y + 1 + (int)(i - skip);

		if (i < skip || i - skip + 1 >= (size_t)lines)
			continue;
		screen_text(line, 1, 24, SCREEN_PLAIN, ctl_string(version, "version"));
		screen_right(line, 26, 12, SCREEN_PLAIN, ctl_count(version, "requests").text);
		screen_right(line, 39, 6, SCREEN_PLAIN, ctl_count(version, "instances").text);
		screen_text(line, 47, screen_width() - 47, SCREEN_DIM,
			    format_time(ctl_string(version, "first_seen")).text);
	}
	if (!json_array_size(versions))
		screen_text(y + 1, 1, screen_width() - 1, SCREEN_DIM, "None is known.");
}

/* ---- bad requests ---- */

static void draw_request(int y, const json_t *event)
{
	const char *outcome = ctl_string(event, "outcome"), *at = ctl_string(event, "time");
	char status[JSON_STATUS_BYTES];
	const int agent = screen_width() > 120 ? 44 : screen_width() / 4;
	const int path = screen_width() - 36 - agent;
	char text[1024];

	/* the time of the day of 2030-01-02T03:04:05.678Z */
	snprintf(text, sizeof(text), "%.8s", at && strlen(at) > 19 ? at + 11 : "-");
	screen_text(y, 1, 8, SCREEN_DIM, text);
	screen_text(y, 10, 9, SCREEN_BAD, json_status_text(event, status) ?: outcome);
	screen_right(y, 19, 8, SCREEN_PLAIN,
		     format_latency(ctl_number(event, "total_seconds")).text);
	snprintf(text, sizeof(text), "%s %s", ctl_string(event, "method") ?: "?",
		 ctl_string(event, "path") ?: "-");
	screen_text(y, 28, path, SCREEN_PLAIN, text);
	screen_text(y, 29 + path, agent + 6, SCREEN_DIM, ctl_string(event, "user_agent"));
}

static void draw_requests(const struct top *top, int y, int lines)
{
	const json_t *events = json_object_get(top->answers[TOP_EVENTS], "events");
	const size_t n = json_array_size(events),
		     skip = top->part == TOP_PART_REQUESTS ? top->scroll : 0;

	screen_text(y, 0, screen_width(), SCREEN_ACCENT, "Bad requests, the newest first (UTC)");
	for (size_t i = 0; i + 1 < (size_t)lines && skip + i < n; i++)
		draw_request(y + 1 + (int)i, json_array_get(events, n - 1 - skip - i));
	if (!n)
		screen_text(y + 1, 1, screen_width() - 1, SCREEN_DIM,
			    top->answers[TOP_EVENTS] ? "None is kept." : why_not(top, TOP_EVENTS));
}

/* ---- all of it ---- */

typedef void part_drawer(const struct top *top, int y, int lines);

static part_drawer *const drawers[] = {
	[TOP_PART_ROUTES] = draw_routes,
	[TOP_PART_HEAT] = draw_heat,
	[TOP_PART_VERSIONS] = draw_versions,
	[TOP_PART_REQUESTS] = draw_requests,
};

static int draw_about(const struct top *top)
{
	const json_t *service = service_of(top), *window = json_object_get(service, "window");
	char text[512];

	snprintf(text, sizeof(text), "%s  %s  port %s  %s  %s errors", top->service,
		 ctl_string(service, "process") ?: "-", ctl_count(service, "port").text,
		 format_rate(ctl_number(window, "requests_per_second")).text,
		 format_percent(ctl_number(window, "error_ratio"), 1).text);
	screen_text(1, 0, screen_width(), SCREEN_BOLD, text);
	return 2;
}

/* So many lines as the part has to show, with its title; at most. */
static int lines_wanted(const struct top *top, enum top_part part)
{
	const json_t *service = service_of(top);

	if (part == TOP_PART_ROUTES)
		return 1 + (int)json_array_size(json_object_get(service, "routes"));
	if (part == TOP_PART_VERSIONS)
		return 1 + (int)json_array_size(json_object_get(service, "versions"));
	if (part == TOP_PART_HEAT)
		return 2 + top->heat.high - top->heat.low;
	return screen_height();
}

void top_service_draw(const struct top *top)
{
	/* of the lines that there are, in tenths; the last part has the rest */
	static const int tenths[] = {
		[TOP_PART_ROUTES] = 3, [TOP_PART_HEAT] = 4, [TOP_PART_VERSIONS] = 2};
	const int end = screen_height() - 1;
	int y = draw_about(top);
	const int all = end - y;

	if (top->part != TOP_PART_ALL) {
		drawers[top->part](top, y, all);
		return;
	}
	for (enum top_part part = TOP_PART_ROUTES; part < TOP_PARTS && y < end; part++) {
		int lines = part == TOP_PART_REQUESTS ? end - y : all * tenths[part] / 10;
		const int wanted = lines_wanted(top, part);

		lines = wanted < lines ? wanted : lines;
		lines = lines < PART_LINES_MIN - 1 ? PART_LINES_MIN - 1 : lines;
		drawers[part](top, y, lines);
		y += lines;
	}
}

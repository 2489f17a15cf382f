/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filters over events: each text is a filter, or refused with a sentence that names a place in it; a filter is true of
 * an event or its opposite is; a value that is written for a filter means itself.
 *
 * Input: the filter; behind "\n--\n" a text that an event has everywhere.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/samples/event_fixture.h"
#include "samples/filter.h"

static const char between[] = "\n--\n";

static void check_refusal(const char *text, const struct error *error)
{
	size_t column = 0;

	require(memchr(error->text, '\0', sizeof(error->text)) != NULL, "a sentence without end");
	if (strlen(text) > FILTER_TEXT_MAX)
		return;
	require(sscanf(error->text, "filter, column %zu: ", &column) == 1, "it does not say where");
	require(column >= 1 && column <= strlen(text) + 1, "a column beyond the text");
	for (const char *c = error->text; *c; c++)
		require(*c >= ' ' && *c <= '~', "a sentence that is no printable ASCII");
}

static void check_opposite(const char *text, const struct filter *filter, const struct event *event)
{
	struct filter *opposite = NULL;
	struct error error;
	char *not_text;

	require(asprintf(&not_text, "not (%s)", text) > 0, "no memory");
	/* it may be too long, too deep or empty now */
	if (!filter_new(not_text, &opposite, &error))
		require(filter_is_true(opposite, event) != filter_is_true(filter, event),
			"both it and its opposite, or neither");
	filter_free(opposite);
	free(not_text);
}

static void check_value(const char *value, const struct event *event)
{
	struct filter *filter = NULL;
	struct error error;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	require(out != NULL, "no memory");
	fputs("user_agent=", out);
	filter_write_value(value, out);
	fclose(out);
	if (len <= FILTER_TEXT_MAX) {
		require(!filter_new(text, &filter, &error), "a value that is written is refused");
		require(filter_is_true(filter, event), "a value that is written means another one");
		filter_free(filter);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *input = fuzz_text(data, size), *part = strstr(input, between);
	const char *value = part ? part + strlen(between) : "";
	struct event event = event_fixture(), unknown = event_fixture_unknown();
	struct filter *filter = NULL;
	struct error error = {};
	int r;

	if (part)
		*part = '\0';
	event.path = event.user_agent = event.client = event.bad_for[0] = value;
	event.headers[0].value = value;
	r = filter_new(input, &filter, &error);
	require(!r || r == -EINVAL, "another error");
	if (r) {
		check_refusal(input, &error);
	} else {
		check_opposite(input, filter, &event);
		check_opposite(input, filter, &unknown);
	}
	filter_free(filter);
	check_value(value, &event);
	free(input);
	return 0;
}

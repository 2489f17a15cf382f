/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/duration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int unit_ns(const char *unit, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"us", DURATION_US_NS}, {"ms", DURATION_MS_NS}, {"s", DURATION_S_NS},
		{"m", DURATION_M_NS},	{"h", DURATION_H_NS},	{"d", DURATION_D_NS},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!strcmp(unit, units[i].name)) {
			*ret_ns = units[i].ns;
			return 0;
		}
	}
	return -EINVAL;
}

int duration_parse(const char *text, uint64_t *ret_ns)
{
	const char *digits = text;
	uint64_t unit, whole = 0, fraction = 0, total;

	while (is_digit(*text)) {
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*text - '0'), &whole))
			return -ERANGE;
		text++;
	}
	if (text == digits)
		return -EINVAL;
	digits = NULL;
	if (*text == '.') {
		digits = ++text;
		while (is_digit(*text))
			text++;
		if (text == digits)
			return -EINVAL;
	}
	if (unit_ns(text, &unit) < 0)
		return -EINVAL;

	if (__builtin_mul_overflow(whole, unit, &total))
		return -ERANGE;
	/* long division: each digit is worth a tenth of the one before it */
	for (uint64_t worth = unit; digits && digits < text; digits++) {
		worth = worth % 10 ? 0 : worth / 10;
		if (!worth && *digits != '0')
			return -EINVAL;
		fraction += worth * (uint64_t)(*digits - '0');
	}
	if (__builtin_add_overflow(total, fraction, &total))
		return -ERANGE;
	*ret_ns = total;
	return 0;
}

void duration_text(uint64_t seconds, char ret_text[static DURATION_TEXT_BYTES])
{
	static const struct {
		uint64_t seconds;
		char name;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (seconds % units[i].seconds)
		i++;
	snprintf(ret_text, DURATION_TEXT_BYTES, "%" PRIu64 "%c", seconds / units[i].seconds,
		 units[i].name);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/format.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct format_text unknown = {"-"};

__attribute__((format(printf, 1, 2))) static struct format_text text_printf(const char *format, ...)
{
	struct format_text ret = {""};
	va_list args;

	va_start(args, format);
	vsnprintf(ret.text, sizeof(ret.text), format, args);
	va_end(args);
	return ret;
}

struct format_text format_percent(double ratio, int decimals)
{
	double scale = pow(10, decimals);
	double scaled = ratio * 100 * scale;

	if (isnan(ratio))
		return unknown;
	/* 0.999 * 100 is 99.90000000000001 or 99.89999999999999: allow for the last few bits. */
	scaled = floor(scaled + fabs(scaled) * 1e-12);
	if (ratio < 1 && scaled >= 100 * scale)
		scaled = 100 * scale - 1;
	if (ratio > 0 && scaled <= 0)
		return text_printf("<%.*f%%", decimals, 1 / scale);
	return text_printf("%.*f%%", decimals, scaled / scale);
}

struct format_text format_objective(double ratio)
{
	if (isnan(ratio))
		return unknown;
	return text_printf("%.10g%%", ratio * 100);
}

struct format_text format_burn(double rate)
{
	if (isnan(rate))
		return unknown;
	if (rate > 0 && rate < 0.05)
		return text_printf("<0.1x");
	return text_printf(rate < 100 ? "%.1fx" : "%.0fx", rate);
}

/* Three significant digits of a number in 0 .. 1000. */
static struct format_text three_digits(double value, const char *unit)
{
	if (value < 9.995)
		return text_printf("%.2f%s", value, unit);
	if (value < 99.95)
		return text_printf("%.1f%s", value, unit);
	return text_printf("%.0f%s", value, unit);
}

struct format_text format_latency(double seconds)
{
	if (isnan(seconds) || seconds < 0)
		return unknown;
	if (seconds == 0)
		return text_printf("0s");
	if (seconds < 999.5e-6)
		return three_digits(seconds * 1e6, "us");
	if (seconds < 999.5e-3)
		return three_digits(seconds * 1e3, "ms");
	return three_digits(seconds, "s");
}

static struct format_text two_units(unsigned long long large, char large_unit,
				    unsigned long long small, char small_unit)
{
	if (!small)
		return text_printf("%llu%c", large, large_unit);
	return text_printf("%llu%c %llu%c", large, large_unit, small, small_unit);
}

struct format_text format_span(double seconds)
{
	enum {
		MINUTE = 60,
		HOUR = 3600,
		DAY = 86400,
		YEAR = 365 * DAY,
	};
	unsigned long long s;

	if (isnan(seconds) || seconds < 0)
		return unknown;
	if (seconds >= 100.0 * YEAR)
		return text_printf(">100y");
	s = (unsigned long long)seconds;
	if (s < MINUTE)
		return text_printf("%llus", s);
	if (s < HOUR)
		return two_units(s / MINUTE, 'm', s % MINUTE, 's');
	if (s < DAY)
		return two_units(s / HOUR, 'h', s % HOUR / MINUTE, 'm');
	if (s < YEAR)
		return two_units(s / DAY, 'd', s % DAY / HOUR, 'h');
	return two_units(s / YEAR, 'y', s % YEAR / DAY, 'd');
}

struct format_text format_rate(double per_second)
{
	if (isnan(per_second) || per_second < 0)
		return unknown;
	if (per_second == 0)
		return text_printf("0/s");
	if (per_second < 0.005)
		return text_printf("<0.01/s");
	if (per_second < 1)
		return text_printf("%.2f/s", per_second);
	return text_printf(per_second < 100 ? "%.1f/s" : "%.0f/s", per_second);
}

struct format_text format_about(double number)
{
	struct format_text ret = {};
	double scale = 1;
	char digits[24];
	size_t n;

	if (!(number >= 0 && number <= 1e15))
		return unknown;
	if (number < 999.5)
		return text_printf("%.3g", number);
	while (number / scale >= 999.5)
		scale *= 10;
	n = (size_t)snprintf(digits, sizeof(digits), "%.0f", round(number / scale) * scale);
	for (size_t i = 0, to = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			ret.text[to++] = ',';
		ret.text[to++] = digits[i];
	}
	return ret;
}

struct format_text format_time(const char *rfc3339)
{
	struct format_text ret;

	if (!rfc3339)
		return unknown;
	if (isnan(format_parse_time(rfc3339))) {
		ret = text_printf("%.20s", rfc3339);
		for (char *at = ret.text; *at; at++) {
			if (*at < ' ' || *at > '~')
				*at = '?';
		}
		return ret;
	}
	return text_printf("%.5s %.8s", rfc3339 + strlen("2030-"), rfc3339 + strlen("2030-01-02T"));
}

struct format_text format_unix(double unix_seconds)
{
	struct format_text ret = unknown;
	time_t seconds;
	struct tm tm;

	if (!(fabs(unix_seconds) < 1e11))
		return unknown;
	seconds = (time_t)floor(unix_seconds);
	if (gmtime_r(&seconds, &tm))
		strftime(ret.text, sizeof(ret.text), "%Y-%m-%d %H:%M:%S", &tm);
	return ret;
}

double format_parse_time(const char *rfc3339)
{
	struct tm tm = {};
	double fraction = 0;
	const char *end = rfc3339 ? strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	char *after;

	if (!end)
		return NAN;
	if (*end == '.') {
		fraction = strtod(end, &after);
		end = after;
	}
	return !strcmp(end, "Z") ? (double)timegm(&tm) + fraction : NAN;
}

/* Writes the safe form of one byte; returns its length, 1 .. 4. */
static size_t escape_byte(unsigned char c, char ret_text[5])
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	if (c == '\\') {
		ret_text[len++] = '\\';
		ret_text[len++] = '\\';
	} else if (c >= ' ' && c <= '~') {
		ret_text[len++] = (char)c;
	} else {
		ret_text[len++] = '\\';
		ret_text[len++] = 'x';
		ret_text[len++] = hex[c >> 4];
		ret_text[len++] = hex[c & 15];
	}
	ret_text[len] = '\0';
	return len;
}

void format_write_safe(const char *text, FILE *out)
{
	char one[5];

	if (!text)
		text = unknown.text;
	for (; *text; text++) {
		escape_byte((unsigned char)*text, one);
		fputs(one, out);
	}
}

char *format_escape(const char *text, size_t max)
{
	size_t len = 0;
	size_t cut = 0; /* the longest whole prefix that leaves room for the dots */
	char *ret;

	if (!text)
		text = unknown.text;
	ret = malloc(max + 1);
	if (!ret)
		return NULL;
	for (; *text; text++) {
		char one[5];
		size_t n = escape_byte((unsigned char)*text, one);

		if (len + n > max) {
			len = cut + strlen("...");
			memcpy(ret + cut, "...", strlen("..."));
			break;
		}
		memcpy(ret + len, one, n);
		len += n;
		if (len + strlen("...") <= max)
			cut = len;
	}
	ret[len] = '\0';
	return ret;
}

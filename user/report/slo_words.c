/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/slo_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/term_names.h"

enum {
	NS_PER_US = 1000,
	NS_PER_MS = 1000000,
	NS_PER_SECOND = 1000000000,
	ALL_METHODS = (1 << HTTP_METHOD_COUNT) - 1,
};

struct words {
	FILE *out;
	char *text;
	size_t len;
};

static bool words_begin(struct words *words)
{
	*words = (struct words){};
	words->out = open_memstream(&words->text, &words->len);
	return words->out != NULL;
}

static char *words_end(struct words *words)
{
	if (!fclose(words->out))
		return words->text;
	free(words->text);
	return NULL;
}

static void write_list(FILE *out, const char *before, char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? ", " : before, list[i]);
}

static void write_methods(FILE *out, const char *before, uint32_t methods)
{
	const char *separator = before;

	for (enum http_method i = 0; i < HTTP_METHOD_COUNT; i++) {
		if (!(methods >> i & 1))
			continue;
		fprintf(out, "%s%s", separator, method_name(i));
		separator = ", ";
	}
}

static void write_time(FILE *out, uint64_t ns)
{
	if (ns % NS_PER_SECOND == 0)
		fprintf(out, "%" PRIu64 " s", ns / NS_PER_SECOND);
	else if (ns % NS_PER_MS == 0)
		fprintf(out, "%" PRIu64 " ms", ns / NS_PER_MS);
	else
		fprintf(out, "%.12g us", (double)ns / NS_PER_US);
}

char *slo_words_eligible(const struct config_slo *slo)
{
	const uint32_t methods = slo->eligible.methods & ~slo->eligible.exclude_methods;
	struct words words;

	if (!words_begin(&words))
		return NULL;
	fprintf(words.out, slo->eligible.n_routes ? "requests to " : "all requests");
	write_list(words.out, "", slo->eligible.routes, slo->eligible.n_routes);
	if ((methods & ALL_METHODS) != ALL_METHODS)
		write_methods(words.out, "; methods ", methods);
	write_list(words.out, "; without paths ", slo->eligible.exclude_paths,
		   slo->eligible.n_exclude_paths);
	write_list(words.out, "; without User-Agents ", slo->eligible.exclude_user_agents,
		   slo->eligible.n_exclude_user_agents);
	return words_end(&words);
}

/* By those that are bad, where they are fewer. */
static void write_grpc(FILE *out, uint32_t good)
{
	const uint32_t bad = GRPC_ALL & ~good;
	const bool but = __builtin_popcount(bad) < __builtin_popcount(good);
	const uint32_t named = but ? bad : good;
	const char *separator = but && bad ? " but " : " ";

	fprintf(out, "; gRPC status%s", but ? " any" : "");
	for (enum grpc_status i = 0; i < GRPC_STATUS_COUNT; i++) {
		if (!(named >> i & 1))
			continue;
		fprintf(out, "%s%s", separator, grpc_status_name(i));
		separator = ", ";
	}
}

char *slo_words_good(const struct config_slo *slo)
{
	const char *separator = "status ";
	unsigned int first, last;
	struct words words;

	if (!words_begin(&words))
		return NULL;
	for (unsigned int s = 0; config_slo_good_run(slo, s, &first, &last); s = last + 1) {
		fprintf(words.out, "%s%u", separator, first);
		if (last > first)
			fprintf(words.out, "-%u", last);
		separator = ", ";
	}
	if (slo->good.grpc_status != GRPC_GOOD)
		write_grpc(words.out, slo->good.grpc_status);
	if (slo->good.latency_ns) {
		fprintf(words.out, slo->good.latency_of == LATENCY_OF_FIRST_BYTE ?
					   "; begun within " :
					   "; whole within ");
		write_time(words.out, slo->good.latency_ns);
	}
	if (slo->good.min_body_bytes)
		fprintf(words.out, "; a body of at least %" PRIu64 " byte%s",
			slo->good.min_body_bytes, slo->good.min_body_bytes == 1 ? "" : "s");
	return words_end(&words);
}

char *slo_words_client_abort(const struct config_slo *slo)
{
	struct words words;

	if (!words_begin(&words))
		return NULL;
	switch (slo->eligible.client_abort) {
	case CLIENT_ABORT_BAD:
		fprintf(words.out, "bad if its client gave up");
		break;
	case CLIENT_ABORT_LATE:
		fprintf(words.out, "bad if its client gave up after more than ");
		write_time(words.out, slo->eligible.late_after_ns);
		fprintf(words.out, ", left out if earlier");
		break;
	default:
		fprintf(words.out, "left out if its client gave up");
	}
	return words_end(&words);
}

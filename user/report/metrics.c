/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/metrics_families.h"

enum { PIECE_BYTES = 64 << 10 };

/* A place in the text. Samples of series and routes are made when the text is read up to them. */
struct place {
	enum {
		AT_HEAD,
		AT_SERVERS,
		AT_CLIENTS,
		AT_QUEUES,
		AT_TAIL,
		AT_END,
	} part;
	bool declared; /* its family is */
	size_t service;
	size_t series;
};

struct metrics {
	struct snapshot snapshot;
	enum metrics_format format;
	struct metrics_bounds bounds;
	/* the text before and after all series: made at once, as a reload may free its names */
	char *head;
	char *tail;
	size_t len;
	struct place place; /* behind the piece */
	char *piece;
	size_t piece_len;
	size_t piece_taken;
};

static const struct {
	enum role role;
	const char *name, *help;
	bool always; /* also when there is no service of that role */
} parts[] = {
	[AT_SERVERS] =
		{ROLE_SERVER, "http_server_request_duration_seconds",
		 "Duration of HTTP server requests, from arrival to the end of the response.",
		 true},
	[AT_CLIENTS] = {ROLE_CLIENT, "http_client_request_duration_seconds",
			"Duration of HTTP client requests.", false},
	[AT_QUEUES] =
		{ROLE_SERVER, "sliprobe_http_request_queue_duration_seconds",
		 "Time from a request's arrival in the kernel to the server's first read of it.",
		 true},
};

/* To the next series of the part, or the end of it. */
static const struct snapshot_service *find_next(const struct snapshot *snapshot,
						struct place *place)
{
	for (; place->service < snapshot->n_services; place->service++, place->series = 0) {
		const struct snapshot_service *service = &snapshot->services[place->service];

		if (service->role == parts[place->part].role && place->series < service->n_series)
			return service;
	}
	return NULL;
}

static bool has_role(const struct snapshot *snapshot, enum role role)
{
	for (size_t i = 0; i < snapshot->n_services; i++) {
		if (snapshot->services[i].role == role)
			return true;
	}
	return false;
}

/* The next bit of a part of series; false at its end. */
static bool write_part(const struct metrics *metrics, struct writer *writer, struct place *place)
{
	const struct snapshot_service *service;
	const char *name = parts[place->part].name;

	if (!place->declared) {
		if (parts[place->part].always ||
		    has_role(&metrics->snapshot, parts[place->part].role))
			family(writer, name, "histogram", "seconds", parts[place->part].help);
		place->declared = true;
	}
	service = find_next(&metrics->snapshot, place);
	if (!service)
		return false;
	if (place->part == AT_QUEUES)
		place->series = metrics_queue_duration(writer, &metrics->bounds, name, service,
						       place->series);
	else
		metrics_request_duration(writer, &metrics->bounds, name, service,
					 service->series[place->series++]);
	return true;
}

static void write_next(const struct metrics *metrics, struct writer *writer, struct place *place)
{
	if (place->part == AT_HEAD)
		fputs(metrics->head, writer->out);
	else if (place->part == AT_TAIL)
		fputs(metrics->tail, writer->out);
	else if (write_part(metrics, writer, place))
		return;
	*place = (struct place){.part = place->part + 1};
}

/* Gives the text that `write` writes. Returns 0 or -ENOMEM. */
static int write_text(const struct metrics *metrics,
		      void (*write)(struct writer *writer, const struct metrics *metrics,
				    void *context),
		      void *context, char **ret, size_t *ret_len)
{
	struct writer writer = {.format = metrics->format};
	char *text = NULL;
	size_t len = 0;
	bool failed;

	writer.out = open_memstream(&text, &len);
	if (!writer.out)
		return -ENOMEM;
	write(&writer, metrics, context);
	failed = writer.failed || ferror(writer.out);
	if (fclose(writer.out) || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

static void write_head(struct writer *writer, const struct metrics *metrics, void *context)
{
	(void)context;
	metrics_agent(writer, &metrics->snapshot);
	metrics_health(writer, &metrics->snapshot);
}

static void write_tail(struct writer *writer, const struct metrics *metrics, void *context)
{
	(void)context;
	metrics_slos(writer, &metrics->snapshot);
	metrics_coverage(writer, &metrics->snapshot);
	metrics_blind(writer, &metrics->snapshot);
	fputs("# EOF\n", writer->out);
}

static void write_piece(struct writer *writer, const struct metrics *metrics, void *context)
{
	struct place *place = context;

	while (place->part != AT_END && !writer->failed && ftell(writer->out) < PIECE_BYTES)
		write_next(metrics, writer, place);
}

/* An empty one at the end. */
static int make_piece(struct metrics *metrics)
{
	struct place place = metrics->place;
	char *piece;
	size_t len;
	int r = write_text(metrics, write_piece, &place, &piece, &len);

	if (r)
		return r;
	free(metrics->piece);
	metrics->piece = piece;
	metrics->piece_len = len;
	metrics->piece_taken = 0;
	metrics->place = place;
	return 0;
}

static int measure(struct metrics *metrics)
{
	int r;

	do {
		r = make_piece(metrics);
		metrics->len += metrics->piece_len;
	} while (!r && metrics->place.part != AT_END);
	metrics->place = (struct place){};
	metrics->piece_len = metrics->piece_taken = 0;
	return r;
}

int metrics_new(struct snapshot *snapshot, enum metrics_format format, struct metrics **ret)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	size_t unused;
	int r;

	if (!metrics)
		return -ENOMEM;
	metrics->snapshot = *snapshot;
	metrics->format = format;
	metrics_bounds_init(&metrics->bounds);
	r = write_text(metrics, write_head, NULL, &metrics->head, &unused);
	r = r ?: write_text(metrics, write_tail, NULL, &metrics->tail, &unused);
	r = r ?: measure(metrics);
	if (r) {
		metrics->snapshot = (struct snapshot){};
		metrics_free(metrics);
		return r;
	}
	*snapshot = (struct snapshot){};
	*ret = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	snapshot_clear(&metrics->snapshot);
	free(metrics->head);
	free(metrics->tail);
	free(metrics->piece);
	free(metrics);
}

size_t metrics_len(const struct metrics *metrics)
{
	return metrics->len;
}

ssize_t metrics_read(struct metrics *metrics, char *ret, size_t room)
{
	size_t n;

	if (metrics->piece_taken == metrics->piece_len) {
		int r = make_piece(metrics);

		if (r)
			return r;
	}
	n = metrics->piece_len - metrics->piece_taken;
	if (n > room)
		n = room;
	memcpy(ret, metrics->piece + metrics->piece_taken, n);
	metrics->piece_taken += n;
	return (ssize_t)n;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a packed batch. */
#include "samples/batch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "samples/batch_fields.h"
#include "samples/varint.h"

struct batch_view {
	uint8_t *bytes;
	size_t n;
	int64_t slot, first_id;
	const char *service;
	const char **texts;
	size_t n_texts;
	double *weights; /* of the classes */
	size_t n_classes;
	size_t n_events, events_at;
};

void batch_view_free(struct batch_view *view)
{
	if (!view)
		return;
	free(view->bytes);
	free(view->texts);
	free(view->weights);
	free(view);
}

static void batch_view_free_at(struct batch_view **view)
{
	batch_view_free(*view);
}

static int read_classes(struct varint_reader *in, struct batch_view *view)
{
	view->n_classes = varint_read(in);
	if (in->bad || view->n_classes > BATCH_CLASSES_MAX)
		return -EINVAL;
	view->weights = calloc(view->n_classes + 1, sizeof(*view->weights));
	if (!view->weights)
		return -ENOMEM;
	for (size_t i = 0; i < view->n_classes; i++) {
		const uint64_t twice = varint_read(in), sampled = varint_read(in);

		if (in->bad || !sampled || twice / 2 < sampled)
			return -EINVAL;
		view->weights[i] = (double)twice / 2 / (double)sampled;
	}
	return 0;
}

static int read_texts(struct varint_reader *in, struct batch_view *view)
{
	const size_t n = varint_read(in), bytes = varint_read(in);
	const char *at = (const char *)in->bytes + in->at, *end;

	if (in->bad || bytes > in->end - in->at || n > bytes)
		return -EINVAL;
	end = at + bytes;
	view->texts = calloc(n + 1, sizeof(*view->texts));
	if (!view->texts)
		return -ENOMEM;
	for (; view->n_texts < n; view->n_texts++) {
		const char *nul = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;

		if (!nul)
			return -EINVAL;
		view->texts[view->n_texts] = at;
		at = nul + 1;
	}
	if (at != end)
		return -EINVAL;
	in->at += bytes;
	return 0;
}

int batch_view_new(uint8_t *bytes, size_t n, int64_t slot, int64_t first_id, const char *service,
		   struct batch_view **ret)
{
	_cleanup_(batch_view_free_at) struct batch_view *view = calloc(1, sizeof(*view));
	struct varint_reader in = {bytes, 0, n, false};
	int r;

	if (!view) {
		free(bytes);
		return -ENOMEM;
	}
	*view = (struct batch_view){
		.bytes = bytes, .n = n, .slot = slot, .first_id = first_id, .service = service};
	if (slot < 0 || slot > INT64_MAX / BATCH_SLOT_NS || first_id < 0 ||
	    varint_read(&in) != BATCH_VERSION)
		return -EINVAL;
	r = read_classes(&in, view);
	r = r ?: read_texts(&in, view);
	if (r)
		return r;
	view->n_events = varint_read(&in);
	view->events_at = in.at;
	/* an event is a byte at least */
	if (in.bad || n > UINT32_MAX || view->n_events > n - in.at)
		return -EINVAL;
	*ret = TAKE_PTR(view);
	return 0;
}

size_t batch_view_events(const struct batch_view *view)
{
	return view->n_events;
}

int batch_view_entries(const struct batch_view *view, struct batch_entry *ret)
{
	struct varint_reader in = {view->bytes, view->events_at, view->n, false};

	for (size_t i = 0; i < view->n_events; i++) {
		const uint64_t length = varint_read(&in);
		const size_t begin = in.at;
		const uint64_t ns = varint_read(&in), id = varint_read(&in);

		if (in.bad || length < in.at - begin || length > in.end - begin ||
		    ns >= BATCH_SLOT_NS || id > (uint64_t)(INT64_MAX - view->first_id))
			return -EINVAL;
		ret[i] = (struct batch_entry){
			.time_ns = view->slot * BATCH_SLOT_NS + (int64_t)ns,
			.id = view->first_id + (int64_t)id,
			.view = view,
			.at = (uint32_t)in.at,
			.end = (uint32_t)(begin + length),
		};
		in.at = begin + length;
	}
	return 0;
}

static double seconds(uint64_t ns_and_1)
{
	return ns_and_1 ? (double)(ns_and_1 - 1) * 1e-9 : NAN;
}

static uint64_t count(uint64_t and_1)
{
	return and_1 ? and_1 - 1 : EVENT_UNKNOWN;
}

/* NULL: there is none. A number that is too large is bad. */
static const char *text(const struct batch_view *view, struct varint_reader *in)
{
	const uint64_t number = varint_read(in);

	if (number > view->n_texts)
		in->bad = true;
	return number && !in->bad ? view->texts[number - 1] : NULL;
}

static size_t read_names(const struct batch_view *view, struct varint_reader *in,
			 const char *ret[static EVENT_BAD_FOR_MAX])
{
	const uint64_t n = varint_read(in);

	if (n > EVENT_BAD_FOR_MAX)
		in->bad = true;
	for (uint64_t i = 0; i < n && !in->bad; i++) {
		ret[i] = text(view, in);
		in->bad = in->bad || !ret[i];
	}
	return in->bad ? 0 : n;
}

static void read_lists(const struct batch_view *view, struct varint_reader *in, struct event *ret)
{
	const uint64_t n_headers = varint_read(in);

	if (n_headers > EVENT_HEADERS_MAX)
		in->bad = true;
	for (uint64_t i = 0; i < n_headers && !in->bad; i++) {
		struct event_header *header = &ret->headers[ret->n_headers++];

		header->name = text(view, in);
		header->value = text(view, in);
		in->bad = in->bad || !header->name || !header->value;
	}
	ret->n_bad_for = read_names(view, in, ret->bad_for);
	ret->n_eligible_for = read_names(view, in, ret->eligible_for);
}

int batch_view_event(const struct batch_entry *entry, struct event *ret)
{
	const struct batch_view *const view = entry->view;
	struct varint_reader in = {view->bytes, entry->at, entry->end, false};
	const uint64_t class = varint_read(&in);

	/* the lists by their lengths alone: a quarter of all time is spent on zeros otherwise */
	memset(ret, 0, offsetof(struct event, headers));
	memset(&ret->n_headers, 0,
	       offsetof(struct event, bad_for) - offsetof(struct event, n_headers));
	ret->n_bad_for = ret->n_eligible_for = 0;
	ret->id = entry->id;
	ret->time_ns = entry->time_ns;
	ret->time = (double)entry->time_ns * 1e-9;
	ret->service = view->service;
	if (class >= view->n_classes)
		return -EINVAL;
	ret->weight = view->weights[class];
	ret->bad = varint_read(&in);
#define X(name) ret->name = (__typeof__(ret->name))varint_read(&in);
	BATCH_SMALL(X)
#undef X
#define X(name) ret->name = seconds(varint_read(&in));
	BATCH_SECONDS(X)
#undef X
#define X(name) ret->name = count(varint_read(&in));
	BATCH_COUNTS(X)
#undef X
#define X(name) ret->name = text(view, &in);
	BATCH_TEXTS(X)
#undef X
	read_lists(view, &in, ret);
	if (in.bad || ret->role >= ROLE_COUNT || ret->method >= HTTP_METHOD_COUNT ||
	    ret->outcome >= OUTCOME_COUNT)
		return -EINVAL;
	return 0;
}

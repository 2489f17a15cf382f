/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples: any bytes are a head, a record, or a packed batch.
 *
 * Input: a byte that says which, then a head (of a sample of usual numbers), that of a stream, a whole record, or a batch. What must
 * hold: parts lie within the head, and do not depend on what is behind it; texts that are kept are valid UTF-8 without
 * anything that deceives, and bounded; no value of the query is among them; what is packed is read as it was.
 */
#include <math.h>

#include "base/utf8.h"
#include "samples/batch.h"
#include "samples/decode.h"
#include "samples/event_json.h"
#include "tests/fuzz/fuzz.h"

static const char context[] =
	"{\"services\": [{\"id\": 3, \"name\": \"shop\"}], \"routes\": [\"/cart/*\", \"/a/**\"],"
	" \"generations\": [{\"generation\": 6, \"policies\": [{\"number\": 2, \"slos\":"
	"  [\"checkout\", \"{service}-up\"]}]}],"
	" \"settings\": {\"headers\": [\"x-user-id\", \"referer\"],"
	"  \"trusted_proxies\": [\"10.0.0.0/8\"],"
	"  \"redact\": {\"paths\": \"keep\", \"headers\": [], \"clients\": false}}}";

static struct names *names;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	json_t *json = json_loads(context, 0, NULL);

	(void)argc;
	(void)argv;
	require(json && !names_new(json, &names), "no names");
	json_decref(json);
	return 0;
}

static void check_text(const char *text, size_t max)
{
	size_t left = text ? strlen(text) : 0;

	require(left <= max, "a text is too long");
	while (left) {
		uint32_t code;
		const size_t n = utf8_decode(text, left, &code);

		require(n && !utf8_is_unsafe(code), "a text is not fit to be kept");
		text += n;
		left -= n;
	}
}

static void check_texts(const struct event *event)
{
	check_text(event->method_text, REDACT_METHOD_BYTES);
	check_text(event->path, REDACT_PATH_BYTES);
	check_text(event->query, REDACT_QUERY_BYTES);
	check_text(event->host, REDACT_HOST_BYTES);
	check_text(event->user_agent, REDACT_AGENT_BYTES);
	check_text(event->request_id, REDACT_ID_BYTES);
	check_text(event->traceparent, HEAD_TRACEPARENT_BYTES);
	check_text(event->client, ADDRESS_TEXT_BYTES);
	check_text(event->process, DECODE_COMM_BYTES);
	for (size_t i = 0; i < event->n_headers; i++)
		check_text(event->headers[i].value, REDACT_HEADER_BYTES);
	require(!event->query || !strchr(event->query, '='), "a value of the query is kept");
}

/* Packed and read, it is what it was. */
static void check_packed(const struct event *event)
{
	const int64_t slot = batch_slot(event->time_ns);
	struct batch *batch = batch_new(slot, 7);
	struct batch_view *view;
	struct batch_entry entry;
	struct event again;
	json_t *one, *other;
	size_t n;

	require(batch && !batch_add(batch, event, 7, &(struct batch_draw){1, 0}),
		"an event is not taken");
	require(!batch_view_new(batch_pack(batch, &n), n, slot, 7, event->service, &view),
		"a batch is not read");
	require(!batch_view_entries(view, &entry) && !batch_view_event(&entry, &again),
		"an event is not read");
	again.id = event->id;
	again.weight = event->weight;
	one = event_json(event);
	other = event_json(&again);
	json_object_del(one, "total_seconds");
	json_object_del(other, "total_seconds");
	require(one && other && json_object_size(one) == json_object_size(other),
		"another event when read again");
	for (size_t i = 0; i < 4; i++) {
		static const char *const keys[] = {"path", "user_agent", "bad_for", "time"};

		require(json_equal(json_object_get(one, keys[i]), json_object_get(other, keys[i])),
			"another event when read again");
	}
	json_decref(one);
	json_decref(other);
	batch_view_free(view);
	batch_free(batch);
}

static void decode(const struct sample *sample, size_t bytes)
{
	struct decoded *decoded = malloc(sizeof(*decoded));

	require(decoded != NULL, "no memory");
	if (!decode_sample(sample, bytes, 1800000000, names, decoded)) {
		check_texts(&decoded->event);
		if (decoded->event.time_ns > 0)
			check_packed(&decoded->event);
	}
	free(decoded);
}

static void read_head(const uint8_t *data, size_t size)
{
	struct sample *sample = calloc(1, sizeof(*sample) + size);

	require(sample != NULL, "no memory");
	sample->kind = RECORD_SAMPLE;
	sample->stands_for = 1;
	sample->ended_ns = 1000;
	sample->eligible_slos = sample->bad_slos = 3;
	sample->generation = 6;
	sample->policy = 2;
	sample->service = 3;
	sample->route = 1;
	sample->head_bytes = (__u16)(size > 65535 ? 65535 : size);
	memcpy(sample->peer, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
	memcpy(sample->head, data, size);
	decode(sample, sizeof(*sample) + size);
	free(sample);
}

/* What is behind the block are texts of the table, each behind its length. */
static void read_stream_head(const uint8_t *data, size_t size)
{
	struct sample *sample = calloc(1, sizeof(*sample) + sizeof(struct stream_head));
	struct stream_head *head = (struct stream_head *)(sample + 1);

	require(sample != NULL, "no memory");
	sample->kind = RECORD_SAMPLE;
	sample->stands_for = 1;
	sample->ended_ns = 1000;
	sample->service = 3;
	sample->flags = SAMPLE_STREAM | SAMPLE_STREAM_HEAD;
	head->kind = RECORD_STREAM_HEAD;
	head->block_bytes = (__u16)(size < STREAM_BLOCK_MAX ? size : STREAM_BLOCK_MAX);
	memcpy(head->block, data, head->block_bytes);
	size -= head->block_bytes;
	data += head->block_bytes;
	head->cut = size & 1;
	head->has_texts = size != 0;
	for (int i = 0; i < STREAM_TEXTS && size >= 3; i++) {
		struct stream_text *text = &head->texts[i];
		const size_t n = size - 3 < 2 * STREAM_TEXT_MAX ? size - 3 : 2 * STREAM_TEXT_MAX;

		text->bytes = (__u16)(data[0] << 8 | data[1]);
		text->first = data[2];
		memcpy(text->text, data + 3, n);
		size -= 3 + n;
		data += 3 + n;
	}
	decode(sample, sizeof(*sample) + (head->has_texts ? sizeof(*head) :
							    offsetof(struct stream_head, texts)));
	free(sample);
}

static void read_batch(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	struct batch_entry *entries;
	struct batch_view *view;

	require(bytes != NULL, "no memory");
	memcpy(bytes, data, size);
	if (batch_view_new(bytes, size, 180000000, 7, "shop", &view))
		return;
	entries = calloc(batch_view_events(view) + 1, sizeof(*entries));
	require(entries != NULL, "no memory");
	if (!batch_view_entries(view, entries)) {
		for (size_t i = 0; i < batch_view_events(view); i++) {
			struct event event;

			if (!batch_view_event(&entries[i], &event))
				json_decref(event_json(&event));
		}
	}
	free(entries);
	batch_view_free(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] % 8 == 5) {
		read_stream_head(data + 1, size - 1);
	} else if (data[0] % 4 < 2) {
		read_head(data + 1, size - 1);
	} else if (data[0] % 4 == 2) {
		struct sample *record = malloc(size);

		require(record != NULL, "no memory");
		memcpy(record, data + 1, size - 1);
		decode(record, size - 1);
		free(record);
	} else {
		read_batch(data + 1, size - 1);
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/texts.h"

#include <errno.h>
#include <stddef.h>

#include "record/record.h"

static const char *const kinds[] = {RECORD_NOTICES,  RECORD_DELIVERY, RECORD_SILENCE,
				    RECORD_SILENCED, RECORD_CHANGED,  RECORD_INCIDENT};

int record_texts_init(struct record_texts *texts)
{
	texts->kinds = json_object();
	texts->unwritten = json_object();
	return texts->kinds && texts->unwritten ? 0 : -ENOMEM;
}

void record_texts_clear(struct record_texts *texts)
{
	json_decref(texts->kinds);
	json_decref(texts->unwritten);
	*texts = (struct record_texts){};
}

static json_t *of_kind(json_t *object, const char *kind)
{
	json_t *inner = json_object_get(object, kind);

	if (!inner) {
		inner = json_object();
		json_object_set_new(object, kind, inner);
	}
	return inner;
}

struct loading {
	struct record_texts *texts;
	const char *kind;
};

static int load(void *context, const char *key, const char *text)
{
	struct loading *loading = context;

	return json_object_set_new(of_kind(loading->texts->kinds, loading->kind), key,
				   json_string(text)) ?
		       -ENOMEM :
		       0;
}

int record_texts_load(struct record_texts *texts, struct store *store)
{
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct loading loading = {texts, kinds[i]};

		r = store_each_text(store, kinds[i], load, &loading);
	}
	return r;
}

void record_texts_set(struct record_texts *texts, const char *kind, const char *key,
		      const char *text)
{
	if (text)
		json_object_set_new(of_kind(texts->kinds, kind), key, json_string(text));
	else
		json_object_del(of_kind(texts->kinds, kind), key);
	json_object_set_new(of_kind(texts->unwritten, kind), key, json_true());
}

int record_texts_each(const struct record_texts *texts, const char *kind,
		      int (*fn)(void *context, const char *key, const char *text), void *context)
{
	json_t *copy = json_copy(json_object_get(texts->kinds, kind)), *text;
	const char *key;
	int r = 0;

	json_object_foreach(copy, key, text) {
		r = r ?: fn(context, key, json_string_value(text));
	}
	json_decref(copy);
	return r;
}

int record_texts_put(struct record_texts *texts, struct store *store)
{
	json_t *keys, *mark;
	const char *kind, *key;
	int r = 0;

	json_object_foreach(texts->unwritten, kind, keys) {
		json_object_foreach(keys, key, mark) {
			const json_t *text =
				json_object_get(json_object_get(texts->kinds, kind), key);

			if (r)
				return r;
			r = text ? store_put_text(store, kind, key, json_string_value(text)) :
				   store_drop_text(store, kind, key);
		}
	}
	return r;
}

void record_texts_written(struct record_texts *texts)
{
	json_object_clear(texts->unwritten);
}

void record_texts_forget(struct record_texts *texts)
{
	json_t *of, *text;
	const char *kind, *key;

	json_object_foreach(texts->kinds, kind, of) {
		json_object_foreach(of, key, text)
			json_object_set_new(of_kind(texts->unwritten, kind), key, json_true());
	}
}

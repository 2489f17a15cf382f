/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/identity.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "base/sha256.h"
#include "base/url.h"

enum {
	DIGEST_SHOWN = 32, /* digits: 128 bits */
	WHICH_BYTES = 24,
};

void identity_clear(struct receiver_identity *identity)
{
	free(identity->key);
	free(identity->address);
	free(identity->older);
	free(identity->name);
	free(identity->unnumbered);
	*identity = (struct receiver_identity){};
}

/* argv as JSON, so that no two are alike. Bytes that are no text become null. */
static char *argv_text(char *const *argv, size_t n)
{
	json_t *list = json_array();
	int failed = !list;
	char *text;

	for (size_t i = 0; i < n; i++) {
		json_t *argument = json_string(argv[i]);

		failed |= json_push(list, argument ? argument : json_null());
	}
	text = failed ? NULL : json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

/* " (3)" for the third one, "" for the first. */
static void which_text(size_t earlier, char ret[static WHICH_BYTES])
{
	*ret = 0;
	if (earlier)
		snprintf(ret, WHICH_BYTES, " (%zu)", earlier + 1);
}

/* "a b c", malloc()ed; NULL when out of memory. */
static char *joined(const char *kind, const char *what, const char *which)
{
	char *text;

	return asprintf(&text, "%s %s%s", kind, what, which) < 0 ? NULL : text;
}

static char *shown_text(const struct config_receiver *config, const char *kind)
{
	_cleanup_free_ char *shown = config->kind == RECEIVER_COMMAND ?
					     strdup(config->n_argv ? config->argv[0] : "") :
					     url_shown(config->url);
	char *text;

	if (!shown || asprintf(&text, "%s %s%s%s%s", kind, shown, config->name ? " (" : "",
			       config->name ?: "", config->name ? ")" : "") < 0)
		return NULL;
	return text;
}

static void make_of_address(const struct config_receiver *config, size_t same_address,
			    struct receiver_identity *identity)
{
	const char *kind = config_receiver_kind_name(config->kind);
	_cleanup_free_ char *address = config->kind == RECEIVER_COMMAND ?
					       argv_text(config->argv, config->n_argv) :
					       strdup(config->url);
	char digest[SHA256_TEXT_BYTES], which[WHICH_BYTES];

	if (!address)
		return;
	which_text(same_address, which);
	sha256_text(address, strlen(address), digest);
	digest[DIGEST_SHOWN] = 0;
	identity->address = joined(kind, digest, which);
	identity->older = joined(kind, address, which);
	identity->unnumbered = shown_text(config, kind);
}

int identity_make(const struct config_receiver *config, size_t same_address, size_t same_file,
		  struct receiver_identity *ret)
{
	const char *kind = config_receiver_kind_name(config->kind);
	struct receiver_identity identity = {};
	char which[WHICH_BYTES];

	if (config->kind == RECEIVER_JOURNAL) {
		identity.address = strdup(kind);
		identity.older = strdup(kind);
		identity.unnumbered = strdup(kind);
	} else {
		make_of_address(config, same_address, &identity);
	}
	which_text(same_file, which);
	if (config->url_file)
		identity.key = joined(kind, config->url_file, which);
	else if (identity.address)
		identity.key = strdup(identity.address);
	if (identity.unnumbered)
		identity.name = strdup(identity.unnumbered);
	if (!identity.key || !identity.address || !identity.older || !identity.name) {
		identity_clear(&identity);
		return -ENOMEM;
	}
	*ret = identity;
	return 0;
}

int identity_number(struct receiver_identity *identity, size_t number)
{
	char *name;

	if (asprintf(&name, "%s #%zu", identity->unnumbered, number) < 0)
		return -ENOMEM;
	free(identity->name);
	identity->name = name;
	return 0;
}

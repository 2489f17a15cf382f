/* SPDX-License-Identifier: GPL-2.0-only */
/* What the helper takes from outside: packets, names of pins, and what a process has mapped. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/mapped.h"
#include "helper/maps.h"
#include "helper/packets.h"
#include "helper/pins.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void packet(const uint8_t *data, size_t size)
{
	for (int to = TLS_TO_HELPER; to <= TLS_TO_AGENT; to++) {
		struct tls_packet *copy = calloc(1, sizeof(*copy));
		const size_t n = size < sizeof(*copy) ? size : sizeof(*copy);

		memcpy(copy, data, n);
		if (!tls_packet_check(copy, sizeof(*copy), to, copy->kind == TLS_GIVE) &&
		    copy->kind == TLS_FOUND)
			assert(strlen(copy->found.path) < sizeof(copy->found.path));
		free(copy);
	}
}

static void lines(const char *text)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	char *copy = strdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		struct maps_file file;
		char *again = strdup(line);

		if (maps_parse(again, &file))
			assert(file.id.ino && file.end > file.start && *file.path == '/');
		free(again);
		assert(!maps_add(maps, line));
	}
	assert(maps->n <= MAPS_FILES_MAX);
	maps_clear(maps);
	free(maps);
	free(copy);
}

static void name(const char *text)
{
	char back[PINS_NAME_BYTES];
	struct pins_name pin;
	__u64 ticks;

	if (!pins_name_parse(text, &pin)) {
		pins_name_text(&pin, back);
		assert(!strcmp(back, text));
	}
	mapped_began_in(text, &ticks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	packet(data, size);
	lines(text);
	name(text);
	free(text);
	return 0;
}

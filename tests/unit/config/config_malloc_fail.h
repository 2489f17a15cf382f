/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading configurations while allocations fail. Included after cmocka.h. */
#ifndef SLIPROBE_CONFIG_MALLOC_FAIL_H
#define SLIPROBE_CONFIG_MALLOC_FAIL_H

#include "config_fixture.h"
#include "tests/unit/fixtures/malloc_fail.h"

/* Reads `text`, which warns once, with each allocation failing in turn. Returns how many there are. */
static unsigned long fail_each_allocation_of(const char *text)
{
	unsigned long n = 0;
	int r;

	do {
		struct config untouched = {.n_services = 4711}, config = untouched;
		struct error error;

		n_allocations = 0;
		fail_at = ++n;
		r = parse(text, &config, &error);
		fail_at = 0;
		if (r) {
			assert_memory_equal(&config, &untouched, sizeof(config));
			assert_int_equal(r, -ENOMEM);
		} else {
			assert_int_equal(config.n_warnings, 1);
			config_clear(&config);
		}
	} while (r);
	print_message("%lu allocations\n", n - 1);
	return n;
}

#endif

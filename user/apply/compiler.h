/* SPDX-License-Identifier: GPL-2.0-only */
/* One compilation: what it reads, and the tables it has made so far. */
#ifndef SLIPROBE_APPLY_COMPILER_H
#define SLIPROBE_APPLY_COMPILER_H

#include <linux/types.h>
#include <stddef.h>

#include "apply/tables_input.h"
#include "base/error.h"
#include "config/config.h"
#include "kernel/tables.h"
#include "match/automaton.h"

struct compiler {
	const struct config *config;
	const struct tables_slo *slos;
	size_t n_slos;
	struct tables_region region;
	const struct tables_ids *ids;
	struct error *error;
	struct tables out;
};

/* Appends `add` zeroed elements of `size` bytes to the array at *array_at. Returns 0 or -ENOMEM. */
int compiler_grow(void *array_at, size_t *n, size_t add, size_t size);

/* Compiles patterns; the error names what they are, and whose. Returns 0 or -errno. */
int compiler_match(struct compiler *c, const struct pattern *patterns, size_t n, const char *what,
		   const char *whose, struct automaton *ret);

/*
 * Appends an automaton to the tables; its accept set k goes to c->out.accepts[*ret_accepts + k - 1].
 * Returns 0 or -ENOMEM.
 */
int compiler_append(struct compiler *c, const struct automaton *automaton, __u32 *ret_start,
		    __u32 *ret_accepts);

#endif

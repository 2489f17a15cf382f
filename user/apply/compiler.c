/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int compiler_grow(void *array_at, size_t *n, size_t add, size_t size)
{
	void **array = array_at;
	size_t now = *n, want = now + add;
	void *grown = realloc(*array, want * size ?: 1);

	if (!grown)
		return -ENOMEM;
	memset((char *)grown + now * size, 0, add * size);
	*array = grown;
	*n = want;
	return 0;
}

int compiler_append(struct compiler *c, const struct automaton *automaton, __u32 *ret_start,
		    __u32 *ret_accepts)
{
	/* the automaton's state 0 is the dead one, which all automata share */
	__u32 state_offset = c->region.states - 1 + c->out.n_states;
	__u32 cell_offset = c->region.cells + c->out.n_cells;
	__u32 accept_offset = c->region.accepts - 1 + c->out.n_accepts;
	size_t state = c->out.n_states, cell = c->out.n_cells;
	int r;

	*ret_accepts = c->out.n_accepts;
	*ret_start = DFA_DEAD;
	if (automaton->start == DFA_DEAD)
		return 0;
	r = compiler_grow(&c->out.states, &c->out.n_states, automaton->n_states - 1,
			  sizeof(*c->out.states));
	r = r	  ?:
		    compiler_grow(&c->out.cells, &c->out.n_cells, automaton->n_cells,
				  sizeof(*c->out.cells));
	r = r	  ?:
		    compiler_grow(&c->out.accepts, &c->out.n_accepts, automaton->n_sets - 1,
				  sizeof(*c->out.accepts));
	if (r)
		return r;
	automaton_place(automaton, state_offset, cell_offset, accept_offset, c->out.states + state,
			c->out.cells + cell);
	*ret_start = state_offset + automaton->start;
	return 0;
}

int compiler_match(struct compiler *c, const struct pattern *patterns, size_t n, const char *what,
		   const char *whose, struct automaton *ret)
{
	int r = automaton_compile(patterns, n, AUTOMATON_MAX_STATES, ret);

	if (r == -E2BIG)
		return error_set(
			c->error, -EINVAL,
			"%s: %s of %s: together too complex to match in one pass: use fewer `*`",
			c->config->file, what, whose);
	return r;
}

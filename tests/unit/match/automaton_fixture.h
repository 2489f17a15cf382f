/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks that hold for every compiled automaton. Included after cmocka.h. */
#ifndef SLIPROBE_AUTOMATON_FIXTURE_H
#define SLIPROBE_AUTOMATON_FIXTURE_H

#include "match/automaton.h"

static inline void check_shape(const struct automaton *automaton)
{
	assert_true(automaton->n_states >= 1);
	assert_true(automaton->n_sets >= 1);
	assert_true(automaton->start < automaton->n_states);
	assert_int_equal(automaton->states[0].base, 0);
	assert_int_equal(automaton->states[0].dflt, DFA_DEAD);
	assert_int_equal(automaton->states[0].accept, 0);
	for (size_t i = 0; i < automaton->set_words; i++)
		assert_int_equal(automaton->sets[i], 0);
	for (size_t s = 0; s < automaton->n_states; s++) {
		assert_true((size_t)automaton->states[s].base + 256 <= automaton->n_cells);
		assert_true(automaton->states[s].dflt < automaton->n_states);
		assert_true(automaton->states[s].accept < automaton->n_sets);
	}
	for (size_t i = 0; i < automaton->n_cells; i++) {
		assert_true(automaton->cells[i].check < automaton->n_states);
		assert_true(automaton->cells[i].next < automaton->n_states);
		if (automaton->cells[i].check == DFA_DEAD)
			assert_int_equal(automaton->cells[i].next, DFA_DEAD);
	}
}

#endif

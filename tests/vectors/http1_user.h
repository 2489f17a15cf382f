/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user-space half of the vector tests: the parser with the test's automata, the ways to split
 * an input, and the comparison of what came out.
 */
#ifndef SLIPROBE_TESTS_HTTP1_USER_H
#define SLIPROBE_TESTS_HTTP1_USER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dfa.h"
#include "match/automaton.h"
#include "tests/unit/fixtures/random.h"

/* ---- automata ---- */

/* Paths and user agents in one pair of arrays, as the agent places them in the maps. */
static struct vector_automata {
	struct automaton paths;
	struct automaton agents;
	struct dfa_state *states;
	size_t n_states;
	struct dfa_cell *cells;
	size_t n_cells;
	__u32 path_start;
	__u32 agent_start;
	__u32 agent_accept; /* accept sets up to here are those of paths */
} vector_automata;

static inline __u32 http1_dfa_next(__u32 state, __u8 byte)
{
	const struct vector_automata *a = &vector_automata;
	const struct dfa_cell *cell;

	if (state == DFA_DEAD)
		return DFA_DEAD;
	if (state >= a->n_states || a->states[state].base + byte >= a->n_cells)
		abort();
	cell = &a->cells[a->states[state].base + byte];
	return cell->check == state ? cell->next : a->states[state].dflt;
}

static inline const struct dfa_state *http1_dfa_state(__u32 state)
{
	if (state >= vector_automata.n_states)
		abort();
	return state == DFA_DEAD ? NULL : &vector_automata.states[state];
}

/* need what the two above define */
#include "http1/feed.h"
#include "tests/vectors/http1_driver.h"

#include "tests/vectors/http1_vectors.h"

static inline __u32 http1_test_accept(__u32 state)
{
	if (state >= vector_automata.n_states)
		abort();
	return vector_automata.states[state].accept;
}

static inline bool vector_automata_init(void)
{
	enum { N_ROUTES = sizeof(vector_routes) / sizeof(vector_routes[0]) };
	enum { N_AGENTS = sizeof(vector_agents) / sizeof(vector_agents[0]) };
	struct vector_automata *a = &vector_automata;
	struct pattern routes[N_ROUTES], agents[N_AGENTS];
	__u32 state_offset, cell_offset;

	for (int i = 0; i < N_ROUTES; i++)
		routes[i] = (struct pattern){.text = vector_routes[i], .syntax = PATTERN_ROUTE};
	for (int i = 0; i < N_AGENTS; i++)
		agents[i] = (struct pattern){.text = vector_agents[i], .syntax = PATTERN_GLOB};
	if (automaton_compile(routes, N_ROUTES, AUTOMATON_MAX_STATES, &a->paths) ||
	    automaton_compile(agents, N_AGENTS, AUTOMATON_MAX_STATES, &a->agents))
		return false;
	state_offset = (__u32)a->paths.n_states - 1;
	cell_offset = (__u32)a->paths.n_cells;
	a->n_states = a->paths.n_states + a->agents.n_states - 1;
	a->n_cells = a->paths.n_cells + a->agents.n_cells;
	a->states = calloc(a->n_states, sizeof(*a->states));
	a->cells = calloc(a->n_cells, sizeof(*a->cells));
	if (!a->states || !a->cells)
		return false;
	a->agent_accept = (__u32)a->paths.n_sets - 1;
	automaton_place(&a->paths, 0, 0, 0, a->states + 1, a->cells);
	automaton_place(&a->agents, state_offset, cell_offset, a->agent_accept,
			a->states + state_offset + 1, a->cells + cell_offset);
	a->path_start = a->paths.start;
	a->agent_start = state_offset + a->agents.start;
	return true;
}

static inline void vector_automata_clear(void)
{
	struct vector_automata *a = &vector_automata;

	free(a->states);
	free(a->cells);
	automaton_clear(&a->paths);
	automaton_clear(&a->agents);
}

/* ---- splits ---- */

enum {
	PLANS_RANDOM = 50,
	POSITIONS_ALL = 4096, /* of a longer input, not each position is a plan of its own */
	POSITIONS_EDGE = 200,
	POSITIONS_STRIDE = 509,
};

/* Where the pieces of an input end; the last end is its length. */
struct splits {
	__u32 n;
	__u32 end[VECTOR_BYTES_MAX];
};

static inline void splits_random(__u32 len, __u64 seed, struct splits *ret)
{
	__u32 at = 0;

	random_seed(seed);
	ret->n = 0;
	while (at < len) {
		/* mostly short pieces: that is where the parser's states are */
		__u32 longest = 1U << random_below(10);

		at += 1 + (__u32)random_below(longest);
		ret->end[ret->n++] = at < len ? at : len;
	}
}

/*
 * The ways an input is split: 0 whole, 1 byte by byte, then at random, then at each position.
 * Returns false if there is no such plan.
 */
static inline bool splits_plan(__u32 len, __u32 plan, struct splits *ret)
{
	__u32 at;

	if (plan == 1) {
		for (ret->n = 0; ret->n < len; ret->n++)
			ret->end[ret->n] = ret->n + 1;
		return true;
	}
	if (plan > 1 && plan < 2 + PLANS_RANDOM) {
		splits_random(len, plan, ret);
		return true;
	}
	ret->n = 0;
	if (plan >= 2 + PLANS_RANDOM) {
		at = plan - 2 - PLANS_RANDOM + 1;
		if (len > POSITIONS_ALL && at > POSITIONS_EDGE) {
			at -= POSITIONS_EDGE;
			at = at <= POSITIONS_EDGE ?
				     len - at :
				     POSITIONS_EDGE + (at - POSITIONS_EDGE) * POSITIONS_STRIDE;
		}
		if (at >= len)
			return false;
		ret->end[ret->n++] = at;
	}
	ret->end[ret->n++] = len;
	return true;
}

/* ---- results ---- */

static inline void vector_run_init(const struct http1_vector *vector, bool ready,
				   struct http1_run *run)
{
	memset(run, 0, sizeof(*run));
	run->parser.flags = vector->response ? HTTP1_RESPONSE : 0;
	run->path_start = vector_automata.path_start;
	run->agent_start = vector_automata.agent_start;
	run->head_mask = vector->head_mask;
	run->connect_mask = vector->connect_mask;
	run->ready = ready;
	http1_run_ready(run);
}

static inline struct http1_expected vector_actual(const struct http1_result *result)
{
	struct http1_expected actual = {
		.kind = result->kind,
		.method = result->method,
		.excluded = result->agent > vector_automata.agent_accept,
		.flags = result->flags,
		.closes = result->closes,
		.status = result->status,
		.announced = result->announced,
		.body = result->body,
	};

	for (size_t i = 0; i < sizeof(vector_routes) / sizeof(vector_routes[0]) && result->path;
	     i++) {
		if (automaton_set_has(&vector_automata.paths, result->path, i)) {
			actual.route = (__u8)(i + 1);
			break;
		}
	}
	return actual;
}

static inline bool vector_same(const struct http1_expected *a, const struct http1_expected *b)
{
	return a->kind == b->kind && a->method == b->method && a->route == b->route &&
	       a->excluded == b->excluded && a->flags == b->flags && a->closes == b->closes &&
	       a->status == b->status && a->announced == b->announced && a->body == b->body;
}

static inline void vector_print(const char *what, const struct http1_expected *e)
{
	printf("%s kind %d method %d route %d excluded %d flags %#x closes %d status %d announced %d body %llu\n",
	       what, e->kind, e->method, e->route, e->excluded, e->flags, e->closes, e->status,
	       e->announced, (unsigned long long)e->body);
}

/* Compares a run with what the vector expects; says what differs. */
static inline bool vector_check(const struct http1_vector *vector, const struct http1_run *run)
{
	__u32 n = 0;

	if (run->faulty) {
		printf("\"%s\": the parser broke its contract\n", vector->name);
		return false;
	}
	while (n < VECTOR_RESULTS_MAX && vector->expected[n].kind != HTTP1_NOTHING) {
		struct http1_expected actual = {};

		if (n < run->n_results)
			actual = vector_actual(&run->results[n]);
		if (!vector_same(&actual, &vector->expected[n])) {
			printf("\"%s\", message %u:\n", vector->name, n);
			vector_print("  expected", &vector->expected[n]);
			vector_print("  got     ", &actual);
			return false;
		}
		n++;
	}
	if (run->n_results != n) {
		printf("\"%s\": %u messages, expected %u\n", vector->name, run->n_results, n);
		if (n < run->n_results) {
			struct http1_expected actual = vector_actual(&run->results[n]);

			vector_print("  one more:", &actual);
		}
		return false;
	}
	return true;
}

static inline bool parsers_same(struct http1 a, struct http1 b)
{
	/* one of them may have been ready for the message, which shows before its method is read */
	if ((a.flags ^ b.flags) & HTTP1_READY && a.state <= HTTP1_METHOD) {
		a.dfa = b.dfa;
		a.ua = b.ua;
	}
	a.flags &= ~HTTP1_READY;
	b.flags &= ~HTTP1_READY;
	return !memcmp(&a, &b, sizeof(a));
}

/* True if two runs over the same input came to the same end. */
static inline bool runs_same(const struct http1_run *a, const struct http1_run *b)
{
	if (a->n_results != b->n_results || a->stopped != b->stopped || a->faulty != b->faulty ||
	    a->n_final != b->n_final || a->open != b->open ||
	    memcmp(a->results, b->results, sizeof(a->results)))
		return false;
	/* once stopped, neither what was consumed nor the state is defined */
	return a->stopped || (a->offset == b->offset && parsers_same(a->parser, b->parser));
}

#endif

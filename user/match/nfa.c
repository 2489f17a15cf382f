/* SPDX-License-Identifier: GPL-2.0-only */
#include "match/nfa.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "match/spans.h"

/* Finds for each pattern the first one of its group, whose id is the caller's. */
static int find_groups(const struct pattern *patterns, size_t n, __u32 *groups)
{
	_cleanup_(spans_clear) struct spans seen = {};
	_cleanup_free_ __u32 *first = calloc(n + 1, sizeof(*first));

	if (!first)
		return -ENOMEM;
	for (size_t p = 0; p < n; p++) {
		size_t n_seen = seen.n;
		__u32 number;
		int r;

		groups[p] = (__u32)p;
		if (!patterns[p].group)
			continue;
		r = spans_intern(&seen, &patterns[p].group, 1, SIZE_MAX, &number);
		if (r)
			return r;
		if (number == n_seen)
			first[number] = (__u32)p;
		groups[p] = first[number];
	}
	return 0;
}

/* Appends the positions of pattern `p`. */
static void add_pattern(struct nfa *nfa, const struct pattern *pattern, size_t p, __u32 group)
{
	const char *text = pattern->text;
	size_t first = nfa->n_positions;
	struct token token;

	nfa->positions[p] = (struct position){.op = OP_SURE, .group = (__u32)p};
	do {
		size_t at = nfa->n_positions;

		token = pattern_next_token(&text, pattern->syntax);
		if (token.op == OP_END && at > first && nfa->positions[at - 1].op == OP_ANY) {
			nfa->positions[at - 1].op = OP_SURE;
			break;
		}
		nfa->positions[nfa->n_positions++] = (struct position){
			.op = (__u8)token.op,
			.byte = token.byte,
			.group = group,
			.first = (__u32)first,
		};
	} while (token.op != OP_END);
}

int nfa_init(struct nfa *nfa, const struct pattern *patterns, size_t n)
{
	_cleanup_free_ __u32 *groups = calloc(n + 1, sizeof(*groups));
	size_t max_positions = n;
	int r;

	for (size_t p = 0; p < n; p++) {
		max_positions += strlen(patterns[p].text) + 1;
		if (max_positions > SPANS_MAX_ITEMS)
			return -E2BIG;
	}
	nfa->positions = calloc(max_positions + 1, sizeof(*nfa->positions));
	nfa->subset = calloc(max_positions + 1, sizeof(*nfa->subset));
	nfa->live = calloc(max_positions + 1, sizeof(*nfa->live));
	nfa->sure = calloc(n + 1, sizeof(*nfa->sure));
	nfa->is_sure = calloc(n + 1, sizeof(*nfa->is_sure));
	if (!groups || !nfa->positions || !nfa->subset || !nfa->live || !nfa->sure || !nfa->is_sure)
		return -ENOMEM;
	r = find_groups(patterns, n, groups);
	if (r)
		return r;
	nfa->n_patterns = n;
	nfa->n_positions = n;
	for (size_t p = 0; p < n; p++)
		add_pattern(nfa, &patterns[p], p, groups[p]);
	return 0;
}

void nfa_clear(struct nfa *nfa)
{
	free(nfa->positions);
	free(nfa->subset);
	free(nfa->sure);
	free(nfa->live);
	free(nfa->is_sure);
}

static void add_sure(struct nfa *nfa, __u32 group)
{
	size_t at = nfa->n_sure;

	if (nfa->is_sure[group])
		return;
	nfa->is_sure[group] = true;
	for (; at && nfa->sure[at - 1] > group; at--)
		nfa->sure[at] = nfa->sure[at - 1];
	nfa->sure[at] = group;
	nfa->n_sure++;
}

/* Calls come nearly in order, so the place is at the end or next to it. */
static void add_position(struct nfa *nfa, __u32 position)
{
	size_t at = nfa->n_live;

	if (nfa->positions[position].op == OP_SURE) {
		add_sure(nfa, nfa->positions[position].group);
		return;
	}
	while (at && nfa->live[at - 1] > position)
		at--;
	if (!at || nfa->live[at - 1] != position) {
		memmove(nfa->live + at + 1, nfa->live + at,
			(nfa->n_live - at) * sizeof(*nfa->live));
		nfa->live[at] = position;
		nfa->n_live++;
	}
	if (nfa->positions[position].op == OP_ANY)
		add_position(nfa, position + 1); /* "any" may be nothing; no two are in a row */
}

/*
 * Leaves in `subset` the groups of `sure`, and the positions of `live` that matter. A group that
 * surely matches needs no more watching. If an OP_ANY of a pattern has been reached, the pattern's
 * positions before it add nothing: all that they accept passes through that OP_ANY, which accepts
 * any bytes and the rest already. Without this, "*a*b*c*" would remember far too much.
 */
static size_t reduce(struct nfa *nfa)
{
	size_t len = 0;

	for (size_t i = 0; i < nfa->n_sure; i++)
		nfa->subset[len++] = nfa->sure[i];
	for (size_t i = 0; i < nfa->n_live; i++) {
		const struct position *position = &nfa->positions[nfa->live[i]];

		if (nfa->is_sure[position->group])
			continue;
		if (position->op == OP_ANY) {
			while (len && nfa->subset[len - 1] >= nfa->n_patterns &&
			       nfa->subset[len - 1] >= position->first)
				len--;
		}
		nfa->subset[len++] = nfa->live[i];
	}
	for (size_t i = 0; i < nfa->n_sure; i++)
		nfa->is_sure[nfa->sure[i]] = false;
	nfa->n_sure = 0;
	nfa->n_live = 0;
	return len;
}

size_t nfa_start(struct nfa *nfa)
{
	for (size_t i = nfa->n_patterns; i < nfa->n_positions; i++) {
		if (nfa->positions[i].first == i)
			add_position(nfa, (__u32)i);
	}
	return reduce(nfa);
}

size_t nfa_step(struct nfa *nfa, const __u32 *subset, size_t len, int byte)
{
	for (size_t i = 0; i < len; i++) {
		const struct position *position = &nfa->positions[subset[i]];

		switch ((enum pattern_op)position->op) {
		case OP_END:
			break;
		case OP_LITERAL:
			if (byte == position->byte)
				add_position(nfa, subset[i] + 1);
			break;
		case OP_ONE:
			add_position(nfa, subset[i] + 1);
			break;
		case OP_SEGMENT:
			if (byte == '/')
				break;
			add_position(nfa, subset[i]);
			add_position(nfa, subset[i] + 1);
			break;
		case OP_ANY:
			add_position(nfa, subset[i]);
			break;
		case OP_SURE:
			add_sure(nfa, position->group);
			break;
		}
	}
	return reduce(nfa);
}

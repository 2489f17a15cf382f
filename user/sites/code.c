/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/code.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sites/insn.h"

enum {
	RETURNS_INSNS_MAX = 512, /* code_returns() looks at */
};

struct decoding {
	struct elf *elf;
	const char *name;
	struct code code;
	struct insn_effect *effects; /* of each instruction */
	__u64 bytes; /* of all ranges */
	__u64 entry, entry_size;
};

void code_clear(struct code *code)
{
	free(code->list);
	*code = (struct code){0};
}

static const struct code_range *range_at(const struct code *code, __u64 address)
{
	for (size_t i = 0; i < code->n_ranges; i++) {
		if (address >= code->ranges[i].from && address < code->ranges[i].to)
			return &code->ranges[i];
	}
	return NULL;
}

struct code_insn *code_at(const struct code *code, __u64 address)
{
	const struct code_range *range = range_at(code, address);
	size_t low, high;

	if (!range)
		return NULL;
	low = code->first[range - code->ranges];
	for (high = code->first[range - code->ranges + 1]; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (code->list[middle].at == address)
			return &code->list[middle];
		if (code->list[middle].at < address)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct code_insn *code_next(const struct code *code, const struct code_insn *insn)
{
	const struct code_insn *next = insn + 1;

	return next < code->list + code->n && next->at == insn->at + insn->length ? next : NULL;
}

const struct code_insn *code_before(const struct code *code, const struct code_insn *insn)
{
	return insn > code->list && insn[-1].at + insn[-1].length == insn->at ? insn - 1 : NULL;
}

static int add_range(struct decoding *decoding, __u64 address, struct error *reason)
{
	struct code *code = &decoding->code;
	struct code_range range;
	const struct elf_segment *segment = elf_segment_at(decoding->elf, address);

	if (!segment || !segment->executable)
		return error_set(reason, -ENOTSUP, "%s leads to what is no code", decoding->name);
	if (!frames_range(decoding->elf, address, &range)) {
		if (address != decoding->entry || !decoding->entry_size)
			return error_set(reason, -ENOTSUP, "%s leads to code without known bounds",
					 decoding->name);
		range = (struct code_range){.from = address, .to = address + decoding->entry_size};
	}
	if (range.to - range.from > CODE_BYTES_MAX - decoding->bytes ||
	    code->n_ranges == CODE_RANGES_MAX || range.to > segment->address + segment->size ||
	    range.from < segment->address)
		return error_set(reason, -ENOTSUP, "%s is too large", decoding->name);
	/* as many as a hostile table may make: what lies in two ranges is not decoded twice */
	for (size_t i = 0; i < code->n_ranges; i++) {
		if (range.from < code->ranges[i].to && code->ranges[i].from < range.to)
			return error_set(reason, -ENOTSUP, "%s has parts that overlap",
					 decoding->name);
	}
	decoding->bytes += range.to - range.from;
	code->ranges[code->n_ranges++] = range;
	return 0;
}

/* Room for as many instructions more as there are bytes, but for no more than CODE_INSNS_MAX in all. */
static bool make_room(struct decoding *decoding, __u64 bytes)
{
	size_t n = decoding->code.n + bytes;
	struct code_insn *list;
	struct insn_effect *effects;

	if (n > CODE_INSNS_MAX)
		n = CODE_INSNS_MAX;
	list = realloc(decoding->code.list, (n ?: 1) * sizeof(*list));
	if (list)
		decoding->code.list = list;
	effects = realloc(decoding->effects, (n ?: 1) * sizeof(*effects));
	if (effects)
		decoding->effects = effects;
	return list && effects;
}

static int decode_range(struct decoding *decoding, struct code_range range, struct error *reason)
{
	const unsigned char *bytes = elf_at(decoding->elf, range.from, range.to - range.from);

	if (!bytes)
		return error_set(reason, -ENOTSUP, "%s is not in the file", decoding->name);
	if (!make_room(decoding, range.to - range.from))
		return error_set(reason, -ENOMEM, "out of memory");
	for (__u64 at = range.from; at < range.to;) {
		size_t n = decoding->code.n;

		if (n == CODE_INSNS_MAX)
			return error_set(reason, -ENOTSUP, "%s is too large", decoding->name);
		if (!insn_decode(bytes + (at - range.from), range.to - at, at,
				 &decoding->code.list[n], &decoding->effects[n]))
			return error_set(reason, -ENOTSUP, "%s has what is no instruction at %#llx",
					 decoding->name, (unsigned long long)at);
		at += decoding->code.list[n].length;
		decoding->code.n++;
	}
	return 0;
}

/* Stubs that jump to other files, through a slot. */
static bool in_stubs(const struct elf *elf, __u64 address)
{
	const struct elf_section *section = elf_section_at(elf, address);

	return section && (!strcmp(section->name, ".plt") || !strcmp(section->name, ".plt.sec") ||
			   !strcmp(section->name, ".plt.got"));
}

static int decode_all(struct decoding *decoding, struct error *reason)
{
	int r = add_range(decoding, decoding->entry, reason);
	size_t done = 0;

	for (size_t i = 0; !r && i < decoding->code.n_ranges; i++) {
		r = decode_range(decoding, decoding->code.ranges[i], reason);
		decoding->code.first[i + 1] = decoding->code.n;
		for (; !r && done < decoding->code.n; done++) {
			const struct code_insn *insn = &decoding->code.list[done];

			if (insn->flow != CODE_JUMP && insn->flow != CODE_BRANCH)
				continue;
			if (in_stubs(decoding->elf, insn->target))
				return error_set(reason, -ENOTSUP,
						 "%s leaves by a jump to another file",
						 decoding->name);
			if (!range_at(&decoding->code, insn->target))
				r = add_range(decoding, insn->target, reason);
		}
	}
	return r;
}

static int mark_joins(struct decoding *decoding, struct error *reason)
{
	for (size_t i = 0; i < decoding->code.n; i++) {
		const struct code_insn *insn = &decoding->code.list[i];
		struct code_insn *target;

		if (insn->flow != CODE_JUMP && insn->flow != CODE_BRANCH)
			continue;
		target = code_at(&decoding->code, insn->target);
		if (!target)
			return error_set(reason, -ENOTSUP, "%s jumps into an instruction",
					 decoding->name);
		target->joined = true;
	}
	return 0;
}

/* The stack behind an instruction; ret->stack and ret->base are set. */
static void step_stack(const struct code_insn *insn, const struct insn_effect *effect,
		       struct code_insn *ret)
{
	__s32 stack = insn->stack, base = insn->base;

	ret->base = base;
	if (effect->base == INSN_BASE_FROM_STACK)
		ret->base = stack == CODE_STACK_UNKNOWN ? stack : stack + effect->base_moves;
	else if (effect->base == INSN_BASE_LOST)
		ret->base = CODE_STACK_UNKNOWN;

	ret->stack = CODE_STACK_UNKNOWN;
	if (effect->stack == INSN_STACK_SAME)
		ret->stack = stack;
	else if (effect->stack == INSN_STACK_MOVES && stack != CODE_STACK_UNKNOWN)
		ret->stack = stack + effect->moves;
	else if (effect->stack == INSN_STACK_FROM_BASE && base != CODE_STACK_UNKNOWN)
		ret->stack = base + effect->moves;
	else if (effect->stack == INSN_STACK_LEAVE && base != CODE_STACK_UNKNOWN)
		ret->stack = base - 8;
	if (ret->stack < -(1 << 24) || ret->stack > 1 << 24)
		ret->stack = CODE_STACK_UNKNOWN;
	if (ret->base < -(1 << 24) || ret->base > 1 << 24)
		ret->base = CODE_STACK_UNKNOWN;
}

/* Joins what is known on one way to `to` with what is known on others. Returns true if that has changed it. */
static bool flow_to(struct code_insn *to, const struct code_insn *known)
{
	bool changed = !to->reached;

	if (changed) {
		to->stack = known->stack;
		to->base = known->base;
		to->reached = true;
		return true;
	}
	if (to->stack != known->stack && to->stack != CODE_STACK_UNKNOWN) {
		to->stack = CODE_STACK_UNKNOWN;
		changed = true;
	}
	if (to->base != known->base && to->base != CODE_STACK_UNKNOWN) {
		to->base = CODE_STACK_UNKNOWN;
		changed = true;
	}
	return changed;
}

/* Each instruction is met three times at most for what is known of it: reached, stack lost, base lost. */
static int follow_stack(struct decoding *decoding)
{
	struct code *code = &decoding->code;
	size_t room = 3 * code->n + 1, n = 0;
	size_t *todo;

	if (!code->n)
		return 0;
	todo = calloc(room, sizeof(*todo));
	if (!todo)
		return -ENOMEM;
	code->list[code->entry].stack = 0;
	code->list[code->entry].reached = true;
	todo[n++] = code->entry;
	while (n) {
		size_t i = todo[--n];
		struct code_insn *insn = &code->list[i], *next;
		struct code_insn known = {0};

		step_stack(insn, &decoding->effects[i], &known);
		if (insn->flow == CODE_JUMP || insn->flow == CODE_BRANCH) {
			next = code_at(code, insn->target);
			if (next && flow_to(next, &known))
				todo[n++] = (size_t)(next - code->list);
		}
		if (insn->flow == CODE_JUMP || insn->flow == CODE_JUMP_AWAY ||
		    insn->flow == CODE_RETURN || insn->flow == CODE_STOP)
			continue;
		next = (struct code_insn *)code_next(code, insn);
		if (next && flow_to(next, &known))
			todo[n++] = (size_t)(next - code->list);
	}
	free(todo);
	return 0;
}

/*
 * A jump by a register while the frame stands is one by a table: whoever jumped away so would never come back to the
 * caller. With nothing on the stack it may lead anywhere.
 */
static int check_exits(struct decoding *decoding, struct error *reason)
{
	struct code *code = &decoding->code;
	bool returns = false;

	for (size_t i = 0; i < code->n; i++) {
		const struct code_insn *insn = &code->list[i];

		returns |= insn->flow == CODE_RETURN;
		if (insn->flow != CODE_JUMP_AWAY)
			continue;
		if (insn->stack <= 0) /* as CODE_STACK_UNKNOWN is */
			return error_set(reason, -ENOTSUP, "%s leaves by an indirect jump",
					 decoding->name);
		code->has_table = true;
	}
	return returns ? 0 : error_set(reason, -ENOTSUP, "%s never returns", decoding->name);
}

bool code_returns(const struct code *code, __u64 address)
{
	size_t n = 0, met = 0, room = code->n + 1;
	unsigned char *seen = calloc(code->n + 1, 1);
	size_t *todo = calloc(room, sizeof(*todo));
	const struct code_insn *from = code_at(code, address);
	bool returns = !seen || !todo || !from;

	if (!returns) {
		todo[n++] = (size_t)(from - code->list);
		seen[from - code->list] = 1;
	}
	while (n && !returns) {
		const struct code_insn *insn = &code->list[todo[--n]], *next[2] = {NULL, NULL};

		returns = insn->flow == CODE_RETURN || insn->flow == CODE_JUMP_AWAY ||
			  ++met == RETURNS_INSNS_MAX;
		if (insn->flow == CODE_JUMP || insn->flow == CODE_BRANCH)
			next[0] = code_at(code, insn->target);
		if (insn->flow != CODE_JUMP && insn->flow != CODE_STOP)
			next[1] = code_next(code, insn);
		for (size_t i = 0; i < 2; i++) {
			if (!next[i] || seen[next[i] - code->list])
				continue;
			seen[next[i] - code->list] = 1;
			todo[n++] = (size_t)(next[i] - code->list);
		}
	}
	free(seen);
	free(todo);
	return returns;
}

int code_decode(struct elf *elf, const char *name, __u64 address, __u64 size, struct code *ret,
		struct error *reason)
{
	struct decoding decoding = {.elf = elf, .name = name, .entry = address, .entry_size = size};
	const struct code_insn *entry;
	int r = decode_all(&decoding, reason);

	if (!r)
		r = mark_joins(&decoding, reason);
	entry = r ? NULL : code_at(&decoding.code, address);
	if (!r && !entry)
		r = error_set(reason, -ENOTSUP, "%s begins within an instruction", name);
	if (entry)
		decoding.code.entry = (size_t)(entry - decoding.code.list);
	if (!r && follow_stack(&decoding))
		r = error_set(reason, -ENOMEM, "out of memory");
	if (!r)
		r = check_exits(&decoding, reason);
	free(decoding.effects);
	if (r)
		code_clear(&decoding.code);
	else
		*ret = decoding.code;
	return r;
}

int code_decode_part(struct elf *elf, const char *name, __u64 address, struct code *ret,
		     struct error *reason)
{
	struct decoding decoding = {.elf = elf, .name = name};
	int r = add_range(&decoding, address, reason);

	if (!r)
		r = decode_range(&decoding, decoding.code.ranges[0], reason);
	decoding.code.first[1] = decoding.code.n;
	for (size_t i = 0; !r && i < decoding.code.n; i++) {
		const struct code_insn *insn = &decoding.code.list[i];
		struct code_insn *target = NULL;

		if (insn->flow == CODE_JUMP || insn->flow == CODE_BRANCH)
			target = code_at(&decoding.code, insn->target);
		if (target)
			target->joined = true;
	}
	if (!r && follow_stack(&decoding))
		r = error_set(reason, -ENOMEM, "out of memory");
	for (size_t i = 0; !r && i < decoding.code.n; i++) {
		if (decoding.code.list[i].flow == CODE_JUMP_AWAY && decoding.code.list[i].stack)
			decoding.code.has_table = true;
	}
	free(decoding.effects);
	if (r)
		code_clear(&decoding.code);
	else
		*ret = decoding.code;
	return r;
}

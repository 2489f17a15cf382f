/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/choose.h"

enum {
	BACK_INSNS_MAX = 32, /* from a RET: an epilogue is no longer */
};

static bool can_be(const struct code_insn *insn)
{
	return insn->emulated && !insn->refused && insn->stack != CODE_STACK_UNKNOWN;
}

static void set_choice(const struct code_insn *insn, __s32 stack, struct choice *ret)
{
	*ret = (struct choice){.at = insn->at, .stack = stack, .emulated = insn->emulated};
}

bool choose_entry(const struct code *code, __u32 reads, struct choice *ret)
{
	const struct code_insn *first = &code->list[code->entry], *insn = first;

	do {
		/* where a table leads is not known: it may be in between */
		if (insn != first && (insn->joined || code->has_table))
			break;
		if (can_be(insn)) {
			set_choice(insn, insn->stack, ret);
			return true;
		}
		if (insn->flow != CODE_NEXT || insn->writes & reads)
			break;
		insn = code_next(code, insn);
	} while (insn);
	set_choice(first, 0, ret);
	return !first->refused;
}

bool choose_return(const struct code *code, const struct code_insn *insn, struct choice *ret)
{
	const struct code_insn *at = insn;

	for (size_t i = 0; i < BACK_INSNS_MAX && !code->has_table && !at->joined; i++) {
		at = code_before(code, at);
		if (!at || (at->flow != CODE_NEXT && at->flow != CODE_BRANCH) ||
		    at->writes & CODE_AX)
			break;
		if (at->flow == CODE_BRANCH && code_returns(code, at->target))
			break;
		if (can_be(at)) {
			set_choice(at, at->stack, ret);
			return true;
		}
	}
	set_choice(insn, 0, ret);
	return !insn->refused;
}

bool choose_behind(const struct code *code, const struct code_insn *insn, struct choice *ret)
{
	const struct code_insn *first = code_next(code, insn), *at;

	for (at = first; at && insn->stack != CODE_STACK_UNKNOWN; at = code_next(code, at)) {
		if (at != first && (at->joined || code->has_table))
			break;
		if (can_be(at)) {
			set_choice(at, at->stack - insn->stack - 8, ret);
			return true;
		}
		if (at->flow != CODE_NEXT || at->writes & CODE_AX)
			break;
	}
	if (!first)
		return false;
	set_choice(first, -8, ret);
	return !first->refused;
}

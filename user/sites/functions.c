/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/functions.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sites/insn.h"

enum {
	FUNCTION_BYTES_MAX = 16 << 10,
};

struct finding {
	struct function *list;
	size_t n;
};

static bool take_symbol(void *context, const struct elf_symbol *symbol)
{
	struct finding *finding = context;

	if (!symbol->function || !symbol->defined || !symbol->address)
		return true;
	for (size_t i = 0; i < finding->n; i++) {
		struct function *function = &finding->list[i];

		if (function->address || strcmp(function->name, symbol->name) != 0)
			continue;
		function->address = symbol->address;
		function->size = symbol->size;
	}
	return true;
}

void functions_find(struct elf *elf, struct function *list, size_t n)
{
	struct finding finding = {.list = list, .n = n};

	elf_symbols(elf, take_symbol, &finding);
	for (size_t i = 0; i < n; i++)
		list[i].n_slots = elf_imports(elf, list[i].name, list[i].slots, ELF_IMPORTS_MAX);
}

const unsigned char *function_bytes(struct elf *elf, const struct function *function, __u64 max,
				    struct code_range *ret)
{
	struct code_range range = {.from = function->address,
				   .to = function->address + function->size};

	if (!function->address)
		return NULL;
	frames_range(elf, function->address, &range);
	if (range.to <= function->address || range.to - function->address > max)
		return NULL;
	*ret = range;
	return elf_at(elf, function->address, range.to - function->address);
}

size_t function_insns(struct elf *elf, const struct function *function, struct code_insn **ret)
{
	struct code_range range;
	const unsigned char *bytes = function_bytes(elf, function, FUNCTION_BYTES_MAX, &range);
	struct code_insn *list;
	struct insn_effect effect;
	size_t n = 0;

	list = bytes ? malloc((range.to - function->address) * sizeof(*list)) : NULL;
	if (!list)
		return 0;
	for (__u64 at = function->address; at < range.to; at += list[n++].length) {
		if (!insn_decode(bytes + (at - function->address), range.to - at, at, &list[n],
				 &effect))
			break;
	}
	*ret = list;
	return n;
}

bool function_is_target(struct elf *elf, const struct function *function,
			const struct code_insn *insn)
{
	__u64 slot;

	if (insn->flow == CODE_NEXT || !insn->target)
		return false;
	if (insn->target == function->address)
		return true;
	slot = insn->flow == CODE_CALL_AWAY || insn->flow == CODE_JUMP_AWAY ?
		       insn->target :
		       elf_stub_slot(elf, insn->target);
	for (size_t i = 0; slot && i < function->n_slots; i++) {
		if (function->slots[i] == slot)
			return true;
	}
	return false;
}

bool function_called_by(struct elf *elf, const struct function *function,
			const struct function *from)
{
	_cleanup_free_ struct code_insn *list = NULL;
	size_t n = function_insns(elf, from, &list);

	for (size_t i = 0; i < n; i++) {
		if (function_is_target(elf, function, &list[i]))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What uprobes emulate and what they refuse: arch/x86/kernel/uprobes.c, branch_setup_xol_ops(), push_setup_xol_ops()
 * and is_prefix_bad(). Only forms that all kernels from 6.1 on emulate count here.
 */
#include "sites/insn.h"

#include <Zydis/Zydis.h>

enum {
	REGISTERS = 16,
	REGISTER_SP = 4,
	REGISTER_BP = 5,
	REGISTER_NONE = 0xff,
};

struct decoded {
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static bool decode(const unsigned char *bytes, size_t n, struct decoded *ret)
{
	ZydisDecoder decoder;

	return ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
					     ZYDIS_STACK_WIDTH_64)) &&
	       ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, n, &ret->insn, ret->operands));
}

static __u8 register_number(ZydisRegister reg)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

	if (ZydisRegisterGetClass(whole) != ZYDIS_REGCLASS_GPR64)
		return REGISTER_NONE;
	return (__u8)ZydisRegisterGetId(whole);
}

static bool is_register(const ZydisDecodedOperand *operand, __u8 number)
{
	return operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       register_number(operand->reg.value) == number;
}

static __u32 registers_written(const struct decoded *decoded)
{
	__u32 writes = 0;

	for (unsigned int i = 0; i < decoded->insn.operand_count; i++) {
		const ZydisDecodedOperand *operand = &decoded->operands[i];
		__u8 number;

		if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    !(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		number = register_number(operand->reg.value);
		if (number < REGISTERS)
			writes |= 1U << number;
	}
	return writes;
}

static bool is_emulated(const unsigned char *bytes, size_t length)
{
	if (length == 1 && (bytes[0] == 0x90 || (bytes[0] & 0xf8) == 0x50))
		return true;
	if (length == 2)
		return bytes[0] == 0xeb || (bytes[0] & 0xf0) == 0x70 ||
		       (bytes[0] == 0x41 && (bytes[1] & 0xf8) == 0x50);
	if (length == 5)
		return bytes[0] == 0xe8 || bytes[0] == 0xe9;
	return length == 6 && bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80;
}

/* Prefixes that uprobes refuse: lock, and those of segments but FS and GS. */
static bool is_refused(const ZydisDecodedInstruction *insn)
{
	for (unsigned int i = 0; i < insn->raw.prefix_count; i++) {
		switch (insn->raw.prefixes[i].value) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0xf0:
			return true;
		case 0x66: /* of a jump, a call or a nop */
			if (insn->opcode == 0x90 || insn->opcode == 0xe8 || insn->opcode == 0xe9 ||
			    insn->opcode == 0xeb || (insn->opcode & 0xf0) == 0x70)
				return true;
			break;
		default:
			break;
		}
	}
	return insn->mnemonic == ZYDIS_MNEMONIC_INT3;
}

static void set_flow(const struct decoded *decoded, struct code_insn *insn)
{
	const ZydisDecodedOperand *operand = &decoded->operands[0];
	ZyanU64 target;
	bool direct = operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand->imm.is_relative;

	insn->flow = CODE_NEXT;
	switch (decoded->insn.meta.category) {
	case ZYDIS_CATEGORY_COND_BR:
		insn->flow = CODE_BRANCH;
		break;
	case ZYDIS_CATEGORY_UNCOND_BR:
		insn->flow = direct ? CODE_JUMP : CODE_JUMP_AWAY;
		break;
	case ZYDIS_CATEGORY_CALL:
		insn->flow = direct ? CODE_CALL : CODE_CALL_AWAY;
		break;
	case ZYDIS_CATEGORY_RET:
		insn->flow = CODE_RETURN;
		break;
	default:
		if (decoded->insn.mnemonic == ZYDIS_MNEMONIC_UD2 ||
		    decoded->insn.mnemonic == ZYDIS_MNEMONIC_HLT ||
		    decoded->insn.mnemonic == ZYDIS_MNEMONIC_INT3)
			insn->flow = CODE_STOP;
		return;
	}
	if (insn->flow == CODE_RETURN)
		return;
	if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && operand->mem.base != ZYDIS_REGISTER_RIP)
		return;
	if (ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&decoded->insn, operand, insn->at, &target)))
		insn->target = target;
}

static void set_effect(const struct decoded *decoded, __u32 writes, struct insn_effect *effect)
{
	const ZydisDecodedOperand *to = &decoded->operands[0], *from = &decoded->operands[1];
	ZydisMnemonic what = decoded->insn.mnemonic;

	*effect = (struct insn_effect){.stack = INSN_STACK_SAME};
	if (decoded->insn.meta.category == ZYDIS_CATEGORY_CALL)
		return;
	if (writes & 1U << REGISTER_BP) {
		effect->base = INSN_BASE_LOST;
		if (is_register(to, REGISTER_BP) && what == ZYDIS_MNEMONIC_MOV &&
		    is_register(from, REGISTER_SP)) {
			effect->base = INSN_BASE_FROM_STACK;
		} else if (is_register(to, REGISTER_BP) && what == ZYDIS_MNEMONIC_LEA &&
			   from->mem.base == ZYDIS_REGISTER_RSP &&
			   from->mem.index == ZYDIS_REGISTER_NONE) {
			effect->base = INSN_BASE_FROM_STACK;
			effect->base_moves = (__s32)-from->mem.disp.value;
		}
	}
	if (!(writes & 1U << REGISTER_SP))
		return;
	effect->stack = INSN_STACK_LOST;
	if (what == ZYDIS_MNEMONIC_PUSH || what == ZYDIS_MNEMONIC_POP) {
		/* `pop %rsp` is lost */
		if (decoded->insn.operand_width == 64 && !is_register(to, REGISTER_SP)) {
			effect->stack = INSN_STACK_MOVES;
			effect->moves = what == ZYDIS_MNEMONIC_PUSH ? 8 : -8;
		}
	} else if (what == ZYDIS_MNEMONIC_PUSHFQ || what == ZYDIS_MNEMONIC_POPFQ) {
		effect->stack = INSN_STACK_MOVES;
		effect->moves = what == ZYDIS_MNEMONIC_PUSHFQ ? 8 : -8;
	} else if (what == ZYDIS_MNEMONIC_LEAVE) {
		effect->stack = INSN_STACK_LEAVE;
		effect->base = INSN_BASE_LOST;
	} else if (!is_register(to, REGISTER_SP) || to->size != 64) {
		return;
	} else if ((what == ZYDIS_MNEMONIC_SUB || what == ZYDIS_MNEMONIC_ADD) &&
		   from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		effect->stack = INSN_STACK_MOVES;
		effect->moves = (__s32)from->imm.value.s;
		if (what == ZYDIS_MNEMONIC_ADD)
			effect->moves = -effect->moves;
	} else if (what == ZYDIS_MNEMONIC_MOV && is_register(from, REGISTER_BP)) {
		effect->stack = INSN_STACK_FROM_BASE;
	} else if (what == ZYDIS_MNEMONIC_LEA && from->mem.index == ZYDIS_REGISTER_NONE &&
		   (from->mem.base == ZYDIS_REGISTER_RSP || from->mem.base == ZYDIS_REGISTER_RBP)) {
		effect->stack = from->mem.base == ZYDIS_REGISTER_RSP ? INSN_STACK_MOVES :
								       INSN_STACK_FROM_BASE;
		effect->moves = (__s32)-from->mem.disp.value;
	}
}

/* `mov %rsp,%r` or `lea n(%rsp),%r` */
static bool is_from_stack(const struct decoded *decoded)
{
	const ZydisDecodedOperand *from = &decoded->operands[1];

	return (decoded->insn.mnemonic == ZYDIS_MNEMONIC_MOV && is_register(from, REGISTER_SP)) ||
	       (decoded->insn.mnemonic == ZYDIS_MNEMONIC_LEA &&
		(from->mem.base == ZYDIS_REGISTER_RSP || from->mem.base == ZYDIS_REGISTER_RBP) &&
		from->mem.index == ZYDIS_REGISTER_NONE);
}

bool insn_decode(const unsigned char *bytes, size_t n, __u64 address, struct code_insn *ret,
		 struct insn_effect *ret_effect)
{
	struct decoded decoded;

	if (!decode(bytes, n, &decoded))
		return false;
	*ret = (struct code_insn){
		.at = address,
		.length = decoded.insn.length,
		.writes = registers_written(&decoded),
		.emulated = is_emulated(bytes, decoded.insn.length),
		.refused = is_refused(&decoded.insn),
		.from_stack = is_from_stack(&decoded),
		.stack = CODE_STACK_UNKNOWN,
		.base = CODE_STACK_UNKNOWN,
	};
	set_flow(&decoded, ret);
	set_effect(&decoded, ret->writes, ret_effect);
	/* of a call: what the caller does not keep */
	if (ret->flow == CODE_CALL || ret->flow == CODE_CALL_AWAY)
		ret->writes =
			CODE_AX | CODE_CX | CODE_DX | CODE_SI | CODE_DI | CODE_R8 | CODE_R9 | 0xc00;
	return true;
}

/* A register and a constant, without an index. */
static bool is_plain(const ZydisDecodedOperand *operand)
{
	return operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
	       operand->mem.index == ZYDIS_REGISTER_NONE &&
	       operand->mem.segment != ZYDIS_REGISTER_FS &&
	       operand->mem.segment != ZYDIS_REGISTER_GS &&
	       register_number(operand->mem.base) != REGISTER_NONE;
}

bool insn_address(const unsigned char *bytes, size_t n, struct insn_address *ret, __u8 *ret_length)
{
	const ZydisDecodedOperand *to, *from, *memory = NULL;
	struct insn_address address = {
		.kind = INSN_OTHER, .from = REGISTER_NONE, .to = REGISTER_NONE};
	struct decoded decoded;
	ZydisMnemonic what;

	if (!decode(bytes, n, &decoded))
		return false;
	to = &decoded.operands[0];
	from = &decoded.operands[1];
	what = decoded.insn.mnemonic;
	address.writes = registers_written(&decoded);
	if (decoded.insn.meta.category == ZYDIS_CATEGORY_CALL)
		address.writes = 0x0fc7;
	for (unsigned int i = 0; i < decoded.insn.operand_count_visible; i++) {
		if (is_plain(&decoded.operands[i]))
			memory = &decoded.operands[i];
	}
	if (memory) {
		address.kind = INSN_TOUCH;
		address.from = register_number(memory->mem.base);
		address.displacement = memory->mem.disp.value;
	}
	if (decoded.insn.operand_count_visible >= 2 && from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		address.value = from->imm.value.s;
		if (what == ZYDIS_MNEMONIC_CMP && memory == to)
			address.kind = INSN_COMPARE;
		else if (what == ZYDIS_MNEMONIC_SHR && to->type == ZYDIS_OPERAND_TYPE_REGISTER)
			address.kind = INSN_SHIFT;
		else if (what == ZYDIS_MNEMONIC_AND && to->type == ZYDIS_OPERAND_TYPE_REGISTER)
			address.kind = INSN_MASK;
		if (address.kind == INSN_SHIFT || address.kind == INSN_MASK)
			address.to = register_number(to->reg.value);
	}
	if (decoded.insn.operand_count_visible >= 2 && memory == from && memory &&
	    to->type == ZYDIS_OPERAND_TYPE_REGISTER && from->size < 64 &&
	    (what == ZYDIS_MNEMONIC_MOV || what == ZYDIS_MNEMONIC_MOVZX) &&
	    register_number(to->reg.value) != REGISTER_NONE) {
		address.kind = INSN_LOAD_SMALL;
		address.to = register_number(to->reg.value);
	}
	if (decoded.insn.operand_count_visible >= 2 && to->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	    to->size == 64 && register_number(to->reg.value) != REGISTER_NONE) {
		address.to = register_number(to->reg.value);
		if (what == ZYDIS_MNEMONIC_LEA && memory == from) {
			address.kind = INSN_LEA;
		} else if (what == ZYDIS_MNEMONIC_MOV && memory == from) {
			address.kind = INSN_LOAD;
		} else if (what == ZYDIS_MNEMONIC_MOV &&
			   from->type == ZYDIS_OPERAND_TYPE_REGISTER && from->size == 64) {
			address.kind = INSN_MOVE;
			address.from = register_number(from->reg.value);
		} else if ((what == ZYDIS_MNEMONIC_ADD || what == ZYDIS_MNEMONIC_SUB) &&
			   from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
			address.kind = INSN_ADD;
			address.displacement =
				what == ZYDIS_MNEMONIC_ADD ? from->imm.value.s : -from->imm.value.s;
		}
	}
	*ret = address;
	*ret_length = decoded.insn.length;
	return true;
}

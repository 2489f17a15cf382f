/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/go_code.h"

#include <errno.h>
#include <string.h>

#include "sites/insn.h"

enum {
	FUNCTION_BYTES_MAX = 64 << 10,
	PROLOGUE_BYTES_MAX = 12,
};

/* How long the comparison of the stack pointer with the goroutine's limit is; 0: it is none. */
static size_t stack_check(const unsigned char *bytes, size_t n)
{
	/* cmp 0x10(%r14),%rsp */
	static const unsigned char SMALL[] = {0x49, 0x3b, 0x66, 0x10};
	/* lea -x(%rsp),%r12; cmp 0x10(%r14),%r12 */
	static const unsigned char LEA8[] = {0x4c, 0x8d, 0x64, 0x24};
	static const unsigned char LEA32[] = {0x4c, 0x8d, 0xa4, 0x24};
	static const unsigned char LARGE[] = {0x4d, 0x3b, 0x66, 0x10};
	size_t lea = 0;

	if (n < PROLOGUE_BYTES_MAX)
		return 0;
	if (!memcmp(bytes, SMALL, sizeof(SMALL)))
		return sizeof(SMALL);
	if (!memcmp(bytes, LEA8, sizeof(LEA8)))
		lea = sizeof(LEA8) + 1;
	else if (!memcmp(bytes, LEA32, sizeof(LEA32)))
		lea = sizeof(LEA32) + 4;
	if (!lea || memcmp(bytes + lea, LARGE, sizeof(LARGE)) != 0)
		return 0;
	return lea + sizeof(LARGE);
}

bool go_code_checks_stack(struct elf *elf, __u64 address)
{
	const unsigned char *bytes = elf_at(elf, address, PROLOGUE_BYTES_MAX);

	return bytes && stack_check(bytes, PROLOGUE_BYTES_MAX);
}

struct body {
	const unsigned char *bytes;
	__u64 address, size;
	unsigned char
		begins[FUNCTION_BYTES_MAX / 8]; /* one bit a byte: an instruction begins there */
};

static bool begins_at(const struct body *body, __u64 address)
{
	__u64 at = address - body->address;

	return at < body->size && body->begins[at / 8] & 1 << at % 8;
}

static int add_site(struct elf *elf, const struct code_insn *insn, enum tls_call call, bool returns,
		    struct sites *sites)
{
	struct site site = {.call = call, .returns = returns, .emulated = insn->emulated};

	if (sites->n == SITES_MAX || insn->refused || !elf_offset(elf, insn->at, &site.at))
		return -ENOTSUP;
	sites->list[sites->n++] = site;
	return 0;
}

/* Decodes all of the body once; the second time, where jumps lead is known to be looked at. */
static int walk(struct elf *elf, const struct go_function *function, struct body *body, bool again,
		enum tls_call call, struct sites *sites, struct error *reason)
{
	size_t entry = stack_check(body->bytes, body->size);

	for (__u64 at = 0; at < body->size;) {
		struct insn_effect effect;
		struct code_insn insn = {0};

		if (!insn_decode(body->bytes + at, body->size - at, body->address + at, &insn,
				 &effect))
			return error_set(reason, -ENOTSUP,
					 "%s has an instruction that is not known", function->name);
		insn.at = body->address + at;
		body->begins[at / 8] |= (unsigned char)(1 << at % 8);
		if (insn.flow == CODE_JUMP_AWAY)
			return error_set(reason, -ENOTSUP, "%s leaves by an indirect jump",
					 function->name);
		if (at == entry && insn.flow != CODE_BRANCH)
			return error_set(reason, -ENOTSUP,
					 "%s does not begin as functions of Go do", function->name);
		if (again && (insn.flow == CODE_BRANCH || insn.flow == CODE_JUMP) &&
		    (!begins_at(body, insn.target) ||
		     (insn.target > body->address && insn.target <= body->address + entry)))
			return error_set(reason, -ENOTSUP,
					 "%s jumps to where it cannot be followed", function->name);
		if (again && (at == entry || insn.flow == CODE_RETURN) &&
		    add_site(elf, &insn, call, at != entry, sites))
			return error_set(reason, -ENOTSUP,
					 "%s cannot be probed where it begins or ends",
					 function->name);
		at += insn.length;
	}
	return 0;
}

int go_code_sites(struct elf *elf, const struct go_function *function, enum tls_call call,
		  struct sites *sites, struct error *reason)
{
	struct body body = {.address = function->from, .size = function->to - function->from};
	size_t before = sites->n;
	int r;

	if (function->to <= function->from || body.size > FUNCTION_BYTES_MAX)
		return error_set(reason, -ENOTSUP, "%s is too large, or its end is not known",
				 function->name);
	body.bytes = elf_at(elf, body.address, body.size);
	if (!body.bytes || !stack_check(body.bytes, body.size))
		return error_set(reason, -ENOTSUP,
				 "%s does not take its arguments in registers (before Go 1.17)",
				 function->name);
	r = walk(elf, function, &body, false, call, sites, reason);
	if (!r)
		r = walk(elf, function, &body, true, call, sites, reason);
	if (!r && sites->n < before + 2)
		r = error_set(reason, -ENOTSUP, "%s has no return", function->name);
	return r;
}

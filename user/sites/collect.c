/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "sites/callers.h"

static __u32 registers_read(enum tls_call call)
{
	__u32 reads = CODE_DI | CODE_SI | CODE_DX;

	if (call == TLS_CALL_READ_AT || call == TLS_CALL_WRITE_AT)
		reads |= CODE_CX;
	if (call == TLS_CALL_WRITE_FLAGS_AT)
		reads |= CODE_CX | CODE_R8;
	return reads;
}

static int add_site(struct collection *collection, const struct choice *choice, enum tls_call call,
		    bool returns, __s32 stack, const char *name, struct error *reason)
{
	struct sites *sites = collection->sites;
	struct site site = {.call = (__u8)call,
			    .returns = returns,
			    .emulated = choice->emulated,
			    .stack = stack};

	if (!elf_offset(collection->elf, choice->at, &site.at))
		return error_set(reason, -ENOTSUP, "%s is not in the file", name);
	for (size_t i = 0; i < sites->n; i++) {
		const struct site *other = &sites->list[i];

		if (other->at != site.at)
			continue;
		if (other->call == site.call && other->returns == site.returns &&
		    other->stack == site.stack)
			return 0;
		return error_set(reason, -EEXIST, "%s shares its end with another function", name);
	}
	if (sites->n == SITES_MAX)
		return error_set(reason, -ENOTSUP, "%s has too many exits", name);
	sites->list[sites->n++] = site;
	return 0;
}

static int add_entry(struct collection *collection, const struct code *code, const char *name,
		     enum tls_call call, __s32 *ret_stack, struct error *reason)
{
	struct choice entry;

	if (!choose_entry(code, registers_read(call), &entry))
		return error_set(reason, -ENOTSUP, "%s begins with what cannot be probed", name);
	if (collection->flat && entry.stack) {
		const struct code_insn *first = &code->list[code->entry];

		if (first->refused)
			return error_set(reason, -ENOTSUP, "%s begins with what cannot be probed",
					 name);
		entry = (struct choice){.at = first->at, .emulated = first->emulated};
	}
	*ret_stack = entry.stack;
	return add_site(collection, &entry, call, false, 0, name, reason);
}

int collect_function(struct collection *collection, const struct function *function,
		     enum tls_call call, struct error *reason)
{
	size_t n = collection->sites->n;
	struct code code;
	__s32 entry_stack = 0;
	int r = code_decode(collection->elf, function->name, function->address, function->size,
			    &code, reason);

	if (r)
		return r;
	r = add_entry(collection, &code, function->name, call, &entry_stack, reason);
	for (size_t i = 0; !r && i < code.n; i++) {
		struct choice choice;

		if (code.list[i].flow != CODE_RETURN)
			continue;
		if (!choose_return(&code, &code.list[i], &choice))
			r = error_set(reason, -ENOTSUP, "%s ends with what cannot be probed",
				      function->name);
		else
			r = add_site(collection, &choice, call, true, choice.stack - entry_stack,
				     function->name, reason);
	}
	code_clear(&code);
	if (r)
		collection->sites->n = n;
	return r;
}

static int add_behind(struct collection *collection, const struct function *function,
		      enum tls_call call, __s32 entry_stack, __u64 caller, struct error *reason)
{
	struct code code;
	struct choice choice;
	const struct code_insn *insn;
	int r = code_decode_part(collection->elf, function->name, caller, &code, reason);

	if (r)
		return r;
	insn = code_at(&code, caller);
	if (!insn || insn->flow != CODE_CALL)
		; /* the bytes of a call within an instruction: nobody runs them */
	else if (!choose_behind(&code, insn, &choice))
		r = error_set(reason, -ENOTSUP, "%s is called by what cannot be probed",
			      function->name);
	else
		r = add_site(collection, &choice, call, true, choice.stack - entry_stack,
			     function->name, reason);
	code_clear(&code);
	return r;
}

int collect_by_callers(struct collection *collection, const struct function *function,
		       enum tls_call call, struct error *reason)
{
	size_t n = collection->sites->n, n_callers = 0;
	__u64 callers[CALLERS_MAX];
	const struct code_insn *insn;
	struct code code;
	__s32 entry_stack = 0;
	int r = callers_find(collection->elf, function->name, function->address, callers,
			     &n_callers, reason);

	if (!r)
		r = code_decode_part(collection->elf, function->name, function->address, &code,
				     reason);
	if (r)
		return r;
	insn = code_at(&code, function->address);
	if (insn) {
		code.entry = (size_t)(insn - code.list);
		r = add_entry(collection, &code, function->name, call, &entry_stack, reason);
	} else {
		r = error_set(reason, -ENOTSUP, "%s begins within an instruction", function->name);
	}
	code_clear(&code);
	for (size_t i = 0; !r && i < n_callers; i++)
		r = add_behind(collection, function, call, entry_stack, callers[i], reason);
	if (r)
		collection->sites->n = n;
	return r;
}

void collect_missing(struct collection *collection, const char *name)
{
	char *missing = collection->sites->missing;
	size_t len = strlen(missing);

	snprintf(missing + len, SITES_MISSING_BYTES - len, "%s%s", len ? ", " : "", name);
}

int collect_all(struct collection *collection, collect_add *add, struct function *functions,
		struct error *reason)
{
	struct sites *sites = collection->sites;
	int r = add(collection, functions, reason);

	if (r == -EEXIST) {
		sites->n = 0;
		sites->missing[0] = '\0';
		collection->flat = true;
		r = add(collection, functions, reason);
	}
	if (r == -ENOMEM)
		return r;
	sites->kind = r ? SITES_REFUSED : SITES_FOUND;
	if (r)
		sites->n = 0;
	return 0;
}

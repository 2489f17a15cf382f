/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/random.h"

#include <string.h>

#include "sites/insn.h"

enum {
	REGISTERS = 16,
	REGISTER_DI = 7,
	FUNCTION_BYTES_MAX = 1024,
	PLACES_MAX = 8,
	WAITING_MAX = 16,
	OFFSET_MIN = 16, /* of a random: an object begins with something else */
	OFFSET_MAX = 64 << 10,
};

/* As random_at and random_in of struct tls_profile. */
struct random_place {
	__u32 at;
	__u32 in;
};

/* What a register holds: nothing known, the object's address, or the pointer that stands in the object at `in`. */
struct held {
	enum { HELD_NOTHING, HELD_OBJECT, HELD_POINTER } kind;
	__u32 in;
	__s64 added;
};

static bool is_offset(__s64 value)
{
	return value >= OFFSET_MIN && value < OFFSET_MAX;
}

/* Notes an address within the object that the function computes, each once. */
static void note(const struct held *held, __s64 offset, struct random_place *list, size_t *n)
{
	struct random_place place = {.at = (__u32)offset, .in = TLS_RANDOM_DIRECT};

	if (held->kind == HELD_NOTHING || !is_offset(offset) || *n == PLACES_MAX)
		return;
	if (held->kind == HELD_POINTER)
		place.in = held->in;
	for (size_t i = 0; i < *n; i++) {
		if (list[i].at == place.at && list[i].in == place.in)
			return;
	}
	list[(*n)++] = place;
}

static void step(const struct insn_address *address, struct held *held, struct random_place *list,
		 size_t *n)
{
	struct held from = {0}, to = {0};

	if (address->from < REGISTERS)
		from = held[address->from];
	switch (address->kind) {
	case INSN_LEA:
		to = from;
		to.added += address->displacement;
		note(&to, to.added, list, n);
		break;
	case INSN_MOVE:
		to = from;
		break;
	case INSN_ADD:
		to = held[address->to];
		to.added += address->displacement;
		note(&to, to.added, list, n);
		break;
	case INSN_LOAD:
		if (from.kind == HELD_OBJECT && from.added + address->displacement >= 0 &&
		    from.added + address->displacement < OFFSET_MAX)
			to = (struct held){.kind = HELD_POINTER,
					   .in = (__u32)(from.added + address->displacement)};
		break;
	default:
		break;
	}
	for (size_t i = 0; i < REGISTERS; i++) {
		if (address->writes & 1U << i)
			held[i] = (struct held){0};
	}
	if (address->kind == INSN_LEA || address->kind == INSN_MOVE || address->kind == INSN_ADD ||
	    address->kind == INSN_LOAD)
		held[address->to] = to;
}

/* What the registers hold where a jump leads to. */
struct waiting {
	__u64 at;
	struct held held[REGISTERS];
};

/* On one of the ways that meet a register holds the object, or a part of it: that is what is asked. */
static void meet(struct waiting *list, size_t *n, __u64 at, struct held *held)
{
	for (size_t i = 0; i < *n; i++) {
		if (list[i].at != at)
			continue;
		for (size_t k = 0; k < REGISTERS; k++) {
			if (held[k].kind == HELD_NOTHING)
				held[k] = list[i].held[k];
		}
		list[i--] = list[--*n];
	}
}

static void follow(const struct code_insn *insn, struct waiting *list, size_t *n, struct held *held)
{
	if ((insn->flow == CODE_JUMP || insn->flow == CODE_BRANCH) && insn->target > insn->at &&
	    *n < WAITING_MAX) {
		list[*n].at = insn->target;
		memcpy(list[*n].held, held, sizeof(list[*n].held));
		++*n;
	}
	if (insn->flow == CODE_JUMP || insn->flow == CODE_JUMP_AWAY || insn->flow == CODE_RETURN ||
	    insn->flow == CODE_STOP)
		memset(held, 0, REGISTERS * sizeof(*held));
}

/* All addresses within the object that the function computes, in the order of its instructions. */
static size_t places_of(struct elf *elf, const struct function *function, struct random_place *list)
{
	struct held held[REGISTERS] = {[REGISTER_DI] = {.kind = HELD_OBJECT}};
	struct waiting waiting[WAITING_MAX];
	struct code_range range;
	const unsigned char *bytes = function_bytes(elf, function, FUNCTION_BYTES_MAX, &range);
	size_t n = 0, n_waiting = 0;

	for (__u64 at = function->address; bytes && at < range.to;) {
		struct insn_address address;
		struct insn_effect effect;
		struct code_insn insn;
		__u8 length;

		meet(waiting, &n_waiting, at, held);
		if (!insn_address(bytes + (at - function->address), range.to - at, &address,
				  &length) ||
		    !insn_decode(bytes + (at - function->address), range.to - at, at, &insn,
				 &effect))
			break;
		step(&address, held, list, &n);
		follow(&insn, waiting, &n_waiting, held);
		at += length;
	}
	return n;
}

static void set_place(const struct random_place *place, struct tls_profile *profile)
{
	profile->has_random = 1;
	profile->random_at = place->at;
	profile->random_in = place->in;
}

void random_of_openssl(struct elf *elf, const struct function *client,
		       const struct function *server, struct tls_profile *profile)
{
	struct random_place clients[PLACES_MAX], servers[PLACES_MAX];
	size_t n_clients = places_of(elf, client, clients);
	size_t n_servers = places_of(elf, server, servers);

	for (size_t i = 0; i < n_clients; i++) {
		for (size_t k = 0; k < n_servers; k++) {
			if (clients[i].in != servers[k].in ||
			    clients[i].at != servers[k].at + TLS_RANDOM_BYTES)
				continue;
			set_place(&clients[i], profile);
			return;
		}
	}
}

void random_of_gnutls(struct elf *elf, const struct function *get, struct tls_profile *profile)
{
	struct random_place places[PLACES_MAX];
	size_t n = places_of(elf, get, places);

	if (n >= 2 && places[0].in == places[1].in &&
	    places[1].at == places[0].at + TLS_RANDOM_BYTES)
		set_place(&places[0], profile);
}

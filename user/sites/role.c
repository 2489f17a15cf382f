/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/role.h"

#include "sites/insn.h"

enum {
	REGISTER_AX = 0,
	REGISTER_DI = 7,
	INSNS_MAX = 32,
	BYTES_MAX = 192,
	INT_BITS = 0xff,
	GNUTLS_SERVER_BITS = 1,
	OFFSET_MAX = 4096,
};

/* The first instructions of a function, in order. */
static size_t read_insns(struct elf *elf, const struct function *function,
			 struct insn_address *list)
{
	__u64 size = function->size < BYTES_MAX ? function->size : BYTES_MAX;
	const unsigned char *bytes =
		function->address ? elf_at(elf, function->address, size) : NULL;
	size_t n = 0;

	for (__u64 at = 0; bytes && at < size && n < INSNS_MAX; n++) {
		__u8 length;

		if (!insn_address(bytes + at, size - at, &list[n], &length))
			break;
		at += length;
	}
	return n;
}

static void set_place(__s64 at, __s64 bits, struct tls_profile *profile)
{
	profile->server_at = (__u16)at;
	profile->server_bits = (__u8)bits;
}

/* An int, or one bit that is shifted down and masked. */
void role_of_openssl(struct elf *elf, const struct function *is_server, struct tls_profile *profile)
{
	struct insn_address list[INSNS_MAX];
	size_t n = read_insns(elf, is_server, list), i;
	__s64 at, shift = 0;

	/* before it, from OpenSSL 3.2 on, the kind of object at its beginning is read */
	for (i = 0; i < n; i++) {
		if (list[i].kind == INSN_LOAD_SMALL && list[i].from == REGISTER_DI &&
		    list[i].to == REGISTER_AX && list[i].displacement > 0)
			break;
	}
	if (i == n || list[i].displacement >= OFFSET_MAX)
		return;
	at = list[i].displacement;
	set_place(at, INT_BITS, profile);
	for (i++; i < n && list[i].kind != INSN_LOAD_SMALL; i++) {
		if (list[i].to != REGISTER_AX)
			continue;
		if (list[i].kind == INSN_SHIFT)
			shift = list[i].value;
		if (list[i].kind == INSN_MASK && list[i].value == 1 && shift >= 0 && shift < 32) {
			set_place(at + shift / 8, 1 << shift % 8, profile);
			return;
		}
	}
}

void role_of_gnutls(struct elf *elf, const struct function *name_set, struct tls_profile *profile)
{
	struct insn_address list[INSNS_MAX];
	size_t n = read_insns(elf, name_set, list);

	for (size_t i = 0; i < n; i++) {
		if (list[i].kind != INSN_COMPARE || list[i].from != REGISTER_DI)
			continue;
		if (list[i].value == 1 && list[i].displacement >= 0 &&
		    list[i].displacement < OFFSET_MAX)
			set_place(list[i].displacement, GNUTLS_SERVER_BITS, profile);
		return;
	}
}

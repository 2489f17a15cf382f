/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/go_types.h"

#include <errno.h>
#include <string.h>

enum {
	KIND_INTERFACE = 20,
	KIND_POINTER = 22,
	KIND_STRUCT = 25,
	KINDS = 32, /* the bits above are flags, or not used */

	/* in what describes a type: reflect.rtype, internal/abi.Type */
	TYPE_HASH = 16,
	TYPE_KIND = 23,
	TYPE_BYTES = 48,
	POINTER_TO = TYPE_BYTES,
	INTERFACE_METHODS = TYPE_BYTES + 16, /* how many; they are behind pkgPath and a pointer */
	STRUCT_FIELDS = TYPE_BYTES + 8, /* behind pkgPath */

	FIELD_BYTES = 24, /* name, type, offset */
	FIELDS_MAX = 128,
	NAME_MAX_BYTES = 32,

	ITAB_TYPE = 8,
	ITAB_HASH = 16,
	ITAB_METHODS = 24,
	CONN_METHODS = 8, /* of net.Conn, in the order of the alphabet */
	CONN_READ = 2,
	CONN_WRITE = 7,

	OFFSET_MAX = 4096,
};

struct field {
	__u64 type;
	__u32 offset;
};

static bool has_kind(struct go_words *words, __u64 type, unsigned int kind)
{
	const unsigned char *bytes = elf_at(words->elf, type, TYPE_BYTES);

	return bytes && bytes[TYPE_KIND] % KINDS == kind;
}

static bool same_hash(struct go_words *words, __u64 a, __u64 b)
{
	const void *x = elf_at(words->elf, a, 4), *y = elf_at(words->elf, b, 4);

	return x && y && !memcmp(x, y, 4);
}

/* A name: flags, its length (below 128 here), and its bytes. */
static bool has_name(struct go_words *words, __u64 name, const char *wanted)
{
	size_t len = strlen(wanted);
	const unsigned char *bytes = elf_at(words->elf, name, 2 + len);

	return bytes && bytes[1] == len && !memcmp(bytes + 2, wanted, len);
}

/*
 * Until Go 1.18 the word of the offset had the offset twice, and whether the field is embedded: told apart by the first
 * field of a net.TCPConn, which is.
 */
static bool find_field(struct go_words *words, __u64 type, const char *name, bool doubled,
		       struct field *ret)
{
	__u64 list, n;

	if (!has_kind(words, type, KIND_STRUCT) || !go_word(words, type + STRUCT_FIELDS, &list) ||
	    !go_word(words, type + STRUCT_FIELDS + 8, &n) || n > FIELDS_MAX)
		return false;
	for (__u64 i = 0; i < n; i++) {
		__u64 at = list + i * FIELD_BYTES, its_name, its_type, offset;

		if (!go_word(words, at, &its_name) || !go_word(words, at + 8, &its_type) ||
		    !go_word(words, at + 16, &offset))
			return false;
		if (!has_name(words, its_name, name))
			continue;
		offset >>= doubled;
		if (offset > OFFSET_MAX)
			return false;
		*ret = (struct field){.type = its_type, .offset = (__u32)offset};
		return true;
	}
	return false;
}

/* ---- itabs ---- */

struct itab_search {
	struct go_words *words;
	const struct go_methods *methods;
	__u64 type; /* 0: not found */
};

static bool try_itab(void *context, __u64 address)
{
	struct itab_search *search = context;
	struct go_words *words = search->words;
	__u64 itab = address - ITAB_METHODS - CONN_READ * 8;
	__u64 interface, type, write, methods;

	if (!go_word(words, itab, &interface) || !go_word(words, itab + ITAB_TYPE, &type) ||
	    !go_word(words, itab + ITAB_METHODS + CONN_WRITE * 8, &write) ||
	    write != search->methods->write)
		return true;
	if (!has_kind(words, interface, KIND_INTERFACE) ||
	    !go_word(words, interface + INTERFACE_METHODS, &methods) || methods != CONN_METHODS)
		return true;
	if (!has_kind(words, type, KIND_POINTER) ||
	    !same_hash(words, itab + ITAB_HASH, type + TYPE_HASH))
		return true;
	search->type = type;
	return false;
}

/* The type of which `methods` are, by an itab of it as a net.Conn; 0: not found. */
static __u64 type_of(struct go_words *words, const struct go_methods *methods)
{
	struct itab_search search = {.words = words, .methods = methods};

	go_words_each(words, methods->read, try_itab, &search);
	return search.type;
}

/* ---- the way to the descriptor ---- */

int go_types_conn(struct go_words *words, const struct go_methods *tls,
		  const struct go_methods *tcp, struct tls_go *ret, struct error *reason)
{
	__u64 tls_type = type_of(words, tls), tcp_type = type_of(words, tcp), type;
	struct field embedded, netfd, pfd, sysfd, conn;
	bool doubled;

	if (!tls_type || !tcp_type)
		return error_set(reason, -ENOTSUP,
				 "it has no tls.Conn or net.TCPConn as a net.Conn");
	if (!go_word(words, tcp_type + POINTER_TO, &type) ||
	    !find_field(words, type, "conn", false, &embedded) || embedded.offset > 1)
		return error_set(reason, -ENOTSUP, "its net.TCPConn is not as expected");
	doubled = embedded.offset == 1;
	if (!find_field(words, embedded.type, "fd", doubled, &netfd) ||
	    !go_word(words, netfd.type + POINTER_TO, &type) ||
	    !has_kind(words, netfd.type, KIND_POINTER) ||
	    !find_field(words, type, "pfd", doubled, &pfd) ||
	    !find_field(words, pfd.type, "Sysfd", doubled, &sysfd))
		return error_set(reason, -ENOTSUP, "its net.TCPConn is not as expected");
	if (!go_word(words, tls_type + POINTER_TO, &type) ||
	    !find_field(words, type, "conn", doubled, &conn) ||
	    !has_kind(words, conn.type, KIND_INTERFACE))
		return error_set(reason, -ENOTSUP, "its tls.Conn is not as expected");
	*ret = (struct tls_go){
		.tcp_type = (__s64)tcp_type,
		.conn_at = (__u16)conn.offset,
		.netfd_at = (__u16)netfd.offset,
		.sysfd_at = (__u16)(pfd.offset + sysfd.offset),
	};
	return 0;
}

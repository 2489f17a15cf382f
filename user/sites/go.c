/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/go.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sites/go_code.h"
#include "sites/go_table.h"
#include "sites/go_types.h"

enum {
	/* what the section .go.buildinfo begins with: debug/buildinfo */
	BUILD_FLAGS = 15,
	BUILD_FLAG_INLINE = 2,
	BUILD_VERSION =
		32, /* its length and its bytes; before Go 1.18 a pointer to a string, behind the flags */
	BUILD_POINTER = 16,
	VERSION_BYTES_MAX = 40,
};

enum {
	TLS_READ,
	TLS_WRITE,
	TCP_READ,
	TCP_WRITE,
	FUNCTIONS,
};

static void read_version(struct go_words *words, char ret[SITES_NAME_BYTES])
{
	static const char MAGIC[] = "\xff Go buildinf:";
	const struct elf_section *section = elf_section(words->elf, ".go.buildinfo");
	const char *head = section ? elf_at(words->elf, section->address, BUILD_VERSION) : NULL;
	const char *text = NULL;
	const unsigned char *inlined;
	__u64 string = 0, at = 0, len = 0;

	snprintf(ret, SITES_NAME_BYTES, "Go");
	if (!head || memcmp(head, MAGIC, sizeof(MAGIC) - 1) != 0)
		return;
	if (head[BUILD_FLAGS] & BUILD_FLAG_INLINE) {
		at = section->address + BUILD_VERSION + 1;
		inlined = elf_at(words->elf, at - 1, 1);
		len = inlined ? *inlined : 0;
	} else if (!go_word(words, section->address + BUILD_POINTER, &string) ||
		   !go_word(words, string, &at) || !go_word(words, string + 8, &len)) {
		return;
	}
	if (len > 2 && len <= VERSION_BYTES_MAX)
		text = elf_at(words->elf, at, len);
	if (!text || memcmp(text, "go", 2) != 0)
		return;
	for (__u64 i = 2; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return;
	}
	snprintf(ret, SITES_NAME_BYTES, "Go %.*s", (int)len - 2, text + 2);
}

/* Where the process's code begins: mm->start_code, less the load address. */
static __u64 code_begins(const struct elf *elf)
{
	__u64 lowest = ~0ULL;

	for (size_t i = 0; i < elf->n_segments; i++) {
		if (elf->segments[i].executable && elf->segments[i].address < lowest)
			lowest = elf->segments[i].address;
	}
	return lowest;
}

static int find_sites(struct go_words *words, struct go_function *functions, struct sites *sites,
		      struct error *reason)
{
	struct go_methods tls = {functions[TLS_READ].from, functions[TLS_WRITE].from};
	struct go_methods tcp = {functions[TCP_READ].from, functions[TCP_WRITE].from};
	int r;

	if (!tls.write || !tcp.read || !tcp.write)
		return error_set(reason, -ENOTSUP,
				 "it lacks functions of crypto/tls or net that were looked for");
	r = go_types_conn(words, &tls, &tcp, &sites->profile.go, reason);
	if (r)
		return r;
	sites->profile.go.tcp_type -= (__s64)code_begins(words->elf);
	r = go_code_sites(words->elf, &functions[TLS_READ], TLS_CALL_GO_READ, sites, reason);
	if (r)
		return r;
	return go_code_sites(words->elf, &functions[TLS_WRITE], TLS_CALL_GO_WRITE, sites, reason);
}

/* True if the table, of a layout that is not known, names crypto/tls. */
static bool names_tls(struct go_words *words)
{
	static const char NAME[] = "crypto/tls.(*Conn).Read";

	return elf_section_has(words->elf, ".gopclntab", NAME, sizeof(NAME)) ||
	       elf_section_has(words->elf, ".data.rel.ro.gopclntab", NAME, sizeof(NAME));
}

int go_find(struct elf *elf, struct sites *ret, struct error *reason)
{
	struct go_function functions[FUNCTIONS] = {
		[TLS_READ] = {.name = "crypto/tls.(*Conn).Read"},
		[TLS_WRITE] = {.name = "crypto/tls.(*Conn).Write"},
		[TCP_READ] = {.name = "net.(*TCPConn).Read"},
		[TCP_WRITE] = {.name = "net.(*TCPConn).Write"},
	};
	_cleanup_(go_words_clear) struct go_words words = {0};
	struct sites sites = {
		.kind = SITES_FOUND,
		.profile = {.library = TLS_LIBRARY_GO},
	};
	struct go_table table;
	int r;

	r = go_words_init(elf, &words);
	if (r)
		return r;
	r = go_table_open(&words, &table, reason);
	if (r == -ENOENT || (r && !names_tls(&words)))
		return -ENOENT;
	read_version(&words, sites.name);
	if (!r) {
		go_table_find(&table, functions, FUNCTIONS);
		if (!functions[TLS_READ].from)
			return -ENOENT;
		r = find_sites(&words, functions, &sites, reason);
	}
	if (r) {
		sites.kind = SITES_GO_REFUSED;
		sites.n = 0;
		sites.profile.go = (struct tls_go){0};
	}
	*ret = sites;
	return 0;
}

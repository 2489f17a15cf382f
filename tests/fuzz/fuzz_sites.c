/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF files as hostile input. The first byte of the input chooses: the rest is a file, or patches of a library with the
 * functions of OpenSSL or GnuTLS that the compiler has made at the start: 4 bytes say where, 1 how many, then those.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sites/sites.h"
#include "tests/fuzz/fuzz.h"

enum {
	BASES = 2,
	BASE_BYTES_MAX = 1 << 20,
	PATCH_BYTES = 5,
};

static const char OPENSSL[] =
	"#include <stddef.h>\n"
	"struct m { int (*r)(void *, void *, size_t, size_t *); };\n"
	"struct s { int a; struct m *m; long b[40]; unsigned char server[32], client[32]; };\n"
	"void err(int); void *memcpy(void *, const void *, size_t);\n"
	"#define I(n, k) static __attribute__((noinline)) int n(struct s *s, void *b, size_t l, size_t *o)"
	"{ if (!s->a) { err(k); return -1; } if (s->b[3]) { err(2); return 0; } return s->m->r(s, b, l, o); }\n"
	"I(ri, 11) I(wi, 12)\n"
	"#define E(n, i) int n(struct s *s, void *b, int l) { size_t o; int r;"
	"if (l < 0) { err(3); return -1; } r = i(s, b, l, &o); return r > 0 ? (int)o : r; }\n"
	"#define X(n, i) int n(struct s *s, void *b, size_t l, size_t *o) { int r = i(s, b, l, o);"
	"return r < 0 ? 0 : r; }\n"
	"E(SSL_read, ri) E(SSL_write, wi) X(SSL_read_ex, ri) X(SSL_write_ex, wi)\n"
	"int SSL_read_early_data(struct s *s, void *b, size_t l, size_t *o) { switch (s->a) {"
	"case 1: return SSL_read_ex(s, b, l, o); case 2: err(4); case 3: s->a = 9; return 7;"
	"case 4: s->a = 2; case 5: err(5); return 8; case 6: return err(6), 3; } return 0; }\n"
	"#define R(n, f) size_t n(struct s *s, void *o, size_t l) { if (!l) return 32;"
	"memcpy(o, s->f, l); return l; }\n"
	"R(SSL_get_client_random, client) R(SSL_get_server_random, server)\n"
	"int SSL_is_server(struct s *s) { return s->a; }\n";

static const char GNUTLS[] =
	"#include <stddef.h>\n"
	"struct s { int e; char pad[60], c[32], r[32]; int i; long (*f)(struct s *, void *, size_t); };\n"
	"struct d { void *at; unsigned int n; };\n"
	"long more(struct s *, void *, size_t); void err(int);\n"
	"static __attribute__((noinline)) long in(struct s *s, int t, void *b, size_t l) {"
	"switch (s->i) { case 1: err(1); return 7; case 2: return more(s, b, l) + 1; case 3: err(9);"
	"return more(s, b, 1) - t; case 4: s->e = 1; case 5: return 3; case 6: err(4); } return -9; }\n"
	"long gnutls_record_recv(struct s *s, void *b, size_t l) { if (!s->i) { err(2); return -3; }"
	"return in(s, 23, b, l); }\n"
	"long gnutls_record_recv_seq(struct s *s, void *b, size_t l, char *q) { return in(s, 23, b, l); }\n"
	"long gnutls_record_send2(struct s *s, void *b, size_t l, size_t p, int f) { if (f) err(1);"
	"return more(s, b, l) + p; }\n"
	"long gnutls_record_send(struct s *s, void *b, size_t l) { return gnutls_record_send2(s, b, l, 0, 0); }\n"
	"void gnutls_session_get_random(struct s *s, struct d *c, struct d *r) {"
	"if (c) { c->at = s->c; c->n = 32; } if (r) { r->at = s->r; r->n = 32; } }\n";

static struct {
	uint8_t bytes[BASE_BYTES_MAX];
	size_t n;
} bases[BASES];

static void make_base(const char *text, size_t i)
{
	char directory[] = "/tmp/fuzz-sites-XXXXXX", path[64], command[256];
	FILE *file;

	require(mkdtemp(directory) != NULL, "no directory");
	snprintf(path, sizeof(path), "%s/a.c", directory);
	file = fopen(path, "we");
	require(file != NULL, "no file");
	fputs(text, file);
	fclose(file);
	snprintf(
		command, sizeof(command),
		"cd %s && gcc -O2 -w -fPIC -shared -nostdlib -Wl,-z,noseparate-code -s a.c -o a.so",
		directory);
	require(system(command) == 0, "the library does not build");
	snprintf(path, sizeof(path), "%s/a.so", directory);
	file = fopen(path, "re");
	require(file != NULL, "no library");
	bases[i].n = fread(bases[i].bytes, 1, BASE_BYTES_MAX, file);
	fclose(file);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	require(system(command) == 0, "the library stays");
}

/* Where the call of the sites begins must be there for each of its ends. */
static void check(const struct sites *sites, size_t size)
{
	bool begins[TLS_CALLS] = {false}, ends[TLS_CALLS] = {false};

	require(sites->kind < SITES_KINDS, "no such kind");
	require((sites->kind == SITES_FOUND) == (sites->n > 0), "sites of what was not found");
	require(sites->n <= SITES_MAX, "too many sites");
	for (size_t i = 0; i < sites->n; i++) {
		const struct site *site = &sites->list[i];

		require(site->at < size, "a site outside of the file");
		require(site->call > TLS_CALL_NONE && site->call < TLS_CALLS, "no such call");
		require(site->returns || !site->stack, "an entry with a stack");
		(site->returns ? ends : begins)[site->call] = true;
		for (size_t k = 0; k < i; k++)
			require(sites->list[k].at != site->at, "an offset twice");
	}
	for (size_t i = 0; i < TLS_CALLS; i++)
		require(begins[i] == ends[i], "a call that only begins or only ends");
}

static void look(const uint8_t *bytes, size_t size, bool whole)
{
	static struct sites sites;
	struct error reason = {{0}};
	int fd = memfd_create("sites", MFD_CLOEXEC), r;

	require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, "no file in memory");
	r = sites_find(fd, &sites, &reason);
	close(fd);
	require(r == 0 || reason.text[0], "an error without a reason");
	if (!r)
		check(&sites, size);
	if (whole)
		require(!r && sites.kind == SITES_FOUND && sites.profile.has_random && sites.n >= 6,
			reason.text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	make_base(OPENSSL, 0);
	make_base(GNUTLS, 1);
	for (size_t i = 0; i < BASES; i++)
		look(bases[i].bytes, bases[i].n, true);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[BASE_BYTES_MAX];
	size_t n, base;

	if (size < 2)
		return 0;
	base = data[0] % (BASES + 1);
	data++;
	size--;
	if (base == BASES) {
		look(data, size, false);
		return 0;
	}
	n = bases[base].n;
	memcpy(bytes, bases[base].bytes, n);
	while (size > PATCH_BYTES) {
		uint32_t at;
		size_t len = 1 + data[4] % 8;

		memcpy(&at, data, sizeof(at));
		data += PATCH_BYTES;
		size -= PATCH_BYTES;
		at %= (uint32_t)n;
		for (; len && size && at < n; len--, size--)
			bytes[at++] = *data++;
	}
	look(bytes, n, false);
	return 0;
}

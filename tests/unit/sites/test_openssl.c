/* SPDX-License-Identifier: GPL-2.0-only */
/* Shapes that builds of OpenSSL's functions have, in libraries of a few lines that the host's compiler makes. */
#include <errno.h>

#include "tests/unit/sites/assembled.h"

#include "sites/sites.h"

#define HEAD                                                                                       \
	"#include <stddef.h>\nstruct m { int (*r)(void *, void *, size_t, size_t *); };\n"         \
	"struct s { int type; struct m *m; long b[40]; unsigned char server[32], client[32]; };\n" \
	"void err(int); struct s *other(struct s *);\n"                                            \
	"void *memcpy(void *, const void *, size_t);\n"                                            \
	"#define AWAY __attribute__((noinline)) static int\n"
/* The function behind ends by a jump to where a pointer says. */
#define INTERNAL(name, k)                                                                          \
	"AWAY " name "(struct s *s, void *b, size_t l, size_t *o) {"                               \
	"if (!s->b[" k "]) { err(" k                                                               \
	"); return -1; } if (s->b[3]) { err(9); return 0; } return s->m->r(s, b, l, o); }\n"
#define PLAIN(name, inner)                                                                         \
	"int " name "(struct s *s, void *b, int l) { size_t o; int r; if (l < 0) return -1;"       \
	"r = " inner "; return r > 0 ? (int)o : r; }\n"
#define EX(name, inner)                                                                            \
	"int " name "(struct s *s, void *b, size_t l, size_t *o) { int r = " inner ";"             \
	"return r < 0 ? 0 : r; }\n"

static struct sites sites;
static struct error reason;

static void find(const char *name, const char *text, enum sites_kind kind)
{
	int fd = assembled_open(name, text, "-shared -nostdlib -fPIC -O2 -w", "");

	reason.text[0] = '\0';
	assert_int_equal(sites_find(fd, &sites, &reason), 0);
	close(fd);
	if (sites.kind != kind)
		fail_msg("%s: %s: %s", name, sites_kind_word(sites.kind), reason.text);
}

static size_t count(bool returns, enum tls_call call)
{
	size_t n = 0;

	for (size_t i = 0; i < sites.n; i++)
		n += sites.list[i].returns == returns && sites.list[i].call == call;
	return n;
}

/* From 3.3 on the writing function has flags before the place of the number. */
TEST(flags_are_told_by_the_arguments)
{
	find("flags.c",
	     HEAD INTERNAL("ri", "1") PLAIN("SSL_read", "ri(s, b, l, &o)") EX(
		     "SSL_read_ex",
		     "ri(s, b, l, o)") "AWAY wi(struct s *s, void *b, size_t l, long f, size_t *o) { if (!s->b[2]) {"
				       "err(2); return -1; } return ((int (*)(void *, void *, size_t, long, void *))s->m->r)"
				       "(s, b, l, f, o); }\n" PLAIN(
					       "SSL_write",
					       "wi(s, b, l, 0, &o)") "int SSL_write_ex2(struct s *s, void *b, size_t l, long f, size_t *o) {"
								     "int r = wi(s, b, l, f, o); return r < 0 ? 0 : r; }\n"
								     "int SSL_write_ex(struct s *s, void *b, size_t l, size_t *o) {"
								     "return SSL_write_ex2(s, b, l, 0, o); }\n",
	     SITES_FOUND);
	assert_int_equal(count(false, TLS_CALL_READ_AT), 1);
	assert_int_equal(count(true, TLS_CALL_READ_AT), 2);
	assert_int_equal(count(false, TLS_CALL_WRITE_FLAGS_AT), 1);
	assert_int_equal(count(true, TLS_CALL_WRITE_FLAGS_AT), 2);
	assert_int_equal(sites.n, 6);
	/* behind the call: above the entry, by what the entry stands below its first instruction, too */
	for (size_t i = 0; i < sites.n; i++)
		assert_int_equal(sites.list[i].returns, sites.list[i].stack <= -8);
}

/* Where the entry stands below the first instruction, a caller is as much farther above. */
TEST(a_lower_entry_is_farther_from_its_returns)
{
	bool lower = false;

	find("lower.c",
	     HEAD INTERNAL("ri", "1") INTERNAL("wi", "2") PLAIN("SSL_read", "ri(s, b, l, &o)")
		     EX("SSL_read_ex", "ri(s, b, l, o)") PLAIN("SSL_write", "wi(s, b, l, &o)")
			     EX("SSL_write_ex", "wi(s, b, l, o)"),
	     SITES_FOUND);
	for (size_t i = 0; i < sites.n; i++)
		lower |= sites.list[i].stack == -16;
	assert_true(lower); /* `sub $8,%rsp`, a test, and the jump that is the entry */
}

/* The first call of the other function is no reading function. */
TEST(exported_functions_are_probed_where_nothing_stands_behind)
{
	find("inline.c",
	     HEAD "int SSL_read(struct s *s, void *b, int l) { err(1); size_t o;"
		  "int r = s->m->r(s, b, l, &o); return r > 0 ? (int)o : r; }\n"
		  "int SSL_read_ex(struct s *s, void *b, size_t l, size_t *o) { err(1);"
		  "int r = s->m->r(s, b, l, o); return r < 0 ? 0 : r; }\n"
		  "int SSL_write(struct s *s, void *b, int l) { err(2); size_t o;"
		  "int r = s->m->r(s, b, l, &o); return r > 0 ? (int)o : r; }\n",
	     SITES_FOUND);
	assert_int_equal(count(false, TLS_CALL_READ), 1);
	assert_int_equal(count(false, TLS_CALL_READ_AT), 1);
	assert_int_equal(count(false, TLS_CALL_WRITE), 1);
}

/* As in LibreSSL and AWS-LC: a call of one would be counted as two. */
TEST(a_function_that_calls_a_probed_one_is_not_probed)
{
	find("wrapper.c",
	     HEAD
	     "int SSL_read(struct s *s, void *b, int l) { err(1); return s->m->r(s, b, l, 0) + 1; }\n"
	     "int SSL_write(struct s *s, void *b, int l) { err(2); return s->m->r(s, b, l, 0) + 2; }\n"
	     "int SSL_read_ex(struct s *s, void *b, size_t l, size_t *o) {"
	     "int r = SSL_read(s, b, l); *o = r; return r > 0; }\n"
	     "int SSL_read_early_data(struct s *s, void *b, size_t l, size_t *o) {"
	     "if (s->b[3]) return 2; return SSL_read_ex(s, b, l, o); }\n",
	     SITES_FOUND);
	assert_int_equal(count(false, TLS_CALL_READ), 1);
	assert_int_equal(count(false, TLS_CALL_READ_AT), 0);
	assert_int_equal(count(false, TLS_CALL_WRITE), 1);
}

TEST(a_function_that_leaves_by_a_pointer_is_named)
{
	find("away.c",
	     HEAD
	     "int SSL_read(struct s *s, void *b, int l) { return s->m->r(s, b, l, 0); }\n"
	     "int SSL_write(struct s *s, void *b, int l) { return s->m->r(s, b, l, 0) + 2; }\n",
	     SITES_REFUSED);
	assert_string_equal(reason.text, "SSL_read leaves by an indirect jump");
	assert_int_equal(sites.n, 0);
}

#define RANDOM(name, at)                                                                           \
	"size_t " name "(struct s *s, void *o, size_t l) { " at " if (!l) return 32; if (l > 32)"  \
	" l = 32; memcpy(o, "
#define CALLS                                                                                      \
	"int SSL_read(struct s *s, void *b, int l) { err(1); return s->m->r(s, b, l, 0) + 1; }\n"  \
	"int SSL_write(struct s *s, void *b, int l) { err(2); return s->m->r(s, b, l, 0) + 2; }\n"

/* From 3.2 on the object may be of another kind, which leads to one of the usual kind. */
TEST(the_random_is_found_behind_a_jump)
{
	static const char TEXT[] = HEAD CALLS
		RANDOM("SSL_get_client_random", "if (__builtin_expect(s->type != 0, 1)) { s = other(s); if (!s) return 0; }") "s->client, l); return l; }\n" RANDOM(
			"SSL_get_server_random",
			"if (__builtin_expect(s->type != 0, 1)) { s = other(s); if (!s) return 0; }") "s->server, l); return l; }\n";

	find("random.c", TEXT, SITES_FOUND);
	assert_true(sites.profile.has_random);
	assert_int_equal(sites.profile.random_at, 16 + 40 * 8 + 32);
	assert_int_equal(sites.profile.random_in, TLS_RANDOM_DIRECT);
}

/* As in 1.1.1. */
TEST(the_random_may_stand_behind_a_pointer)
{
	static const char TEXT[] = HEAD
		"struct t { long b[9]; struct s *s3; };\n" CALLS
		"size_t SSL_get_client_random(struct t *t, void *o, size_t l) { if (!l) return 32;"
		"memcpy(o, t->s3->client, l); return l; }\n"
		"size_t SSL_get_server_random(struct t *t, void *o, size_t l) { if (!l) return 32;"
		"memcpy(o, t->s3->server, l); return l; }\n";

	find("pointer.c", TEXT, SITES_FOUND);
	assert_true(sites.profile.has_random);
	assert_int_equal(sites.profile.random_at, 16 + 40 * 8 + 32);
	assert_int_equal(sites.profile.random_in, 72);
}

/* Both randoms at one place: one of them is not what its function says. */
TEST(a_random_that_cannot_be_is_none)
{
	static const char TEXT[] = HEAD CALLS RANDOM(
		"SSL_get_client_random",
		"") "s->client, l); return l; }\n" RANDOM("SSL_get_server_random",
							  "") "s->client, l); return l; }\n";

	find("both.c", TEXT, SITES_FOUND);
	assert_false(sites.profile.has_random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_told_by_the_arguments),
		cmocka_unit_test(a_lower_entry_is_farther_from_its_returns),
		cmocka_unit_test(exported_functions_are_probed_where_nothing_stands_behind),
		cmocka_unit_test(a_function_that_calls_a_probed_one_is_not_probed),
		cmocka_unit_test(a_function_that_leaves_by_a_pointer_is_named),
		cmocka_unit_test(the_random_is_found_behind_a_jump),
		cmocka_unit_test(the_random_may_stand_behind_a_pointer),
		cmocka_unit_test(a_random_that_cannot_be_is_none),
	};

	return cmocka_run_group_tests(tests, assembled_setup, assembled_teardown);
}

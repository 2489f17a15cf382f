/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sites of this host's libraries and of programs with a library inside, beside what objdump says of the same
 * instructions: a reader of its own, that shares nothing with the room.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>

#include "tests/unit/sites/assembled.h"

#include "sites/sites.h"

#define LIBSSL "/usr/lib/x86_64-linux-gnu/libssl.so.3"
#define LIBGNUTLS "/usr/lib/x86_64-linux-gnu/libgnutls.so.30"

static struct sites sites;

static void find(const char *path, enum sites_kind kind)
{
	struct error reason = {{0}};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		skip();
	r = sites_find(fd, &sites, &reason);
	close(fd);
	if (r || sites.kind != kind)
		fail_msg("%s: %d, %s: %s", path, r, r ? "" : sites_kind_word(sites.kind),
			 reason.text);
}

static const struct site *site_of(bool returns, enum tls_call call, size_t i)
{
	for (size_t k = 0; k < sites.n; k++) {
		if (sites.list[k].returns == returns && sites.list[k].call == call && !i--)
			return &sites.list[k];
	}
	fail_msg("no such site of call %d", call);
	return NULL;
}

static size_t count(bool returns, enum tls_call call)
{
	size_t n = 0;

	for (size_t k = 0; k < sites.n; k++)
		n += sites.list[k].returns == returns && sites.list[k].call == call;
	return n;
}

/* The instruction at an offset of a library whose first segments are where they are in the file: in objdump's words. */
static void disassemble(const char *path, __u64 at, char *ret, size_t size)
{
	char command[PATH_MAX + 256];
	FILE *file;

	snprintf(command, sizeof(command),
		 "objdump -d --no-show-raw-insn --start-address=%#llx --stop-address=%#llx %s |"
		 " sed -n 's/^ *%llx:[ \\t]*//p' | sed 's/ *$//'",
		 (unsigned long long)at, (unsigned long long)at + 15, path, (unsigned long long)at);
	file = popen(command, "re");
	assert_non_null(file);
	if (!fgets(ret, (int)size, file))
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	pclose(file);
}

/* What objdump finds behind, or before, the n instructions that end at the offset. */
static void assert_emulated(const char *path, const struct site *site)
{
	char text[128];

	disassemble(path, site->at, text, sizeof(text));
	if (site->emulated != (text[0] == 'j' || !strncmp(text, "push", 4) ||
			       !strncmp(text, "call", 4) || !strcmp(text, "nop")))
		fail_msg("%s: %#llx: %s", path, (unsigned long long)site->at, text);
}

/* Offsets of all calls that objdump finds of the address. */
static size_t calls_of(const char *path, __u64 target, __u64 *ret, size_t max)
{
	char command[PATH_MAX + 256], line[256];
	size_t n = 0;
	FILE *file;

	snprintf(command, sizeof(command),
		 "objdump -d --no-show-raw-insn %s | grep -E '(call|jmp|j[a-z]+) +%llx '", path,
		 (unsigned long long)target);
	file = popen(command, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		assert_non_null(strstr(line, "call"));
		assert_true(n < max);
		ret[n++] = strtoull(line, NULL, 16);
	}
	pclose(file);
	return n;
}

/*
 * Each caller that objdump finds has one return site behind its call: at the first instruction, or at one of the next
 * that the kernel emulates.
 */
static void assert_callers(const char *path, enum tls_call call)
{
	const struct site *entry = site_of(false, call, 0);
	__u64 callers[16];
	size_t n = calls_of(path, entry->at, callers, 16);

	assert_true(n >= 2);
	assert_int_equal(count(false, call), 1);
	assert_int_equal(count(true, call), n);
	for (size_t i = 0; i < n; i++) {
		size_t found = 0;

		for (size_t k = 0; k < sites.n; k++) {
			const struct site *site = &sites.list[k];

			if (site->call != call || !site->returns || site->at < callers[i] + 5 ||
			    site->at > callers[i] + 16)
				continue;
			assert_int_equal(site->stack, -8);
			found++;
		}
		assert_int_equal(found, 1);
	}
}

TEST(openssl_is_probed_in_the_functions_behind_the_exported_ones)
{
	find(LIBSSL, SITES_FOUND);
	assert_int_equal(sites.profile.library, TLS_LIBRARY_OPENSSL);
	assert_int_equal(strncmp(sites.name, "OpenSSL 3", 9), 0);
	assert_string_equal(sites.missing, "");
	assert_true(sites.has_sendfile);
	assert_callers(LIBSSL, TLS_CALL_READ_AT);
	assert_callers(LIBSSL, TLS_CALL_WRITE_AT);
	assert_int_equal(sites.n,
			 2 + count(true, TLS_CALL_READ_AT) + count(true, TLS_CALL_WRITE_AT));
	for (size_t i = 0; i < sites.n; i++)
		assert_emulated(LIBSSL, &sites.list[i]);
	assert_true(site_of(false, TLS_CALL_READ_AT, 0)->emulated);
	assert_true(site_of(false, TLS_CALL_WRITE_AT, 0)->emulated);
}

/* Where the library's own program says that its randoms are: the disassembly of the exported function. */
TEST(openssl_says_where_its_objects_have_the_random)
{
	char line[256] = "", expected[64];
	FILE *file =
		popen("objdump -d --no-show-raw-insn --disassemble=SSL_get_client_random " LIBSSL
		      " | grep -m1 'lea .*(%rdi)'",
		      "re");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	pclose(file);
	find(LIBSSL, SITES_FOUND);
	assert_true(sites.profile.has_random);
	assert_int_equal(sites.profile.random_in, TLS_RANDOM_DIRECT);
	snprintf(expected, sizeof(expected), "lea    %#x(%%rdi)", sites.profile.random_at);
	assert_non_null(strstr(line, expected));
}

/* What a library's own function says of an object made of zeros, but for the byte that is said to tell the role. */
TEST(objects_say_in_which_role_they_are)
{
	unsigned char object[8192] = {0};
	void *library = dlopen(LIBSSL, RTLD_NOW);
	int (*is_server)(void *) =
		library ? (int (*)(void *))dlsym(library, "SSL_is_server") : NULL;

	if (!is_server)
		skip();
	find(LIBSSL, SITES_FOUND);
	assert_int_not_equal(sites.profile.server_bits, 0);
	assert_int_equal(is_server(object), 0);
	object[sites.profile.server_at] = 1;
	assert_int_equal(is_server(object), 1);
	dlclose(library);
	find(LIBGNUTLS, SITES_FOUND);
	assert_int_equal(sites.profile.server_bits, 1);
}

TEST(gnutls_is_probed_in_its_exported_functions)
{
	find(LIBGNUTLS, SITES_FOUND);
	assert_int_equal(sites.profile.library, TLS_LIBRARY_GNUTLS);
	assert_int_equal(strncmp(sites.name, "GnuTLS 3.", 9), 0);
	assert_true(sites.profile.has_random);
	assert_int_equal(sites.profile.random_in, TLS_RANDOM_DIRECT);
	/* recv, recv_seq, recv_early_data; send2, which send jumps to */
	assert_int_equal(count(false, TLS_CALL_READ), 3);
	assert_int_equal(count(false, TLS_CALL_WRITE), 1);
	assert_non_null(strstr(sites.missing, "gnutls_record_recv_packet"));
	assert_non_null(strstr(sites.missing, "gnutls_record_send_range"));
	for (size_t i = 0; i < sites.n; i++) {
		char text[128];

		assert_emulated(LIBGNUTLS, &sites.list[i]);
		disassemble(LIBGNUTLS, sites.list[i].at, text, sizeof(text));
		if (sites.list[i].returns && !sites.list[i].emulated)
			assert_string_equal(text, "ret");
	}
}

/* Node has OpenSSL inside; upstream's has its symbols. */
TEST(node_is_probed_where_it_has_symbols)
{
	char path[PATH_MAX];
	FILE *file = popen("command -v node", "re");

	assert_non_null(file);
	if (!fgets(path, sizeof(path), file))
		path[0] = '\0';
	pclose(file);
	path[strcspn(path, "\n")] = '\0';
	if (!path[0] || system("node -p process.config.variables.node_shared_openssl |"
			       " grep -q false"))
		skip();
	find(path, SITES_FOUND);
	assert_int_equal(sites.profile.library, TLS_LIBRARY_OPENSSL);
	assert_true(sites.profile.has_random);
	assert_true(count(false, TLS_CALL_READ) + count(false, TLS_CALL_READ_AT) >= 1);
	assert_true(count(false, TLS_CALL_WRITE) + count(false, TLS_CALL_WRITE_AT) >= 1);
}

/* The same library inside a program, by its symbols; then without them. */
TEST(a_static_library_is_found_by_symbols_alone)
{
	static const char PROGRAM[] =
		"#include <openssl/ssl.h>\n"
		"int main(void) { SSL *ssl = SSL_new(SSL_CTX_new(TLS_method()));\n"
		"char b[9]; return SSL_read(ssl, b, 9) + SSL_write(ssl, b, 9); }\n";
	char path[128], command[256];
	int fd = assembled_open("static.c", PROGRAM, "-O1", "-l:libssl.a -l:libcrypto.a");

	close(fd);
	snprintf(path, sizeof(path), "%s/static.c.so", assembled_directory);
	find(path, SITES_FOUND);
	assert_int_equal(sites.profile.library, TLS_LIBRARY_OPENSSL);
	assert_string_equal(sites.name, "OpenSSL"); /* a program without the text has no version */
	assert_int_equal(count(false, TLS_CALL_READ_AT), 1);
	assert_int_equal(count(false, TLS_CALL_WRITE_AT), 1);
	snprintf(command, sizeof(command), "strip %s", path);
	assert_int_equal(system(command), 0);
	find(path, SITES_STRIPPED);
	assert_int_equal(sites.n, 0);
}

TEST(what_has_no_library_has_no_sites)
{
	find("/bin/true", SITES_NOTHING);
	assert_int_equal(sites.n, 0);
}

TEST(what_is_no_elf_file_is_refused)
{
	struct error reason;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	assert_int_equal(sites_find(fd, &sites, &reason), -ENOEXEC);
	close(fd);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	assert_int_equal(sites_find(fd, &sites, &reason), -ENOEXEC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_is_probed_in_the_functions_behind_the_exported_ones),
		cmocka_unit_test(openssl_says_where_its_objects_have_the_random),
		cmocka_unit_test(objects_say_in_which_role_they_are),
		cmocka_unit_test(gnutls_is_probed_in_its_exported_functions),
		cmocka_unit_test(node_is_probed_where_it_has_symbols),
		cmocka_unit_test(a_static_library_is_found_by_symbols_alone),
		cmocka_unit_test(what_has_no_library_has_no_sites),
		cmocka_unit_test(what_is_no_elf_file_is_refused),
	};

	return cmocka_run_group_tests(tests, assembled_setup, assembled_teardown);
}

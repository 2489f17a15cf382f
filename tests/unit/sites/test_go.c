/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "base/cleanup.h"
#include "sites/go.h"
#include "tests/unit/fixtures/go_file.h"
#include "tests/unit/fixtures/test.h"

static struct go_file file;
static struct sites sites;
static struct error reason;

static int find_in(size_t bytes)
{
	_cleanup_close_ int fd = go_file_open(&file, bytes);
	struct elf elf;
	int r;

	assert_true(fd >= 0);
	reason.text[0] = '\0';
	sites = (struct sites){.kind = SITES_KINDS};
	r = elf_open(fd, &elf, &reason);
	if (r)
		return r;
	r = go_find(&elf, &sites, &reason);
	elf_close(&elf);
	return r;
}

static void assert_found(void)
{
	int r = find_in(GO_FILE_BYTES);

	if (r || sites.kind != SITES_FOUND)
		fail_msg("%d, kind %d: %s", r, sites.kind, reason.text);
}

static void assert_refused(const char *why)
{
	assert_int_equal(find_in(GO_FILE_BYTES), 0);
	assert_int_equal(sites.kind, SITES_GO_REFUSED);
	assert_int_equal(sites.n, 0);
	if (!strstr(reason.text, why))
		fail_msg("\"%s\" is not in \"%s\"", why, reason.text);
}

static void assert_site(size_t i, enum go_function_number function, __u64 at, __u8 call)
{
	assert_int_equal(sites.list[i].at, go_file_function(function) - GO_BASE + at);
	assert_int_equal(sites.list[i].call, call);
	assert_int_equal(sites.list[i].returns, at != GO_ENTRY);
	assert_int_equal(sites.list[i].stack, 0);
}

static void assert_found_all(void)
{
	assert_found();
	assert_string_equal(sites.name, "Go 1.99.3");
	assert_int_equal(sites.profile.library, TLS_LIBRARY_GO);
	assert_int_equal(sites.profile.has_random, 0);
	assert_int_equal(sites.profile.go.tcp_type, file.tcp_type - GO_BASE);
	assert_int_equal(sites.profile.go.conn_at, 0);
	assert_int_equal(sites.profile.go.netfd_at, 0);
	assert_int_equal(sites.profile.go.sysfd_at, 16);
	assert_int_equal(sites.n, 2 * (1 + GO_RETS));
	assert_site(0, GO_TLS_READ, GO_ENTRY, TLS_CALL_GO_READ);
	assert_true(sites.list[0].emulated);
	assert_site(1, GO_TLS_READ, GO_FIRST_RET, TLS_CALL_GO_READ);
	assert_false(sites.list[1].emulated);
	assert_site(2, GO_TLS_READ, GO_LAST_RET, TLS_CALL_GO_READ);
	assert_site(3, GO_TLS_WRITE, GO_ENTRY, TLS_CALL_GO_WRITE);
	assert_site(4, GO_TLS_WRITE, GO_FIRST_RET, TLS_CALL_GO_WRITE);
	assert_site(5, GO_TLS_WRITE, GO_LAST_RET, TLS_CALL_GO_WRITE);
}

TEST(sites_are_found_in_each_layout)
{
	for (enum go_layout layout = 0; layout < GO_LAYOUTS; layout++) {
		for (int pie = 0; pie < 2; pie++) {
			go_file_make(&file, layout, pie);
			assert_found_all();
		}
	}
}

TEST(a_table_is_found_without_sections)
{
	go_file_make(&file, GO_118, false);
	((Elf64_Ehdr *)file.bytes)->e_shnum = 0;
	assert_found();
	assert_string_equal(sites.name, "Go");
	assert_int_equal(sites.n, 2 * (1 + GO_RETS));
}

TEST(an_older_version_is_behind_a_pointer)
{
	go_file_make(&file, GO_116, true);
	memset(file.bytes + GO_BUILD + 14, 0, 32);
	go_file_point(&file, GO_BASE + GO_BUILD + 16, GO_BASE + GO_MODULE);
	go_file_point(&file, GO_BASE + GO_MODULE, GO_BASE + GO_MODULE + 32);
	go_file_put(&file, GO_BASE + GO_MODULE + 8, 8, 8);
	memcpy(file.bytes + GO_MODULE + 32, "go1.17.2", 8);
	go_file_elf(&file);
	assert_found();
	assert_string_equal(sites.name, "Go 1.17.2");
}

TEST(what_is_no_go_or_has_no_tls_is_left_to_others)
{
	go_file_make(&file, GO_118, false);
	go_file_section(&file, 2, ".other", GO_TABLE, GO_TABLE_BYTES);
	assert_int_equal(find_in(GO_FILE_BYTES), -ENOENT);
	go_file_make(&file, GO_118, false);
	memcpy(memmem(file.bytes, GO_FILE_BYTES, "crypto/tls.(*Conn).Read", 23), "x", 1);
	assert_int_equal(find_in(GO_FILE_BYTES), -ENOENT);
	assert_int_equal(sites.kind, SITES_KINDS);
}

TEST(a_layout_that_is_not_known_is_said)
{
	go_file_make(&file, GO_120, false);
	file.bytes[GO_TABLE] = 0xf2;
	assert_refused("unknown layout (fffffff2)");
	/* without crypto/tls it does not matter */
	memcpy(memmem(file.bytes, GO_FILE_BYTES, "crypto/tls.(*Conn).Read", 23), "x", 1);
	assert_int_equal(find_in(GO_FILE_BYTES), -ENOENT);
}

TEST(where_the_code_begins_is_never_guessed)
{
	go_file_make(&file, GO_126, false);
	go_file_section(&file, 1, ".text", GO_TEXT - 32, GO_TEXT_BYTES);
	assert_refused("where the code begins");
	/* the runtime's own description says it, too */
	go_file_section(&file, 3, ".go.module", GO_MODULE, 0x100);
	go_file_point(&file, GO_BASE + GO_MODULE + 176, GO_BASE + GO_TEXT);
	assert_found();
	assert_int_equal(sites.n, 2 * (1 + GO_RETS));
	go_file_put(&file, GO_BASE + GO_MODULE + 176, GO_BASE + GO_TEXT + 1, 8);
	assert_refused("where the code begins");
}

TEST(a_function_that_cannot_be_followed_is_refused)
{
	unsigned char *code;

	go_file_make(&file, GO_120, false);
	code = go_file_at(&file, go_file_function(GO_TLS_READ));
	code[0] = 0x90;
	assert_refused("before Go 1.17");
	go_file_make(&file, GO_120, false);
	memcpy(code + 23, "\xff\xe0", 2); /* jmp *%rax */
	assert_refused("(*Conn).Read leaves by an indirect jump");
	go_file_make(&file, GO_120, false);
	code[10] = 3; /* into the middle of xor */
	assert_refused("cannot be followed");
	go_file_make(&file, GO_120, false);
	memcpy(code + 23, "\xeb\x7f", 2); /* to another function */
	assert_refused("cannot be followed");
	go_file_make(&file, GO_120, false);
	memcpy(code + 21, "\xeb\xed",
	       2); /* behind the comparison: not every call would pass the entry once */
	assert_refused("cannot be followed");
	go_file_make(&file, GO_120, false);
	code[23] = 0x06;
	assert_refused("an instruction that is not known");
	go_file_make(&file, GO_120, false);
	code[GO_FIRST_RET] = code[GO_LAST_RET] = 0x90;
	assert_refused("no return");
}

TEST(a_large_frame_is_entered_at_its_branch_too)
{
	static const unsigned char CODE[] = {
		0x4c, 0x8d, 0xa4, 0x24, 0x00, 0xff, 0xff, 0xff, /* lea -256(%rsp),%r12 */
		0x4d, 0x3b, 0x66, 0x10, /* cmp 0x10(%r14),%r12 */
		0x0f, 0x86, 0x01, 0x00, 0x00, 0x00, /* jbe 19 */
		0xc3, /* ret */
		0xeb, 0xeb, /* jmp 0 */
		0xcc, 0xcc,
	};

	go_file_make(&file, GO_118, false);
	memcpy(go_file_at(&file, go_file_function(GO_TLS_WRITE)), CODE, sizeof(CODE));
	assert_found();
	assert_int_equal(sites.list[3].at, go_file_function(GO_TLS_WRITE) - GO_BASE + 12);
	assert_true(sites.list[3].emulated);
}

TEST(offsets_are_those_that_the_types_tell)
{
	for (int old = 0; old < 2; old++) {
		go_file_make(&file, old ? GO_116 : GO_120, false);
		go_file_put(&file, file.sysfd_field + 16, 24 << old, 8);
		go_file_put(&file, file.conn_field + 16, 8 << old, 8);
		assert_found();
		assert_int_equal(sites.profile.go.sysfd_at, 24);
		assert_int_equal(sites.profile.go.conn_at, 8);
	}
}

TEST(types_that_are_not_as_expected_are_refused)
{
	go_file_make(&file, GO_120, false);
	memcpy(go_file_at(&file, file.fd_name + 2), "fx", 2);
	assert_refused("net.TCPConn is not as expected");
	go_file_make(&file, GO_120, false);
	go_file_put(&file, file.sysfd_field + 16, 1 << 20, 8);
	assert_refused("net.TCPConn is not as expected");
	go_file_make(&file, GO_120, false);
	go_file_put(&file, file.tcp_itab + 16, 1, 4);
	assert_refused("no tls.Conn or net.TCPConn");
	go_file_make(&file, GO_120, false);
	go_file_put(&file, file.tls_itab + 24 + 7 * 8, 1, 8);
	assert_refused("no tls.Conn or net.TCPConn");
	go_file_make(&file, GO_120, false);
	go_file_put(&file, file.conn_field + 8, file.tcp_type, 8); /* no interface */
	assert_refused("tls.Conn is not as expected");
}

TEST(a_lying_file_is_read_within_its_bounds)
{
	static const unsigned char LIES[] = {0x00, 0x01, 0x7f, 0xff};
	static struct go_file whole;

	for (enum go_layout layout = 0; layout < GO_LAYOUTS; layout++) {
		go_file_make(&whole, layout, layout % 2);
		for (size_t i = 0; i < GO_FILE_BYTES; i++) {
			if (i % GO_LAYOUTS != layout && !(whole.bytes[i] && i % 7 == layout))
				continue;
			file = whole;
			file.bytes[i] = LIES[i % sizeof(LIES)];
			find_in(GO_FILE_BYTES);
			if (i % 64 == 0)
				find_in(i + 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_are_found_in_each_layout),
		cmocka_unit_test(a_table_is_found_without_sections),
		cmocka_unit_test(an_older_version_is_behind_a_pointer),
		cmocka_unit_test(what_is_no_go_or_has_no_tls_is_left_to_others),
		cmocka_unit_test(a_layout_that_is_not_known_is_said),
		cmocka_unit_test(where_the_code_begins_is_never_guessed),
		cmocka_unit_test(a_function_that_cannot_be_followed_is_refused),
		cmocka_unit_test(a_large_frame_is_entered_at_its_branch_too),
		cmocka_unit_test(offsets_are_those_that_the_types_tell),
		cmocka_unit_test(types_that_are_not_as_expected_are_refused),
		cmocka_unit_test(a_lying_file_is_read_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

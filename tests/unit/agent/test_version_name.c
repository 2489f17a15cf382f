/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/version_name.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"

static struct version_name name_of(struct version version)
{
	struct version_name name;

	version_name(&version, &name);
	return name;
}

static struct version told(int by, const char *text)
{
	struct version version = {
		.told_by = (__u8)by, .build_id_kind = BUILD_ID_GNU, .build_id_bytes = 20};

	snprintf(version.told, sizeof(version.told), "%s", text);
	return version;
}

TEST(a_told_version_comes_before_the_build_id)
{
	struct version_name name = name_of(told(ENV_VERSION + 1, "1.2.3 "));

	assert_int_equal(name.kind, VERSION_ENV);
	assert_string_equal(name.name, "1.2.3");
}

TEST(attributes_are_decoded_and_shown_safely)
{
	assert_string_equal(name_of(told(ENV_ATTRIBUTES + 1, "4%2B1")).name, "4+1");
	assert_string_equal(name_of(told(ENV_ATTRIBUTES + 1, "4%00%zz%")).name, "4%00%zz%");
	assert_string_equal(name_of(told(ENV_VERSION + 1, "4%2B1")).name, "4%2B1");
	assert_string_equal(name_of(told(ENV_VERSION + 1, "a\x1b[1m")).name, "a\\u001b[1m");
	assert_string_equal(name_of(told(ENV_VERSION + 1, "a\xff")).name, "a\\xff");
}

TEST(long_versions_that_differ_stay_different)
{
	char one[TOLD_BYTES], two[TOLD_BYTES];
	struct version_name a, b;

	memset(one, 'x', sizeof(one));
	one[TOLD_BYTES - 1] = 0;
	memcpy(two, one, sizeof(two));
	two[TOLD_BYTES - 2] = 'y';
	a = name_of(told(ENV_VERSION + 1, one));
	b = name_of(told(ENV_VERSION + 1, two));
	assert_int_equal(strlen(a.name), VERSION_NAME_BYTES - 1);
	assert_string_not_equal(a.name, b.name);
}

TEST(a_build_id_is_cut_to_twelve_digits)
{
	struct version version = {.build_id_kind = BUILD_ID_GNU,
				  .build_id_bytes = 20,
				  .build_id = {0x3f, 0xa2, 0xc1, 0x07, 0xbe, 0x21, 0xff}};
	char text[BUILD_ID_TEXT_BYTES];

	assert_string_equal(name_of(version).name, "3fa2c107be21");
	assert_int_equal(name_of(version).kind, VERSION_BUILD_ID);
	version_build_id(&version, text);
	assert_int_equal(strlen(text), 40);
	version.build_id_kind = BUILD_ID_GO;
	memcpy(version.build_id, "abcDEF-12\x1bzzzzzzzzzz", 20);
	assert_string_equal(name_of(version).name, "abcDEF-12_zz");
}

TEST(a_file_without_a_build_id_is_told_apart_by_size_and_time)
{
	struct version version = {.exe = {.bytes = 5, .changed_ns = 7}, .exe_path = "/srv/a"},
		       other = version;

	other.exe.changed_ns = 8;
	assert_int_equal(name_of(version).kind, VERSION_FILE);
	assert_string_equal(name_of(version).name, name_of(version).name);
	assert_string_not_equal(name_of(version).name, name_of(other).name);
	version.interpreter = 1;
	assert_int_equal(name_of(version).kind, VERSION_NOT_NAMED);
}

/* ---- scripts ---- */

/* `args`: separated by '|'. "" if there is no script. */
static const char *script_of(const char *exe, const char *args, const char *cwd)
{
	static char path[SCRIPT_BYTES];
	struct process_facts facts = {};
	bool jar;

	snprintf(facts.exe_path, sizeof(facts.exe_path), "/usr/bin/%s", exe);
	snprintf(facts.cwd, sizeof(facts.cwd), "%s", cwd);
	facts.args_bytes = (__u16)snprintf(facts.args, sizeof(facts.args), "%s", args) + 1;
	for (char *c = facts.args; *c; c++) {
		if (*c == '|')
			*c = 0;
	}
	for (size_t i = 0; i + 1 < facts.args_bytes; i++) {
		if (facts.args[i] == '|')
			facts.args[i] = 0;
	}
	if (!version_script_path(&facts, path, &jar))
		return "";
	assert_int_equal(jar, !strcmp(exe, "java"));
	return path;
}

TEST(the_script_is_the_first_argument_that_is_no_option)
{
	assert_string_equal(script_of("python3.11", "python3|-u|-W|ignore|/srv/a.py|8080", "/"),
			    "/srv/a.py");
	assert_string_equal(script_of("python3.11", "python3|a.py", "/srv"), "/srv/a.py");
	assert_string_equal(script_of("node", "node|--require|x|--inspect=1|app.js|-v", "/srv"),
			    "/srv/app.js");
	assert_string_equal(script_of("python3", "python3|-c|print()", "/srv"), "");
	assert_string_equal(script_of("python3", "python3", "/srv"), "");
	assert_string_equal(script_of("ruby", "puma 6.4 (tcp://0.0.0.0:80)", "/srv"), "");
	assert_string_equal(script_of("python3", "python3|a.py", "...deep"), "");
}

TEST(modules_and_launchers_lead_to_the_application)
{
	assert_string_equal(script_of("python3", "python3|-m|shop.api", "/srv"),
			    "/srv/shop/api.py");
	assert_string_equal(script_of("python3", "python3|-m|uvicorn|--port|80|shop.api:app",
				      "/srv"),
			    "/srv/shop/api.py");
	assert_string_equal(script_of("python3", "python3|/usr/bin/gunicorn|-b|0.0.0.0:80|app:app",
				      "/srv"),
			    "/srv/app.py");
	assert_string_equal(script_of("python3", "python3|/usr/bin/gunicorn|-c|conf.py", "/srv"),
			    "");
}

TEST(java_has_a_jar)
{
	assert_string_equal(script_of("java", "java|-Xmx1g|-jar|shop.jar", "/srv"),
			    "/srv/shop.jar");
	assert_string_equal(script_of("java", "java|-cp|classes:/srv/lib/a.jar:b.jar|Main", "/srv"),
			    "/srv/lib/a.jar");
	assert_string_equal(script_of("java", "java|Main", "/srv"), "");
}

TEST(a_container_has_paths_of_its_own)
{
	struct process_facts facts = {.foreign_mnt_ns = 1, .args_bytes = 10, .args = "p\0/a.py"};
	char path[SCRIPT_BYTES];
	bool jar;

	assert_false(version_script_path(&facts, path, &jar));
	facts.foreign_mnt_ns = 0;
	assert_true(version_script_path(&facts, path, &jar));
	/* whatever the kernel says, nothing behind the arguments is read */
	memset(facts.args, 'x', sizeof(facts.args));
	facts.args_bytes = 0xffff;
	assert_false(version_script_path(&facts, path, &jar));
}

TEST(a_script_that_was_touched_since_is_not_known)
{
	struct version_file file = {.bytes = 3, .changed_ns = 10, .touched_ns = 20}, other = file;
	struct version_name name, same, differs;

	version_script("/srv/a.py", false, &file, 30, &name);
	version_script("/srv/a.py", false, &file, 99, &same);
	other.bytes = 4;
	version_script("/srv/a.py", false, &other, 30, &differs);
	assert_int_equal(name.kind, VERSION_SCRIPT);
	assert_string_equal(name.name, same.name);
	assert_string_not_equal(name.name, differs.name);
	version_script("/srv/a.py", false, &file, 15, &name);
	assert_int_equal(name.kind, VERSION_UNKNOWN);
	version_script("/srv/a.py", true, NULL, 15, &name);
	assert_int_equal(name.kind, VERSION_UNKNOWN);
	assert_string_equal(name.script, "/srv/a.py");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_told_version_comes_before_the_build_id),
		cmocka_unit_test(attributes_are_decoded_and_shown_safely),
		cmocka_unit_test(long_versions_that_differ_stay_different),
		cmocka_unit_test(a_build_id_is_cut_to_twelve_digits),
		cmocka_unit_test(a_file_without_a_build_id_is_told_apart_by_size_and_time),
		cmocka_unit_test(the_script_is_the_first_argument_that_is_no_option),
		cmocka_unit_test(modules_and_launchers_lead_to_the_application),
		cmocka_unit_test(java_has_a_jar),
		cmocka_unit_test(a_container_has_paths_of_its_own),
		cmocka_unit_test(a_script_that_was_touched_since_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

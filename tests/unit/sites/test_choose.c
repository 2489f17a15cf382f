/* SPDX-License-Identifier: GPL-2.0-only */
/* Which instructions of a function are probed, by shapes of functions that the test assembles. */
#include <errno.h>

#include "tests/unit/sites/assembled.h"

#include "sites/choose.h"
#include "sites/functions.h"

enum {
	READS = CODE_DI | CODE_SI | CODE_DX | CODE_CX,
	MARKS = 6,
};

/* A function `f`, with symbols a, b, ... for what the test asks about: local ones would be gone. */
#define FUNCTION(body)                                                                             \
	".text\n.globl f\n.type f,@function\nf:\n.cfi_startproc\n" body                            \
	"\n.cfi_endproc\n.size f,.-f\n"
#define MARK(name) ".globl " name "\n.type " name ",@function\n" name ":\n"

struct shape {
	struct elf elf;
	struct code code;
	struct function marks[MARKS]; /* f, a, b, c, d, g */
	struct error reason;
	int result;
};

static void shape_open(struct shape *shape, const char *name, const char *text)
{
	static const char *const NAMES[MARKS] = {"f", "a", "b", "c", "d", "g"};

	*shape = (struct shape){0};
	assembled_elf(name, text, &shape->elf);
	for (size_t i = 0; i < MARKS; i++)
		shape->marks[i].name = NAMES[i];
	functions_find(&shape->elf, shape->marks, MARKS);
	shape->result = code_decode(&shape->elf, "f", shape->marks[0].address, shape->marks[0].size,
				    &shape->code, &shape->reason);
}

static void shape_close(struct shape *shape)
{
	if (!shape->result)
		code_clear(&shape->code);
	assembled_close(&shape->elf);
}

static __u64 mark(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < MARKS; i++) {
		if (!strcmp(shape->marks[i].name, name))
			return shape->marks[i].address;
	}
	return 0;
}

/* The choice for the i-th RET. */
static struct choice choice_of(const struct shape *shape, size_t i)
{
	struct choice choice = {0};

	assert_int_equal(shape->result, 0);
	for (size_t k = 0; k < shape->code.n; k++) {
		if (shape->code.list[k].flow == CODE_RETURN && !i--) {
			assert_true(choose_return(&shape->code, &shape->code.list[k], &choice));
			return choice;
		}
	}
	fail_msg("no such RET");
	return choice;
}

static struct choice entry_of(const struct shape *shape)
{
	struct choice choice = {0};

	assert_int_equal(shape->result, 0);
	assert_true(choose_entry(&shape->code, READS, &choice));
	return choice;
}

static void assert_choice(const struct shape *shape, struct choice choice, const char *name,
			  __s32 stack, bool emulated)
{
	assert_int_equal(choice.at, mark(shape, name));
	assert_int_equal(choice.stack, stack);
	assert_int_equal(choice.emulated, emulated);
}

static void assert_refused(const char *name, const char *text, const char *reason)
{
	struct shape shape;

	shape_open(&shape, name, text);
	assert_int_equal(shape.result, -ENOTSUP);
	assert_string_equal(shape.reason.text, reason);
	shape_close(&shape);
}

/* A jump that no RET follows on its other way: the check of the stack's guard. */
TEST(the_check_of_the_guard_stands_for_the_ret_behind_it)
{
	struct shape shape;

	shape_open(&shape, "guard",
		   FUNCTION("push %rbx\n sub $16,%rsp\n mov %edi,%eax\n cmp $1,%rdx\n" MARK(
			   "a") "jne 9f\n add $16,%rsp\n pop %rbx\n xor %edx,%edx\n ret\n"
				"9: ud2\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 24, true);
	shape_close(&shape);
}

/* The same jump, when what it leads to returns, too. */
TEST(a_jump_to_another_ret_stands_for_none)
{
	struct shape shape;

	shape_open(&shape, "fork",
		   FUNCTION("push %rbx\n mov %edi,%eax\n cmp $1,%rdx\n jne 9f\n pop %rbx\n" MARK(
			   "a") "ret\n"
				"9: pop %rbx\n" MARK("b") "ret\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, false);
	assert_choice(&shape, choice_of(&shape, 1), "b", 0, false);
	shape_close(&shape);
}

TEST(a_result_that_is_written_late_is_read_late)
{
	struct shape shape;

	shape_open(
		&shape, "late",
		FUNCTION(
			"push %rbx\n mov %edi,%ebx\n cmp $1,%rdx\n jne 9f\n mov %ebx,%eax\n pop %rbx\n" MARK(
				"a") "ret\n9: ud2\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, false);
	shape_close(&shape);
}

TEST(a_part_of_the_result_is_the_result)
{
	struct shape shape;

	shape_open(&shape, "part",
		   FUNCTION("nop\n nop\n setg %al\n" MARK("a") "nop\n test %edi,%edi\n" MARK(
			   "b") "ret\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, true);
	shape_close(&shape);
}

/* What is joined by others behind the jump would pass the RET, and not the jump. */
TEST(what_others_join_is_not_passed_by)
{
	struct shape shape;

	shape_open(
		&shape, "join",
		FUNCTION(
			"push %rbx\n mov %edi,%eax\n test %rdx,%rdx\n je 1f\n cmp $1,%rdx\n jne 9f\n"
			"1: pop %rbx\n" MARK("a") "ret\n9: ud2\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, false);
	shape_close(&shape);
}

/* ... but a jump that itself is joined is passed by all. */
TEST(a_jump_that_others_join_stands_for_the_ret)
{
	struct shape shape;

	shape_open(&shape, "joined",
		   FUNCTION("push %rbx\n mov %edi,%eax\n test %rdx,%rdx\n je 1f\n cmp $1,%rdx\n"
			    "1:" MARK("a") "jne 9f\n pop %rbx\n ret\n9: ud2\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 8, true);
	shape_close(&shape);
}

TEST(the_frame_pointer_tells_the_stack)
{
	struct shape shape;

	shape_open(&shape, "frame",
		   FUNCTION("push %rbp\n mov %rsp,%rbp\n push %rbx\n sub $8,%rsp\n mov %edi,%eax\n"
			    "mov -8(%rbp),%rbx\n leave\n" MARK("a") "nop\n ret\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, true);
	shape_close(&shape);
}

TEST(the_first_push_is_the_entry_of_code_for_cet)
{
	struct shape shape;

	shape_open(&shape, "cet", FUNCTION("endbr64\n" MARK("a") "push %r15\n pop %r15\n ret\n"));
	assert_choice(&shape, entry_of(&shape), "a", 0, true);
	shape_close(&shape);
}

TEST(an_entry_may_stand_below_the_first_instruction)
{
	struct shape shape;

	shape_open(&shape, "below",
		   FUNCTION("sub $24,%rsp\n xor %eax,%eax\n test %edx,%edx\n" MARK(
			   "a") "js 1f\n"
				"1: add $24,%rsp\n ret\n"));
	assert_choice(&shape, entry_of(&shape), "a", 24, true);
	shape_close(&shape);
}

TEST(an_entry_reads_its_arguments_before_they_change)
{
	struct shape shape;

	shape_open(&shape, "args", FUNCTION("xor %ecx,%ecx\n push %rbx\n pop %rbx\n ret\n"));
	assert_choice(&shape, entry_of(&shape), "f", 0, false);
	shape_close(&shape);
}

TEST(an_entry_that_a_loop_passes_is_none)
{
	struct shape shape;

	shape_open(&shape, "loop",
		   FUNCTION("sub $8,%rsp\n1: dec %eax\n jne 1b\n add $8,%rsp\n ret\n"));
	assert_choice(&shape, entry_of(&shape), "f", 0, false);
	shape_close(&shape);
}

/* Instructions of the forms that look like those the kernel emulates. */
TEST(lookalikes_are_stepped_over)
{
	static const char *const LOOKALIKES[] = {"xchg %ax,%ax", "pause", "nopl (%rax)",
						 ".byte 0x66,0x90", "push $1\n pop %rbx"};

	for (size_t i = 0; i < sizeof(LOOKALIKES) / sizeof(LOOKALIKES[0]); i++) {
		char text[512];
		struct shape shape;

		snprintf(text, sizeof(text), FUNCTION("mov %%edi,%%eax\n %s\n" MARK("a") "ret\n"),
			 LOOKALIKES[i]);
		shape_open(&shape, "lookalike", text);
		assert_choice(&shape, choice_of(&shape, 0), "a", 0, false);
		shape_close(&shape);
	}
}

TEST(several_rets_have_a_site_each)
{
	struct shape shape;

	shape_open(&shape, "several",
		   FUNCTION("push %rbx\n test %edx,%edx\n je 1f\n mov $1,%eax\n pop %rbx\n" MARK(
			   "a") "ret\n"
				"1: xor %eax,%eax\n pop %rbx\n" MARK("b") "ret\n"));
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, false);
	assert_choice(&shape, choice_of(&shape, 1), "b", 0, false);
	shape_close(&shape);
}

/* The other function's RET ends the call, as far from the entry as its own would be. */
TEST(a_jump_to_a_function_of_the_file_ends_there)
{
	struct shape shape;

	shape_open(
		&shape, "tail",
		FUNCTION(
			"mov %edi,%eax\n jmp g\n") ".type g,@function\ng:\n.cfi_startproc\n push %rbx\n.cfi_adjust_cfa_offset 8\n"
						   "inc %eax\n pop %rbx\n.cfi_adjust_cfa_offset -8\n" MARK(
							   "a") "ret\n.cfi_endproc\n"
								".size g,.-g\n");
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, false);
	assert_int_equal(shape.code.n_ranges, 2);
	shape_close(&shape);
}

/* The compiler moves what seldom runs elsewhere; the stack goes on from where it was. */
TEST(a_cold_part_belongs_to_its_function)
{
	struct shape shape;

	shape_open(
		&shape, "cold",
		FUNCTION(
			"push %rbx\n.cfi_adjust_cfa_offset 8\n test %edi,%edi\n je f.cold\n"
			"1: pop %rbx\n ret\n") ".section .text.unlikely,\"ax\"\n.type f.cold,@function\nf.cold:\n.cfi_startproc\n"
					       ".cfi_def_cfa_offset 16\n mov $-1,%eax\n" MARK(
						       "a") "jne 2f\n pop %rbx\n ret\n"
							    "2: ud2\n.cfi_endproc\n.size f.cold,.-f.cold\n");
	if (shape.result)
		fail_msg("%s", shape.reason.text);
	assert_int_equal(shape.code.n_ranges, 2);
	assert_choice(&shape, choice_of(&shape, 1), "a", 8, true);
	shape_close(&shape);
}

/* While the frame stands, a jump by a register stays inside. What it joins is not known. */
TEST(a_jump_by_a_table_stays_inside)
{
	struct shape shape;

	shape_open(
		&shape, "table",
		FUNCTION(
			"push %rbx\n test %esi,%esi\n je 1f\n lea t(%rip),%rbx\n"
			"movslq (%rbx,%rdi,4),%rax\n add %rbx,%rax\n jmp *%rax\n"
			"1: mov $1,%eax\n nop\n2: pop %rbx\n" MARK(
				"a") "ret\n") ".section .rodata\n.p2align 2\nt: .long 1b-t, 2b-t\n");
	assert_true(shape.code.has_table);
	assert_choice(&shape, choice_of(&shape, 0), "a", 0, false);
	shape_close(&shape);
}

TEST(an_exit_that_cannot_be_followed_is_refused)
{
	assert_refused("away",
		       FUNCTION("push %rbx\n pop %rbx\n mov 8(%rdi),%rax\n jmp *%rax\n ret\n"),
		       "f leaves by an indirect jump");
	assert_refused("memory", FUNCTION("jmp *8(%rdi)\n ret\n"), "f leaves by an indirect jump");
	assert_refused("other", FUNCTION("push %rbx\n pop %rbx\n jmp elsewhere@PLT\n ret\n"),
		       "f leaves by a jump to another file");
	assert_refused("never", FUNCTION("ud2\n"), "f never returns");
	assert_refused("middle", FUNCTION("jmp 1f+1\n1: mov $1,%eax\n ret\n"),
		       "f jumps into an instruction");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_check_of_the_guard_stands_for_the_ret_behind_it),
		cmocka_unit_test(a_jump_to_another_ret_stands_for_none),
		cmocka_unit_test(a_result_that_is_written_late_is_read_late),
		cmocka_unit_test(a_part_of_the_result_is_the_result),
		cmocka_unit_test(what_others_join_is_not_passed_by),
		cmocka_unit_test(a_jump_that_others_join_stands_for_the_ret),
		cmocka_unit_test(the_frame_pointer_tells_the_stack),
		cmocka_unit_test(the_first_push_is_the_entry_of_code_for_cet),
		cmocka_unit_test(an_entry_may_stand_below_the_first_instruction),
		cmocka_unit_test(an_entry_reads_its_arguments_before_they_change),
		cmocka_unit_test(an_entry_that_a_loop_passes_is_none),
		cmocka_unit_test(lookalikes_are_stepped_over),
		cmocka_unit_test(several_rets_have_a_site_each),
		cmocka_unit_test(a_jump_to_a_function_of_the_file_ends_there),
		cmocka_unit_test(a_cold_part_belongs_to_its_function),
		cmocka_unit_test(a_jump_by_a_table_stays_inside),
		cmocka_unit_test(an_exit_that_cannot_be_followed_is_refused),
	};

	return cmocka_run_group_tests(tests, assembled_setup, assembled_teardown);
}

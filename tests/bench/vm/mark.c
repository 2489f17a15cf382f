/* SPDX-License-Identifier: GPL-2.0-only */
/* Does nothing, at an address that profile_plugin.c knows: a mark between two kinds of work. */
__attribute__((naked, noreturn)) void _start(void)
{
	__asm__("mov $60, %eax\n\txor %edi, %edi\n\tsyscall");
}

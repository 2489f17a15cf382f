/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/complaint.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Not in a struct: the callback of libbpf has no context. */
static char complaint[PROBE_COMPLAINT_BYTES];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];
	const char *text;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	/* the first warning about a program is the cause, the later ones are consequences */
	if (complaint[0] || strstr(line, "BEGIN PROG LOAD LOG"))
		return 0;
	text = strncmp(line, "libbpf: ", 8) != 0 ? line : line + 8;
	snprintf(complaint, sizeof(complaint), "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

void probe_listen(void)
{
	complaint[0] = 0;
	libbpf_set_print(keep_complaint);
}

void probe_complain(const char *text)
{
	snprintf(complaint, sizeof(complaint), "%s", text);
}

const char *probe_complaint(int error)
{
	return complaint[0] ? complaint : strerror(-error);
}

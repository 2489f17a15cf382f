/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/ctl.h"

int ctl_no_memory(const struct ctl *ctl)
{
	fprintf(ctl->err, "slictl: out of memory\n");
	return CTL_CANNOT_TELL;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's integer types, wherever a shared header is compiled. */
#ifndef SLIPROBE_TYPES_H
#define SLIPROBE_TYPES_H

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

#endif

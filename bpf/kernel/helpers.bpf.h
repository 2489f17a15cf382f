/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's types and the helpers a program may call. */
#ifndef SLIPROBE_KERNEL_HELPERS_BPF_H
#define SLIPROBE_KERNEL_HELPERS_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum {
	NS_OF_US = 1000,
	NS_OF_MS = 1000000,
	NS_OF_SECOND = 1000000000,
};

/* Hides a value's origin from the compiler, which would else move or drop a check of it. */
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif
/*
 * Paths that have met: here the verifier asks whether it has been in such a state before, which else it does after two
 * jumps. These lead nowhere, and it takes them out of the program, so they cost no time.
 */
#define MEET_PATHS() asm volatile("goto +0\n\tgoto +0")
#ifndef NULL
#define NULL ((void *)0)
#endif

#endif

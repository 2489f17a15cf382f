/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies: which route a request is of, and which of a service's SLOs count it. */
#ifndef SLIPROBE_APPLY_COMPILE_POLICIES_H
#define SLIPROBE_APPLY_COMPILE_POLICIES_H

#include <stddef.h>

#include "apply/compiler.h"

/* Compiles the policy of a service: its index in the configuration, or TABLES_FOUND. */
int compile_policy(struct compiler *c, size_t service, struct policy *policy);

#endif

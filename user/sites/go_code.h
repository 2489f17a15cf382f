/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a function of Go is entered and left. Go's compiler makes no calls in place of returns, so a function is left
 * by its RETs alone. Its entry looks whether the stack has room, and comes back once it has grown: the same call is then
 * entered again.
 */
#ifndef SLIPROBE_SITES_GO_CODE_H
#define SLIPROBE_SITES_GO_CODE_H

#include "sites/elf.h"
#include "sites/go_table.h"
#include "sites/sites.h"

/* True if the code there begins as functions do that pass arguments in registers (from Go 1.17 on). */
bool go_code_checks_stack(struct elf *elf, __u64 address);

/* Adds the function's sites. Returns 0, or -ENOTSUP with the reason. */
int go_code_sites(struct elf *elf, const struct go_function *function, enum tls_call call,
		  struct sites *sites, struct error *reason);

#endif

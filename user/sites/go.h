/* SPDX-License-Identifier: GPL-2.0-only */
/* Go executables that have crypto/tls. */
#ifndef SLIPROBE_SITES_GO_H
#define SLIPROBE_SITES_GO_H

#include "sites/sites.h"
#include "sites/elf.h"

/*
 * Returns 0 with *ret decided: SITES_FOUND, or SITES_GO_REFUSED with the reason. Else, *ret untouched: -ENOENT: it is
 * no Go executable, or one without crypto/tls, and may have another library; or -ENOMEM.
 */
int go_find(struct elf *elf, struct sites *ret, struct error *reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Which service a listening endpoint is of, by port, process, executable, user, namespaces and cgroup. */
#ifndef SLIPROBE_APPLY_COMPILE_SERVICES_H
#define SLIPROBE_APPLY_COMPILE_SERVICES_H

#include "apply/compiler.h"

/* Compiles what endpoints are matched to services by. */
int compile_services(struct compiler *c);

#endif

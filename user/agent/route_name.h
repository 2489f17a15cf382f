/* SPDX-License-Identifier: GPL-2.0-only */
/* The printed names of routes. */
#ifndef SLIPROBE_AGENT_ROUTE_NAME_H
#define SLIPROBE_AGENT_ROUTE_NAME_H

#include "abi/policy.h"
#include "base/ids.h"

/* The template with the number `route`; "_other": none matched; "_unknown": nobody has seen the path. */
static inline const char *route_name(const struct ids *routes, __u16 route)
{
	if (route == ROUTE_UNKNOWN)
		return "_unknown";
	return ids_name(routes, route) ?: "_other";
}

#endif

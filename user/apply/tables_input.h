/* SPDX-License-Identifier: GPL-2.0-only */
/* The SLOs and the numbers that a configuration is compiled with. */
#ifndef SLIPROBE_APPLY_TABLES_INPUT_H
#define SLIPROBE_APPLY_TABLES_INPUT_H

#include <linux/types.h>
#include <stddef.h>

/* One SLO as it is counted: a configured SLO of one service, or of every found one. */
struct tables_slo {
	size_t config_slo; /* index in config->slos */
	size_t config_service; /* index in config->services, or TABLES_FOUND */
	/* where the policy counts it, as the caller has chosen: see apply/places */
	__u32 criteria; /* slot */
	__u32 counts; /* slot, or the base of a wildcard */
};

#define TABLES_FOUND ((size_t)-1)

/* Gives numbers > 0 to names, the same ones each time; 0 when there are no more. */
struct tables_ids {
	__u32 (*service)(void *context, const char *name);
	__u32 (*route)(void *context, const char *route);
	void *context;
};

#endif

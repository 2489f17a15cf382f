/* SPDX-License-Identifier: GPL-2.0-only */
/* The definition of an SLO: by it, a track of another configuration is known to count the same. */
#ifndef SLIPROBE_APPLY_DEFINITION_H
#define SLIPROBE_APPLY_DEFINITION_H

#include "config/config.h"

/*
 * The definition of an SLO for a service (NULL: for found ones), as text: two that differ may count
 * different events as good and bad. Lists are taken in their order: their entries in another order
 * are another definition. NULL when out of memory; to be freed.
 */
char *slo_definition(const struct config_slo *slo, const struct config_service *service);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose process serves a service, and found services that are not a configured one because of that. */
#ifndef SLIPROBE_CTL_VIEW_NEAR_H
#define SLIPROBE_CTL_VIEW_NEAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* ", user www-data (uid 33), netns 4026532300 (not the host's)"; nothing if it is not known. */
void ctl_print_owner(const json_t *service, FILE *out);

/* What keeps a service from being a configured one, as a line; nothing if nothing does. */
void ctl_print_near(const json_t *service, bool colour, FILE *out);

/* Likewise all of a status's services, in a few lines. */
void ctl_print_nears(const json_t *services, bool colour, FILE *out);

#endif

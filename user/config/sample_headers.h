/* SPDX-License-Identifier: GPL-2.0-only */
/* Headers of requests that samples never keep: they are, or carry, what lets somebody in. */
#ifndef SLIPROBE_CONFIG_SAMPLE_HEADERS_H
#define SLIPROBE_CONFIG_SAMPLE_HEADERS_H

#include <stdbool.h>

/*
 * `name` in any case: "cookie", "authorization" and their like, and what ends in "-token", "-secret", "-password",
 * "-key", "-signature", "-session" or "-credential". A configuration that asks for one is refused.
 */
bool sample_header_is_secret(const char *name);

#endif

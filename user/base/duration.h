/* SPDX-License-Identifier: GPL-2.0-only */
/* Durations as people write them in configuration: one decimal number and one unit. */
#ifndef SLIPROBE_BASE_DURATION_H
#define SLIPROBE_BASE_DURATION_H

#include <stdint.h>

#define DURATION_US_NS 1000ULL
#define DURATION_MS_NS 1000000ULL
#define DURATION_S_NS 1000000000ULL
#define DURATION_M_NS (60 * DURATION_S_NS)
#define DURATION_H_NS (60 * DURATION_M_NS)
#define DURATION_D_NS (24 * DURATION_H_NS)

/*
 * Reads "500us", "100ms", "1.5s", "1m", "2h", "30d" (a day is 24 h), "0s". Returns 0, -EINVAL for
 * other text (no unit, spaces, a sign, a fraction of a nanosecond), -ERANGE above 2^64 - 1 ns.
 */
int duration_parse(const char *text, uint64_t *ret_ns);

enum { DURATION_TEXT_BYTES = 24 };

/* In the largest unit up to days that divides it: "90m", "30d". duration_parse() reads it back. */
void duration_text(uint64_t seconds, char ret_text[static DURATION_TEXT_BYTES]);

#endif

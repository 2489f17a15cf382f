/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's programs with another protocol plugged in: tests/bpf/lines/ comes before bpf/ in the search
 * for headers, so its protocol/ is the one that the stream talks to.
 */
#pragma clang diagnostic ignored                                                                   \
	"-Wunused-function" /* what only the protocols use that are left out */
#include "bpf/sliprobe.bpf.c"

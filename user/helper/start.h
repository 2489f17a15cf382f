/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting `sliprobe-helper`: by the agent, while it still holds what the helper keeps. */
#ifndef SLIPROBE_HELPER_START_H
#define SLIPROBE_HELPER_START_H

#include <stdbool.h>

#include "base/error.h"
#include "base/helper.h"

#define TLS_HELPER_PROGRAM "sliprobe-helper"

/*
 * Executes the program that is beside this one, with the end of a socket of packets (helper/packets); ret->fd is the
 * other. It takes the capabilities that it keeps from this process. quiet: it writes nothing. It ends when this
 * process does, or by helper_end(). Returns 0; or -errno and why: there is no such program.
 */
int tls_helper_start(bool quiet, struct helper *ret, struct error *ret_error);

#endif

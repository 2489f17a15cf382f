/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a listener's TLS is not measured, in words that name what it is. */
#ifndef SLIPROBE_AGENT_TLS_WORDS_H
#define SLIPROBE_AGENT_TLS_WORDS_H

#include "agent/blind.h"
#include "agent/tls_table.h"
#include "config/config.h"

/*
 * For a listener that is blind for BLIND_TLS: what was found in the process that has served it, or else in one at its
 * port: "tls: Java". NULL: its reason says all that is known, or there is no memory.
 */
char *tls_words(const struct tls_table *table, enum config_tls_mode mode,
		const struct blind_listener *listener);

#endif

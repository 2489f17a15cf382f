/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Map keys, map values and their limits, as kernel programs and agent both see them. Layouts are
 * asserted where they are defined. All counters are cumulative; all times are in ns of CLOCK_MONOTONIC.
 */
#ifndef SLIPROBE_ABI_H
#define SLIPROBE_ABI_H

#include "abi/identity.h"
#include "abi/live.h"
#include "abi/policy.h"
#include "abi/process.h"
#include "abi/quota.h"
#include "abi/sample.h"
#include "abi/series.h"
#include "abi/stats.h"
#include "abi/tls.h"
#include "dfa.h"
#include "hist.h"
#include "terms.h"
#include "types.h"

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What an SLO counts, in words: which requests are eligible, and which of them good. */
#ifndef SLIPROBE_REPORT_SLO_WORDS_H
#define SLIPROBE_REPORT_SLO_WORDS_H

#include "config/config.h"

/* Each returns a malloc()ed phrase without a full stop, or NULL when out of memory. */
char *slo_words_eligible(const struct config_slo *slo);
char *slo_words_good(const struct config_slo *slo);
/* What becomes of a request whose client gave up. */
char *slo_words_client_abort(const struct config_slo *slo);

#endif

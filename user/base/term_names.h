/* SPDX-License-Identifier: GPL-2.0-only */
/* The printed names of include/terms.h's vocabularies. A value outside the vocabulary: NULL. */
#ifndef SLIPROBE_BASE_TERM_NAMES_H
#define SLIPROBE_BASE_TERM_NAMES_H

#include "terms.h"

const char *method_name(enum http_method value);
const char *grpc_status_name(enum grpc_status value);
const char *outcome_name(enum outcome value);
const char *bad_reason_name(enum bad_reason value);
const char *role_name(enum role value);
const char *lost_reason_name(enum lost_reason value);
const char *kernel_error_name(enum kernel_error value);
const char *owner_kind_name(enum owner_kind value);
const char *blind_reason_name(enum blind_reason value);
const char *blind_reason_word(enum blind_reason value);

#endif

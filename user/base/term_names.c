/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/term_names.h"

#include <stddef.h>

#define NAME(id, name) name,

/* Values count up from 0 in the order of the X-macro, so that its names are an array by value. */
#define NAME_FUNCTION(function, vocabulary, VALUES)                                                \
	const char *function(enum vocabulary value)                                                \
	{                                                                                          \
		static const char *const names[] = {VALUES(NAME)};                                 \
                                                                                                   \
		return value < sizeof(names) / sizeof(*names) ? names[value] : NULL;               \
	}

NAME_FUNCTION(method_name, http_method, HTTP_METHODS)
NAME_FUNCTION(grpc_status_name, grpc_status, GRPC_STATUSES)
NAME_FUNCTION(outcome_name, outcome, OUTCOMES)
NAME_FUNCTION(bad_reason_name, bad_reason, BAD_REASONS)
NAME_FUNCTION(role_name, role, ROLES)
NAME_FUNCTION(lost_reason_name, lost_reason, LOST_REASONS)
NAME_FUNCTION(kernel_error_name, kernel_error, KERNEL_ERRORS)
NAME_FUNCTION(owner_kind_name, owner_kind, OWNER_KINDS)

#undef NAME
#define NAME(id, word, name) name,
NAME_FUNCTION(blind_reason_name, blind_reason, BLIND_REASONS)
#undef NAME
#define NAME(id, word, name) word,
NAME_FUNCTION(blind_reason_word, blind_reason, BLIND_REASONS)

# SPDX-License-Identifier: GPL-2.0-only
LDFLAGS_test_names := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=tsearch

# SPDX-License-Identifier: GPL-2.0-only
LDFLAGS_test_collect := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

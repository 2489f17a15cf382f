# SPDX-License-Identifier: GPL-2.0-only
LDFLAGS_test_store_memory := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

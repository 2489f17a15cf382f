# SPDX-License-Identifier: GPL-2.0-only
LDFLAGS_test_openslo := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

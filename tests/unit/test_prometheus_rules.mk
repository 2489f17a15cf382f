# SPDX-License-Identifier: GPL-2.0-only
LDFLAGS_test_prometheus_rules := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

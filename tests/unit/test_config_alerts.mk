# SPDX-License-Identifier: GPL-2.0-only
LDFLAGS_test_config_alerts := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

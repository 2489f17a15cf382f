/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists whose entries must differ. */
#ifndef SLIPROBE_CONFIG_DISTINCT_H
#define SLIPROBE_CONFIG_DISTINCT_H

#include <stddef.h>

/* Orders of struct named, which the list is sorted by: as texts, as route templates. */
int config_compare_texts(const void *a, const void *b);
int config_compare_templates(const void *a, const void *b);

/* Returns 1 and the index of the first text that repeats an earlier one; 0: none does; -ENOMEM. */
int config_find_again(char *const *texts, size_t n, int (*compare)(const void *, const void *),
		      size_t *ret_index);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/distinct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "match/pattern.h"

/* A string and its place in a list, to sort by the string. */
struct named {
	const char *text;
	size_t index;
};

int config_compare_texts(const void *a, const void *b)
{
	const struct named *in_a = a, *in_b = b;
	int order = strcmp(in_a->text, in_b->text);

	return order ? order : in_a->index < in_b->index ? -1 : in_a->index > in_b->index;
}

int config_compare_templates(const void *a, const void *b)
{
	const struct named *in_a = a, *in_b = b;
	int order = route_specificity_cmp(in_a->text, in_b->text);

	return order ? order : in_a->index < in_b->index ? -1 : in_a->index > in_b->index;
}

int config_find_again(char *const *texts, size_t n, int (*compare)(const void *, const void *),
		      size_t *ret_index)
{
	_cleanup_free_ struct named *sorted = calloc(n + 1, sizeof(*sorted));
	struct named *again = NULL;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct named){.text = texts[i], .index = i};
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 1; i < n; i++) {
		struct named earlier = {.text = sorted[i - 1].text};
		struct named here = {.text = sorted[i].text};

		if (compare(&earlier, &here) == 0 && (!again || sorted[i].index < again->index))
			again = &sorted[i];
	}
	if (again)
		*ret_index = again->index;
	return again != NULL;
}

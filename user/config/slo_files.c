/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads the files that slo_files names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/openslo.h"
#include "config/schema.h"
#include "config/source.h"

static bool is_listed(const struct source_paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!strcmp(paths->list[i], path))
			return true;
	}
	return false;
}

/* Takes the path. Returns 0 or -ENOMEM. */
static int list(struct source_paths *paths, char *path)
{
	char **grown = realloc(paths->list, (paths->n + 1) * sizeof(*grown));

	if (!grown) {
		free(path);
		return -ENOMEM;
	}
	paths->list = grown;
	paths->list[paths->n++] = path;
	return 0;
}

/* Loads what has not been loaded before. */
static int load_found(struct source_paths *found, struct source_paths *loaded,
		      struct config *config, struct refusals *refusals)
{
	int ret = 0;

	for (size_t i = 0; i < found->n && may_go_on(ret); i++) {
		if (is_listed(loaded, found->list[i]))
			continue;
		ret = first_failure(ret, openslo_load(found->list[i], config, refusals));
		if (may_go_on(ret))
			ret = first_failure(ret, list(loaded, TAKE_PTR(found->list[i])));
	}
	return ret;
}

/* The matches of each glob are loaded in order of their names, a file that two globs match once. */
int config_load_slo_files(struct config *config, struct refusals *refusals)
{
	_cleanup_(source_paths_clear) struct source_paths loaded = {};
	int ret = 0;

	for (size_t i = 0; i < config->n_slo_files && may_go_on(ret); i++) {
		const char *pattern = config->slo_files[i];
		_cleanup_(source_paths_clear) struct source_paths found = {};
		int r = source_glob(pattern, &found);

		if (r == -ENOMEM)
			return r;
		if (r)
			ret = first_failure(ret,
					    refusals_add(refusals, r, "slo_files: \"%.150s\": %s",
							 pattern, strerror(-r)));
		else if (!found.n)
			ret = first_failure(
				ret, config_warn(config, "slo_files: nothing matches \"%.150s\"",
						 pattern));
		ret = first_failure(ret, load_found(&found, &loaded, config, refusals));
	}
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads the files that slo_files names. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "config/openslo.h"
#include "config/schema.h"

static bool is_listed(const glob_t *found, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(found->gl_pathv[i], path))
			return true;
	}
	return false;
}

/* Only regular files: reading a pipe or a terminal would wait. */
static int load(const char *path, struct config *config, struct refusals *refusals)
{
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return refusals_add(refusals, -EINVAL, "%s: slo_files: expected a regular file",
				    path);
	return openslo_load(path, config, refusals);
}

/* The matches of each glob are loaded in order of their names, a file that two globs match once. */
int config_load_slo_files(struct config *config, struct refusals *refusals)
{
	_cleanup_(globfree) glob_t found = {};
	int ret = 0;

	for (size_t i = 0; i < config->n_slo_files && may_go_on(ret); i++) {
		size_t before = found.gl_pathc;
		int result = glob(config->slo_files[i], i ? GLOB_APPEND : 0, NULL, &found);

		if (result == GLOB_NOSPACE)
			return -ENOMEM;
		if (result)
			ret = first_failure(
				ret, config_warn(config, "slo_files: nothing matches \"%.150s\"",
						 config->slo_files[i]));
		for (size_t j = before; j < found.gl_pathc && may_go_on(ret); j++) {
			if (!is_listed(&found, j, found.gl_pathv[j]))
				ret = first_failure(ret, load(found.gl_pathv[j], config, refusals));
		}
	}
	return ret;
}

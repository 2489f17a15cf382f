/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/cgroup.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* Hex digits, as many as an id of a container has, and none beside them. */
static bool read_container(const char *part, size_t len, struct cgroup_names *ret)
{
	size_t run = 0;

	for (size_t i = 0; i < len; i++) {
		run = isxdigit((unsigned char)part[i]) ? run + 1 : 0;
		if (run != CGROUP_CONTAINER_DIGITS ||
		    (i + 1 < len && isxdigit((unsigned char)part[i + 1])))
			continue;
		memcpy(ret->container, part + i + 1 - run, run);
		ret->container[run] = '\0';
		return true;
	}
	return false;
}

/* "pod" and a UUID, with '_' instead of '-' in the name of a slice */
static void read_pod(const char *part, size_t len, struct cgroup_names *ret)
{
	const char *at = memmem(part, len, "pod", 3);

	while (at && (size_t)(part + len - at - 3) >= CGROUP_POD_BYTES) {
		const char *uid = at + 3;
		size_t n = 0;

		for (; n < CGROUP_POD_BYTES; n++) {
			const bool dash = n == 8 || n == 13 || n == 18 || n == 23;

			if (dash ? uid[n] != '-' && uid[n] != '_' :
				   !isxdigit((unsigned char)uid[n]))
				break;
			ret->pod[n] = dash ? '-' : uid[n];
		}
		ret->pod[n == CGROUP_POD_BYTES ? n : 0] = '\0';
		if (*ret->pod)
			return;
		at = memmem(uid, (size_t)(part + len - uid), "pod", 3);
	}
}

void cgroup_read(const char *path, struct cgroup_names *ret)
{
	memset(ret, 0, sizeof(*ret));
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!read_container(path, len, ret) &&
		    (text_ends_in(path, len, ".service") || text_ends_in(path, len, ".scope")))
			redact_text(path, len, false, CGROUP_UNIT_BYTES, ret->unit);
		if (!*ret->pod)
			read_pod(path, len, ret);
		path += len;
	}
}

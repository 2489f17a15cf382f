/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static int has(unsigned int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, capability);
}

int privilege_check(void)
{
	if (capng_get_caps_process())
		return -EPERM;
	return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON)) ? 0 : -EPERM;
}

int privilege_drop(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_BOTH))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

int privilege_held(char ***ret, size_t *ret_n)
{
	char **names;
	size_t n = 0;

	if (capng_get_caps_process())
		return -EIO;
	names = calloc(CAP_LAST_CAP + 2, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		const char *name = capng_capability_to_name(capability);

		if (!has(capability) || !name)
			continue;
		names[n] = strdup(name);
		if (!names[n]) {
			while (n)
				free(names[--n]);
			free(names);
			return -ENOMEM;
		}
		n++;
	}
	*ret = names;
	*ret_n = n;
	return 0;
}

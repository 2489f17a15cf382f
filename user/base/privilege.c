/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

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

void privilege_user(struct privilege_user *ret)
{
	const struct passwd *user = getpwnam(PRIVILEGE_USER);
	const struct group *group = user ? NULL : getgrnam(PRIVILEGE_USER);

	if (user)
		*ret = (struct privilege_user){user->pw_uid, user->pw_gid};
	else
		*ret = (struct privilege_user){PRIVILEGE_USER_FALLBACK,
					       group ? group->gr_gid : PRIVILEGE_USER_FALLBACK};
}

/* Programs that run get none of these any more. Fails where this process may not, which is no harm. */
static void empty_bounding_set(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

/* No core dumps, no ptrace(2), no files in /proc for others of the same user. */
static int hide(void)
{
#ifdef __SANITIZE_ADDRESS__
	/* the search for leaks at the end traces this process */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) ? -errno : 0;
#else
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0;
#endif
}

/* A change of the user clears what its starter may have asked for: a signal at the starter's end. */
static int change_user(const struct privilege_user *user)
{
	int signal = 0;

	if (prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) ||
	    setgroups(0, NULL) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid) || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) ||
	    prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0))
		return -errno;
	return 0;
}

/* Those of the permitted ones that are wanted. */
static int keep_capabilities(const unsigned int *wanted, size_t n)
{
	bool kept[CAP_LAST_CAP + 1] = {};

	if (capng_get_caps_process())
		return -EPERM;
	for (size_t i = 0; i < n; i++)
		kept[wanted[i]] = capng_have_capability(CAPNG_PERMITTED, wanted[i]);
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (kept[capability])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capability);
	}
	return capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

int privilege_become(const struct privilege_user *user, bool admin)
{
	/* what a start takes; the last one, if it has to */
	static const unsigned int wanted[] = {CAP_BPF,		CAP_PERFMON,
					      CAP_SYS_PTRACE,	CAP_DAC_READ_SEARCH,
					      CAP_SYS_RESOURCE, CAP_SYS_ADMIN};
	const size_t n_wanted = sizeof(wanted) / sizeof(wanted[0]) - (admin ? 0 : 1);
	int r;

	empty_bounding_set();
	if (geteuid())
		return hide();
	r = change_user(user);
	r = r ?: keep_capabilities(wanted, n_wanted);
	return r ?: hide();
}

int privilege_become_holding(const struct privilege_user *user, const unsigned int *wanted,
			     size_t n)
{
	int r;

	empty_bounding_set();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	r = geteuid() ? 0 : change_user(user);
	/* one that may not change users stays who it is */
	r = r && r != -EPERM ? r : keep_capabilities(wanted, n);
	return r ?: hide();
}

int privilege_become_nobody_else(const struct privilege_user *user)
{
	int r = privilege_become(user, false);

	return r ?: privilege_drop();
}

int privilege_drop(void)
{
	empty_bounding_set();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

int privilege_names(uint64_t bits, char ***ret, size_t *ret_n)
{
	char **names = calloc(CAP_LAST_CAP + 2, sizeof(*names));
	size_t n = 0;

	if (!names)
		return -ENOMEM;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		const char *name = capng_capability_to_name(capability);

		if (!(bits >> capability & 1) || !name)
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

int privilege_held(char ***ret, size_t *ret_n)
{
	uint64_t bits = 0;

	if (capng_get_caps_process())
		return -EIO;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (has(capability))
			bits |= UINT64_C(1) << capability;
	}
	return privilege_names(bits, ret, ret_n);
}

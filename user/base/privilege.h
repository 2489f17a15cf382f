/* SPDX-License-Identifier: GPL-2.0-only */
/* The user and the capabilities that the agent has at its start, and what it gives up of them. */
#ifndef SLIPROBE_BASE_PRIVILEGE_H
#define SLIPROBE_BASE_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Where there is no user `sliprobe`: a number that nobody else has. Debian reserves 65000 to 65533 (Policy,
 * 9.2.2), and systemd gives 61184 to 65519 to services (UIDS-GIDS): neither hands out 65520 to 65533.
 */
enum { PRIVILEGE_USER_FALLBACK = 65525 };

#define PRIVILEGE_USER "sliprobe"

struct privilege_user {
	uid_t uid;
	gid_t gid;
};

/* The agent's own user: by name, or the numbers. */
void privilege_user(struct privilege_user *ret);

/* Returns 0 if this process may load tracing programs, else -EPERM. */
int privilege_check(void);

/*
 * Root becomes that user, in no other group, and keeps of its capabilities those that loading programs and
 * looking at other processes takes. The bounding set is emptied where that is permitted. Another user
 * stays. Nothing of this process can be read by others of that user, nor dumped. `admin`: it keeps CAP_SYS_ADMIN, too,
 * which programs on functions of modules take. Returns 0 or -errno.
 */
int privilege_become(const struct privilege_user *user, bool admin);

/* As privilege_become(), but of its capabilities it keeps these, and nobody may add to them. */
int privilege_become_holding(const struct privilege_user *user, const unsigned int *wanted,
			     size_t n);

/* As privilege_become(), but without any capability, for good. */
int privilege_become_nobody_else(const struct privilege_user *user);

/* Gives up all capabilities for good. Returns 0 or -errno. */
int privilege_drop(void);

/*
 * Names of the capabilities in effect, without "cap_". Returns 0, -ENOMEM or -EIO. The caller frees
 * the list and its strings.
 */
int privilege_held(char ***ret, size_t *ret_n);
/* Likewise, of those that are set in `bits`: bit N is capability N. */
int privilege_names(uint64_t bits, char ***ret, size_t *ret_n);

#endif

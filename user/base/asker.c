/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/asker.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

enum {
	NAME_BYTES = 33, /* useradd(8) makes none that is longer */
	ENTRIES_MAX = 4096, /* looked at: a change must not wait for a huge file */
};

/* *ret stays "" if there is no name that is fit for a line. */
static void user_name(uid_t uid, char ret[static NAME_BYTES])
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-";
	_cleanup_fclose_ FILE *users = fopen("/etc/passwd", "re");
	const struct passwd *user;

	for (int i = 0; users && i < ENTRIES_MAX && (user = fgetpwent(users)); i++) {
		if (user->pw_uid != uid)
			continue;
		if (strlen(user->pw_name) < NAME_BYTES &&
		    !user->pw_name[strspn(user->pw_name, fit)])
			memcpy(ret, user->pw_name, strlen(user->pw_name) + 1);
		return;
	}
}

void asker_text(const struct asker *asker, char ret_text[static ASKER_BYTES])
{
	char name[NAME_BYTES] = "", process[32] = "";

	if (!asker->known) {
		snprintf(ret_text, ASKER_BYTES, "somebody unknown");
		return;
	}
	user_name(asker->uid, name);
	if (asker->pid > 0)
		snprintf(process, sizeof(process), ", process %d", asker->pid);
	snprintf(ret_text, ASKER_BYTES, "uid %u%s%s%s%s", asker->uid, *name ? " (" : "", name,
		 *name ? ")" : "", process);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/confine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <string.h>

#include "base/confined.h"
#include "base/place.h"
#include "base/privilege.h"
#include "confine/keeper.h"
#include "confine/landlock.h"
#include "confine/places.h"
#include "confine/syscalls.h"
#include "kernel/pins.h"
#include "kernel/tls.h"

static struct confine_plan planned;

/* The directory that a name is in. */
static void parent_of(const char *path, char ret[static PATH_MAX])
{
	char *slash;

	snprintf(ret, PATH_MAX, "%s", path);
	slash = strrchr(ret, '/');
	if (!slash)
		snprintf(ret, PATH_MAX, ".");
	else
		slash[slash == ret] = 0;
}

/* Without one of the two it runs all the same: an old kernel, a container that forbids it. */
static int confine_keeper(void)
{
	char socket[PATH_MAX], pins[PATH_MAX], notes[PATH_MAX];
	const struct landlock_rule rules[] = {
		{"/", LANDLOCK_READ},
		{socket, LANDLOCK_REMOVE},
		{pins, LANDLOCK_REMOVE},
		{notes, LANDLOCK_REMOVE},
	};
	int r = privilege_drop();

	parent_of(planned.socket, socket);
	parent_of(pins_dirs_host.pins, pins);
	parent_of(pins_dirs_host.notes, notes);
	landlock_confine(rules, sizeof(rules) / sizeof(rules[0]));
	syscalls_confine_keeper();
	return r;
}

int confine_begin(const struct confine_plan *plan)
{
	static char lock[4096];
	const struct keeper_names names = {
		.list = {plan->socket, lock, pins_dirs_host.pins, pins_dirs_host.notes},
		.n = 4,
	};

	snprintf(lock, sizeof(lock), "%s.lock", plan->socket);
	planned = *plan;
	return keeper_begin(plan->config_file, &names, confine_keeper, plan->quiet);
}

int confine_become(const struct confine_plan *plan)
{
	struct privilege_user user;
	int r;

	privilege_user(&user);
	r = places_give(&user, plan->state_dir);
	return r ?: privilege_become(&user, probe_ktls_takes_admin());
}

/*
 * Its own directories; what the resolver, TLS and libraries that are loaded late read; /proc, to find services. The
 * configuration is the keeper's to open.
 */
static void confine_files(void)
{
	char file[PATH_MAX], resolver[PATH_MAX], socket[PATH_MAX];
	const struct landlock_rule rules[] = {
		{place_path(planned.state_dir), LANDLOCK_WRITE},
		{place_path(pins_dirs_host.pins), LANDLOCK_WRITE},
		{place_path(pins_dirs_host.notes), LANDLOCK_WRITE},
		{"/dev/null", LANDLOCK_WRITE},
		{"/dev/urandom", LANDLOCK_READ},
		{"/proc", LANDLOCK_READ},
		{"/sys/devices/system/cpu", LANDLOCK_READ},
		{"/etc", LANDLOCK_READ},
		{"/usr", LANDLOCK_READ},
		{"/lib", LANDLOCK_READ},
		{"/lib64", LANDLOCK_READ},
		{"/var/lib/ca-certificates", LANDLOCK_READ},
		{"/run/systemd/resolve", LANDLOCK_READ},
		{"/run/resolvconf", LANDLOCK_READ},
		{"/run/NetworkManager", LANDLOCK_READ},
		{resolver, LANDLOCK_READ},
		{socket, LANDLOCK_REMOVE}, /* where the directory is its own */
	};
	int r;

	parent_of(planned.socket, socket);
	/* a link, often into /run, and replaced now and then */
	parent_of(realpath("/etc/resolv.conf", file) ?: "/etc/resolv.conf", resolver);
	r = landlock_confine(rules, sizeof(rules) / sizeof(rules[0]));
	confined.landlock_abi = r > 0 ? r : 0;
	confined.landlock_why = r > 0 ? NULL : strerrordesc_np(-r);
}

int confine_finish(void)
{
	int r = privilege_drop();

	if (r)
		return r;
	confine_files();
	r = syscalls_confine_agent();
	confined.system_calls = !r;
	confined.system_calls_why = r ? strerrordesc_np(-r) : NULL;
	return 0;
}

int confine_commands(void)
{
	struct privilege_user user;
	int r;

	privilege_user(&user);
	r = privilege_become(&user, false);
	if (r && r != -EPERM)
		return r;
	r = privilege_drop();
	syscalls_confine_commands();
	return r;
}

void confine_end(void)
{
	place_rmdir(pins_dirs_host.pins);
	place_rmdir(pins_dirs_host.notes);
	keeper_end();
	place_clear();
}

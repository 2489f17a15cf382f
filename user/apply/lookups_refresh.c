/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks at the host for what services are matched by, and tells the programs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/lookups.h"
#include "base/cleanup.h"
#include "kernel/probe.h"

/* ---- looking up ---- */

/* Nothing of the kind is at the path. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EINVAL;
}

static int find_netns(struct lookup *lookup, const struct probe *probe, struct file_id *ret)
{
	__u32 inode;
	int fd, r = probe_find_netns(probe, lookup->what.path, &fd, &inode);

	if (is_gone(r) && lookup->fd >= 0) {
		close(lookup->fd);
		lookup->fd = -1;
	}
	if (r)
		return r;
	if (lookup->fd >= 0)
		close(lookup->fd);
	lookup->fd = fd;
	*ret = (struct file_id){.ino = inode};
	return 0;
}

static void look_up(struct lookup *lookup, const struct probe *probe)
{
	struct file_id value = {};
	int r = 0;

	if (!lookup->what.path)
		value.ino = probe_host_netns(probe, lookup->what.host);
	else if (lookup->what.kind == FACT_NETNS)
		r = find_netns(lookup, probe, &value);
	else
		r = probe_find_file(probe, lookup->what.path, &value);
	if (r && !is_gone(r))
		return; /* it may not be looked at: as it was */
	lookup->known = !r && value.ino;
	lookup->value = value;
}

/* ---- telling the programs ---- */

static bool same_value(const struct tables_fact *fact, enum fact_kind kind,
		       const struct file_id *value)
{
	return fact->kind == kind && !memcmp(&fact->value, value, sizeof(*value));
}

/* That with the value, or NULL. */
static struct looked_up *find_value(struct looked_up *found, size_t n, enum fact_kind kind,
				    const struct file_id *value)
{
	for (size_t i = 0; i < n; i++) {
		if (same_value(&found[i].fact, kind, value))
			return &found[i];
	}
	return NULL;
}

/* One for each value, in the set of the first lookup that has it. */
static struct looked_up *list_values(const struct lookups *lookups, size_t *ret_n)
{
	struct looked_up *found = calloc(lookups->n ?: 1, sizeof(*found));
	size_t n = 0;

	for (size_t i = 0; found && i < lookups->n; i++) {
		const struct lookup *lookup = &lookups->list[i];
		const struct tables_fact fact = {lookup->what.kind, lookup->value,
						 lookup->what.set};
		struct looked_up *same;

		if (!lookup->known)
			continue;
		same = find_value(found, n, fact.kind, &fact.value);
		if (!same) {
			same = &found[n++];
			same->fact = fact;
		}
		for (int w = 0; w < SERVICE_SET_WORDS; w++)
			same->services.words[w] |= lookup->what.services.words[w];
	}
	*ret_n = n;
	return found;
}

static bool is_written(const struct lookups *lookups, const struct looked_up *found, size_t n)
{
	if (n != lookups->n_written)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct looked_up *former = &lookups->written[i];

		if (!same_value(&found[i].fact, former->fact.kind, &former->fact.value) ||
		    found[i].fact.set != former->fact.set ||
		    memcmp(&found[i].services, &former->services, sizeof(former->services)) != 0)
			return false;
	}
	return true;
}

int lookups_refresh(struct lookups *lookups, struct probe *probe, __u32 generation)
{
	_cleanup_free_ struct looked_up *found = NULL;
	size_t n;
	int r = 0;

	for (size_t i = 0; i < lookups->n; i++)
		look_up(&lookups->list[i], probe);
	found = list_values(lookups, &n);
	if (!found)
		return -ENOMEM;
	if (is_written(lookups, found, n))
		return 0;
	for (size_t i = 0; !r && i < n; i++) {
		r = probe_write_set(probe, found[i].fact.set, &found[i].services);
		r = r ?: probe_write_fact(probe, generation, &found[i].fact);
	}
	for (size_t i = 0; !r && i < lookups->n_written; i++) {
		const struct tables_fact *former = &lookups->written[i].fact;

		if (!find_value(found, n, former->kind, &former->value))
			r = probe_drop_fact(probe, generation, former);
	}
	if (r)
		return r; /* tried again at the next step */
	free(lookups->written);
	lookups->written = TAKE_PTR(found);
	lookups->n_written = n;
	return 0;
}

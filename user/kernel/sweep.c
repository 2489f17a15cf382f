/* SPDX-License-Identifier: GPL-2.0-only */
/* The sweep over all connections. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/private.h"

static int sweep_once(struct probe *probe)
{
	char unused[64];
	ssize_t n;
	int fd, r;

	probe->skel->bss->sweep_in_flight = 0;
	probe->skel->bss->sweep_number++;
	fd = bpf_iter_create(bpf_link__fd(probe->sweep));
	if (fd < 0)
		return fd;
	do
		n = read(fd, unused, sizeof(unused));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	r = n < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int clear_in_use(struct probe *probe)
{
	_cleanup_free_ __u32 *zero = calloc(POLICIES_MAX, sizeof(*zero));

	if (!zero)
		return -ENOMEM;
	return probe_write_array(probe->skel->maps.policies_used, 0, zero, POLICIES_MAX);
}

/* `missed`: there are connections that the sweep has not met, judged by any policy. */
static int read_in_use(struct probe *probe, bool missed, struct policies_in_use *ret)
{
	_cleanup_free_ __u32 *keys = calloc(POLICIES_MAX, sizeof(*keys));
	_cleanup_free_ __u32 *used = calloc(POLICIES_MAX, sizeof(*used));
	__u32 token = 0, count = POLICIES_MAX;
	int r;

	if (!keys || !used)
		return -ENOMEM;
	r = bpf_map_lookup_batch(bpf_map__fd(probe->skel->maps.policies_used), NULL, &token, keys,
				 used, &count, NULL);
	if (r && r != -ENOENT)
		return r;
	*ret = (struct policies_in_use){};
	for (__u32 p = 0; p < POLICIES_MAX; p++) {
		if (missed || used[p])
			policies_in_use_add(ret, p);
	}
	return 0;
}

int probe_sweep(struct probe *probe, __u64 unanswered_ns, struct probe_swept *ret,
		struct policies_in_use *ret_in_use)
{
	__u64 before[STAT_COUNT], after[STAT_COUNT];
	struct probe_swept swept;
	int r = ret_in_use ? clear_in_use(probe) : 0;

	probe->skel->bss->sweep_unanswered_ns = unanswered_ns;
	r = r ?: probe_read_stats(probe, before);
	r = r ?: sweep_once(probe);
	r = r ?: probe_read_stats(probe, after);
	if (r)
		return r;
	swept.in_flight = probe->skel->bss->sweep_in_flight;
	swept.at_most = after[STAT_SEEN] - before[STAT_ENDED] - probe_lost(before);
	swept.at_least = before[STAT_SEEN] - after[STAT_ENDED] - probe_lost(after);
	swept.missed = (__s64)swept.in_flight < swept.at_least;
	swept.consistent = swept.in_flight <= (__u64)swept.at_most &&
			   (!swept.missed || probe->walk != PROBE_WALK_MAP);
	r = ret_in_use ? read_in_use(probe, swept.missed, ret_in_use) : 0;
	if (!r)
		*ret = swept;
	return r;
}

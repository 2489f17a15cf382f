/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/say.h"
#include "base/term_names.h"

struct unmeasured {
	struct probe *probe;
	struct facts *facts;
};

static int add_unmeasured(void *context, const struct unmeasured_key *key, __u64 count)
{
	const struct unmeasured *unmeasured = context;
	struct facts *facts = unmeasured->facts;
	struct snapshot_unmeasured *grown;

	/* a TLS handshake with a plain HTTP server is a client's mistake, no blind spot */
	if (probe_serves_http(unmeasured->probe, &key->endpoint))
		return 0;
	grown = realloc(facts->unmeasured, (facts->n_unmeasured + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	facts->unmeasured = grown;
	grown += facts->n_unmeasured++;
	*grown = (struct snapshot_unmeasured){
		.port = key->endpoint.port,
		.reason = blind_reason_name(key->reason) ?: "unknown",
		.connections = count,
	};
	memcpy(grown->process, key->endpoint.process, sizeof(grown->process));
	grown->process[sizeof(grown->process) - 1] = 0;
	return 0;
}

/* The series must add up to what has ended, if nothing ended while they were read. */
static bool adds_up(__u64 ended_before, const struct facts *facts)
{
	if (facts->stats[STAT_ENDED] != ended_before || ended_before == facts->collection.requests)
		return true;
	say("the series add up to %llu requests, expected %llu", facts->collection.requests,
	    ended_before);
	return false;
}

int facts_read(struct probe *probe, const struct ids *routes, bool series, struct facts *ret)
{
	struct facts facts = {.series = series};
	__u64 before[STAT_COUNT];
	int r = probe_read_stats(probe, before);

	r = r ?: collection_read(probe, routes, series, &facts.collection);
	r = r ?: probe_read_stats(probe, facts.stats);
	if (!r) {
		facts.consistent = adds_up(before[STAT_ENDED], &facts);
		facts.hook_misses = probe_misses(probe);
		r = probe_each_unmeasured(probe, add_unmeasured,
					  &(struct unmeasured){probe, &facts});
	}
	if (r) {
		facts_clear(&facts);
		return r;
	}
	*ret = facts;
	return 0;
}

void facts_clear(struct facts *facts)
{
	collection_clear(&facts->collection);
	free(facts->unmeasured);
	*facts = (struct facts){};
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/facts.h"

#include "base/say.h"

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
		facts.collection.requests += probe_forgotten(probe);
		facts.consistent = adds_up(before[STAT_ENDED], &facts);
		facts.hook_misses = probe_misses(probe);
		r = blind_read(probe, &facts.blind);
		r = r ?: quic_read(probe, &facts.blind, &facts.quic);
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
	blind_clear(&facts->blind);
	*facts = (struct facts){};
}

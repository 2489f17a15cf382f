# SPDX-License-Identifier: GPL-2.0-only
"""Alternating pairs, and what they say.

Bare comes first, between any two other variants, and last. A sample is compared with the mean of
the bare ones just before and after it, so that a machine that gets slower or faster in the course
of the run adds to no figure. The noise is what the same comparison says of bare samples.

What else a machine does only adds to a time. So beside the pairs there is the difference of the
fastest tenths (the lowest deciles of all samples), when it was quiet.
"""
import math
import random
import statistics


def sequence(rounds, bare, variants):
    plan = [v for _ in range(rounds) for variant in variants for v in (bare, variant)]
    return [*plan, bare]


def spread(values):
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive") \
        if len(values) > 1 else values * 3
    return {"median": median, "q1": q1, "q3": q3}


def pairs_of(samples, value):
    """(value, bare before, bare after) of all samples, in lists by variant, and as "noise"."""
    bare_at = [i for i, s in enumerate(samples) if s["variant"] == "bare"]
    pairs = {}
    for i, sample in enumerate(samples):
        before = [j for j in bare_at if j < i]
        after = [j for j in bare_at if j > i]
        if not before or not after:
            continue
        name = "noise" if sample["variant"] == "bare" else sample["variant"]
        around = value(samples[before[-1]]), value(samples[after[0]])
        pairs.setdefault(name, []).append((value(sample), *around))
    return pairs


def added_of(pairs):
    return [x - (before + after) / 2 for x, before, after in pairs]


def compare(samples, value):
    """By variant the spread of its value, of what it adds, and of its ratio to bare.

    The ratio's median is the ratio of the medians of both, its quartiles are those of single pairs.
    """
    result = {"bare": spread([value(s) for s in samples if s["variant"] == "bare"])}
    for variant, pairs in pairs_of(samples, value).items():
        ratio = spread([x * 2 / (before + after) for x, before, after in pairs])
        ratio["median"] = statistics.median(x for x, _, _ in pairs) / \
            statistics.median(bare for _, *around in pairs for bare in around)
        result[variant] = spread([x for x, _, _ in pairs]) | {
            "added": spread(added_of(pairs)), "ratio": ratio, "pairs": len(pairs)}
    return result


def quiet(values):
    return statistics.quantiles(values, n=10, method="inclusive")[0] if len(values) > 1 \
        else values[0]


def compare_quiet(samples, value):
    """By variant what it adds to the fastest tenth; as "noise" of every other bare sample."""
    values = {}
    for sample in samples:
        values.setdefault(sample["variant"], []).append(value(sample))
    bare = values.pop("bare")
    added = {variant: quiet(v) - quiet(bare) for variant, v in values.items()}
    if len(bare) > 1:
        added["noise"] = quiet(bare[1::2]) - quiet(bare[::2])
    return added


def compare_times(samples, value):
    """compare(), with what is added in quiet."""
    result = compare(samples, value)
    for variant, added in compare_quiet(samples, value).items():
        if variant in result:
            result[variant]["quiet_added"] = added
    return result


def quiet_over(result, variant, other):
    """The ratio of what two variants add in quiet, of compare_times(). None as in added_over()."""
    if variant not in result or other not in result or result[other]["quiet_added"] <= 0:
        return None
    return result[variant]["quiet_added"] / result[other]["quiet_added"]


def added_over(samples, value, variant, other):
    """The ratio of the medians of what two variants add, with a 95 % bootstrap interval.

    None if the other's median is not above 0; high is None if that of many resamples is not.
    """
    added = {v: added_of(pairs) for v, pairs in pairs_of(samples, value).items()}
    if variant not in added or other not in added:
        return None

    def ratio(pick):
        top, bottom = (statistics.median(pick(added[v])) for v in (variant, other))
        return top / bottom if bottom > 0 else math.inf

    rng = random.Random(1)
    draws = sorted(ratio(lambda values: rng.choices(values, k=len(values))) for _ in range(1000))
    low, middle, high = (x if x < math.inf else None for x in (draws[25], ratio(list), draws[-26]))
    return {"ratio": middle, "low": low, "high": high} if middle is not None else None

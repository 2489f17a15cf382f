# SPDX-License-Identifier: GPL-2.0-only
"""Prints the table of a benchmark run and writes it as JSON: report.py SAMPLES STATUS OTHERS OUT

A sample is compared with the mean of the bare ones just before and after it, so that a machine that
gets slower or faster in the course of the run adds to no figure. The noise is what the same
comparison says of bare samples.
"""
import json
import math
import os
import platform
import random
import statistics
import sys

WORKS = {
    "http": "loopback GET and 200, 4 socket calls, both ends on one CPU",
    "getppid": "getppid",
    "read": "read of 4 KiB of a cached file",
}
NAMES = {"bare": "nothing attached", "noise": "nothing again (noise)", "empty": "empty programs",
         "agent": "agent"}


def spread(values):
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive") \
        if len(values) > 1 else values * 3
    return {"median": median, "q1": q1, "q3": q3}


def pairs_of(samples, value):
    """(value, value of the bare neighbours) of all samples, in lists by variant, and as "noise"."""
    pairs = {}
    bare = [value(s) if s["variant"] == "bare" else None for s in samples]
    for i, sample in enumerate(samples):
        apart = 2 if sample["variant"] == "bare" else 1
        if i < apart or i + apart >= len(samples):
            continue
        name = "noise" if sample["variant"] == "bare" else sample["variant"]
        pairs.setdefault(name, []).append((value(sample), (bare[i - apart] + bare[i + apart]) / 2))
    return pairs


def compare(samples, value):
    """Per variant the spread of its value, of what it adds, and of its ratio to bare."""
    result = {"bare": spread([value(s) for s in samples if s["variant"] == "bare"])}
    for variant, pairs in pairs_of(samples, value).items():
        result[variant] = spread([x for x, _ in pairs]) | {
            "added": spread([x - bare for x, bare in pairs]),
            "ratio": spread([x / bare for x, bare in pairs])}
    return result


def agent_over_empty(samples, value):
    """The ratio of the medians of what each adds, with a 95 % bootstrap interval.

    None if the floor's median is not above 0; high is None if that of many resamples is not.
    """
    added = {variant: [x - bare for x, bare in pairs]
             for variant, pairs in pairs_of(samples, value).items()}

    def ratio(pick):
        agent, empty = (statistics.median(pick(added[v])) for v in ("agent", "empty"))
        return agent / empty if empty > 0 else math.inf

    rng = random.Random(1)
    draws = sorted(ratio(lambda values: rng.choices(values, k=len(values))) for _ in range(2000))
    low, middle, high = (x if x < math.inf else None for x in (draws[50], ratio(list), draws[-51]))
    return {"ratio": middle, "low": low, "high": high} if middle is not None else None


def read_samples(path):
    loops, wrks = [], []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            kind, variant, *rest = line.split()
            sample = {"variant": variant}
            if kind == "loop":
                names = ("ns_per_loop", "cpu_ns_per_loop", "loops")
                sample["work"] = rest.pop(0)
                loops.append(sample)
            else:
                names = ("requests", "took_us", "p50_us", "p99_us", "nginx_cpu_ns",
                         "agent_cpu_ns")
                wrks.append(sample)
            sample |= zip(names, map(float, rest))
    return loops, wrks


def table(unit, comparison, digits):
    print(f"  {unit:22} {'median':>10} {'added':>10}  {'(interquartile)':18} {'ratio':>7}  "
          "(interquartile)")
    for variant, name in NAMES.items():
        row = comparison.get(variant)
        if not row:
            continue
        line = f"  {name:22} {row['median']:10.{digits}f}"
        if variant != "bare":
            added, ratio = row["added"], row["ratio"]
            between = f"({added['q1']:+.{digits}f} to {added['q3']:+.{digits}f})"
            line += f" {added['median']:+10.{digits}f}  {between:18} {ratio['median']:7.3f}  " \
                    f"({ratio['q1']:.3f} to {ratio['q3']:.3f})"
        print(line)


def cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return None


def main(samples_path, status_path, others, out_path):
    loops, wrks = read_samples(samples_path)
    with open(status_path, encoding="utf-8") as file:
        agent = json.load(file)["agent"]
    out = {
        "machine": {"kernel": platform.release(), "arch": platform.machine(),
                    "cpu": cpu_model(), "cpus": os.cpu_count(), "load": os.getloadavg()[1],
                    "other_agents": int(others)},
        "agent": {"version": agent["version"], "hook": agent["hook"]},
        "loops": {}, "nginx": None, "samples": {"loops": loops, "nginx": wrks},
    }
    print(f"sliprobe {agent['version']} ({agent['hook']}) on Linux {platform.release()}, "
          f"{out['machine']['cpus']} CPUs, load {out['machine']['load']:.1f}; medians")
    if int(others):
        print(f"NOT BARE: {others} other agent(s) ran all along; every figure is on top of theirs")

    for work, title in WORKS.items():
        chosen = [s for s in loops if s["work"] == work]
        result = compare(chosen, lambda s: s["ns_per_loop"])
        result["cpu"] = compare(chosen, lambda s: s["cpu_ns_per_loop"])
        out["loops"][work] = result
        count = sum(s["variant"] == "agent" for s in chosen)
        print(f"\n{title}: {count} rounds")
        table("ns a loop", result, 0 if work == "http" else 1)
        if work != "http":
            continue
        if "empty" not in result:
            print("  no floor: this kernel has no socket tracepoints")
            continue
        ratio = agent_over_empty(chosen, lambda s: s["ns_per_loop"])
        result["agent_over_empty"] = ratio
        if ratio:
            high = f"{ratio['high']:.2f}" if ratio["high"] else "any: the floor is near the noise"
            text = f"{ratio['ratio']:.2f} (95 % of resamples: {ratio['low']:.2f} to {high})"
        else:
            text = "cannot tell: the floor is lost in the noise"
        print(f"  agent's added / empty programs' added: {text}")

    if wrks:
        figures = {
            "requests_per_second": ("requests a second", 0,
                                    lambda s: s["requests"] / s["took_us"] * 1e6),
            "nginx_cpu_us_per_request": ("nginx CPU us a request", 2,
                                         lambda s: s["nginx_cpu_ns"] / s["requests"] / 1e3),
            "p50_us": ("p50, us", 0, lambda s: s["p50_us"]),
            "p99_us": ("p99, us", 0, lambda s: s["p99_us"]),
        }
        out["nginx"] = {}
        count = sum(s["variant"] == "agent" for s in wrks)
        print(f"\nnginx `return 200` under wrk, one worker, 16 connections: {count} rounds")
        for name, (unit, digits, value) in figures.items():
            out["nginx"][name] = compare(wrks, value)
            table(unit, out["nginx"][name], digits)
        cores = statistics.median(s["agent_cpu_ns"] / s["took_us"] / 1e3
                                  for s in wrks if s["variant"] == "agent")
        out["nginx"]["agent_cores"] = cores
        print(f"  agent's user space meanwhile: {100 * cores:.2f} % of a core")

    with open(out_path, "w", encoding="utf-8") as file:
        json.dump(out, file, indent=1)
        file.write("\n")
    print(f"\nwritten to {out_path}")


main(*sys.argv[1:])

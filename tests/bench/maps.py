# SPDX-License-Identifier: GPL-2.0-only
"""Memory of the agent's maps: what the formula in docs/cost.md says, and what the kernel does."""
import json
import pathlib
import platform

import configs
import host
import table
from host import Failed
from variants import Agent

BIG_CPUS, BIG_SERVICES = 256, 1000
HEADER_BYTES = 1024  # at most, of a map itself
HIST_BYTES, HIST_MIN, HIST_MAX = 64 << 20, 8192, 65536  # see kernel/probe
HIST_VALUE_BYTES, BLOCK = 64, 16
NO_PREALLOC = 1
STORAGE = ("sk_storage", "task_storage")


def words(n):
    return (n + 7) // 8 * 8


def formula_bytes(entry, cpus):
    """What docs/cost.md says. entry is of `bpftool map show`."""
    n, key, value = entry["max_entries"], words(entry["bytes_key"]), words(entry["bytes_value"])
    kind = entry["type"]
    buckets = 16 * (1 << (n - 1).bit_length())
    if kind == "array":
        return value * n
    if kind == "array_of_maps":
        return 8 * n
    if kind == "percpu_array":
        return (8 + value * cpus) * n
    if kind == "hash" and not entry["flags"] & NO_PREALLOC:
        return buckets + (48 + key + value) * (n + cpus) + 8 * cpus
    if kind == "hash":
        return buckets  # and what is in it: nothing here
    if kind == "percpu_hash" and entry["flags"] & NO_PREALLOC:
        return buckets
    if kind == "ringbuf":
        return n + 3 * 4096 + 8 * (3 + 2 * n // 4096)
    if kind == "queue":
        return entry["bytes_value"] * (n + 1)
    if kind == "lru_hash":
        return buckets + (48 + key + value) * n
    if kind == "percpu_hash" and not entry["flags"] & NO_PREALLOC:
        return buckets + (48 + key + 8 + value * cpus) * n
    raise Failed(f"docs/cost.md has no formula for map {entry['name']}, a {kind}")


def hist_blocks(cpus):
    return max(HIST_MIN, min(HIST_MAX, HIST_BYTES // (cpus * HIST_VALUE_BYTES))) // BLOCK


def possible_cpus():
    last = pathlib.Path("/sys/devices/system/cpu/possible").read_text().strip()
    return int(last.replace(",", "-").split("-")[-1]) + 1


def maps_of(pid):
    """As bpftool shows them, by name; storage of connections and threads, which grows with them, left out."""
    ids = set()
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        ids |= {int(line.split()[1]) for line in info.read_text().splitlines()
                if line.startswith("map_id:")}
    shown = json.loads(host.run([host.tool("bpftool"), "-j", "map", "show"]))
    return {m["name"]: m for m in shown if m["id"] in ids and m["type"] not in STORAGE}


def maps_with(bench, config):
    agent = Agent(bench.directory, config)
    agent.attach()
    found = maps_of(agent.process.pid)
    agent.detach()
    return found


def check(maps, cpus):
    """Fails if the kernel's figure of a map is not the formula's and that of the map itself."""
    wrong = []
    for name, entry in maps.items():
        formula = formula_bytes(entry, cpus)
        page = 4096 if entry["flags"] & 1024 else 0  # BPF_F_MMAPABLE: whole pages, twice
        if not 0 <= entry["bytes_memlock"] - formula < HEADER_BYTES + 64 * cpus + 2 * page:
            wrong.append(f"{name}: {entry['bytes_memlock']} bytes, {formula} by the formula")
    if maps["hist"]["max_entries"] != hist_blocks(cpus):
        wrong.append(f"hist: {maps['hist']['max_entries']} entries, not {hist_blocks(cpus)}")
    if wrong:
        raise Failed(f"docs/cost.md is wrong about maps: {'; '.join(wrong)}")


def on_paper(maps, cpus):
    """By map, for another number of CPUs."""
    blocks = {"max_entries": hist_blocks(cpus)}
    return {name: formula_bytes(entry | blocks if name in ("hist", "hist_shared") else entry, cpus)
            for name, entry in maps.items()}


def measure(bench):
    """The last of item 7."""
    cpus = possible_cpus()
    plain = maps_with(bench, configs.plain(bench.port))
    many = maps_with(bench, configs.many_services(BIG_SERVICES))
    if tuple(int(n) for n in platform.release().split(".")[:2]) < (6, 4):
        host.leave_out("the check of map memory: before Linux 6.4 the kernel tells something else")
    else:
        check(plain, cpus)
        check(many, cpus)
    here = {name: entry["bytes_memlock"] for name, entry in plain.items()}
    many_here = {name: entry["bytes_memlock"] for name, entry in many.items()}
    big = on_paper(many, BIG_CPUS)
    out = {"cpus": cpus, "bytes": here, "bytes_many_services": many_here, "bytes_on_paper": big,
           "total": sum(here.values()), "total_many_services": sum(many_here.values()),
           "total_on_paper": sum(big.values()),
           "a_cpu": sum(on_paper(plain, BIG_CPUS).values()) -
           sum(on_paper(plain, BIG_CPUS - 1).values())}
    table.heading("memory of maps, MiB; the formula of docs/cost.md agrees with the kernel's")
    names = sorted(here, key=lambda name: -big[name])
    rows = [[n, many[n]["type"], many[n]["max_entries"], table.mib(here[n]),
             table.mib(many_here[n]), table.mib(big[n])] for n in names if big[n] >= 1 << 20]
    rest = [n for n in names if big[n] < 1 << 20]
    for name, chosen in (("others", rest), ("all", names)):
        rows.append([name, "", "", *(table.mib(sum(of[n] for n in chosen))
                                     for of in (here, many_here, big))])
    table.rows(["map", "type", "entries", f"here, {cpus} CPUs", f"{BIG_SERVICES} services",
                f"{BIG_CPUS} CPUs (on paper)"], rows)
    return out

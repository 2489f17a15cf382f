# SPDX-License-Identifier: GPL-2.0-only
"""What the agent itself takes by traffic and connections, and the kernel's memory of the latter."""
import re
import statistics
import subprocess
import time

import configs
import host
import pairs
import table
from host import Failed, Process
from variants import Agent, Variant

RATES = [0, 1000, 10000, "max"]
RATES_CONNECTIONS = 16
CONNECTIONS_RATE = 1000
BYTES_A_CONNECTION = 40 << 10  # that the kernel may take for both ends, generously
IDLE_CONNECTIONS = 10000


class Paced:
    """Connections with requests at a rate, from when it is made until done()."""

    def __init__(self, bench, port, connections, rate):
        self.process = Process([host.PROGRAMS / "paced", port, connections, rate],
                               bench.directory, f"paced-{port}", stdin=subprocess.PIPE)
        self.process.await_true(lambda: "open" in self.process.output(), seconds=120)

    def done(self):
        """Ends it: the requests there were in all."""
        self.process.popen.stdin.close()
        self.process.popen.wait(120)
        self.process.stop()
        found = re.search(r"^done (\d+)$", self.process.output(), re.M)
        if not found:
            raise Failed(f"paced: {self.process.log_path.read_text()}")
        return int(found.group(1))


def watch(bench, agent, connections, rate):
    """The agent's CPU and memory meanwhile, and the requests there were."""
    paced = Paced(bench, bench.port, connections, rate)
    begin, begin_ns = time.monotonic(), agent.cpu_ns()
    time.sleep(bench.scale_seconds)
    took, used_ns = time.monotonic() - begin, agent.cpu_ns() - begin_ns
    rss = host.memory_bytes(agent.process.pid)
    requests = paced.done()
    return {"connections": connections, "rate": rate, "seconds": took, "requests": requests,
            "core_ratio": used_ns / took / 1e9, "rss_bytes": rss}


def affordable(connections):
    if connections * BYTES_A_CONNECTION < host.available_bytes():
        return True
    host.leave_out(f"{connections} connections: too little memory")
    return False


def measure(bench):
    """Item 3, with an interval of 10 s, as is the default."""
    agent = Agent(bench.directory, configs.plain(bench.port))
    plan = [(RATES_CONNECTIONS, rate) for rate in RATES]
    plan += [(n, CONNECTIONS_RATE) for n in bench.connections if affordable(n)]
    rows, requests = [], 0
    agent.attach()
    for i, (connections, rate) in enumerate(plan):
        host.progress(f"scale: {i + 1} of {len(plan)}, {connections} connections")
        row = watch(bench, agent, connections, rate)
        requests += row["requests"]
        agent.check_counted(requests)
        rows.append(row)
    peak = host.memory_bytes(agent.process.pid, "VmHWM")
    agent.detach()

    table.heading(f"the agent's own process, {bench.scale_seconds:.0f} s each, interval 10 s")
    table.rows(["connections", "requests/s", "requests", "% of a core", "RSS, MiB"],
               [[r["connections"], r["rate"], r["requests"], f"{100 * r['core_ratio']:.3f}",
                 table.mib(r["rss_bytes"])] for r in rows])
    print(f"  at its peak {table.mib(peak)} MiB")
    return {"rows": rows, "peak_rss_bytes": peak}


def growth(bench, variant):
    """Of the kernel's slabs by connections that have had a request each, by cache."""
    variant.attach()
    before = host.slabs_bytes()
    paced = Paced(bench, bench.port, IDLE_CONNECTIONS, 0)
    after = host.slabs_bytes()
    requests = paced.done()
    variant.check_counted(requests)
    variant.detach()
    time.sleep(0.5)  # freed after a grace period
    return {"variant": variant.name, "total": sum(after.values()) - sum(before.values()),
            "caches": {name: n - before.get(name, 0) for name, n in after.items()}}


def measure_idle(bench):
    """Kernel memory of an idle HTTP connection, both ends of which are on this host."""
    rounds = min(bench.repeats, 5)
    plan = pairs.sequence(rounds, Variant(bench.directory),
                          [Agent(bench.directory, configs.plain(bench.port))])
    samples = []
    for i, variant in enumerate(plan):
        host.progress(f"idle connections: {i + 1} of {len(plan)}, {variant.title}")
        samples.append(growth(bench, variant))

    def grown(caches):
        return {name: statistics.median(s["caches"].get(name, 0) for s in samples
                                        if s["variant"] == caches) for name in names}

    names = sorted({name for s in samples for name in s["caches"]})
    bare, agent = grown("bare"), grown("agent")
    by_cache = {name: (agent[name] - bare[name]) / IDLE_CONNECTIONS for name in names}
    out = pairs.compare(samples, lambda s: s["total"] / IDLE_CONNECTIONS)
    out["caches"] = {name: n for name, n in by_cache.items() if abs(n) >= 1}
    out["samples"] = [{"variant": s["variant"], "total": s["total"]} for s in samples]
    table.heading(f"kernel memory of an idle connection, of {IDLE_CONNECTIONS}, both ends here")
    table.comparison("slab bytes a connection", out, {"agent": "agent"})
    for name, n in sorted(out["caches"].items(), key=lambda entry: -abs(entry[1])):
        print(f"  {name:24} {n:+8.0f}")
    return out

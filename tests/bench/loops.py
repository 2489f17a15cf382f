# SPDX-License-Identifier: GPL-2.0-only
"""Work on one thread and one core, timed with nothing and with each variant attached."""
import statistics

import configs
import host
import pairs
import table
from variants import Agent, Attached, Bpftrace, Ring, Variant

# name: (title, arguments of pingpong behind the port, share of LOOP_MS)
WORKS = {
    "http": ("minimal GET and 200, 4 socket calls", ["http"], 1),
    "redis": ("Redis's PING and PONG, 4 socket calls", ["redis"], 0.5),
    "bulk": ("64 KiB of no protocol", ["bulk"], 0.5),
    "getppid": ("getppid", ["getppid"], 0.25),
    "read": ("read of 4 KiB of a cached file", ["read"], 0.25),
    "head": ("request head of 4 KiB", ["head"], 0.5),
    "write": ("body of 1 MiB, by send", ["write"], 1),
    "sendfile": ("body of 1 MiB, by sendfile", ["sendfile"], 1),
    "pipeline": ("16 requests at once, answered one by one", ["pipeline"], 0.5),
    "path": ("GET of a route's path", ["http", configs.ROUTE_PATH], 0.5),
    "user-agent": ("minimal GET with a User-Agent", ["http", "/", configs.USER_AGENT], 0.5),
}
MAIN = ["http", "redis", "bulk", "getppid", "read", "head", "write", "sendfile", "pipeline"]
USUAL = ["http", "getppid", "read"]  # what the usual ways are asked for
# what of the agent costs more with other configurations: (variant, work)
CONFIGURED = {"agent": ["http", "path", "user-agent"], "routes": ["path"],
              "agents": ["user-agent"], "slos": ["http"]}


def wall(sample):
    return sample["ns"]


def in_all(sample):
    """Wall time of the thread that is measured, and CPU time of what measures it elsewhere."""
    return sample["ns"] + sample["user_ns"] / sample["loops"]


class Loops:
    def __init__(self, bench):
        self.bench = bench
        self.port = bench.port
        self.loops = {}
        self.samples = []
        self.counts = {}  # variant: [true, counted, lost]

    def pingpong(self, work, loops):
        name, *rest = WORKS[work][1]
        out = host.run([host.PROGRAMS / "pingpong", name, loops, self.port, *rest])
        ns, cpu_ns, loops, requests, calls = map(float, out.split())
        return {"work": work, "ns": ns, "cpu_ns": cpu_ns, "loops": int(loops),
                "requests": int(requests), "calls": calls}

    def calibrate(self, works):
        for work in works:
            if work not in self.loops:
                first = self.pingpong(work, 512)
                self.loops[work] = int(self.bench.loop_ms * WORKS[work][2] * 1e6 / first["ns"]) + 1

    def measure(self, variant, works):
        requests = 0
        variant.attach()
        for work in works:
            before_ns = variant.cpu_ns()
            sample = self.pingpong(work, self.loops[work])
            sample |= {"variant": variant.name, "user_ns": variant.cpu_ns() - before_ns}
            requests += sample["requests"]
            variant.check_counted(requests)
            self.samples.append(sample)
        counted = variant.detach()
        if counted:
            so_far = self.counts.setdefault(variant.name, [0, 0, 0])
            for i, n in enumerate((requests, counted[0], counted[1] or 0)):
                so_far[i] += n

    def run(self, title, works_of, variants):
        bare_works = list(dict.fromkeys(w for v in variants for w in works_of(v)))
        bare = Variant(self.bench.directory)
        plan = pairs.sequence(self.bench.rounds, bare, variants)
        self.calibrate(bare_works)
        for i, variant in enumerate(plan):
            host.progress(f"{title}: {i + 1} of {len(plan)}, {variant.title}")
            self.measure(variant, bare_works if variant is bare else works_of(variant))

    def of(self, work):
        return [s for s in self.samples if s["work"] == work]


def main_variants(bench):
    floor = Attached(bench.directory, "floor", "empty programs (floor)", "empty",
                     ["empty_send", "empty_recv"])
    hooks = Attached(bench.directory, "hooks", "empty, all of its hooks", "empty")
    agent = Agent(bench.directory, configs.plain(bench.port))
    why = floor.missing()
    measured = [agent] if why else [floor, hooks, agent]
    if why:
        host.leave_out(f"empty programs: {why}")
    if Bpftrace.missing():
        host.leave_out(f"the bpftrace script: {Bpftrace.missing()}")
    else:
        measured.append(Bpftrace(bench.directory))
    return [*measured, Ring(bench.directory)]


def calls_of(loops, work):
    return statistics.median(s["calls"] for s in loops.of(work))


def show_main(loops, variants, out):
    titles = {v.name: v.title for v in variants}
    for work in MAIN:
        samples = loops.of(work)
        result = out[work] = pairs.compare_times(samples, wall)
        result["cpu"] = pairs.compare(samples, lambda s: s["cpu_ns"])
        calls = result["socket_calls"] = calls_of(loops, work)
        table.heading(f"{WORKS[work][0]}: {result['bare']['median']:.0f} ns bare")
        table.comparison("ns a loop", result, titles, 1 if work in ("getppid", "read") else 0)
        if calls and "floor" in result:
            result["agent_over_floor"] = pairs.added_over(samples, wall, "agent", "floor")
            result["quiet_agent_over_floor"] = pairs.quiet_over(result, "agent", "floor")
            table.over("agent's added / floor's", result["agent_over_floor"],
                       result["quiet_agent_over_floor"])
        if calls:
            added = result["agent"]["quiet_added"]
            print(f"  {calls:.1f} socket calls a loop: "
                  f"the agent adds {added / calls:.0f} ns a call in quiet")


def show_usual(loops, variants, out):
    """What it costs in all, elsewhere included, and what came of it."""
    samples = loops.of("http")
    result = out["http"]["in_all"] = pairs.compare_times(samples, in_all)
    table.heading("the same with the CPU time of the measuring process, ns a request")
    table.comparison("ns a request", result, {v.name: v.title for v in variants})
    for other in ("bpftrace", "ring"):
        if other in result:
            result[f"agent_over_{other}"] = pairs.added_over(samples, in_all, "agent", other)
            result[f"quiet_agent_over_{other}"] = pairs.quiet_over(result, "agent", other)
            table.over(f"agent's added / {other}'s", result[f"agent_over_{other}"],
                       result[f"quiet_agent_over_{other}"])
    for name, (true, counted, lost) in loops.counts.items():
        print(f"  {name} counted {counted} of {true} requests, and knows of {lost} lost")
        out["http"][f"counted_by_{name}"] = {"true": true, "counted": counted, "lost": lost}


def requests_of(work):
    return 16 if work == "pipeline" else 1


def show_over_minimal(title, added, minimal):
    """The ratio is None if the minimal exchange's is lost in the noise."""
    ratio = added / minimal if minimal > 0 else None
    print(f"  {title:42} {added:+8.0f}  {f'{ratio:6.2f}' if ratio else 'cannot tell'}")
    return ratio


def measure_main(bench):
    """Items 1, 4, 5, and the payloads of 6."""
    loops, out = Loops(bench), {}
    variants = main_variants(bench)
    loops.run("loops", lambda v: USUAL if v.name in ("bpftrace", "ring") else MAIN, variants)
    show_main(loops, variants, out)
    show_usual(loops, variants, out)
    minimal = out["http"]["agent"]["quiet_added"]
    table.heading("added by the agent in quiet, ns a request, against the minimal exchange's")
    for work in ("http", "head", "write", "sendfile", "pipeline"):
        added = out[work]["agent"]["quiet_added"] / requests_of(work)
        ratio = show_over_minimal(WORKS[work][0], added, minimal)
        out[work]["added_a_request"] = {"ns": added, "over_minimal": ratio}
    out["samples"] = loops.samples
    return out


def measure_configured(bench):
    """The configurations of item 6."""
    loops, out = Loops(bench), {}
    make = [("agent", "agent, 1 route, 1 SLO", configs.plain),
            ("routes", "agent, 500 routes", configs.many_routes),
            ("agents", "agent, User-Agents excluded", configs.agents_excluded),
            ("slos", "agent, 50 SLOs", configs.many_slos)]
    variants = [Agent(bench.directory, config(bench.port), name, title)
                for name, title, config in make]
    titles = {v.name: v.title for v in variants}
    loops.run("configurations", lambda v: CONFIGURED[v.name], variants)
    for work in CONFIGURED["agent"]:
        out[work] = pairs.compare_times(loops.of(work), wall)
        table.heading(f"{WORKS[work][0]}, by configuration")
        table.comparison("ns a request", out[work], titles)
    minimal = out["http"]["agent"]["quiet_added"]
    table.heading("added by the agent in quiet, ns a request, against the plain minimal exchange's")
    for work, name in (("path", "routes"), ("user-agent", "agents"), ("http", "slos")):
        added = out[work][name]["quiet_added"]
        out[work][name]["over_minimal"] = show_over_minimal(titles[name], added, minimal)
    out["samples"] = loops.samples
    return out

# SPDX-License-Identifier: GPL-2.0-only
"""How long the agent takes: to its first count, to answer with much to say, for a step."""
import re
import subprocess
import time

import configs
import host
import pairs
import table
from host import Failed
from scale import Paced
from variants import Agent

SERIES = 10000  # 500 routes with 20 status codes, see pingpong.c
STEP_SLOS = 256
STEP_SERVICES = 4


def measure_startup(bench):
    """From the start of the process to the first answer that shows a request, with traffic on."""
    agent = Agent(bench.directory, configs.plain(bench.port))
    paced = Paced(bench, bench.port, 1, 1000)
    seconds = []
    for i in range(bench.repeats):
        host.progress(f"start-up: {i + 1} of {bench.repeats}")
        begin = time.monotonic()
        agent.spawn()
        agent.process.await_true(agent.counted)
        seconds.append(time.monotonic() - begin)
        agent.detach()
    paced.done()
    out = {"seconds": pairs.spread(seconds), "samples": seconds}
    table.heading(f"start-up to the first count, {bench.repeats} times: "
                  f"{out['seconds']['median'] * 1e3:.0f} ms "
                  f"{table.between(scaled(out['seconds'], 1e3), 0)}")
    return out


def scaled(entry, factor):
    return {name: value * factor for name, value in entry.items()}


def time_status(bench, agent, options):
    """Wall time of slictl, and CPU time of the agent that answers."""
    argv = [bench.directory / "slictl", "--socket", agent.socket, *options, "status"]
    wall, cpu = [], []
    for _ in range(bench.repeats):
        begin, begin_ns = time.monotonic(), agent.cpu_ns()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        wall.append(time.monotonic() - begin)
        cpu.append((agent.cpu_ns() - begin_ns) / 1e9)
    return {"seconds": pairs.spread(wall), "agent_cpu_seconds": pairs.spread(cpu)}


def measure_status(bench):
    """slictl status with 10,000 series."""
    agent = Agent(bench.directory, configs.many_routes(bench.port))
    agent.attach()
    out = host.run([host.PROGRAMS / "pingpong", "series", SERIES, bench.port])
    agent.check_counted(int(out.split()[3]))
    [service] = [s for s in agent.status()["services"] if s["name"] == "bench"]
    series = sum(len(route["status"]) for route in service["routes"])
    if series != SERIES:
        raise Failed(f"{series} series where {SERIES} were made")
    out = {"series": series, "table": time_status(bench, agent, []),
           "json": time_status(bench, agent, ["--json"]),
           "rss_bytes": host.memory_bytes(agent.process.pid),
           "peak_rss_bytes": host.memory_bytes(agent.process.pid, "VmHWM")}
    agent.detach()
    table.heading(f"slictl status with {SERIES} series, {bench.repeats} times, ms")
    table.rows(["", "wall", "(interquartile)", "of it the agent's CPU"],
               [[name, f"{out[name]['seconds']['median'] * 1e3:.1f}",
                 table.between(scaled(out[name]["seconds"], 1e3), 1),
                 f"{out[name]['agent_cpu_seconds']['median'] * 1e3:.1f}"]
                for name in ("table", "json")])
    print(f"  the agent's RSS afterwards {table.mib(out['rss_bytes'])} MiB, "
          f"at its peak {table.mib(out['peak_rss_bytes'])} MiB")
    return out


def cpu_a_step(bench, slos):
    """CPU of the agent's process for each step of 1 s, with requests on all services."""
    ports = bench.more_ports[:STEP_SERVICES]
    agent = Agent(bench.directory, configs.slos_on_services(ports, slos))
    agent.attach()
    traffic = [Paced(bench, port, 1, 50) for port in ports]
    time.sleep(1)
    begin, begin_ns = time.monotonic(), agent.cpu_ns()
    time.sleep(bench.scale_seconds)
    seconds = (agent.cpu_ns() - begin_ns) / 1e9 / (time.monotonic() - begin)
    for port, paced in zip(ports, traffic):
        agent.check_counted(paced.done(), service=f"bench-{port}")
    agent.detach()
    return seconds


def replay(slos, seconds):
    """CPU seconds of the engine alone, by how the SLOs fare and in which steps they are replayed:
    {name: {steps: (of a year of all, of a step of one)}}."""
    text = host.run([host.PROGRAMS / "replay", slos, seconds])
    found = re.findall(r"^(\S.*?) +\d+ SLOs, a year of (.*): (?:about )?([\d.]+) s, "
                       r"(\d+) ns a step$", text, re.M)
    if len(found) != 6:
        raise Failed(f"replay: {text}")
    out = {}
    for name, steps, year, step in found:
        out.setdefault(name, {})[steps] = float(year), int(step) / 1e9
    return out


def measure_step(bench):
    """A step with 256 SLOs: the engine alone, and all that the agent does in one."""
    few, many = cpu_a_step(bench, STEP_SERVICES), cpu_a_step(bench, STEP_SLOS)
    engine = replay(STEP_SLOS, bench.replay_seconds)
    out = {"slos": STEP_SLOS, "agent_cpu_seconds": {str(STEP_SERVICES): few, str(STEP_SLOS): many},
           "engine_seconds": {name: years["10 s steps"][1] * STEP_SLOS
                              for name, years in engine.items()},
           "year_seconds": {name: {steps: year for steps, (year, _) in years.items()}
                            for name, years in engine.items()}}
    table.heading(f"a step with {STEP_SLOS} SLOs, CPU ms")
    print(f"  all that the agent does: {many * 1e3:.2f} "
          f"(with {STEP_SERVICES} SLOs {few * 1e3:.2f})")
    for name, seconds in out["engine_seconds"].items():
        print(f"  windows and alerts alone, {name}: {seconds * 1e3:.3f}")
    table.heading(f"a year of {STEP_SLOS} SLOs replayed, CPU s")
    for name, years in out["year_seconds"].items():
        print(f"  {name}: " + ", ".join(f"{s:.1f} in {steps}" for steps, s in years.items()))
    return out

# SPDX-License-Identifier: GPL-2.0-only
"""What being measured costs: run.py [ITEM...]

Times the same work with nothing attached and with the agent, in turn, many times in one run, and
what the agent itself takes. Prints tables, and writes them with every sample to build/bench.json.
Judges no time. Fails only if something does not run, or if the agent did not count exactly the
requests that were made: then the times say nothing.

Items: loops configured nginx tls http2 scale idle startup status step maps (all).

ROUNDS (40), LOOP_MS (60): how often each loop is measured, and how long it runs.
PAIRS (6), WRK_SECONDS (10): likewise, nginx under wrk.
SCALE_SECONDS (20): how long the agent is watched at each rate and number of connections.
CONNECTIONS ("1 100 10000 100000"): those.
REPLAY_SECONDS (5): CPU seconds that each kind of a year of SLOs is replayed for.
QUICK=1: other defaults for all of these, to see that it works: the figures are not worth much.
ANYWAY=1: measure beside another agent, too, whose hooks are then under every figure.
"""
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import host
import http2
import loops
import maps
import nginx
import scale
import summary
import times
import tls
from host import BUILD, Failed
from variants import Agent

ITEMS = {
    "loops": loops.measure_main,
    "configured": loops.measure_configured,
    "nginx": nginx.measure,
    "tls": tls.measure,
    "http2": http2.measure,
    "scale": scale.measure,
    "idle": scale.measure_idle,
    "startup": times.measure_startup,
    "status": times.measure_status,
    "step": times.measure_step,
    "maps": maps.measure,
}


class Bench:
    """The knobs, and a directory for everything."""

    def __init__(self, directory):
        quick = bool(os.environ.get("QUICK"))

        def knob(name, full, short):
            return os.environ.get(name) or (short if quick else full)

        self.directory = pathlib.Path(directory)
        self.rounds = int(knob("ROUNDS", 40, 2))
        self.loop_ms = float(knob("LOOP_MS", 60, 20))
        self.pairs = int(knob("PAIRS", 6, 1))
        self.wrk_seconds = int(knob("WRK_SECONDS", 10, 1))
        self.scale_seconds = float(knob("SCALE_SECONDS", 20, 2))
        self.connections = [int(n) for n in
                            knob("CONNECTIONS", "1 100 10000 100000", "1 100 10000").split()]
        self.replay_seconds = float(knob("REPLAY_SECONDS", 5, 0.5))
        self.repeats = 3 if quick else 15
        self.port, self.nginx_port, *self.more_ports = host.free_ports(8)


def about_agent(bench):
    agent = Agent(bench.directory, "agent: {}\n")
    agent.attach()
    about = agent.status()["agent"]
    agent.detach()
    return {"version": about["version"], "hook": about["hook"]}


def measure(bench, items, others):
    out = {"machine": host.describe() | {"other_agents": others}, "agent": about_agent(bench)}
    machine = out["machine"]
    print(f"sliprobe {out['agent']['version']} ({out['agent']['hook']}) on Linux "
          f"{machine['kernel']}, {machine['cpus']} CPUs, load {machine['load']:.1f}; medians")
    if others:
        print(f"NOT BARE: {others} other agent(s) run; every figure is on top of theirs")
    for item in items:
        begin = time.monotonic()
        out[item] = ITEMS[item](bench)
        out[item]["took_seconds"] = time.monotonic() - begin
        host.progress("")
    summary.show(out)
    out["left_out"] = host.LEFT_OUT
    for text in host.LEFT_OUT:
        print(f"left out: {text}")
    print(f"\n{len(host.LEFT_OUT)} left out")
    return out


def main(items):
    if os.geteuid():
        raise Failed("run as root: it loads BPF programs")
    unknown = [item for item in items if item not in ITEMS]
    if unknown:
        raise Failed(f"no item {unknown[0]}: there are {' '.join(ITEMS)}")
    for name in ("sliprobed", "slictl", "sliprobe-helper"):
        if not (BUILD / name).exists():
            raise Failed(f"no {BUILD / name}: run make all")
    lock = host.take_lock()
    others = host.agents_running()
    if others and not os.environ.get("ANYWAY"):
        raise Failed("an agent is running already: nothing would be bare (ANYWAY=1 goes on)")
    directory = tempfile.mkdtemp(prefix="sliprobe-bench-")
    try:
        os.chmod(directory, 0o755)  # nginx's worker is not root
        for name in ("sliprobed", "slictl", "sliprobe-helper"):  # one run measures one build
            shutil.copy(BUILD / name, directory)
        out = measure(Bench(directory), items or list(ITEMS), others)
    finally:
        host.stop_all()
        shutil.rmtree(directory, ignore_errors=True)
        lock.close()
    path = BUILD / "bench.json"
    path.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    print(f"written to {path}")


def interrupted(number, _):
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    try:
        main(sys.argv[1:])
    except Failed as failed:
        sys.exit(f"bench: {failed}")

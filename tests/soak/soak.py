#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Everything at once, and then all books compared: traffic, aborts, servers that come and die, hostile peers and
clients of the socket, receivers that hang, reloads, a disk that fills, agents that are killed.

    soak.py SECONDS

For two thirds of the time agents are killed or stopped, and others take over; for the last third one agent lives
through all of it, and what it holds is compared between the third's beginning and its end. Ends with a table, and 1
if a row of it failed.
"""
import contextlib
import faulthandler
import fcntl
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

SOAK = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(SOAK), str(SOAK.parent / "e2e")]

import alerting  # noqa: E402
import harness  # noqa: E402
from account import (Holdings, Table, compare_books, compare_counts,  # noqa: E402
                     compare_holdings, settle)
from history import left_behind, small_disk  # noqa: E402
from world import World  # noqa: E402

PAGE = {"burn": {"name": "fast", "budget": "2%", "window": "5m", "short": "10s",
                 "severity": "page"}}
QUIET_S = 3  # after the traffic, before what is held is looked at
DISK_KIB = 24 << 10


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Life:
    """Agents on one state directory, one after another."""

    def __init__(self, disk, world, seed):
        self.disk, self.world, self.rng = disk, world, random.Random(seed)
        self.agent = harness.Agent(self.config(0), options=["--keep"])
        self.agent.state = disk.state
        self.counts = {what: 0 for what in ("kill -9", "clean stops", "reloads", "bad reloads",
                                            "full disks")}
        self.wrong = []  # sentences
        self.said = ""

    def config(self, n):
        """Objectives and an SLO more or less differ; what the compared SLOs count does not."""
        slos = [alerting.slo(f"{s.name}-plain", s.name, objective=(90, 95)[n % 2], alerts=[PAGE])
                for s in self.world.services]
        slos.append(alerting.slo("{service}-found", "*", objective=99))
        if n % 3 == 1:
            slos.append(alerting.slo("more", "shop", objective=99, good={"latency": "100ms"}))
        return json.dumps({
            "agent": {"interval": "1s"},
            "services": [{"name": s.name, "match": {"port": s.port}} for s in self.world.services],
            "slos": slos, "notify": self.world.receivers.config()})

    def start(self):
        self.agent.start()

    def end(self, sig):
        process, self.agent.process = self.agent.process, None
        code = process.stop(sig, seconds=20)
        self.said += self.agent.said()
        if sig == signal.SIGTERM and code != 0:
            self.wrong.append(f"an agent that was stopped ended with {code}")

    def replace(self):
        sig = self.rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        self.counts["kill -9" if sig == signal.SIGKILL else "clean stops"] += 1
        self.end(sig)
        time.sleep(self.rng.choice([0, self.rng.uniform(0, 2)]))
        self.start()

    def reload(self):
        if self.rng.random() < 0.3:
            self.counts["bad reloads"] += 1
            status, body = self.agent.reload(self.config(0)[:-1] + ', "sloss": []}')
            if status != 422:
                self.wrong.append(f"a bad configuration was answered {status}: {body}")
            # an agent that starts reads the file
            self.agent.config.write_text(self.config(self.counts["reloads"]))
            return
        self.counts["reloads"] += 1
        status, body = self.agent.reload(self.config(self.counts["reloads"]))
        if status != 200:
            self.wrong.append(f"a configuration was answered {status}: {body}")

    @contextlib.contextmanager
    def full_disk(self):
        self.counts["full disks"] += 1
        self.disk.fill()
        try:
            yield
        finally:
            self.disk.free()

    def check_health(self, limit_s=5):
        began = time.monotonic()
        status = self.agent.request("GET", "/healthz", timeout=limit_s)[0]
        took = time.monotonic() - began
        self.slowest_s = max(getattr(self, "slowest_s", 0), took)
        if status != 200:
            self.wrong.append(f"/healthz answered {status}")

    def live(self, until, replacing):
        """Does something now and then."""
        while time.monotonic() < until:
            what = self.rng.choice(["reload", "reload", "disk", "replace", "rest"])
            if what == "reload":
                self.reload()
            elif what == "disk":
                with self.full_disk():
                    time.sleep(self.rng.uniform(1, 3))
                    if replacing and self.rng.random() < 0.5:
                        self.replace()
                    time.sleep(1)
            elif what == "replace" and replacing:
                self.replace()
            self.check_health()
            time.sleep(self.rng.uniform(0.5, 3))


def end_quietly(life, table, before):
    """An agent that is not told to keep counting leaves nothing but what was there before."""
    life.end(signal.SIGTERM)
    life.agent.options = []
    life.start()
    settle(lambda: life.agent.service("shop")["requests"] > 0)
    life.end(signal.SIGTERM)
    table.row("left behind at the end", [], sorted(set(left_behind()) - before))


def run(seconds, helpers, directory):
    table, seed = Table(), time.time_ns()
    faulthandler.dump_traceback_later(seconds + 120)  # what does not end says where it is
    before = set(left_behind())
    say(f"{seconds} s, seed {seed}")
    with small_disk(DISK_KIB) as disk, World(helpers, directory) as world:
        os.chmod(disk.path, 0o755)
        life = Life(disk, world, seed)
        try:
            life.start()
            began = time.monotonic()
            world.start(life.agent.socket, SOAK / "hostile.py")
            life.agent.dir.chmod(0o755)  # the socket's group may come in
            life.live(began + seconds * 2 / 3, replacing=True)
            say("the last third: one agent")
            time.sleep(min(10, seconds / 12))
            first = Holdings(life.agent)
            life.live(began + seconds, replacing=False)
            for failure in world.stop():
                table.row(failure, "", "", ok=False)
            time.sleep(QUIET_S)
            last = Holdings(life.agent)
            compare_counts(table, life.agent, world)
            compare_books(table, life.agent.status(), sum(s.requests for s in world.services))
            compare_holdings(table, first, last, world.mortal.n + 8)
            table.row("hostile clients of the socket", "> 0 turns", world.hostile_said,
                      world.hostile_said.endswith("turns") and "\n" not in world.hostile_said)
            paged = {m["service"] for m in world.receivers.good.messages
                     if (m["kind"], m["severity"]) == ("fire", "page")}
            names = sorted(s.name for s in world.services)
            table.row("services whose page arrived", names, sorted(paged & set(names)))
            end_quietly(life, table, before)
        finally:
            life.agent.remove()
        for what in life.wrong:
            table.row(what, "", "", ok=False)
        reports = [line for line in life.said.splitlines() if "Sanitizer" in line or
                   "runtime error" in line or "disagree" in line]
        table.row("complaints of agents", [], reports)
        say(", ".join(f"{n} {what}" for what, n in life.counts.items()) +
            f"; {world.mortal.n} servers died; {world.peers.connections} hostile connections; "
            f"slowest /healthz {life.slowest_s:.2f} s")
    table.show()
    print(f"{len(table.rows) - table.failed} passed, {table.failed} failed")
    return table.failed


def main():
    if os.geteuid() != 0:
        sys.exit("soak.py: it loads BPF programs: run it as root")
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was begun is ended, too
    helpers = harness.ROOT / "build" / "tests" / "e2e"
    with tempfile.TemporaryDirectory(prefix="sliprobe-soak-") as name, \
            open(os.path.join(tempfile.gettempdir(), "sliprobe-e2e.lock"), "w") as lock:
        # the agent sees the whole host; a test that runs this has the lock
        if "PYTEST_CURRENT_TEST" not in os.environ:
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.chmod(name, 0o755)
        if not (helpers / "httpd").exists():
            helpers = pathlib.Path(name)
            subprocess.run([SOAK.parent / "e2e" / "build.sh", helpers], check=True)
        sys.exit(1 if run(seconds, helpers, pathlib.Path(name)) else 0)


if __name__ == "__main__":
    main()

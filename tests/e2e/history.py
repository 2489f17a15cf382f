# SPDX-License-Identifier: GPL-2.0-only
"""What a client asked for, beside every account the agent gives of it: socket, history, disk."""
import collections
import contextlib
import http.server
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

from harness import BUILD, SLOW, Server, run_load, wait_until

PINS = pathlib.Path("/sys/fs/bpf/sliprobe")
NOTES = pathlib.Path("/run/sliprobe")
TIERS = ("10s", "1min", "1h")

CONFIG = """
agent: {{interval: {interval}}}
services: [{{name: shop, match: {{port: {port}}}}}]
slos:
  - {{name: plain, service: shop, objective: {objective}, window: 30d, good: {{{good}}}}}
{more}
"""


def config(port, interval="1s", objective=50, good="", more=""):
    return CONFIG.format(port=port, interval=interval, objective=objective, good=good, more=more)


BEFORE = set()  # of left_behind(), when the tests began


def left_behind():
    """What outlives agents: names of pins and notes, without those that were there before the tests."""
    found = []
    for top in (PINS, NOTES):
        found += sorted(str(path) for path in top.rglob("*") if not path.is_dir())
    return [name for name in found if name not in BEFORE]


def remove_what_ended_tests_left():
    """A session that was killed leaves the kernel counting for its agents; others' agents are not touched."""
    for state in pathlib.Path(tempfile.gettempdir()).glob("sliprobe-*/state"):
        subprocess.run([BUILD / "sliprobed", "--remove", "--state-dir", state], check=False,
                       capture_output=True, timeout=30 * SLOW)
    BEFORE.update(left_behind())


class Books:
    """A server, and how its answers are to be counted: a third of them are bad."""

    def __init__(self, helpers, port=0, model="epoll"):
        self.helpers = helpers
        self.server = Server([helpers / "httpd", port, model, "read", "write"])
        self.port = self.server.port
        self.good = self.bad = 0

    def close(self):
        self.server.stop(9)

    def enter(self, result):
        bad = result["status"].get("503", 0)
        self.bad += bad
        self.good += result["requests"] - bad

    def ask(self, n=30, conns=2, paths="/status/200,/status/200,/status/503"):
        self.enter(run_load(self.helpers, self.port, n, conns=conns, paths=paths))

    @contextlib.contextmanager
    def under_load(self, seconds, conns=8):
        """Load from here to the end of the block, or for that long."""
        results = []

        def run():
            results.append(run_load(self.helpers, self.port, f"{seconds}s", conns=conns,
                                    paths="/status/200,/sleep/1,/status/503",
                                    timeout=seconds + 60))
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        self.enter(results[0])

    @property
    def sums(self):
        return self.good, self.bad

    def check(self, agent, slo="plain", service="shop"):
        """The status and the history, now."""
        def events():
            shown = agent.slo(slo)
            return shown["good"], shown["bad"], shown["eligible"]

        wait_until(lambda: events() >= (*self.sums, sum(self.sums)), 1)
        assert events() == (*self.sums, sum(self.sums)), slo
        assert agent.service(service)["requests"] == sum(self.sums)
        self.check_history(agent, slo)

    def check_history(self, agent, slo="plain"):
        got = wait_until(lambda: history_sums(agent, slo) == self.sums, 3)
        assert got, f"{slo}: {history_sums(agent, slo)} in the history, expected {self.sums}"

    def check_disk(self, state, slo="plain", service="shop", series=True):
        """All tiers of the database; the last step must have been written."""
        want = {tier: self.sums for tier in TIERS}
        assert disk_sums(state, slo) == want
        if series:
            assert disk_requests(state, service) == {tier: sum(self.sums) for tier in TIERS}

    def wait_for_disk(self, state, slo="plain", seconds=5):
        want = {tier: self.sums for tier in TIERS}
        got = wait_until(lambda: disk_sums(state, slo) == want, seconds, step=0.1)
        assert got, f"{slo}: {disk_sums(state, slo)} on disk, expected {want}"


def history(agent, slo="plain"):
    code, _, body = agent.get(f"/v1/history/{slo}")
    assert code == 200, body
    return json.loads(body)


def history_sums(agent, slo="plain"):
    steps = history(agent, slo)["steps"]
    return sum(s[2] for s in steps), sum(s[3] for s in steps)


def query(state, sql, *args):
    base = sqlite3.connect(f"file:{state}/sliprobe.db?mode=ro", uri=True, timeout=5)
    try:
        return base.execute(sql, args).fetchall()
    finally:
        base.close()


def disk_sums(state, slo):
    """{tier: (good, bad)} of all definitions the SLO has had."""
    try:
        return {tier: tuple(n or 0 for n in query(
            state, f"SELECT sum(good), sum(bad) FROM bucket_{tier} WHERE which = 0 AND slo IN"
                   " (SELECT id FROM slo WHERE name = ?)", slo)[0]) for tier in TIERS}
    except sqlite3.Error as error:
        return str(error)


def disk_requests(state, service):
    return {tier: query(
        state, f"SELECT sum(b.requests) FROM series_{tier} b JOIN series s ON s.id = b.series"
               " WHERE s.service = ?", service)[0][0] or 0 for tier in TIERS}


class Receiver:
    """A webhook that counts what it is sent, by service, severity, kind and id."""

    def __init__(self):
        self.got = collections.Counter()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.got[body["service"], body["severity"], body["kind"], body["id"]] += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.httpd.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()


class Clock:
    """Clocks of one agent: `agent.env = clock.env` before it starts."""

    def __init__(self, helpers, path):
        self.path = pathlib.Path(path)
        self.set()
        self.env = {"LD_PRELOAD": str(helpers / "clock.so"), "FAKE_CLOCK": str(self.path)}

    def set(self, realtime=0, boottime=0):
        """Seconds that each is ahead of the machine's."""
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("qq", int(realtime), int(boottime)))

    def grow_old(self, agent, days=31):
        """What the agent counts is so old, and it has had no request since. Its wall clock is right."""
        self.set(boottime=days * 86400)

        def stepped():
            """A step has seen it: what comes now is counted in the next one."""
            return all(history(agent, slo["name"])["coverage"][-1][1]
                       - history(agent, slo["name"])["coverage"][0][0] > (days - 1) * 86400
                       for slo in agent.status()["slos"])

        time.sleep(0.1)
        assert wait_until(stepped, 5), agent.status()["slos"]
        return agent


class SlowDisk:
    """Of one agent, for which each fsync takes so long: `env=disk.env`."""

    def __init__(self, helpers, path):
        self.path = pathlib.Path(path)
        self.set(0)
        self.env = {"LD_PRELOAD": str(helpers / "slowdisk.so"), "SLOW_DISK": str(self.path)}

    def set(self, seconds):
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("q", int(seconds * 1000)))


@contextlib.contextmanager
def small_disk(kib=2048):
    """A tmpfs that can be filled, freed and made read-only."""
    where = pathlib.Path(tempfile.mkdtemp(prefix="sliprobe-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "sliprobe-test", where],
                   check=True)
    try:
        yield Disk(where)
    finally:
        subprocess.run(["umount", "-l", where], check=True)
        shutil.rmtree(where)


class Disk:
    def __init__(self, path):
        self.path = path
        self.state = path / "state"
        self.filler = path / "filler"

    def fill(self):
        """To the last byte: what is written next must fail."""
        fd = os.open(self.filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (1 << 16, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        os.write(fd, b"x" * size)
        finally:
            os.close(fd)

    def free(self):
        self.filler.unlink()

    def writable(self, yes):
        subprocess.run(["mount", "-o", f"remount,{'rw' if yes else 'ro'}", self.path], check=True,
                       timeout=10 * SLOW)

# SPDX-License-Identifier: GPL-2.0-only
"""Crowds at the socket: beside them health is answered, steps and messages keep their time, counts are exact.

docs/security.md has the figures that this prints (pytest -rP).
"""
import contextlib
import json
import os
import subprocess
import threading
import time
import urllib.request

import pytest

from alerting import Hook
from harness import BUILD, HERE, LONG, SLOW, free_port, long_one, run_load, scaled, tool, user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]

SECONDS = 20 if LONG else 1.5
MIB = 1024  # KiB

CONFIG = """
agent: {{interval: 1s, admin_group: daemon, metrics_listen: "127.0.0.1:{listen}"}}
services: [{{name: shop, match: {{port: {port}}}}}]
slos: [{{name: shop-availability, service: shop, objective: 99.9}}]
notify: [{{webhook: {{url: "{hook}"}}}}]
"""


class Host:
    """An agent, a service that it measures, and a receiver of its messages."""

    def __init__(self, helpers, run_server, start_agent):
        self.helpers, self.hook, self.listen = helpers, Hook(), free_port()
        self.service = run_server([helpers / "httpd", 0, "epoll", "read", "write"])
        self.agent = start_agent(CONFIG.format(listen=self.listen, port=self.service.port,
                                               hook=self.hook.url))
        self.agent.dir.chmod(0o755)
        for _ in range(3):  # what is loaded once is loaded
            self.agent.get("/metrics")
            self.agent.request("POST", "/v1/reload")
        self.rss = self.agent.rss_kib()

    def crowd(self, n, mode, times, method, path, where=None, user=65534):
        """Of a member of the socket's group, who may change things, too."""
        argv = [tool("setpriv"), f"--reuid={user}", f"--regid={os.stat(self.agent.socket).st_gid}",
                "--groups=1", HERE / "crowd.py", where or self.agent.socket, n, SECONDS, mode, times,
                method, path]
        return subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE)


@pytest.fixture
def host(helpers, run_server, start_agent):
    host = Host(helpers, run_server, start_agent)
    yield host
    host.hook.stop()


def seconds_of(ask):
    start = time.monotonic()
    assert ask()
    return time.monotonic() - start


class Beside:
    """What others ask meanwhile, and how long each had to wait at most."""

    def __init__(self, host):
        self.host, self.worst, self.n = host, {}, 0

    def note(self, what, seconds):
        self.worst[what] = max(self.worst.get(what, 0), seconds)

    def one_round(self):
        agent = self.host.agent
        self.note("health", seconds_of(lambda: agent.get("/healthz")[0] == 200))
        self.note("ready", seconds_of(lambda: agent.get("/readyz")[0] == 200))
        if self.n % 4 == 0:
            self.note("status", seconds_of(lambda: agent.get("/v1/status")[0] == 200))
        if self.n % 8 == 0:
            # as a probe of kubelet's does
            argv = [BUILD / "slictl", "--socket", agent.socket, "health"]
            self.note("slictl", seconds_of(
                lambda: subprocess.run(argv, capture_output=True, check=False).returncode == 0))
        self.n += 1

    def message(self):
        before = len(self.host.hook.messages)
        assert self.host.agent.request("POST", "/v1/notify-test")[0] == 200
        assert wait_until(lambda: len(self.host.hook.messages) > before, 10)


@contextlib.contextmanager
def traffic(host):
    """Exactly so many requests, all the while."""
    watch, n = host.agent.watch("shop"), scaled(4000)
    done = {}
    thread = threading.Thread(target=lambda: done.update(
        run_load(host.helpers, host.service.port, n, conns=8)))
    thread.start()
    yield
    thread.join()
    assert done["status"] == {"200": n}, done
    assert wait_until(lambda: watch.delta()["requests"] >= n, 2)
    assert watch.delta()["status"] == {"200": n} and watch.delta()["requests"] == n


CROWDS = {
    "reloads": dict(n=500, mode="ask", times=100, method="POST", path="/v1/reload"),
    "statuses": dict(n=4000, mode="ask", times=3, method="GET", path="/v1/status"),
    "different": dict(n=500, mode="ask", times=20, method="GET", path="/v1/services?x={}"),
    "deaf": dict(n=500, mode="deaf", times=50, method="GET", path="/metrics?x={}"),
    "half": dict(n=2000, mode="half", times=1, method="GET", path="/v1/status"),
    "knocking": dict(n=1, mode="knock", times=1, method="GET", path="/"),
    "root": dict(n=1000, mode="ask", times=20, method="GET", path="/v1/status?x={}", user=0),
}


def round_about(host, crowd):
    beside = Beside(host)
    time.sleep(0.3)
    while crowd.poll() is None:
        beside.one_round()
        if beside.n == 1:
            beside.note("message", seconds_of(lambda: beside.message() or True))
        time.sleep(0.02)
    return beside


@pytest.mark.parametrize("kind", ["different", "half", "root", *map(long_one, ("reloads", "statuses", "deaf", "knocking"))])
def test_nobody_is_starved(host, kind):
    with traffic(host):
        crowd = host.crowd(**CROWDS[kind])
        beside = round_about(host, crowd)
    got = json.loads(crowd.communicate()[0])
    assert got["opened"] >= (CROWDS[kind]["n"] if kind != "knocking" else 100), got
    late = host.agent.status()["agent"]["steps"]["late_max_seconds"]
    grown = wait_until(lambda: host.agent.rss_kib() - host.rss < 8 * MIB, 5) and \
        host.agent.rss_kib() - host.rss
    print(f"{kind}: worst waits " +
          ", ".join(f"{what} {1000 * s:.0f} ms" for what, s in beside.worst.items()) +
          f", steps {1000 * late:.0f} ms late, memory {grown / MIB:+.1f} MiB; crowd: {got}")
    assert grown is not False, f"{host.agent.rss_kib() - host.rss} KiB stay"
    for what in ("health", "ready", "slictl"):
        assert beside.worst[what] < 2 * SLOW, beside.worst
    assert beside.worst["status"] < 5 * SLOW, beside.worst
    assert beside.worst["message"] < 5 * SLOW, beside.worst
    assert late < 1 * SLOW


def test_a_scraper_gets_in_beside_others(host):
    where = f"127.0.0.1:{host.listen}@127.0.0.2"
    crowd = host.crowd(200, "ask", 20, "GET", "/metrics?x={}", where=where)
    worst = 0
    time.sleep(0.3)
    while crowd.poll() is None:
        worst = max(worst, seconds_of(lambda: scrape(host.listen) == 200))
    print(f"scraping: {1000 * worst:.0f} ms; crowd: {crowd.communicate()[0].decode()}")
    assert worst < 5 * SLOW


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10 * SLOW) as answer:
        return answer.status


def test_each_answer_of_a_crowd_is_as_new_as_it_should_be(host):
    """After a response has come, whoever asks then sees it, however many share the answer."""
    watch = host.agent.watch("shop")
    crowd = host.crowd(100, "ask", 20, "GET", "/v1/status")
    n = 0
    time.sleep(0.2)
    while crowd.poll() is None:
        run_load(host.helpers, host.service.port, 1, conns=1)
        n += 1
        assert watch.delta()["requests"] == n
    assert n > 5
    crowd.communicate()

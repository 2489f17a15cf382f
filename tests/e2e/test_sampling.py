# SPDX-License-Identifier: GPL-2.0-only
"""Samples leave the kernel beside the counts, and never instead of them."""
import os
import signal
from collections import Counter

import pytest

from harness import children, descendants, run_load, user_space, wait_until
from rawhttp import Client
from targets import program

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]

CONFIG = """
agent: {{interval: 1s}}
services: [{{name: shop, match: {{port: {port}}}, routes: ["/status/*"]}}]
slos: [{{name: ok, service: shop, objective: 99}}]
samples: {{bad_per_second: {rate}, good_per_second: {rate}, head_bytes: 1024}}
"""
PATHS = "/status/200,/status/503"


@pytest.fixture
def server(helpers):
    running = program([helpers / "httpd", 0, "epoll", "read", "write"])
    yield running
    running.stop()


def config(server, rate):
    return CONFIG.format(port=server.port, rate=rate)


def load(helpers, server, seen, requests, conns=16):
    """Adds to `seen`, by status, what was answered."""
    seen.update(run_load(helpers, server.port, requests, conns=conns, paths=PATHS)["status"])


def expect(agent, seen):
    assert wait_until(lambda: agent.service("shop")["requests"] == seen.total())
    assert agent.service("shop")["status"] == dict(seen)
    slo = agent.slo("ok")
    assert (slo["good"], slo["bad"]) == (seen["200"], seen["503"])
    agent.check_sums()


def lost(agent):
    return agent.status()["coverage"]["samples_lost"]


def readers(agent):
    """The process that keeps samples, and the one that stays for it."""
    parent = children(agent.process.pid)["sliprobe-sample"]
    return [parent, *descendants(parent)]


def test_each_request_is_sampled_and_counted(agents, helpers, server):
    agent, seen = agents(config(server, 10000)).start(), Counter()
    load(helpers, server, seen, 20000)
    expect(agent, seen)


def test_a_full_ring_loses_samples_alone(agents, helpers, server):
    agent, seen = agents(config(server, 10000)).start(), Counter()
    stopped = readers(agent)
    assert stopped
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        load(helpers, server, seen, 40000)
        expect(agent, seen)
        assert lost(agent) > 0
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    load(helpers, server, seen, 100, conns=1)
    expect(agent, seen)


def test_the_next_agent_goes_on(agents, helpers, server):
    agent, seen = agents(config(server, 50)).start(), Counter()
    client = Client(server.port)
    load(helpers, server, seen, 1000)
    client.sock.sendall(b"GET /status/503 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    assert client.answer()[0] == 503
    agent.kill_alone()
    load(helpers, server, seen, 1000)
    # of a connection whose first request the other one has seen
    client.sock.sendall(b"GET /status/200 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    assert client.answer()[0] == 200
    client.sock.close()
    agent.start()
    expect(agent, seen + Counter({"200": 1, "503": 1}))


def test_samples_are_switched_off_and_on(agents, helpers, server):
    agent, seen = agents(config(server, 50)).start(), Counter()
    for text in [config(server, 50).replace("samples: {", "samples: off # {"), config(server, 50)]:
        load(helpers, server, seen, 1000)
        code, said = agent.reload(text)
        assert code == 200, said
        load(helpers, server, seen, 1000)
        expect(agent, seen)

# SPDX-License-Identifier: GPL-2.0-only
"""TLS connections that are older than the agent, or than its probes: each request is counted, or its connection is named."""
import collections
import time

import pytest

from harness import if_long_in_vm, long_one, user_space, wait_until
from http2_clients import Http2Client
from http2_servers import Http2Server
from test_tls_go import start as start_go
from tls import answers, blind, dial
from tls_servers import NAMES, TlsServer
from wire import get

MOST = 200  # connections of a test
CONFIG = """
agent: {{interval: 1s}}
tls: servers
services: [{{name: shop, match: {{port: {port}}}, routes: [{routes}]}}]
"""
ROUNDS = 10
# Which library calls lie around no socket operation: nothing shows which older connection is whose.
OVER_MEMORY = {"h2o", "node", "asyncio", "uvicorn", "hypercorn", "bio", "static-bio", "bio-1.1", "boring-bio"}


# One of each way to call a library; each test is an agent's start.
OFTEN = {"nginx", "apache2", "haproxy", "node", "asyncio", "gnutls", "openssl-1.1", "static-bio", "boring", "go"}


def each(names, values):
    """Those of OFTEN with one of the values; where SLIPROBE_LONG=1 asks for it, all with all."""
    return [(long_one if (i + j) % len(values) or name not in OFTEN else pytest.param)(name, value)
            for i, name in enumerate(names) for j, value in enumerate(values)]


class Client1:
    """A connection of HTTP/1.1."""

    def __init__(self, port, version=None):
        self.sock = dial(port, version)

    def ask(self, path):
        self.sock.sendall(get(path))
        answers(self.sock, 1)

    def close(self):
        self.sock.close()


class Client2(Http2Client):
    """A connection of HTTP/2; `streams` at once."""

    def __init__(self, port, streams=1):
        super().__init__(port, True)
        self.streams = streams

    def ask(self, path):
        self.wait(*[super(Client2, self).ask(f"{path}/{i}") for i in range(self.streams)])


class Older:
    """Connections to a server, what was asked on each, and whose requests are in no count."""

    def __init__(self, port, dial_one, streams=1):
        self.port, self.dial_one, self.streams = port, dial_one, streams
        self.clients, self.sent, self.asked = [], collections.Counter(), 0
        self.watched, self.prefaced = False, False

    def dial(self):
        self.clients.append(self.dial_one())
        return len(self.clients) - 1

    def ask(self, i):
        """By paths that no header table has."""
        self.asked += 1
        self.clients[i].ask(f"/c/{i}/{self.asked}")
        if self.watched:
            self.sent[i] += self.streams

    def ask_all(self):
        for i in range(len(self.clients)):
            self.ask(i)

    def close(self):
        for client in self.clients:
            client.close()

    def missing(self, agent):
        """{connection: requests} that were not counted, and how many were of which nothing but the answer is known."""
        counted, unknown = collections.Counter(), 0
        for route in agent.service("shop")["routes"]:
            if route["route"] == "_unknown":
                unknown += route["requests"]
            else:
                counted[int(route["route"].split("/")[2])] += route["requests"]
        assert not counted - self.sent, (counted, self.sent)
        return +(self.sent - counted), unknown

    def check(self, agent):
        """
        Each connection of which a request is in no count is named as blind, and no other; but for those whose preface of
        HTTP/2 alone passed by before their process was probed, which looks like a request. A request of which nothing but
        the answer was told is counted, by no path.
        """
        def state():
            return *self.missing(agent), blind(agent, self.port), agent.lost()

        def agrees():
            missing, unknown, named, lost = state()
            unnamed = len(missing) - sum(named.values())
            least = -named.get("tls", 0) if self.prefaced else 0
            return not lost and unnamed >= least and sum(sorted(missing.values())[:max(unnamed, 0)]) <= unknown

        assert wait_until(agrees, 3), (*state(), self.sent)  # a library's call tells an answer after it was sent
        assert not blind(agent, self.port).get("tls_differs")
        return self.missing(agent)[0]

    def check_counted(self, missing):
        """Each connection was counted from some request on."""
        assert all(n < self.sent[i] for i, n in missing.items()), (missing, self.sent)


def play(start_agent, older, together=8):
    """The connections are there, then comes the agent, then its probes."""
    for _ in range(together):
        older.dial()
    older.ask_all()
    older.watched = True
    agent = start_agent(CONFIG.format(port=older.port, routes=", ".join(f'"/c/{i}/**"' for i in range(MOST))))
    if agent.status()["tls"]["state"] != "on":
        pytest.skip(f"this kernel: {agent.status()['tls']['reason']}")
    for _ in range(together):  # before the probes, perhaps
        older.dial()
    for _ in range(ROUNDS):
        older.ask_all()
        time.sleep(0.05)

    def counts():
        i = older.dial()
        older.ask(i)
        return i < MOST and wait_until(lambda: not older.missing(agent)[0][i], 0.3)

    assert wait_until(counts, 15, 0.05), agent.status()["coverage"]
    for _ in range(3):
        older.ask_all()
    older.check(agent)
    older.close()
    assert wait_until(lambda: agent.status()["coverage"]["in_flight"] == 0)
    return older.check(agent)


@user_space
@if_long_in_vm
@pytest.mark.parametrize("name, version", each(NAMES, ["1.2", "1.3"]))
def test_http1(start_agent, agent_only, helpers, stopping, tmp_path, name, version):
    server = stopping(TlsServer(name, helpers, tmp_path / "server"))
    older = Older(server.port, lambda: Client1(server.port, version))
    missing = play(start_agent, older)
    if name in OVER_MEMORY:
        assert set(range(8)) <= set(missing)
    else:
        older.check_counted(missing)


@user_space
@if_long_in_vm
@pytest.mark.parametrize("build", ["httpd-go-stripped", long_one("httpd-go")])
def test_go(start_agent, agent_only, helpers, stopping, tmp_path, build):
    server = stopping(start_go(helpers, tmp_path, build))
    older = Older(server.port, lambda: Client1(server.port))
    older.check_counted(play(start_agent, older))


@user_space
@if_long_in_vm
@pytest.mark.parametrize("name, streams", each(["nginx", "nghttpd", "apache2", "haproxy", "h2o", "go", "node"], [20, 1]))
def test_http2(start_agent, agent_only, helpers, stopping, tmp_path, name, streams):
    server = stopping(Http2Server(name, True, helpers, tmp_path / "server"))
    older = Older(server.port, lambda: Client2(server.port, streams), streams)
    older.prefaced = True
    missing = play(start_agent, older)
    if name not in OVER_MEMORY:
        older.check_counted(missing)

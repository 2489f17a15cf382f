# SPDX-License-Identifier: GPL-2.0-only
"""Rare faults, two at once, and clients that hang up: what explain names first, of real requests."""
import json
import random
import socket
import time

import pytest

from conftest import shared_agent
from harness import user_space, wait_until
from wire import TIMEOUT_S, Port, Wire, get, hard_close, read_exactly, reply

pytestmark = [user_space]

CASES = ("one_percent", "one_permille", "two", "hang_up", "accepted_late", "pair",
         "proportional")
SERVICE = """
  - {{name: {name}, match: {{port: {port}}}, routes: ["/items/*", "/cart"]}}"""
SLO = """
  - {{name: {name}, service: {name}, objective: 99, good: {{latency: {latency}}}}}"""
# A busy machine makes no request bad: nothing else here takes half as long.
LATE_S = 0.6
LATENCY = {"hang_up": "500ms", "accepted_late": "500ms"}
CONFIG = """
agent: {{interval: 1s}}
samples: {{bad_per_second: 1000, good_per_second: 3000, headers: [x-user-id]}}
services:{services}
slos:{slos}
"""
APPS = [f"ShopApp/2.{i}" for i in range(6)]


@pytest.fixture(scope="module")
def ports():
    made = {name: Port() for name in CASES}
    yield made
    for port in made.values():
        port.close()


@pytest.fixture(scope="module")
def agent(ports):
    for made in shared_agent(CONFIG.format(
            services="".join(SERVICE.format(name=n, port=p.port) for n, p in ports.items()),
            slos="".join(SLO.format(name=n, latency=LATENCY.get(n, "30s")) for n in ports))):
        if made.real:
            assert wait_until(lambda: made.get("/v1/events")[0] == 200)
        yield made


class From(Wire):
    """A connection from an address of this host's own choice."""

    def __init__(self, port, address):
        self.client = socket.create_connection(port.listener.getsockname(), TIMEOUT_S,
                                               (address, 0))
        self.server, _ = port.listener.accept()
        self.server.settimeout(TIMEOUT_S)
        for end in (self.client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def crowd(port, n, status, seed=1, per_connection=50):
    """n requests of clients of four networks and six apps; status(request) is the answer's."""
    rng = random.Random(seed)
    for _ in range(n // per_connection):
        network, app = rng.randrange(1, 5), rng.choice(APPS)
        wire = From(port, f"127.{network}.0.{rng.randrange(1, 200)}")
        for _ in range(per_connection):
            item = rng.randrange(100)
            request = {"network": network, "app": app, "item": item, "any": rng.random()}
            wire.c(get(f"/items/{item}", f"User-Agent: {app}", f"X-User-Id: {rng.randrange(50)}"))
            wire.s(reply(status(request)))
        wire.close()


def explained(agent, name):
    """With all bad requests among the samples, and the step that they were counted in over."""
    bad = agent.slo(name)["bad"]

    def ask():
        code, _, body = agent.get(f"/v1/explain/{name}?since=10m")
        assert code == 200, body
        got = json.loads(body)
        return got["samples"]["bad"] >= bad and got["kind"] != "none" and got

    got = wait_until(ask, 20)
    assert got, agent.get(f"/v1/explain/{name}?since=10m")
    assert got["samples"]["bad"] == bad > 0
    print(got["sentence"])
    return got, [finding["where"] for finding in got["findings"]]


def test_one_item_of_a_hundred_fails(agent, ports):
    crowd(ports["one_percent"], 4000, lambda r: 500 if r["item"] == 42 else 200)
    got, named = explained(agent, "one_percent")
    assert named and named[0] == {"path": "/items/42"}, got


def test_one_request_of_a_thousand_fails(agent, ports):
    crowd(ports["one_permille"], 30000,
          lambda r: 503 if r["app"] == APPS[3] and r["any"] < 0.006 else 200)
    got, named = explained(agent, "one_permille")
    assert got["samples"]["bad"] < 60, got
    assert named and named[0] == {"user_agent": APPS[3]}, got


def test_two_faults_are_both_named(agent, ports):
    crowd(ports["two"], 3000,
          lambda r: 503 if r["app"] == APPS[1] and r["any"] < 0.3 else
          500 if r["item"] == 7 else 200)
    got, named = explained(agent, "two")
    assert {"user_agent": APPS[1]} in named and {"path": "/items/7"} in named, got


def test_clients_that_hang_up(agent, ports):
    """What takes too long is given up by who has asked for it."""
    crowd(ports["hang_up"], 500, lambda r: 200)
    wires = [From(ports["hang_up"], f"127.{i % 4 + 1}.0.9").c(
        get("/items/42", f"User-Agent: {APPS[i % 6]}")) for i in range(30)]
    time.sleep(LATE_S)
    for wire in wires:
        hard_close(wire.client)
        wire.server.close()
    crowd(ports["hang_up"], 500, lambda r: 200, seed=2)  # others are served all the time
    got, named = explained(agent, "hang_up")
    assert got["kind"] == "aborted", got
    assert named and named[0] in ({"path": "/items/42"}, {"outcome": "client_abort"}), got


def test_a_listen_queue_that_is_not_emptied_in_time(agent, ports):
    """The process answers at once what it takes up, long after it has come."""
    port = ports["accepted_late"]
    crowd(port, 1000, lambda r: 200)
    clients = [socket.create_connection(port.listener.getsockname(), TIMEOUT_S)
               for _ in range(30)]
    for i, client in enumerate(clients):
        client.sendall(get("/cart", f"User-Agent: {APPS[i % 6]}"))
    time.sleep(LATE_S)
    for i in range(30):
        server, _ = port.listener.accept()
        read_exactly(server, len(get("/cart", f"User-Agent: {APPS[i % 6]}")))
        server.sendall(reply())
        server.close()
    for client in clients:
        client.close()
    got, _ = explained(agent, "accepted_late")
    assert got["kind"] == "slow_queue", got


def test_one_app_on_one_network_fails(agent, ports):
    """Neither the app nor the network fails by itself."""
    crowd(ports["pair"], 4000,
          lambda r: 500 if r["app"] == APPS[2] and r["network"] == 3 else 200, per_connection=5)
    got, named = explained(agent, "pair")
    assert named and named[0] == {"user_agent": APPS[2], "client_network": "127.3.0.0/24"}, got


def test_whoever_asks_most_is_not_to_blame(agent, ports):
    """One in fifty fails, whoever asks: nothing is named, though one app has half of all failures."""
    port, rng = ports["proportional"], random.Random(5)
    for _ in range(60):
        wire = From(port, f"127.{rng.randrange(1, 5)}.0.9")
        app = rng.choice([APPS[0]] * 5 + APPS)
        for _ in range(50):
            wire.c(get(f"/items/{rng.randrange(100)}", f"User-Agent: {app}"))
            wire.s(reply(500 if rng.random() < 0.02 else 200))
        wire.close()
    got, named = explained(agent, "proportional")
    assert named == [] and got["samples"]["enough"], got

# SPDX-License-Identifier: GPL-2.0-only
"""Requests that their clients gave up on: whether that was late, by the time until they went."""
import socket
import time

import pytest

from conftest import shared_agent, shared_port
from harness import IN_VM, user_space
from wire import get, hard_close, head, read_exactly, reply

# Half of UNIT_S is early, two of it are late, and no machine takes that long by itself.
UNIT_S = 3 if IN_VM else 0.3
CONFIG = """
agent: {{interval: 1s, unanswered_after: {unanswered}s}}
services:
  - {{name: shop, match: {{port: {port}}}, routes: ["/a", "/healthz"]}}
slos:
  - {{name: fast, service: shop, objective: 99, good: {{latency: {fast}ms}}}}
  - {{name: slow, service: shop, objective: 99, good: {{latency: {slow}ms}}}}
  - {{name: plain, service: shop, objective: 99}}
  - {{name: late, service: shop, objective: 99, client_abort: late, good: {{latency: {fast}ms}}}}
  - {{name: bad, service: shop, objective: 99, client_abort: bad, good: {{latency: {fast}ms}}}}
  - {{name: ignore, service: shop, objective: 99, client_abort: ignore,
      good: {{latency: {fast}ms}}}}
  - {{name: "{{service}} all", service: "*", objective: 99, good: {{latency: {fast}ms}}}}
  - {{name: a, service: shop, objective: 99, eligible: {{routes: ["/a"]}}, client_abort: bad}}
"""
# which SLOs each abort was bad for; of all but those and `a`, it is left out
EARLY = {"bad"}
LATE = EARLY | {"fast", "late", "shop all"}


shop = pytest.fixture(scope="module")(shared_port)


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(port=shop.port, fast=int(UNIT_S * 1000),
                                          slow=int(UNIT_S * 4000), unanswered=20 * UNIT_S))


def events(agent):
    slos = agent.status()["slos"] if agent.real else []
    return {s["name"]: (s["good"], s["bad"]) for s in slos if s["service"] == "shop"}


@pytest.fixture
def aborted(agent):
    """A function that asserts of which SLOs the test's only request was a bad event."""
    before, watch = events(agent), agent.watch("shop")

    def check(bad):
        watch.expect(client_abort=1)
        got = {name: tuple(n - b for n, b in zip(now, before[name]))
               for name, now in events(agent).items()}
        assert got == {name: (0, int(name in bad)) for name in got}
        agent.check_sums()
    return check


def leave(client, how):
    if how == "reset":
        hard_close(client)
    else:
        client.close()


@pytest.mark.parametrize("units,bad", [(0.5, EARLY), (2, LATE)], ids=["early", "late"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_what_counts_is_when_the_client_went(shop, aborted, units, bad, how):
    wire = shop.dial().c(get())
    time.sleep(units * UNIT_S)
    leave(wire.client, how)
    time.sleep(5 * UNIT_S)  # the server closes when it would be late for `slow`, too
    wire.server.close()
    aborted(bad)


@pytest.mark.parametrize("units,bad", [(0.5, EARLY), (2, LATE)], ids=["early", "late"])
@pytest.mark.parametrize("answer", [reply(200), reply(503), head(200, "Content-Length: 9") + b"x"],
                         ids=["200", "503", "part"])
def test_an_answer_to_nobody_does_not_make_it_later(shop, aborted, units, bad, answer):
    wire = shop.dial().c(get())
    time.sleep(units * UNIT_S)
    wire.client.close()
    time.sleep(5 * UNIT_S)
    wire.server.sendall(answer)
    wire.server.close()
    aborted(bad)


def test_a_client_that_leaves_in_an_answer(shop, aborted):
    wire = shop.dial().c(get()).s(head(200, "Content-Length: 9") + b"part")
    time.sleep(2 * UNIT_S)
    wire.client.close()
    time.sleep(3 * UNIT_S)
    wire.server.close()
    aborted(LATE)


@pytest.mark.parametrize("waits,bad", [(0.5, EARLY), (2, LATE)], ids=["early", "late"])
def test_a_client_that_half_closes_is_there_until_it_resets(shop, aborted, waits, bad):
    wire = shop.dial().c(get())
    wire.client.shutdown(socket.SHUT_WR)
    time.sleep(waits * UNIT_S)
    hard_close(wire.client)
    time.sleep(3 * UNIT_S)
    wire.server.close()
    aborted(bad)


@pytest.mark.parametrize("units,bad", [(0.5, EARLY), (2, LATE)], ids=["early", "late"])
@pytest.mark.parametrize("answers", [False, True])
def test_a_client_that_leaves_before_it_is_accepted(shop, aborted, units, bad, answers):
    client = socket.create_connection(("127.0.0.1", shop.port))
    client.sendall(get())
    time.sleep(units * UNIT_S)
    client.close()
    time.sleep(3 * UNIT_S)
    server, _ = shop.listener.accept()
    assert read_exactly(server, len(get())) == get()
    if answers:
        server.sendall(reply(200))
    server.close()
    aborted(bad)


@pytest.mark.parametrize("units,bad", [(0.5, EARLY), (2, LATE)], ids=["early", "late"])
def test_a_client_that_leaves_before_it_is_read(shop, agent, aborted, units, bad):
    wire = shop.dial()
    wire.client.sendall(get()[:10])
    assert read_exactly(wire.server, 10)
    wire.client.sendall(get()[10:])
    time.sleep(units * UNIT_S)
    wire.client.close()
    time.sleep(3 * UNIT_S)
    assert read_exactly(wire.server, len(get()) - 10)
    wire.server.close()
    aborted(bad)


@user_space
def test_the_time_of_an_abort_is_the_time_until_it(agent, shop, aborted):
    wire = shop.dial().c(get("/healthz"))
    time.sleep(UNIT_S)
    wire.client.close()
    time.sleep(3 * UNIT_S)
    wire.server.close()
    aborted(EARLY if not agent.real else LATE)
    if agent.real:
        routes = {r["route"]: r for r in agent.service("shop")["routes"]}
        assert routes["/healthz"]["latency_seconds"]["p99"] < 2 * UNIT_S


@pytest.mark.parametrize("units,bad", [(0.5, EARLY), (2, LATE)], ids=["early", "late"])
def test_a_client_that_leaves_before_an_answer_to_what_was_not_read(shop, aborted, units, bad):
    client = socket.create_connection(("127.0.0.1", shop.port))
    client.sendall(get())
    time.sleep(units * UNIT_S)
    client.close()
    time.sleep(3 * UNIT_S)
    server, _ = shop.listener.accept()
    server.sendall(reply(503))
    server.close()
    aborted(bad)

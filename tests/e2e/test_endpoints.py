# SPDX-License-Identifier: GPL-2.0-only
"""Endpoints by the thousand: each is a service while there are ids, and ids of those that have gone are used again."""
import json
import random
import time

import pytest

from harness import if_long, user_space, wait_until
from history import disk_requests, query
from wire import Port, get, reply

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]

IDS = 1536  # of services that were found
PRESSED = 768  # of these, from which on they are given back at once
CONFIG = """
agent: {interval: 1s}
slos: [{name: "up-{service}", service: "*", objective: 99, window: 7d}]
"""


@pytest.fixture
def agent(agents):
    return agents(CONFIG).start()


@pytest.fixture
def listen():
    """A function that opens ports; those not closed by then are closed at the end."""
    opened = []

    def listen(n=1):
        ports = [Port() for _ in range(n)]
        opened.extend(ports)
        return ports
    yield listen
    for port in opened:
        port.close()


def serve(port, n=1):
    wire = port.dial()
    for _ in range(n):
        wire.c(get()).s(reply())
    return wire


def pass_by(listen, n):
    """n servers come, answer one request each, and go."""
    ports = listen(n)
    for port in ports:
        serve(port)
        port.close()
    return ports


def services(agent):
    """Requests by name."""
    return {s["name"]: s["requests"] for s in agent.status()["services"]}


def name(port):
    return f"python3:{port.port}"


def wait_until_few(agent, n=PRESSED):
    assert wait_until(lambda: len(services(agent)) < n, seconds=30), len(services(agent))


def check(agent):
    """Nothing is lost, and what was forgotten is still in the books."""
    agent.check_sums()
    assert agent.status()["coverage"]["consistent"]


@if_long
def test_new_servers_after_thousands_that_went(agent, listen):
    for _ in range(3):
        pass_by(listen, PRESSED)
        wait_until_few(agent)
    port, = listen()
    serve(port, 7)
    assert services(agent)[name(port)] == 7
    assert agent.slo(f"up-{name(port)}")["eligible"] == 7
    assert "_overflow" not in services(agent)
    assert not agent.status()["coverage"]["kernel_errors"]
    check(agent)


def test_too_many_at_once(agent, listen):
    ports = listen(IDS + 50)
    wires = [serve(port) for port in ports]
    found = services(agent)
    assert found["_overflow"] == 50
    assert {name(port): found.get(name(port)) for port in ports[:IDS]} == \
        {name(port): 1 for port in ports[:IDS]}
    slo = agent.slo("up-_overflow")
    assert (slo["eligible"], slo["good"]) == (50, 50)
    check(agent)
    # those that go make room for new connections; a connection stays where it began
    for port in ports[:IDS]:
        port.close()
    wait_until_few(agent)
    serve(ports[-1], 3)
    wires[-1].c(get()).s(reply(503))
    found = services(agent)
    assert (found["_overflow"], found[name(ports[-1])]) == (51, 3)
    assert agent.slo("up-_overflow")["bad"] == 1
    check(agent)


def test_a_connection_that_outlives_its_listener(agent, listen):
    old, = listen()
    wire = serve(old, 2)
    old.listener.close()
    pass_by(listen, PRESSED)
    wait_until_few(agent)
    ports = pass_by(listen, PRESSED)
    wire.c(get()).s(reply(503))
    found = services(agent)
    assert found[name(old)] == 3
    assert all(found.get(name(port), 1) == 1 for port in ports)
    slo = agent.slo(f"up-{name(old)}")
    assert (slo["good"], slo["bad"]) == (2, 1)
    check(agent)


def test_a_request_that_outlives_its_listener(agent, listen):
    """It is open all the while, and its outcome is its own service's."""
    old, = listen()
    wire = old.dial().c(get())
    old.listener.close()
    pass_by(listen, PRESSED)
    wait_until_few(agent)
    wire.s(reply(503))
    assert services(agent)[name(old)] == 1
    assert agent.slo(f"up-{name(old)}")["bad"] == 1
    check(agent)


def test_a_server_that_comes_again(agent, listen):
    old, = listen()
    serve(old, 5)
    old.close()
    pass_by(listen, PRESSED)
    assert wait_until(lambda: name(old) not in services(agent), seconds=30)
    again = Port(old.port)
    try:
        serve(again, 8)
        slo = agent.slo(f"up-{name(old)}")
        assert (services(agent)[name(old)], slo["eligible"]) == (8, 13)
        found = json.loads(agent.get("/v1/services?window=10m")[2])["services"]
        assert [s["window"]["requests"] for s in found if s["name"] == name(old)] == [13]
        agent.stop()
        assert set(disk_requests(agent.state, name(old)).values()) == {13}
    finally:
        again.close()


@if_long
def test_agents_killed_while_endpoints_come_and_go(agents, listen):
    """Of each service no request is lost or counted twice, whatever moment the kill comes at."""
    seed = time.time_ns()
    rng = random.Random(seed)
    print(f"seed {seed}")
    agent = agents(CONFIG).start()
    asked = {}
    for _ in range(8):
        for port in pass_by(listen, rng.randrange(80, 190)):
            asked[name(port)] = asked.get(name(port), 0) + 1
        time.sleep(rng.uniform(0, 2.5))
        said = agent.kill()
        assert "lost" not in said and "cannot" not in said and "disagree" not in said, said
        agent.start()
    check_all(agent, asked)


def check_all(agent, asked):
    check(agent)
    agent.stop()
    rows = query(agent.state, "SELECT s.name, sum(b.good) FROM slo s JOIN bucket_1h b ON b.slo = s.id "
                 "WHERE which = 0 GROUP BY s.name")
    good = {slo.removeprefix("up-"): n for slo, n in rows}
    assert {service: good.get(service) for service in asked} == asked

# SPDX-License-Identifier: GPL-2.0-only
"""Connections older than the agent are counted from their next request on."""
import pytest

from framing_cases import FAKE_REPLY
from wire import Port, get, head, reply

STATES = {
    "fresh": ([], []),
    "after-five": ([("c", get()), ("s", reply(200))] * 5, []),
    "request-not-read": ([], []),
    "request-read": ([("c", get())], [("s", reply(500))]),
    "head-half-read": ([("c", get()[:15])], [("c", get()[15:]), ("s", reply(500))]),
    "in-a-response-body": ([("c", get()), ("s", head(200, "Content-Length: 1037") + b"x" * 500)],
                           [("s", b"x" * 500), ("s", FAKE_REPLY)]),
    "in-a-response-head": ([("c", get()), ("s", reply(200)[:20])], [("s", reply(200)[20:])]),
    "in-chunks": ([("c", get()),
                   ("s", head(200, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n")],
                  [("s", b"5\r\nhello\r\n"), ("s", b"0\r\n\r\n")]),
    "in-an-upload": ([("c", get("/", "Content-Length: 1000", method="POST") + b"u" * 400)],
                     [("c", b"u" * 300), ("c", b"u" * 300), ("s", reply(500))]),
}


def play(wire, turns):
    for who, data in turns:
        getattr(wire, who)(data)


@pytest.fixture(scope="module")
def older():
    """A port and connection in each state, all made before there is an agent."""
    ports = {state: Port() for state in STATES}
    wires = {}
    for state, (before, _) in STATES.items():
        wires[state] = ports[state].dial()
        play(wires[state], before)
    wires["request-not-read"].client.sendall(get())
    yield ports, wires
    for port in ports.values():
        port.close()


@pytest.fixture(scope="module")
def joined(older, request):
    return (*older, request.getfixturevalue("agent"))


@pytest.mark.parametrize("state", STATES)
def test_joins_at_the_next_request(joined, state):
    ports, wires, agent = joined
    watch = agent.watch(ports[state].port)
    if state == "request-not-read":
        assert wires[state].server.recv(1000) == get()
        wires[state].s(reply(500))
        watch.expect({500: 1})
        watch = agent.watch(ports[state].port)
    play(wires[state], STATES[state][1])
    # What began unseen may not be counted ...
    watch.expect({})
    # ... and what follows must be.
    for code in (200, 404, 503):
        wires[state].c(get(), 20).s(reply(code), 20)
    watch.expect({200: 1, 404: 1, 503: 1})


def test_a_new_connection_to_an_older_listener(joined):
    ports, _, agent = joined
    watch = agent.watch(ports["fresh"].port)
    ports["fresh"].dial().c(get()).s(reply(200))
    watch.expect({200: 1})

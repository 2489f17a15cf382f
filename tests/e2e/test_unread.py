# SPDX-License-Identifier: GPL-2.0-only
"""What a server answers is a request, though it has not read it."""
import contextlib
import fcntl
import os
import socket
import struct
import termios
import time

import pytest

from framing_cases import FAKE
from harness import IN_VM, wait_until
from wire import Port, get, hard_close, head, read_exactly, reply

CONFIG = """agent: {interval: 1s}
services:
  - {name: shop, match: {port: PORT}, routes: ["/cart/*", "/checkout"]}
slos:
  - {name: all, service: shop, objective: 99}
  - {name: checkout, service: shop, objective: 99, eligible: {routes: [/checkout], methods: [POST]}}
  - {name: seen, service: shop, objective: 99, eligible: {exclude: {methods: [_unknown]}}}
"""
REFUSAL = reply(503, b"busy", "Connection: close")


@pytest.fixture(scope="module")
def listening():
    port = Port()
    yield port
    port.close()


@pytest.fixture(scope="module")
def agent(listening):
    from conftest import shared_agent
    yield from shared_agent(CONFIG.replace("PORT", str(listening.port)))


@pytest.fixture
def port(agent, listening):
    listening.agent, listening.watch = agent, agent.watch("shop")
    listening.before = routes(agent)
    return listening


def routes(agent):
    if not agent.real:
        return {}
    return {(r["route"], r["method"], code): n for r in agent.service("shop")["routes"]
            for code, n in r["status"].items()}


def grown(port):
    now = routes(port.agent)
    return {k: n - port.before.get(k, 0) for k, n in now.items() if n != port.before.get(k, 0)}


def expect(port, by_route, **outcomes):
    """Exactly these complete requests, by (route, method, status)."""
    status = {}
    for (_, _, code), n in by_route.items():
        status[code] = status.get(code, 0) + n
    port.watch.expect(status, **outcomes)
    if port.agent.real:
        assert grown(port) == {(r, m, str(code)): n for (r, m, code), n in by_route.items()}


def waiting(sock):
    return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, b"\0" * 4))[0]


def unread(wire, data, step=None):
    """Sends data, which then waits at the server."""
    before = waiting(wire.server)
    for i in range(0, len(data), step or len(data)):
        wire.client.sendall(data[i:i + step] if step else data)
    assert wait_until(lambda: waiting(wire.server) == before + len(data))
    return wire


@pytest.mark.parametrize("how", [None, 1, 3, 7, [4], [20]], ids=str)
def test_refused_unread(port, how):
    for _ in range(5):
        unread(port.dial(), get("/checkout", method="POST", body=b"x" * 10)).s(REFUSAL, how).close()
    expect(port, {("/checkout", "POST", 503): 5})


@pytest.mark.parametrize("step", [1, 2, 100])
def test_a_request_in_many_segments(port, step):
    fields = [f"X-{i}: {i}" for i in range(20)]
    unread(port.dial(), get("/cart/7", *fields), step).s(REFUSAL).close()
    expect(port, {("/cart/*", "GET", 503): 1})


def test_the_second_answer_of_a_connection(port):
    for _ in range(5):
        wire = port.dial().c(get("/cart/1")).s(reply(200))
        unread(wire, get("/checkout", method="HEAD")).s(head(503, "Content-Length: 4")).close()
    expect(port, {("/cart/*", "GET", 200): 5, ("/checkout", "HEAD", 503): 5})


def test_it_is_counted_once_if_it_is_read_later(port):
    for read in (None, 1, 10, 1000):
        wire = unread(port.dial(), get("/checkout", method="POST", body=FAKE)).s(reply(413))
        read_exactly(wire.server, waiting(wire.server), read)
        wire.c(get("/cart/2")).s(reply(200)).close()
    expect(port, {("/checkout", "POST", 413): 4, ("/cart/*", "GET", 200): 4})


def test_the_rest_of_it_is_read_later(port):
    whole = get("/checkout", "X-Long: " + "y" * 5000, method="POST", body=FAKE * 100)
    wire = unread(port.dial(), whole).s(reply(413))
    read_exactly(wire.server, len(whole), 777)
    wire.c(get("/cart/2")).s(reply(200)).close()
    expect(port, {("/checkout", "POST", 413): 1, ("/cart/*", "GET", 200): 1})


def test_read_together_with_the_next_one(port):
    wire = unread(port.dial(), get("/checkout")).s(reply(503))
    unread(wire, get("/cart/3"))
    read_exactly(wire.server, waiting(wire.server))
    wire.s(reply(200)).close()
    expect(port, {("/checkout", "GET", 503): 1, ("/cart/*", "GET", 200): 1})


def test_several_wait_and_each_is_refused(port):
    wire = unread(port.dial(), get("/checkout") + get("/cart/1", method="PUT", body=b"") + get("/x"))
    wire.s(reply(503)).s(reply(503)).s(reply(429)).close()
    expect(port, {("/checkout", "GET", 503): 1, ("/cart/*", "PUT", 503): 1,
                  ("_other", "GET", 429): 1})


def test_several_wait_and_one_is_refused(port):
    wire = unread(port.dial(), get("/checkout") * 5).s(REFUSAL)
    wire.close()
    expect(port, {("/checkout", "GET", 503): 1})


def test_a_part_of_a_request_waits(port):
    unread(port.dial(), b"GET /checkout HTTP/1.1\r\nHost: ho").s(reply(408)).close()
    unread(port.dial(), b"GET /check").s(reply(408)).close()
    expect(port, {("/checkout", "GET", 408): 1, ("_other", "GET", 408): 1})


def test_a_part_was_read_and_the_rest_waits(port):
    wire = port.dial().c(b"POST /check")
    unread(wire, b"out HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").s(reply(400)).close()
    expect(port, {("/checkout", "POST", 400): 1})


def test_no_request_waits(port):
    """An answer that nobody has asked for: to an idle connection, an empty line, or what is no HTTP."""
    port.dial().s(reply(408)).close()
    unread(port.dial(), b"\r\n").s(reply(408)).close()
    wire = port.dial().c(get("/cart/1")).s(reply(200)).s(reply(408))
    wire.close()
    unread(port.dial(), b"EHLO x\r\n").s(b"220 mail ready\r\n").close()
    unread(port.dial(), get("/checkout")).s(b"HELLO and bye\r\n").close()
    expect(port, {("/cart/*", "GET", 200): 1})


def test_garbage_is_refused(port):
    """As access logs have it: a line that is no request, and its status."""
    for junk in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100, b"\x00" * 10,
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n", b"hello\r\n"):
        port.dial().c(junk).s(reply(400)).close()
        unread(port.dial(), junk).s(reply(400)).close()
    status = {400: 10}
    port.watch.expect(status)


def test_the_peer_has_gone_already(port):
    wire = unread(port.dial(), get("/checkout"))
    wire.client.shutdown(socket.SHUT_WR)
    time.sleep(0.05)
    wire.s(REFUSAL).close()
    wire = unread(port.dial(), get("/checkout"))
    wire.client.close()
    time.sleep(0.05)
    wire.server.sendall(REFUSAL)
    wire.server.close()
    expect(port, {("/checkout", "GET", 503): 1}, client_abort=1)


def test_the_time_is_that_since_it_arrived(port):
    if IN_VM:
        pytest.skip("times of an emulated machine")
    wire = unread(port.dial(), get("/cart/slow", method="DELETE"))
    time.sleep(0.3)
    wire.s(REFUSAL).close()
    expect(port, {("/cart/*", "DELETE", 503): 1})
    if port.agent.real:
        shown, = [r for r in port.agent.service("shop")["routes"]
                  if (r["route"], r["method"]) == ("/cart/*", "DELETE")]
        assert 0.28 < shown["latency_seconds"]["p50"] < 0.4


def test_slos_count_what_was_refused(port):
    if not port.agent.real:
        return
    before = {name: port.agent.slo(name)["bad"] for name in ("all", "checkout", "seen")}
    unread(port.dial(), get("/checkout", method="POST", body=b"")).s(REFUSAL).close()
    unread(port.dial(), get("/cart/1")).s(REFUSAL).close()
    expect(port, {("/checkout", "POST", 503): 1, ("/cart/*", "GET", 503): 1})
    assert {name: port.agent.slo(name)["bad"] - n for name, n in before.items()} == {
        "all": 2, "checkout": 1, "seen": 2}


# ---- bytes that nobody sees ----

def splice_away(sock, n):
    """Takes n bytes from the socket's stream without a read."""
    r, w = os.pipe()
    while n:
        n -= os.splice(sock.fileno(), w, n)
    os.close(r)
    os.close(w)


def test_a_request_that_passed_unseen_is_counted_when_it_is_answered(port):
    """Its method and route are unknown: it counts for each SLO that it may belong to."""
    before = {name: port.agent.slo(name)["bad"] if port.agent.real else 0
              for name in ("all", "checkout", "seen")}
    wire = port.dial().c(get("/cart/1")).s(reply(200))
    unread(wire, get("/checkout"))
    splice_away(wire.server, len(get("/checkout")))
    wire.s(reply(503))
    wire.c(get("/cart/1")).s(reply(200)).close()
    expect(port, {("/cart/*", "GET", 200): 2, ("_unknown", "_unknown", 503): 1})
    if port.agent.real:
        assert {name: port.agent.slo(name)["bad"] - n for name, n in before.items()} == {
            "all": 1, "checkout": 1, "seen": 0}


@pytest.mark.parametrize("seen", [0, 2, 4, 9, 30])
def test_the_first_request_passes_partly_unseen(port, seen):
    """What was seen of it stays known."""
    wire, request = port.dial(), get("/checkout")
    if seen:
        wire.c(request[:seen])
    unread(wire, request[seen:])
    splice_away(wire.server, len(request) - seen)
    wire.s(reply(200))
    for _ in range(2):
        wire.c(get("/cart/1")).s(reply(200))
    wire.close()
    name = {0: ("_unknown", "_unknown"), 2: ("_unknown", "_unknown"), 4: ("_unknown", "GET"),
            9: ("_unknown", "GET"), 30: ("/checkout", "GET")}[seen]
    expect(port, {(*name, 200): 1, ("/cart/*", "GET", 200): 2})


# ---- urgent data ----

@pytest.mark.parametrize("place", [0, 2, 4, 8, 20, 30])
@pytest.mark.parametrize("urgent", [b"!", b"!?", b"!?."])
def test_an_urgent_byte_is_not_read(port, place, urgent):
    wire, request = port.dial(), get("/checkout")
    if place:
        wire.c(request[:place])
    for i in range(len(urgent)):
        wire.client.send(urgent[i:i + 1], socket.MSG_OOB)
        time.sleep(0.02)
    wire.client.sendall(request[place:])
    got = b""
    while not got.endswith(request[place:]):
        got += wire.server.recv(1000)
    wire.s(reply(200))
    for _ in range(2):
        wire.c(get("/cart/1")).s(reply(200))
    wire.close()
    port.watch.expect({200: 3})


@pytest.mark.parametrize("place", [4, 8, 30])
def test_an_urgent_byte_in_line_is_read(port, place):
    wire, request = port.dial(), get("/cart/1")
    wire.server.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    wire.c(request[:place])
    wire.client.send(request[place:place + 1], socket.MSG_OOB)
    assert read_exactly(wire.server, 1) == request[place:place + 1]
    wire.c(request[place + 1:]).s(reply(200)).c(get("/cart/1")).s(reply(200)).close()
    expect(port, {("/cart/*", "GET", 200): 2})


def test_an_urgent_byte_in_a_body(port):
    wire = port.dial().c(get("/cart/1", "Content-Length: 93", method="POST") + FAKE)
    wire.client.send(b"!", socket.MSG_OOB)
    time.sleep(0.02)
    wire.server.setblocking(True)  # Python would wait for ordinary bytes
    assert wire.server.recv(1, socket.MSG_OOB) == b"!"
    wire.c(FAKE * 2).s(reply(200)).c(get("/checkout")).s(reply(404)).close()
    expect(port, {("/cart/*", "POST", 200): 1, ("/checkout", "GET", 404): 1})


def cut_off(wire):
    """The peer's reset has come; what had arrived before can still be read."""
    hard_close(wire.client)
    assert wait_until(lambda: wire.server.getsockopt(socket.SOL_TCP, socket.TCP_INFO, 1) == b"\x07")


@pytest.mark.parametrize("tries", ["answers", "closes"])
@pytest.mark.parametrize("answered", [0, 1])
def test_read_behind_the_reset(port, answered, tries):
    for _ in range(5):
        wire = port.dial()
        for _ in range(answered):
            wire.c(get("/cart/1")).s(reply(200))
        cut_off(unread(wire, get("/checkout", method="POST", body=b"x" * 10)))
        assert wire.server.recv(4096).startswith(b"POST")
        with contextlib.suppress(OSError):
            if tries == "answers":
                wire.server.sendall(reply(200))
        wire.close()
    port.watch.expect({200: 5} if answered else {}, client_abort=5)


def test_read_behind_the_reset_of_what_lingered(port):
    """The server had closed its side: nothing that it reads from then on is a request."""
    for _ in range(5):
        wire = port.dial().c(get("/cart/1", "Connection: close")).s(reply(200, b"", "Connection: close"))
        wire.server.shutdown(socket.SHUT_WR)
        cut_off(unread(wire, get("/checkout")))
        assert wire.server.recv(4096).startswith(b"GET")
        wire.close()
    port.watch.expect({200: 5})

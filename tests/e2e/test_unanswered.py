# SPDX-License-Identifier: GPL-2.0-only
"""The clock of `unanswered` runs from the moment the request was whole, and stops with the first byte sent."""
import os
import socket
import threading
import time

import pytest

from harness import IN_VM, SLOW, wait_until
from wire import Port, chunked, get, head, read_exactly, reply

UNANSWERED_S = 8 if IN_VM else 2
CONFIG = f"""
agent: {{interval: 1s, unanswered_after: {UNANSWERED_S}s}}
slos: [{{name: "{{service}}", service: "*", objective: 99}}]
"""
SLOW_S = UNANSWERED_S * 1.6
BODY = 300000
UPLOAD = get("/up", method="POST", body=b"x" * BODY)
UPLOAD_HEAD = UPLOAD[:-BODY]
CHUNKS = get("/up", "Transfer-Encoding: chunked", method="POST")
SLOW_REQUESTS = [UPLOAD, CHUNKS + chunked(b"x" * 100000, b"y" * 200), get("/" + "x" * 500, "A: b"),
                 get("/two-reads", method="POST", body=b"x"),
                 CHUNKS + chunked(b"x" * 1000)[:-5] + b"no size\r\n"]


@pytest.fixture
def port(agent):
    listening = Port()
    listening.watch = agent.watch(listening.port)
    yield listening
    listening.close()


def in_flight(agent):
    return agent.status()["coverage"]["in_flight"]


def slowly(*sends, pieces=8):
    """(wire, data): the clients take SLOW_S, all at once."""
    for i in range(pieces):
        time.sleep(SLOW_S / pieces)
        for wire, data in sends:
            wire.c(data[len(data) * i // pieces:len(data) * (i + 1) // pieces])


def unanswered_after(port, start, n=1):
    """Seconds from start to the last of n verdicts."""
    assert wait_until(lambda: port.watch.delta()["outcomes"]["unanswered"] == n, UNANSWERED_S + 4)
    return time.monotonic() - start


def test_requests_that_arrive_slowly_and_are_answered_at_once(agent, port):
    wires = [port.dial() for _ in SLOW_REQUESTS]
    slowly(*zip(wires, SLOW_REQUESTS))
    for wire in wires:
        wire.s(reply(201))
    port.watch.expect({201: len(wires)})
    slo = agent.slo(agent.service(port.port)["name"])
    assert (slo["eligible"], slo["bad"]) == (len(wires), 0)


def test_the_clock_begins_when_all_has_arrived(agent, port):
    before, n = in_flight(agent), len(SLOW_REQUESTS)
    wires = [port.dial() for _ in SLOW_REQUESTS]
    slowly(*zip(wires, SLOW_REQUESTS))
    whole = time.monotonic()
    time.sleep(UNANSWERED_S * 0.7)
    port.watch.expect({})
    assert in_flight(agent) == before + n
    assert UNANSWERED_S - 0.1 <= unanswered_after(port, whole, n) < UNANSWERED_S + 2 * SLOW
    slo = agent.slo(agent.service(port.port)["name"])
    assert (slo["eligible"], slo["bad"]) == (n, n)
    for wire in wires:
        wire.s(reply(200)).c(get()).s(reply(404))
    port.watch.expect({404: n}, unanswered=n)
    assert in_flight(agent) == before


def test_a_body_that_never_comes_is_in_flight(agent, port):
    before = in_flight(agent)
    wires = [port.dial().c(UPLOAD_HEAD + b"x" * 1000),
             port.dial().c(CHUNKS + b"5\r\nhello\r\n"),
             port.dial().c(get("/up", "Expect: 100-continue", "Content-Length: 5", method="PUT")),
             port.dial().c(get("/up", "Content-Length: 5", method="PUT"))]
    wires[2].s(head(100))
    for some in (b"5\r\nhel", b"f0\r\n0\r\n\r\nx", b"5\r\nhello\r\n0\r\n"):  # the server reads none of it
        wires.append(port.dial().c(CHUNKS))
        wires[-1].client.sendall(some)
    half = port.dial().c(UPLOAD[:-1])  # the last byte is missing, and never comes
    half.client.shutdown(socket.SHUT_WR)
    assert half.server.recv(1) == b""
    time.sleep(SLOW_S)
    port.watch.expect({})
    assert in_flight(agent) == before + 8
    for wire in wires:
        wire.s(reply(408))
    half.s(reply(400))
    port.watch.expect({408: 7, 400: 1})


def splice(sock, n):
    """Reads n bytes from the socket in a way that no hook shows."""
    out = os.open("/dev/null", os.O_WRONLY)
    there, here = os.pipe()
    sock.settimeout(None)  # with one, the socket would not block, nor splice
    try:
        while n:
            moved = os.splice(sock.fileno(), here, min(n, 65536))
            n -= moved
            while moved:
                moved -= os.splice(there, out, moved)
    finally:
        for fd in (out, there, here):
            os.close(fd)


def test_a_body_that_no_read_shows_has_arrived(agent, port):
    """It lies in the socket, or was spliced away."""
    part = BODY // 6
    unread = port.dial().c(UPLOAD[:-part])
    chunks = port.dial().c(CHUNKS)
    pieces = port.dial().c(CHUNKS)
    spliced = port.dial().c(UPLOAD_HEAD)
    for _ in range(5):
        time.sleep(SLOW_S / 5)
        spliced.client.sendall(b"x" * part)
        splice(spliced.server, part)
    port.watch.expect({})
    for wire in (unread, spliced):
        wire.client.sendall(b"x" * part)
    chunks.client.sendall(chunked(b"x" * 5000, b"y" * 20000))
    for piece in (b"5\r\nhello", b"\r\n", b"0\r\n\r\n"):
        pieces.client.sendall(piece)
    splice(spliced.server, part)
    assert UNANSWERED_S - 0.1 <= unanswered_after(port, time.monotonic(), 4) < UNANSWERED_S + 2 * SLOW
    for wire in (unread, spliced, chunks, pieces):
        wire.s(reply(200))
    port.watch.expect(unanswered=4)


def test_requests_around_an_upload_have_their_own_clocks(agent, port):
    """One before it has long been whole; one behind it has just come."""
    before, behind = port.dial().c(get("/before")), port.dial()
    slowly((before, UPLOAD), (behind, UPLOAD[:-8]))
    behind.c(UPLOAD[-8:] + get("/behind"))
    port.watch.expect(unanswered=1)
    before.s(reply(200) + reply(202))
    behind.s(reply(203) + reply(204, b""))
    port.watch.expect({202: 1, 203: 1, 204: 1}, unanswered=1)


def test_a_request_behind_an_answer_that_takes_long(agent, port):
    """Its answer could not begin before: the server's silence counts from there."""
    big = 8 << 20
    sent, stuck, full = (port.dial().c(get("/first") + get("/behind")) for _ in range(3))
    full.server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, big)
    full.server.setblocking(False)
    full_answer = head(200, f"Content-Length: {big}") + b"x" * big
    taken = full.server.send(full_answer)
    for wire in (sent, stuck):
        wire.s(head(200, "Content-Length: 8"))
    stuck.s(b"x")
    for _ in range(8):
        time.sleep(SLOW_S / 8)
        sent.s(b"x")
    end = time.monotonic()
    unanswered_after(port, end)
    assert time.monotonic() - end < UNANSWERED_S - 0.1  # what is behind the stuck one
    time.sleep(max(0, UNANSWERED_S * 0.8 - (time.monotonic() - end)))
    port.watch.expect({200: 1}, unanswered=1)
    sent.s(reply(201))
    stuck.s(b"x" * 7 + reply(202))  # the second one is too late
    assert len(read_exactly(full.client, taken)) == taken
    full.server.setblocking(True)
    threading.Thread(target=full.server.sendall, args=[full_answer[taken:] + reply(203)]).start()
    read_exactly(full.client, len(full_answer) - taken + len(reply(203)))
    port.watch.expect({200: 3, 201: 1, 203: 1}, unanswered=1)


ANSWER = reply(204, b"")
BEGINNINGS = [(head(100), ANSWER), (head(103, "Link: </x>"), ANSWER), (head(102) * 2, ANSWER),
              (ANSWER[:11], ANSWER[11:]), (head(103)[:12], head(103)[12:] + ANSWER),
              (head(103) + ANSWER[:1], ANSWER[1:])]


def test_anything_sent_is_a_byte_of_response(agent, port):
    before, n = in_flight(agent), len(BEGINNINGS)
    wires = [port.dial().c(get() * 2).s(reply(200)).s(sent) for sent, _ in BEGINNINGS]
    time.sleep(SLOW_S + 1)
    port.watch.expect({200: n})
    assert in_flight(agent) == before + n
    for wire, (_, rest) in zip(wires, BEGINNINGS):
        wire.s(rest)
        wire.c(get())  # what was sent for one says nothing of the next
    unanswered_after(port, time.monotonic(), n)
    port.watch.expect({200: n, 204: n}, unanswered=n)
    for wire in wires:
        wire.close()
    port.watch.expect({200: n, 204: n}, unanswered=n)

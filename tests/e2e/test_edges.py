# SPDX-License-Identifier: GPL-2.0-only
"""Numbers at their edges: bodies of GiBs, requests by the ten thousand on a connection, counters that go round."""
import os
import threading

import pytest

from harness import IN_VM
from kernel_conns import Conns
from wire import Port, get, hard_close, head, read_exactly, reply

GIB = 1 << 30
PENDING = 65536  # places for requests that are open at once, besides one in each connection
OF_FOUND = 8192  # those that a service without configuration may have
PIECE = 1 << 20

pytestmark = pytest.mark.skipif(IN_VM, reason="GiBs and ten thousands take too long there")


@pytest.fixture
def port():
    listening = Port()
    yield listening
    listening.close()


@pytest.fixture
def watch(agent, port):
    return agent.watch(port.port)


@pytest.fixture(scope="module")
def zeros():
    """A file to send from."""
    fd = os.memfd_create("zeros")
    os.truncate(fd, PIECE)
    yield fd
    os.close(fd)


def send_zeros(sock, n, zeros):
    while n:
        n -= os.sendfile(sock.fileno(), zeros, 0, min(n, PIECE))


def splice_away(sock, n):
    """As a proxy's or an upload module's kernel does: no byte comes to user space."""
    ends, null = os.pipe(), os.open("/dev/null", os.O_WRONLY)
    while n:
        piped = os.splice(sock.fileno(), ends[1], min(n, PIECE))
        assert piped, "closed too early"
        n -= piped
        while piped:
            piped -= os.splice(ends[0], null, piped)
    for fd in (*ends, null):
        os.close(fd)


def read_away(sock, n):
    buffer = bytearray(PIECE)
    while n:
        got = sock.recv_into(buffer, min(n, PIECE))
        assert got, "closed too early"
        n -= got


def beside(work, *args):
    thread = threading.Thread(target=work, args=args, daemon=True)
    thread.start()
    return thread


def wait_in_calls(wire):
    for end in (wire.client, wire.server):
        end.settimeout(None)


def upload(wire, n, zeros, take):
    """A POST with a body of n zeroes, which the server gets by `take`; then its answer."""
    wait_in_calls(wire)
    wire.c(head_of_post(f"Content-Length: {n}"))
    sending = beside(send_zeros, wire.client, n, zeros)
    take(wire.server, n)
    sending.join()
    wire.s(reply(201))


def head_of_post(field):
    return get("/up", field, method="POST")


@pytest.mark.parametrize("n", [2 * GIB - 1, 2 * GIB, 2 * GIB + 100, 4 * GIB - 1, 4 * GIB,
                               4 * GIB + 1, 6 * GIB + 7], ids=str)
def test_requests_behind_a_spliced_upload(port, watch, zeros, n):
    wire = port.dial()
    wire.c(get()).s(reply(200))
    upload(wire, n, zeros, splice_away)
    for _ in range(3):
        wire.c(get()).s(reply(404))
    wire.close()
    watch.expect({200: 1, 201: 1, 404: 3})


def test_an_upload_that_is_read(port, watch, zeros):
    wire = port.dial()
    upload(wire, 4 * GIB + 1, zeros, read_away)
    wire.c(get()).s(reply(404)).close()
    watch.expect({201: 1, 404: 1})


def test_a_spliced_chunk(port, watch, zeros):
    n = 2 * GIB + 5
    wire = port.dial()
    wait_in_calls(wire)
    wire.c(head_of_post("Transfer-Encoding: chunked") + b"%x\r\n" % n)
    sending = beside(send_zeros, wire.client, n, zeros)
    splice_away(wire.server, n)
    sending.join()
    wire.c(b"\r\n0\r\n\r\n").s(reply(201)).c(get()).s(reply(404)).close()
    watch.expect({201: 1, 404: 1})


@pytest.mark.parametrize("n", [2 * GIB + 1, 4 * GIB, 4 * GIB + 5], ids=str)
def test_a_download(port, watch, zeros, n):
    wire = port.dial()
    wait_in_calls(wire)
    wire.c(get()).s(head(200, f"Content-Length: {n}"))
    sending = beside(send_zeros, wire.server, n, zeros)
    read_away(wire.client, n)
    sending.join()
    for _ in range(3):
        wire.c(get()).s(reply(404))
    wire.close()
    watch.expect({200: 1, 404: 3})


# ---- many requests of one connection ----

def ask_many(wire, n):
    """n requests, all read, none answered."""
    request = get()
    for _ in range(n // 1000):
        wire.c(request * 1000)
    wire.c(request * (n % 1000))


def books(agent):
    coverage = agent.status()["coverage"]
    return {key: coverage[key] for key in ("seen", "counted", "in_flight", "lost")}


def grown(agent, before):
    return {key: n - before[key] for key, n in books(agent).items()}


@pytest.mark.parametrize("n", [OF_FOUND, OF_FOUND + 1, OF_FOUND + 2, 70000])
@pytest.mark.parametrize("end", ["close", "reset"])
def test_open_when_the_connection_ends(agent, port, n, end):
    before = books(agent)
    full = max(0, n - OF_FOUND - 1)
    wire = port.dial()
    ask_many(wire, n)
    assert grown(agent, before) == {"seen": n, "counted": 0, "lost": full, "in_flight": n - full}
    assert agent.status()["coverage"]["consistent"]
    if end == "close":
        wire.close()
    else:
        hard_close(wire.client)
        wire.server.close()
    assert grown(agent, before) == {"seen": n, "counted": n - full, "lost": full, "in_flight": 0}
    outcomes = agent.service(port.port)["outcomes"]
    assert outcomes["server_abort" if end == "close" else "client_abort"] == n - full


def test_a_configured_service_may_have_all(start_agent, port):
    agent = start_agent("agent: {interval: 1s}\n"
                        f"services: [{{name: x, match: {{port: {port.port}}}}}]\n")
    wire = port.dial()
    ask_many(wire, PENDING + 2)
    assert {k: n for k, n in books(agent).items() if k != "seen"} == \
        {"counted": 0, "lost": 1, "in_flight": PENDING + 1}
    wire.close()
    assert agent.service("x")["outcomes"]["server_abort"] == PENDING + 1


def test_answers_make_room_for_more(agent, port):
    """What is open then lies far apart: the first ones, and some behind those that found no place."""
    before = books(agent)
    wire = port.dial()
    ask_many(wire, 70000)
    wire.s(reply(200) * 1000)
    ask_many(wire, 3000)
    lost = books(agent)["lost"] - before["lost"]
    wire.s(reply(200) * 2000)
    assert grown(agent, before) == {"seen": 73000, "counted": 3000, "lost": lost,
                                    "in_flight": 70000 - lost}
    wire.close()
    assert grown(agent, before) == {"seen": 73000, "counted": 73000 - lost, "lost": lost,
                                    "in_flight": 0}


# ---- numbers that go round ----

@pytest.mark.parametrize("turn", [1 << 31, 1 << 32], ids=["2^31", "2^32"])
@pytest.mark.parametrize("open_at_once", [1, 5])
def test_a_connection_of_so_many_requests(agent, port, watch, turn, open_at_once):
    wire, conns = port.dial(), Conns()
    wire.c(get()).s(reply(200))
    start = turn - 10
    conns.set(wire.server, open__next=start, open__freed=start, state__h1__answering=start)
    for _ in range(20):
        wire.c(get() * open_at_once)
        assert agent.status()["coverage"]["consistent"]
        wire.s(reply(201) * open_at_once)
    assert conns.get(wire.server, "conn.open.next") == (start + 20 * open_at_once + 2) % (1 << 32)
    conns.close()
    wire.close()
    watch.expect({200: 1, 201: 20 * open_at_once})


@pytest.mark.parametrize("turn", [1 << 31, 1 << 32], ids=["2^31", "2^32"])
def test_closed_in_that_turn(port, watch, turn):
    wire, conns = port.dial(), Conns()
    wire.c(get()).s(reply(200))
    start = turn - 3
    conns.set(wire.server, open__next=start, open__freed=start, state__h1__answering=start)
    conns.close()
    wire.c(get() * 7).s(reply(201) * 2).close()
    watch.expect({200: 1, 201: 2}, server_abort=5)


def test_a_pipeline_that_never_runs_dry(port, watch):
    """The place in the connection was last that of number 3, when 2^31 + 3 is opened behind another one."""
    wire, conns = port.dial(), Conns()
    for _ in range(3):
        wire.c(get()).s(reply(200))
    before = (1 << 31) + 2  # not there: as one that found no place
    conns.set(wire.server, open__next=before + 1, open__freed=before, state__h1__answering=before)
    conns.close()
    wire.c(get()).s(reply(503) + reply(201)).close()
    watch.expect({200: 3, 201: 1})

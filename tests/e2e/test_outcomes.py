# SPDX-License-Identifier: GPL-2.0-only
"""Every request ends in exactly one way, and the ways add up."""
import signal
import socket
import time

import pytest

from harness import IN_VM, user_space, wait_until
from history import query
from rawhttp import Client
from wire import Port, get, hard_close, head, read_exactly, reply

UNANSWERED_S = 8 if IN_VM else 2
CONFIG = f"agent: {{interval: 1s, unanswered_after: {UNANSWERED_S}s}}\n"
HALF = head(200, "Content-Length: 1000") + b"x" * 500


@pytest.fixture
def port(agent):
    listening = Port()
    listening.watch = agent.watch(listening.port)
    yield listening
    listening.close()


def in_flight(agent):
    return agent.status()["coverage"]["in_flight"]


def test_server_closes_without_an_answer(port):
    wire = port.dial().c(get())
    wire.server.close()
    port.watch.expect(server_abort=1)


def test_server_closes_after_an_answer_before_the_next(port):
    wire = port.dial().c(get()).s(reply(200)).c(get())
    wire.server.close()
    port.watch.expect({200: 1}, server_abort=1)


def test_server_closes_with_pipelined_requests_left(port):
    wire = port.dial().c(get() * 5).s(reply(200)).s(reply(404))
    wire.server.close()
    port.watch.expect({200: 1, 404: 1}, server_abort=3)


@pytest.mark.parametrize("sent", [HALF, HALF[:20], head(100),
                                  head(200, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n"],
                         ids=["in-body", "in-head", "after-100", "in-chunks"])
def test_server_closes_in_an_answer(port, sent):
    wire = port.dial().c(get()).s(sent)
    wire.server.close()
    port.watch.expect(server_abort=1)


def test_server_resets(port):
    wire = port.dial().c(get())
    hard_close(wire.server)
    port.watch.expect(server_abort=1)


def test_server_resets_in_an_answer(port):
    wire = port.dial().c(get()).s(HALF)
    hard_close(wire.server)
    port.watch.expect(server_abort=1)


def test_server_shuts_down_without_an_answer(port):
    wire = port.dial().c(get())
    wire.server.shutdown(socket.SHUT_WR)
    assert wire.client.recv(1) == b""
    wire.close()
    port.watch.expect(server_abort=1)


def test_what_is_read_in_a_lingering_close_is_no_request(port):
    wire = port.dial().c(get()).s(reply(200))
    wire.server.shutdown(socket.SHUT_WR)
    wire.c(get() + get())
    wire.server.close()
    port.watch.expect({200: 1})


def test_server_ends_a_close_delimited_answer_by_shutdown(port):
    wire = port.dial().c(get()).s(head(200, "Connection: close") + b"body")
    port.watch.expect({})
    wire.server.shutdown(socket.SHUT_WR)
    assert wire.client.recv(1) == b""
    wire.client.close()
    wire.server.close()
    port.watch.expect({200: 1})


@pytest.mark.parametrize("path", ["/stall", "/sleep/60000"])
@pytest.mark.parametrize("model", ["thread", "epoll"])
def test_server_is_killed(agent, helpers, run_server, path, model):
    server = run_server([helpers / "httpd", 0, model, "read", "write"])
    watch = agent.watch(server.port)
    before = in_flight(agent)
    client = Client(server.port)
    client.send(get(path))
    if path == "/stall":
        read_exactly(client.sock, 500)
    assert wait_until(lambda: in_flight(agent) == before + 1)
    server.stop(signal.SIGKILL)
    watch.expect(server_abort=1)
    assert in_flight(agent) == before


@pytest.mark.parametrize("path", ["/drop", "/reset"])
def test_a_real_server_aborts(agent, helpers, run_server, path):
    server = run_server([helpers / "httpd", 0, "thread", "read", "write"])
    watch = agent.watch(server.port)
    for _ in range(10):
        with Client(server.port) as client:
            assert client.ask("/status/201")[0] == 201
            with pytest.raises(ConnectionError):
                client.ask(path)
    watch.expect({201: 10}, server_abort=10)


def test_client_closes_and_the_server_answers_later(port):
    wire = port.dial().c(get())
    wire.client.close()
    wire.server.sendall(reply(200))
    wire.server.close()
    port.watch.expect(client_abort=1)


def test_client_closes_and_the_server_just_closes(port):
    wire = port.dial().c(get())
    wire.client.close()
    assert wire.server.recv(1) == b""
    wire.server.close()
    port.watch.expect(client_abort=1)


def test_client_closes_in_an_answer(port):
    wire = port.dial().c(get()).s(HALF)
    wire.client.close()
    wire.server.sendall(b"x" * 250)
    with pytest.raises(ConnectionError):
        for _ in range(3):
            wire.server.sendall(b"x" * 50)
    wire.server.close()
    port.watch.expect(client_abort=1)


def test_client_closes_with_an_answer_unread(port):
    wire = port.dial().c(get())
    wire.server.sendall(HALF)
    wire.client.close()
    with pytest.raises(ConnectionError):
        wire.server.sendall(b"x" * 100)
    wire.server.close()
    port.watch.expect(client_abort=1)


def test_client_resets(port):
    wire = port.dial().c(get())
    hard_close(wire.client)
    port.watch.expect(client_abort=1)
    with pytest.raises(ConnectionError):
        wire.server.sendall(reply(200))
    wire.server.close()
    port.watch.expect(client_abort=1)


def test_client_resets_in_an_answer(port):
    wire = port.dial().c(get() * 2).s(reply(200) + HALF)
    hard_close(wire.client)
    port.watch.expect({200: 1}, client_abort=1)


def test_client_half_closes_and_reads_the_answer(port):
    wire = port.dial().c(get())
    wire.client.shutdown(socket.SHUT_WR)
    assert wire.server.recv(1) == b""
    wire.s(reply(200), 10)
    wire.close()
    port.watch.expect({200: 1})


def test_client_leaves_after_its_answer(port):
    wire = port.dial().c(get()).s(reply(200))
    hard_close(wire.client)
    port.watch.expect({200: 1})
    wire.server.close()
    port.watch.expect({200: 1})


def test_idle_connections_end_as_nothing(port):
    for end in (lambda w: w.server.close(), lambda w: w.client.close(),
                lambda w: hard_close(w.client), lambda w: hard_close(w.server)):
        wire = port.dial()
        end(wire)
    port.watch.expect({})


def test_in_flight_is_seen_while_it_lasts(agent, port):
    before = in_flight(agent)
    wires = [port.dial().c(get()) for _ in range(7)]
    wires.append(port.dial().c(get() * 3))
    assert in_flight(agent) == before + 10
    for i, wire in enumerate(wires[:7]):
        wire.s(reply(200))
        assert in_flight(agent) == before + 9 - i
    wires[7].s(reply(404) * 3)
    assert in_flight(agent) == before
    port.watch.expect({200: 7, 404: 3})


def test_unanswered_is_counted_once_and_a_late_answer_is_not(agent, port):
    before = in_flight(agent)
    wire = port.dial()
    start = time.monotonic()
    wire.c(get())
    time.sleep(UNANSWERED_S / 2)
    port.watch.expect({})
    assert in_flight(agent) == before + 1
    if agent.real:
        assert wait_until(lambda: port.watch.delta()["requests"] == 1)
    assert time.monotonic() - start >= UNANSWERED_S
    port.watch.expect(unanswered=1)
    assert in_flight(agent) == before
    wire.s(reply(200))
    port.watch.expect(unanswered=1)
    wire.c(get()).s(reply(404))
    port.watch.expect({404: 1}, unanswered=1)


@user_space
def test_unanswered_is_recorded_while_nobody_asks(agent, port):
    # the steps have to see to it: a read of the status would, too
    if not agent.real:
        pytest.skip("no agent")
    wire = port.dial().c(get()).s(reply(200))
    service = agent.service(port.port)["name"]
    wire.c(get())

    def on_disk():
        return query(agent.state, "SELECT coalesce(sum(requests), 0) FROM series"
                                  " WHERE service = ? AND outcome = 'unanswered'", service)[0][0]
    assert wait_until(on_disk, UNANSWERED_S + 5) == 1
    port.watch.expect({200: 1}, unanswered=1)


def test_unanswered_and_then_closed_is_unanswered(agent, port):
    wires = [port.dial().c(get()) for _ in range(2)]
    if agent.real:
        assert wait_until(lambda: port.watch.delta()["requests"] == 2)
    wires[0].server.close()
    hard_close(wires[1].client)
    port.watch.expect(unanswered=2)


def test_a_slow_answer_that_has_begun_is_not_unanswered(agent, port):
    wire = port.dial().c(get()).s(HALF)
    time.sleep(UNANSWERED_S * 2)
    port.watch.expect({})
    wire.s(b"x" * 500)
    port.watch.expect({200: 1})

# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/1.x, HTTP/2 and TLS on one port; ports that change their mind; what only looks like frames."""
import collections
import threading

import pytest

from counted import Books
from frames import HEADERS, PREFACE, SETTINGS_ACK, Talk, block, data, frame, goaway, settings
from harness import user_space, wait_until
from http2_clients import Http2Client, curl, h2load
from rawhttp import Client
from tls import answers, certificate, dial
from wire import Port, get, reply

CONFIG = "agent: {interval: 1s}\ntls: servers\n"
REQUEST = block(1, b"\x82\x86\x84\x41\x04test", True)


@pytest.fixture
def port():
    listening = Port()
    yield listening
    listening.close()


@user_space
def test_all_at_once(agent, helpers, tmp_path, run_server):
    if not (helpers / "h2d-go").exists():
        pytest.skip("no Go compiler when the helpers were built")
    server = run_server([helpers / "h2d-go", 0, *certificate(tmp_path), "both"])

    def over_tls():
        books = Books(agent, server.port)
        client = Http2Client(server.port, True)
        client.wait(client.ask())
        client.close()
        return wait_until(lambda: books.watch.delta()["requests"] == 1, 0.3)

    assert not agent.real or wait_until(over_tls, 15, 0.05)
    books, total, lock = Books(agent, server.port), collections.Counter(), threading.Lock()

    def add(got):
        with lock:
            total.update(got)

    def http1():
        for i in range(100):
            with Client(server.port) as client:
                add([client.ask(f"/status/{400 + i % 5}")[0] for _ in range(3)])

    def http1_tls():
        for i in range(50):
            with dial(server.port) as sock:
                sock.sendall(get(f"/status/{500 + i % 5}"))
                add(answers(sock, 1))

    work = [http1, http1_tls, lambda: add(h2load(server.port, False, 2000, 5, 20)),
            lambda: add(h2load(server.port, True, 2000, 5, 20)),
            lambda: add(curl(server.port, True, ["/status/204"] * 50, "--http2")),
            lambda: add(curl(server.port, False, ["/status/202"] * 50))]
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(total.values()) == 300 + 50 + 4000 + 100
    books.expect(total)


def test_a_port_that_changes_its_mind(agent):
    """Another server listens on it, which speaks another protocol; and clients come of either."""
    first = Port()
    number, books = first.port, Books(agent, first.port)
    for _ in range(5):
        first.dial().c(get()).s(reply(200)).close()
    first.close()
    second = Port(number)
    for _ in range(5):
        talk = Talk(second)
        talk.answer(talk.ask("/"), 404).close()
    second.close()
    third = Port(number)
    for _ in range(5):
        third.dial().c(get()).s(reply(201)).close()
        talk = Talk(third)
        talk.answer(talk.ask("/"), 202).close()
    third.close()
    books.expect({200: 5, 404: 5, 201: 5, 202: 5})


LOOKALIKES = {
    "request-frames": ([REQUEST, data(1, b"x")], [settings(), block(1, b"\x88", True)]),
    "settings": ([settings()], [settings()]),
    "headers-both": ([frame(HEADERS, 5, 1, b"\x82\x84")] * 3, [frame(HEADERS, 5, 1, b"\x88")] * 3),
    "preface-of-the-server": ([settings() + REQUEST], [PREFACE + settings() + block(1, b"\x88", True)]),
    "preface-wrong": ([PREFACE[:-3] + b"x\r\n" + settings() + REQUEST], [settings() + block(1, b"\x88", True)]),
    "preface-lower": ([PREFACE.lower() + settings() + REQUEST], [settings() + block(1, b"\x88", True)]),
    "preface-late": ([b"\0" + PREFACE + settings() + REQUEST], [settings() + block(1, b"\x88", True)]),
    "database": ([b"\0\0\0\x08\x04\xd2\x16\x2f", b"\0\0\0\x20" + bytes(28)], [b"N", b"R\0\0\0\x08\0\0\0\0"]),
    "zeroes": ([bytes(900)], [bytes(900)]),
}


@pytest.mark.parametrize("kind", LOOKALIKES)
@pytest.mark.parametrize("cut", [None, 1])
@pytest.mark.parametrize("server_first", [False, True], ids=["client-first", "server-first"])
def test_what_only_looks_like_it_is_left_alone(agent, port, kind, cut, server_first):
    """It is neither counted nor named as something that was missed, and hides nothing that comes after."""
    books = Books(agent, port.port)
    client, server = LOOKALIKES[kind]
    for _ in range(3):
        wire = port.dial()
        for mine, theirs in zip(client, server):
            if server_first:
                wire.s(theirs, cut).c(mine, cut)
            else:
                wire.c(mine, cut).s(theirs, cut)
        wire.close()
    books.expect()
    port.dial().c(get()).s(reply(404)).close()
    talk = Talk(port)
    talk.answer(talk.ask("/"), 200).close()
    books.expect({404: 1, 200: 1})


def test_a_preface_that_nobody_answers(agent, port):
    books = Books(agent, port.port)
    for _ in range(3):
        port.dial().c(PREFACE + settings()).close()
        port.dial().c(PREFACE[:10]).close()
    books.expect()


def test_a_server_that_refuses_at_once(agent, port):
    """Its connection had no request, whatever the client sends behind the preface."""
    books = Books(agent, port.port)
    wire = port.dial().c(PREFACE + settings()).s(settings() + goaway(0, 11, b"calm"))
    wire.close()
    wire = port.dial().c(PREFACE + settings() + REQUEST).s(settings() + SETTINGS_ACK + goaway(0, 11, b"calm"))
    wire.close()
    books.expect(not_accepted=1)

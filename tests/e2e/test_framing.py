# SPDX-License-Identifier: GPL-2.0-only
"""What is one request and one response, however the bytes are cut into system calls."""
import ctypes
import os
import socket

import pytest

from framing_cases import CASES, FAKE, FAKE_REPLY, LONG_CASES, TE
from harness import scaled
from wire import Port, chunked, get, head, read_exactly, reply


@pytest.fixture(scope="module")
def port(agent):
    listening = Port()
    listening.agent = agent
    yield listening
    listening.close()


@pytest.fixture
def watch(agent, port):
    return agent.watch(port.port)


def play(wire, turns, how=None, read=None):
    for who, data in turns:
        if who == "c":
            wire.c(data, how, read)
        else:
            wire.s(data, how)
    wire.close()


WAYS = {"whole": (None, None), "byte-by-byte": (1, None), "read-byte-by-byte": (None, 1),
        "by-7": (7, None), "by-64-read-by-11": (64, 11)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_case(port, watch, case, way):
    turns, want = CASES[case]
    play(port.dial(), turns, *WAYS[way])
    watch.expect(want)


@pytest.mark.parametrize("way", [(None, None), (4096, None), (None, 4096), (1000, 333)], ids=str)
@pytest.mark.parametrize("case", LONG_CASES)
def test_long_case(port, watch, case, way):
    turns, want = LONG_CASES[case]
    play(port.dial(), turns, *way)
    watch.expect(want)


@pytest.mark.parametrize("case", ["pipelined", "chunked-trailers", "chunked-extensions",
                                  "bodies-pipelined", "continue", "lf-only"])
def test_cut_at_every_place(port, watch, case):
    turns, want = CASES[case]
    longest = max(len(data) for _, data in turns)
    for place in range(1, longest):
        play(port.dial(), turns, [place])
    watch.expect({code: n * (longest - 1) for code, n in want.items()})


def test_a_connection_used_a_thousand_times(port, watch):
    wire, n = port.dial(), scaled(1000, 100)
    for i in range(n):
        wire.c(get(f"/{i}")).s(reply(200 if i % 2 else 404))
    watch.expect({200: n // 2, 404: n - n // 2})
    wire.close()


def test_peeking_does_not_count(port, watch):
    wire = port.dial()
    request = get(method="POST", body=FAKE)
    for _ in range(3):
        wire.client.sendall(request)
        for size in (1, 10, len(request), 10):
            peeked = wire.server.recv(size, socket.MSG_PEEK)
            assert peeked == request[:len(peeked)]
        read_exactly(wire.server, len(request))
        wire.s(reply(200))
    watch.expect({200: 3})


def test_the_client_may_peek_too(port, watch):
    wire = port.dial()
    wire.c(get())
    wire.server.sendall(reply(200))
    assert wire.client.recv(1000, socket.MSG_PEEK) == reply(200)
    assert wire.client.recv(1000) == reply(200)
    watch.expect({200: 1})


def test_reads_that_end_inside_the_next_request(port, watch):
    wire = port.dial()
    both = get("/one") + get("/two", method="POST", body=FAKE)
    wire.c(both, read=len(get("/one")) + 9)
    wire.s(reply(200) + reply(404), [len(reply(200)) + 9])
    watch.expect({200: 1, 404: 1})


def test_empty_reads_and_refused_writes_are_nothing(port, watch):
    wire = port.dial()
    wire.server.setblocking(False)
    with pytest.raises(BlockingIOError):
        wire.server.recv(100)
    wire.client.sendall(get())
    assert read_exactly(wire.server, len(get())) == get()
    with pytest.raises(BlockingIOError):
        wire.server.recv(100)
    assert wire.server.send(b"") == 0
    wire.s(reply(200))
    watch.expect({200: 1})


@pytest.mark.parametrize("by", ["send", "writev", "sendmsg", "sendfile", "splice"])
def test_partial_writes(port, watch, by, tmp_path):
    """The response is over when its last byte is handed over, not before."""
    size = 8 << 20
    wire = port.dial()
    wire.server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    wire.c(get())
    wire.server.setblocking(False)
    wire.server.send(head(200, f"Content-Length: {size}"))
    body = (FAKE_REPLY * (size // len(FAKE_REPLY) + 1))[:size]
    (tmp_path / "body").write_bytes(body)
    file = os.open(tmp_path / "body", os.O_RDONLY)
    pipe = os.pipe()
    sent = received = piped = refused = 0
    while sent < size:
        try:
            if by == "send":
                sent += wire.server.send(body[sent:])
            elif by == "writev":
                sent += os.writev(wire.server.fileno(), [body[sent:sent + 100], body[sent + 100:]])
            elif by == "sendmsg":
                sent += wire.server.sendmsg([body[sent:sent + 100], body[sent + 100:]])
            elif by == "sendfile":
                sent += os.sendfile(wire.server.fileno(), file, sent, size - sent)
            else:
                if not piped:
                    piped = os.splice(file, pipe[1], 65536)
                moved = os.splice(pipe[0], wire.server.fileno(), piped)
                sent += moved
                piped -= moved
        except BlockingIOError:
            if not refused:
                watch.expect({})
            refused += 1
            received += len(wire.client.recv(1 << 20))
    assert refused
    watch.expect({200: 1})
    wire.client.settimeout(10)
    headed = len(head(200, f"Content-Length: {size}"))
    while received < size + headed:
        received += len(wire.client.recv(1 << 20))
    wire.c(get()).s(reply(404))
    watch.expect({200: 1, 404: 1})
    for fd in (file, *pipe):
        os.close(fd)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_uint32),
                ("vectors", ctypes.POINTER(Vector)), ("n_vectors", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_len", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("pad", ctypes.c_int), ("done", ctypes.c_uint)]


def many_at_once(call, sock, parts):
    """sendmmsg or recvmmsg of one message for each part."""
    buffers = [ctypes.create_string_buffer(part, len(part)) for part in parts]
    vectors = (Vector * len(parts))()
    messages = (Message * len(parts))()
    for i, part in enumerate(parts):
        vectors[i] = Vector(ctypes.addressof(buffers[i]), len(part))
        messages[i].vectors, messages[i].n_vectors = ctypes.pointer(vectors[i]), 1
    libc = ctypes.CDLL(None, use_errno=True)
    n = getattr(libc, call)(sock.fileno(), messages, len(parts), 0, None)
    assert n == len(parts), os.strerror(ctypes.get_errno())
    assert [m.done for m in messages] == [len(part) for part in parts]


@pytest.mark.parametrize("hidden", [1, 2, 5])
def test_bodies_among_many_messages_of_one_call(port, watch, hidden):
    """Bytes of a body are not looked at; the messages behind them are found all the same."""
    body = FAKE.ljust(2000, b".")
    pieces = [body[i * 300:i * 300 + 300] for i in range(hidden)]
    rest = body[hidden * 300:]
    asked = [get("/1", f"Content-Length: {len(body)}", method="POST"), *pieces, rest, get("/2"),
             get("/3")]
    wire = port.dial()
    wire.client.sendall(b"".join(asked))
    many_at_once("recvmmsg", wire.server, asked)
    answers = [head(200, f"Content-Length: {len(body)}"), *pieces, rest, reply(404), reply(503)]
    many_at_once("sendmmsg", wire.server, answers)
    read_exactly(wire.client, sum(map(len, answers)))
    watch.expect({200: 1, 404: 1, 503: 1})


def test_an_answer_after_the_next_request_was_read(port, watch):
    wire = port.dial()
    wire.c(get("/1")).c(get("/2"))
    watch.expect({})
    wire.s(head(200, TE)).s(chunked(b"x", FAKE_REPLY)).s(reply(404))
    watch.expect({200: 1, 404: 1})


def test_many_connections_in_turn(port, watch):
    wires = [port.dial() for _ in range(100)]
    for data in (get()[:10], get()[10:]):
        for wire in wires:
            wire.c(data)
    for data in (reply(200)[:20], reply(200)[20:]):
        for wire in wires:
            wire.s(data)
    watch.expect({200: 100})

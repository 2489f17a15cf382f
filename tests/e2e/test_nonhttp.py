# SPDX-License-Identifier: GPL-2.0-only
"""What is not HTTP counts nothing; what cannot be measured is named."""
import os
import socket
import ssl

import pytest

from harness import HERE, run_load, scaled, wait_until
from wire import Port, get, read_exactly, reply


@pytest.fixture
def blob(run_server):
    return lambda kind: run_server(["/usr/bin/python3", HERE / "servers" / "blob.py", kind]).port


@pytest.fixture
def nothing_counted(agent, helpers, run_server):
    """After the test: no service for its port, and HTTP beside it is exact."""
    ports = []
    http = run_server([helpers / "httpd", 0, "epoll", "read", "write"]).port
    watch = agent.watch(http)
    yield ports.append
    result = run_load(helpers, http, 500, conns=8)
    watch.expect(result["status"])
    if agent.real:
        status = agent.status()
        assert not [s for s in status["services"] if s.get("port") in ports]


def dial(port):
    return socket.create_connection(("127.0.0.1", port), 30)


def test_ping_pong(blob, nothing_counted):
    port = blob("ping")
    nothing_counted(port)
    with dial(port) as s:
        for _ in range(scaled(5000, 200)):
            s.sendall(b"*1\r\n$4\r\nPING\r\n")
            assert s.recv(100) == b"+PONG\r\n"
        s.sendall(b"*1\r\n$4\r\nPING\r\n" * 100)
        read_exactly(s, 700)


@pytest.mark.parametrize("kind", ["random", "later-like-http"])
def test_bulk_stream(blob, nothing_counted, kind):
    port = blob("bulk")
    nothing_counted(port)
    block = os.urandom(65536) if kind == "random" else b"\x00\x01start" + get() * 1000
    with dial(port) as s:
        for _ in range(scaled(500, 20)):
            s.sendall(block)
            assert read_exactly(s, len(block)) == block


def test_a_server_that_speaks_first(agent, nothing_counted):
    port = Port()
    nothing_counted(port.port)
    wire = port.dial()
    wire.s(b"220 mail ready\r\n").c(b"EHLO x\r\n").s(b"250 ok\r\n").c(b"QUIT\r\n").s(b"221 bye\r\n")
    port.close()


def test_words_that_begin_like_methods(nothing_counted):
    port = Port()
    nothing_counted(port.port)
    for words in (b"GET key\r\n", b"SET a b\r\n", b"GET\r\n", b"POST\n", b"get foo bar\r\n",
                  b"PUT 1 2 3 4\r\nhello\r\n", b"OPTIONS\x00", b"HEAD of line\r\n"):
        port.dial().c(words, 1).s(b"VALUE key 0 5\r\nhello\r\nEND\r\n").close()
    port.close()


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="test")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def unmeasured(agent, port):
    return [u for u in agent.status()["coverage"]["unmeasured"] if u["port"] == port]


@pytest.mark.parametrize("mode", ["wait", "poll"])
def test_io_uring_is_named_as_unmeasured(agent, helpers, run_server, nothing_counted, mode):
    """Its reads end in whatever system call comes next: no byte of that is taken for HTTP."""
    port = run_server([helpers / "uring", mode]).port
    nothing_counted(port)
    for _ in range(20):
        with dial(port) as s:
            for _ in range(5):
                s.sendall(get(method="POST"))
                assert s.recv(1000).startswith(b"HTTP/1.1 200")
    if not agent.real:
        return
    assert [u["reason"].split(":")[0] for u in unmeasured(agent, port)] == ["io_uring"]


def test_mptcp_is_named_as_unmeasured(agent, nothing_counted):
    if agent.real and agent.status()["agent"]["hook"] == "fexit":
        pytest.skip("fexit hooks see no MPTCP socket: tcp_recvmsg() is not called for it")
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    except OSError as error:
        pytest.skip(f"this kernel has no MPTCP: {error}")
    with listener, client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        nothing_counted(port)
        client.connect(("127.0.0.1", port))
        server, _ = listener.accept()
        for _ in range(3):
            client.sendall(get())
            assert read_exactly(server, len(get())) == get()
            server.sendall(reply(200))
            assert read_exactly(client, len(reply(200))) == reply(200)
        if agent.real:
            assert [u["reason"].split(":")[0] for u in unmeasured(agent, port)] == ["mptcp"]
        server.close()


def test_tls_is_named_as_unmeasured(agent, blob, nothing_counted):
    port = blob("tls")
    nothing_counted(port)
    for _ in range(3):
        with dial(port) as s:
            s.sendall(client_hello())
            assert s.recv(5)[:3] == b"\x16\x03\x03"
    if not agent.real:
        return
    assert wait_until(lambda: unmeasured(agent, port))
    named = unmeasured(agent, port)
    assert len(named) == 1
    assert "tls" in named[0]["reason"].lower() and named[0]["process"].startswith("python")


def test_http_and_other_connections_to_one_port(agent, nothing_counted):
    port = Port()
    watch = agent.watch(port.port)
    for _ in range(10):
        port.dial().c(b"\x00\x01\x02 not http", 3).s(b"\x05\x06").close()
        port.dial().c(get()).s(reply(200)).close()
        port.dial().c(client_hello()).s(b"\x15\x03\x01\x00\x02\x02\x46").close()
    watch.expect({200: 10})
    # a handshake with a plain HTTP server is no blind spot
    assert not agent.real or not unmeasured(agent, port.port)
    port.close()

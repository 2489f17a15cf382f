# SPDX-License-Identifier: GPL-2.0-only
"""Connections that OpenSSL hands to the kernel (kTLS) are counted by the plaintext of their sockets, and not twice."""
import subprocess
import time

import pytest

import ktls
from frames import Talk, block, data
from harness import scaled, tool, wait_until
from ktls import Handed, LatePort
from nginx import Nginx
from tls import VERSIONS, answers, blind, certificate, counted_from, dial
from wire import get, reply

CONFIG = "agent: {interval: 1s}\ntls: servers\n"
OPTIONS = f"ssl_protocols TLSv1.2 TLSv1.3; {ktls.OPTIONS}"


@pytest.fixture(scope="module", autouse=True)
def has_ktls():
    with ktls.module():
        yield


@pytest.fixture
def server(helpers, tmp_path, run_server):
    return run_server([helpers / "tlsd", 0, "ktls", *certificate(tmp_path)])


@pytest.mark.parametrize("version", VERSIONS)
def test_each_request_counts_once(agent, server, version):
    watch, before = counted_from(agent, server.port), blind(agent, server.port)
    with Handed(version), dial(server.port, version) as sock:
        for path in ("/", "/status/404", "/bytes/50000", "/file/70000", "/file/1", "/status/503"):
            sock.sendall(get(path))
            answers(sock, 1)
        sock.sendall(get() * 5)
        assert answers(sock, 5) == [200] * 5
        sock.sendall(get(method="POST", body=b"x" * 100000))
        assert answers(sock, 1) == [200]
        for byte in get():
            sock.sendall(bytes([byte]))
        assert answers(sock, 1) == [200]
    watch.expect({200: 11, 404: 1, 503: 1})
    assert blind(agent, server.port) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_bodies_that_are_spliced(agent, server, version):
    """From a pipe to the socket; and from it to a pipe, where the kernel decrypts, which no hook on reading shows."""
    watch, before = counted_from(agent, server.port), blind(agent, server.port)
    with Handed(version), dial(server.port, version) as sock:
        for size in (1, 5000, 200000):
            head = get(f"/spliced/{size}", f"Content-Length: {size}", method="POST")
            sock.sendall(head)
            time.sleep(0.02)  # in a record of its own
            sock.sendall(b"x" * size)
            assert answers(sock, 1) == [200]
            sock.sendall(get("/status/404"))
            assert answers(sock, 1) == [404]
    watch.expect({200: 3, 404: 3})
    assert blind(agent, server.port) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_nginx_sends_files(agent, tmp_path, version):
    nginx = Nginx(tmp_path / "nginx", "files", tls=OPTIONS)
    try:
        watch = counted_from(agent, nginx.port)
        with Handed(version), dial(nginx.port, version) as sock:
            for size in (5, 3000, 100000):
                sock.sendall(get(f"/bytes/{size}"))
                assert answers(sock, 1) == [200]
            sock.sendall(get("/bytes/100000") * 3 + get("/none"))
            assert answers(sock, 4) == [200, 200, 200, 404]
        watch.expect({200: 6, 404: 1})
    finally:
        nginx.stop()


def test_many_at_once(agent, tmp_path):
    nginx = Nginx(tmp_path / "nginx", tls=OPTIONS)
    n = scaled(5000)
    try:
        watch = counted_from(agent, nginx.port)
        for keep in ([], ["-k"]):
            out = subprocess.run([tool("ab"), "-q", *keep, "-n", str(n), "-c", "8",
                                  f"https://127.0.0.1:{nginx.port}/"], check=True,
                                 capture_output=True, timeout=250).stdout.decode()
            assert "Non-2xx" not in out, out
        watch.expect({200: 2 * n})
    finally:
        nginx.stop()


def test_sending_that_is_handed_over_later(agent, tmp_path):
    """In the middle of an answer, by a server that has its own way with the keys."""
    port = LatePort(*certificate(tmp_path), tmp_path / "secrets")

    def counted():
        watch = agent.watch(port.port)
        port.dial().c(get()).s(reply()).close()
        return wait_until(lambda: watch.delta()["requests"] == 1, 0.3)

    try:
        assert not agent.real or wait_until(counted, 15, 0.05), agent.status()["coverage"]
        watch, before = agent.watch(port.port), blind(agent, port.port)
        wire, some = port.dial(), reply(200, b"x" * 40000)
        wire.c(get()).s(reply(404)).c(get()).s(some[:30000]).hand_over()
        wire.s(some[30000:]).c(get()).s(reply(503)).close()
        watch.expect({200: 1, 404: 1, 503: 1})
        talk = Talk(port)
        talk.answer(talk.ask("/"), 404)
        stream = talk.ask("/")
        some = block(stream, talk.server.encode([(":status", "201")])) + data(stream, b"x" * 16000)
        talk.s(some[:7000])
        talk.wire.hand_over()
        talk.s(some[7000:]).answer(talk.ask("/"), 503)
        talk.close()
        watch.expect({200: 1, 404: 2, 503: 2, 201: 1})
        assert blind(agent, port.port) == before
    finally:
        port.close()

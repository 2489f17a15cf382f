# SPDX-License-Identifier: GPL-2.0-only
"""Requests inside of TLS are counted as those outside: N sent, N answered, N logged, N counted."""
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess

import pytest

from harness import if_long_in_vm, long_one, stand_still, tool, wait_until
from nginx import Nginx
from tls import VERSIONS, answers, blind, certificate, client_context, counted_from, dial
from tls_servers import NAMES, TlsServer
from wire import get, hard_close

CONFIG = "agent: {interval: 1s}\ntls: servers\n"


@pytest.fixture(params=NAMES)
def server(request, helpers, tmp_path):
    running = TlsServer(request.param, helpers, tmp_path / "server")
    yield running
    running.stop()


def add(total, *statuses):
    for status in statuses:
        total[status] = total.get(status, 0) + 1


def ask_as_python(server, version, total):
    with dial(server.port, version) as sock:
        for path in ("/index.html", "/index.html", server.missing):
            sock.sendall(get(path))
            add(total, *answers(sock, 1))
        sock.sendall(get("/index.html") * 5)  # in one record
        add(total, *answers(sock, 5))
        for piece in (get("/index.html")[:7], get("/index.html")[7:]):  # in two
            sock.sendall(piece)
        add(total, *answers(sock, 1))
        if server.name not in ("nginx", "apache2", "lighttpd", "haproxy", "stunnel"):
            sock.sendall(get(method="POST", body=b"x" * 300000))
            add(total, *answers(sock, 1))
        session = sock.session
    if session:
        with dial(server.port, None, session, sock.context) as again:
            again.sendall(get("/index.html", "Connection: close"))
            add(total, *answers(again, 1))


def ask_as_curl(server, total):
    url = f"https://127.0.0.1:{server.port}"
    for version in VERSIONS:
        out = subprocess.run(["curl", "-sk", "--http1.1", "--tls-max", version, "-o", "/dev/null",
                              "-o", "/dev/null", "-w", "%{http_code} ", url + "/index.html",
                              url + server.missing], check=True, capture_output=True, timeout=30)
        add(total, *map(int, out.stdout.split()))


def ask_as_ab(server, total):
    for keep in ([], ["-k"]):
        out = subprocess.run([tool("ab"), "-q", *keep, "-n", "40", "-c", "4",
                              f"https://127.0.0.1:{server.port}/index.html"], check=True,
                             capture_output=True, timeout=60).stdout.decode()
        assert re.search(r"Complete requests: +40\n", out) and "Non-2xx" not in out, out
        total[200] = total.get(200, 0) + 40


def test_what_clients_got_is_counted(agent, server):
    watch, total = counted_from(agent, server.port), {}
    before = blind(agent, server.port)
    for version in VERSIONS:
        ask_as_python(server, version, total)
        watch.expect(total)
    ask_as_curl(server, total)
    watch.expect(total)
    if server.name in ("nginx", "apache2", "lighttpd", "haproxy", "node"):  # they know HTTP/1.0
        ask_as_ab(server, total)
    watch.expect(total)
    assert blind(agent, server.port) == before
    if agent.real:
        service = agent.service(server.port)
        assert service["tls_connections"] == service["measured_connections"] > 0
    server.stop()
    watch.expect(total)
    logged = server.logged()
    if logged is not None:
        logged = logged[getattr(watch, "asked", 0):]
        assert (len(logged), logged.count("404")) == (sum(total.values()), total[404])


@if_long_in_vm
@pytest.mark.parametrize("name", ["openssl", "static-bio", "gnutls"])
def test_large_answers(agent, helpers, tmp_path, name):
    server = TlsServer(name, helpers, tmp_path)
    try:
        watch = counted_from(agent, server.port)
        for n in (16000, 16384, 16385, 3000000):
            with dial(server.port) as sock:
                sock.sendall(get(f"/bytes/{n}") * 2)
                answers(sock, 2)
        watch.expect({200: 8})
    finally:
        server.stop()


class Cutting:
    """A client of whose records a part can be sent."""

    def __init__(self, port, version):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client_context(VERSIONS[version]).wrap_bio(self.incoming, self.outgoing,
                                                              server_hostname="localhost")
        self.sock = socket.create_connection(("127.0.0.1", port), 30)
        self.until_done(self.tls.do_handshake)

    def until_done(self, call, *args):
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                return call(*args)
            self.sock.sendall(self.outgoing.read())
            self.incoming.write(self.sock.recv(65536))

    def sendall(self, data, cut=None):
        self.tls.write(data)
        self.sock.sendall(self.outgoing.read()[:cut])

    def recv(self, n):
        return self.until_done(self.tls.read, n)


@if_long_in_vm
@pytest.mark.parametrize("name", ["nginx", "openssl", "bio", "gnutls", "python"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_reset_within_a_record(agent, helpers, tmp_path, name, version):
    """What the library has not been given whole is no request."""
    server = TlsServer(name, helpers, tmp_path)
    try:
        watch = counted_from(agent, server.port)
        for cut in (3, 20, -1):
            client = Cutting(server.port, version)
            client.sendall(get())
            assert answers(client, 1) == [200]
            client.sendall(get(), cut)
            hard_close(client.sock)
        watch.expect({200: 3})
        with dial(server.port, version) as sock:
            sock.sendall(get())
            assert answers(sock, 1) == [200]
        watch.expect({200: 4})
    finally:
        server.stop()


@if_long_in_vm
@pytest.mark.parametrize("name", ["openssl", "bio", "node", "asyncio"])
@pytest.mark.parametrize("version", VERSIONS)
def test_who_leaves_before_the_answer_is_counted(agent, helpers, tmp_path, name, version):
    """A library over memory has written the answer then, and the server sends it no more: nothing was missed."""
    server = TlsServer(name, helpers, tmp_path)
    try:
        watch, before = counted_from(agent, server.port), blind(agent, server.port)
        lost = agent.lost()
        for _ in range(20):
            with dial(server.port, version) as sock:
                sock.sendall(get())
                answers(sock, 1)
                sock.sendall(get())
        assert wait_until(lambda: watch.delta()["requests"] == 40), watch.delta()
        got = watch.delta()["outcomes"]
        assert got["complete"] >= 20 and got["complete"] + got["client_abort"] == 40, got
        assert (blind(agent, server.port), agent.lost()) == (before, lost)
    finally:
        server.stop()


@if_long_in_vm
def test_read_behind_the_reset(agent, helpers, tmp_path):
    server = TlsServer("openssl", helpers, tmp_path)
    try:
        watch = counted_from(agent, server.port)
        for version in VERSIONS:
            with dial(server.port, version) as sock:
                sock.sendall(get())
                answers(sock, 1)
                stand_still(server.processes[0].pid)
                sock.sendall(get())
                hard_close(sock)
                os.kill(server.processes[0].pid, signal.SIGCONT)
        watch.expect({200: 2}, client_abort=2)
    finally:
        server.stop()


@if_long_in_vm
def test_a_client_certificate(agent, tmp_path):
    nginx = Nginx(tmp_path / "nginx", tls="ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client optional_no_ca;")
    try:
        watch = counted_from(agent, nginx.port)
        for version in VERSIONS.values():
            context = client_context(version)
            context.load_cert_chain(*certificate(tmp_path, "client"))
            with dial(nginx.port, context=context) as sock:
                sock.sendall(get() * 2)
                assert answers(sock, 2) == [200, 200]
        watch.expect({200: 4})
    finally:
        nginx.stop()


def test_early_data(agent, tmp_path):
    nginx = Nginx(tmp_path / "nginx", tls="ssl_early_data on; ssl_protocols TLSv1.3;")
    request = tmp_path / "request"
    request.write_bytes(get("/", "Connection: close"))
    s_client = ["openssl", "s_client", "-connect", f"127.0.0.1:{nginx.port}", "-tls1_3", "-ign_eof"]
    try:
        watch = counted_from(agent, nginx.port)
        for options, fed in ((["-sess_out", tmp_path / "session"], request.read_bytes()),
                             (["-sess_in", tmp_path / "session", "-early_data", request], b"")):
            out = subprocess.run([*s_client, *options], input=fed, capture_output=True, timeout=30,
                                 check=False).stdout
            assert b"HTTP/1.1 200" in out, out
        assert b"Early data was accepted" in out, out
        watch.expect({200: 2})
    finally:
        nginx.stop()


def h2load(port, requests, clients):
    out = subprocess.run([tool("h2load"), "--h1", "-n", str(requests), "-c", str(clients),
                          f"https://127.0.0.1:{port}/"], capture_output=True, text=True,
                         timeout=300, check=True).stdout
    assert f"{requests} succeeded, 0 failed" in out, out


@pytest.mark.parametrize("clients", [100, long_one(10000)])
def test_many_at_once(agent, helpers, tmp_path, clients):
    server = TlsServer("nginx", helpers, tmp_path)
    try:
        watch = counted_from(agent, server.port)
        before = blind(agent, server.port)
        h2load(server.port, 3 * clients, clients)
        watch.expect({200: 3 * clients})
        assert blind(agent, server.port) == before
    finally:
        server.stop()


@if_long_in_vm
def test_wrk_hangs_up(agent, helpers, tmp_path):
    """On requests under way, so the server's own log says how many there were."""
    clients = 32
    server = TlsServer("nginx", helpers, tmp_path)
    watch = counted_from(agent, server.port)
    out = subprocess.run([tool("wrk"), "-t2", f"-c{clients}", "-d2s",
                          f"https://127.0.0.1:{server.port}/"], capture_output=True, text=True,
                         timeout=60, check=True).stdout
    told = int(re.search(r"(\d+) requests in", out).group(1))
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    server.stop()
    logged = len(server.logged()) - getattr(watch, "asked", 0)
    assert told <= logged <= told + clients
    if not agent.real:
        return
    got = watch.delta()
    assert got["requests"] == logged
    assert got["outcomes"]["complete"] + got["outcomes"]["client_abort"] == logged
    assert got["outcomes"]["complete"] >= told
    agent.check_sums()

# SPDX-License-Identifier: GPL-2.0-only
"""Requests inside of TLS are counted as those outside: N sent, N answered, N logged, N counted."""
import contextlib
import re
import socket
import ssl
import subprocess

import pytest

from harness import if_long, tool, user_space, wait_until
from nginx import Nginx
from tls import certificate, client_context
from tls_servers import NAMES, TlsServer
from wire import get, hard_close

pytestmark = [user_space, if_long]
CONFIG = "agent: {interval: 1s}\ntls: servers\n"
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@pytest.fixture(autouse=True)
def measures_tls(agent):
    if agent.real and not agent.status().get("tls"):
        pytest.skip("this agent does not look inside of TLS")


def dial(port, version=None, session=None, context=None):
    context = context or client_context(VERSIONS.get(version))
    sock = socket.create_connection(("127.0.0.1", port), 5)
    return context.wrap_socket(sock, server_hostname="localhost", session=session)


def answers(sock, n):
    """Statuses of n answers, read to their ends."""
    got, statuses = b"", []
    while len(statuses) < n:
        head = re.match(rb"HTTP/1.1 (\d+)(?s:.)*?\r\n\r\n", got)
        length = head and re.search(rb"(?i)content-length: *(\d+)", head[0])
        chunked = head and b"chunked" in head[0].lower()
        end = got.find(b"0\r\n\r\n") + 5 if chunked else head and head.end() + int(length[1])
        if head and (not chunked or end > 4) and len(got) >= end:
            statuses.append(int(head[1]))
            got = got[end:]
            continue
        more = sock.recv(65536)
        assert more, got[:300]
        got += more
    assert not got
    return statuses


def probed(agent, port):
    """A watch from when connections to the port are counted: probes are placed while a server already listens."""
    if not agent.real:
        return agent.watch(port)

    def counted():
        watch = agent.watch(port)
        with dial(port) as sock:
            sock.sendall(get())
            answers(sock, 1)
        counted.asked += 1
        return wait_until(lambda: watch.delta()["requests"] == 1, 0.3)

    counted.asked = 0
    assert wait_until(counted, 15, 0.1), agent.status()
    watch = agent.watch(port)
    watch.asked = counted.asked
    return watch


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
        if server.name in ("openssl", "bio", "static-bio", "gnutls", "node", "python", "asyncio"):
            sock.sendall(get(method="POST", body=b"x" * 300000))
            add(total, *answers(sock, 1))
        session = sock.session
    if session:
        with dial(server.port, None, session, sock.context) as again:
            again.sendall(get("/index.html", "Connection: close"))
            add(total, *answers(again, 1))


def ask_as_curl(server, total):
    url = f"https://127.0.0.1:{server.port}"
    for options in (["--tls-max", "1.2"], ["--http1.1"]):
        out = subprocess.run(["curl", "-sk", *options, "-o", "/dev/null", "-o", "/dev/null", "-w",
                              "%{http_code} ", url + "/index.html", url + server.missing], check=True,
                             capture_output=True, timeout=30)
        add(total, *map(int, out.stdout.split()))


def ask_as_ab(server, total):
    for keep in ([], ["-k"]):
        out = subprocess.run([tool("ab"), "-q", *keep, "-n", "40", "-c", "4",
                              f"https://127.0.0.1:{server.port}/index.html"], check=True,
                             capture_output=True, timeout=60).stdout.decode()
        assert re.search(r"Complete requests: +40\n", out) and "Non-2xx" not in out, out
        total[200] = total.get(200, 0) + 40


def test_what_clients_got_is_counted(agent, server):
    watch, total = probed(agent, server.port), {}
    for version in VERSIONS:
        ask_as_python(server, version, total)
        watch.expect(total)
    ask_as_curl(server, total)
    watch.expect(total)
    if server.name in ("nginx", "apache2", "lighttpd", "haproxy", "node"):  # they know HTTP/1.0
        ask_as_ab(server, total)
    watch.expect(total)
    server.stop()
    watch.expect(total)
    logged = server.logged()
    if logged is not None:
        asked = getattr(watch, "asked", 0)
        assert len(logged) == sum(total.values()) + asked
        assert logged.count("404") == total[404]


@pytest.mark.parametrize("name", ["openssl", "static-bio", "gnutls"])
def test_large_answers(agent, helpers, tmp_path, name):
    server = TlsServer(name, helpers, tmp_path)
    try:
        watch = probed(agent, server.port)
        for n in (16000, 16384, 16385, 3000000):
            with dial(server.port) as sock:
                sock.sendall(get(f"/bytes/{n}") * 2)
                answers(sock, 2)
        watch.expect({200: 8})
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["nginx", "openssl", "bio", "gnutls", "python"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_reset_within_a_record(agent, helpers, tmp_path, name, version):
    """What the library has not been given whole is no request."""
    server = TlsServer(name, helpers, tmp_path)
    try:
        watch = probed(agent, server.port)
        for cut in (3, 20, -1):
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = client_context(VERSIONS[version]).wrap_bio(incoming, outgoing,
                                                             server_hostname="localhost")
            sock = socket.create_connection(("127.0.0.1", server.port), 30)
            while True:
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls.do_handshake()
                    break
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(65536))
            tls.write(get())
            tls_answer = outgoing.read()
            sock.sendall(tls_answer)
            assert sock.recv(65536)
            tls.write(get())
            sock.sendall(outgoing.read()[:cut])
            hard_close(sock)
        watch.expect({200: 3})
        with dial(server.port, version) as sock:
            sock.sendall(get())
            assert answers(sock, 1) == [200]
        watch.expect({200: 4})
    finally:
        server.stop()


def test_a_client_certificate(agent, tmp_path):
    nginx = Nginx(tmp_path / "nginx", tls="ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client optional_no_ca;")
    try:
        watch = probed(agent, nginx.port)
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
        watch = probed(agent, nginx.port)
        for options, fed in ((["-sess_out", tmp_path / "session"], request.read_bytes()),
                             (["-sess_in", tmp_path / "session", "-early_data", request], b"")):
            out = subprocess.run([*s_client, *options], input=fed, capture_output=True, timeout=30,
                                 check=False).stdout
            assert b"HTTP/1.1 200" in out, out
        assert b"Early data was accepted" in out, out
        watch.expect({200: 2})
    finally:
        nginx.stop()


def test_many_at_once(agent, helpers, tmp_path):
    server = TlsServer("nginx", helpers, tmp_path)
    try:
        watch = probed(agent, server.port)
        out = subprocess.run([tool("ab"), "-q", "-k", "-n", "20000", "-c", "100",
                              f"https://127.0.0.1:{server.port}/"], check=True,
                             capture_output=True, timeout=120).stdout.decode()
        assert "Non-2xx" not in out
        watch.expect({200: 20000})
    finally:
        server.stop()

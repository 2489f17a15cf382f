# SPDX-License-Identifier: GPL-2.0-only
"""Connections whose requests cannot be seen are counted, once each, beside those that are measured."""
import re
import socket
import ssl
import subprocess

import pytest

from harness import BUILD, ROOT, Process, free_port, listens, tool, user_space, wait_until
from wire import Port, get, read_exactly, reply

CONFIG = """
agent: {interval: 1s}
slos:
- {name: "{service}", service: "*", objective: 99, window: 1d, good: {status: ["100-499"]}}
"""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
SETTINGS = bytes.fromhex("000006040000000000000300000064")
SERVER_HELLO = bytes.fromhex("160303002c0200002803030000") + bytes(36)
ALERT = bytes.fromhex("15030100020246")


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="test")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def blind(agent, port):
    """{reason: connections}"""
    return {b["reason"]: b["connections"] for b in agent.status()["coverage"]["blind"]
            if b["port"] == port}


def unmeasured(agent, port):
    return [u["reason"] for u in agent.status()["coverage"]["unmeasured"] if u["port"] == port]


def slictl(agent, *words):
    out = subprocess.run([BUILD / "slictl", "--socket", agent.socket, *words], check=False,
                         capture_output=True, text=True)
    return out.returncode, out.stdout


def tls_session(port):
    """The server's first answer, and what looks like a request and its response."""
    wire = port.dial().c(client_hello()).s(SERVER_HELLO)
    return wire.c(b"\x17\x03\x03\x00\x10" + bytes(16)).s(b"\x17\x03\x03\x00\x10" + bytes(16))


def test_one_plain_request_hides_no_blind_connection(agent):
    port = Port()
    watch = agent.watch(port.port)
    for _ in range(12):
        tls_session(port)
    assert not agent.real or unmeasured(agent, port.port) == [
        "tls: encrypted, plaintext not observed"]
    port.dial().c(get()).s(reply(400))
    for _ in range(3):
        port.dial().c(PREFACE).s(SETTINGS).c(get()).s(reply(200))
    watch.expect({400: 1})
    if not agent.real:
        return
    assert blind(agent, port.port) == {"tls": 12, "http/2": 3}
    assert not unmeasured(agent, port.port)
    name = agent.service(port.port)["name"]
    slo = [s for s in agent.status()["slos"] if s["service"] == name][0]
    coverage = slo["coverage"]
    assert coverage["blind_connections"] == 15 and coverage["measured_connections"] == 1
    assert coverage["blind_by_reason"] == {"tls": 12, "http/2": 3}
    assert coverage["counted_ratio"] == 1 / 16 and coverage["lost"] == 0
    service = agent.service(port.port)
    assert service["blind_connections"] == 15 and service["measured_connections"] == 1
    metrics = agent.get("/metrics")[2].decode()
    process = service["process"]
    assert (f'sliprobe_blind_connections_total{{service="{name}",port="{port.port}",'
            f'process="{process}",reason="tls"}} 12\n') in metrics
    assert f'sliprobe_measured_connections_total{{service="{name}"}} 1\n' in metrics
    code, said = slictl(agent, "gate", name)
    assert code == 2 and "cannot tell: 15 of 16 connections (93.7%) could not be read" in said
    assert slictl(agent, "gate", name, "--max-blind", "94%")[0] == 0
    said = slictl(agent, "status")[1]
    assert f"Counted in part: {name}: 15 of 16 connections blind (tls 12, http/2 3)" in said
    assert "not counted: 15 of 16 connections blind" in slictl(agent, "services")[1]
    assert "not counted    15 of 16 connections blind" in slictl(agent, "slo", name)[1]
    port.close()


def test_an_answer_in_http_is_measured(agent):
    """A TLS hello or a preface that is refused in HTTP/1.x is a request, as in the server's log."""
    port = Port()
    watch = agent.watch(port.port)
    for first in (client_hello(), PREFACE):
        for _ in range(5):
            port.dial().c(first).s(reply(400)).close()
    watch.expect({400: 10})
    if agent.real:
        assert blind(agent, port.port) == {}
        assert agent.service(port.port)["measured_connections"] == 10
    port.close()


def test_a_refused_handshake_is_no_blind_spot(agent):
    port = Port()
    watch = agent.watch(port.port)
    for _ in range(4):
        port.dial().c(client_hello()).s(ALERT).close()
        port.dial().c(client_hello()).close()
        port.dial().c(get()).s(reply()).close()
    watch.expect({200: 4})
    assert not agent.real or blind(agent, port.port) == {}
    port.close()


def test_a_server_that_sends_its_settings_first(agent):
    """As those of gRPC do."""
    port = Port()
    watch = agent.watch(port.port)
    for step in (None, 1, 7):
        port.dial().s(SETTINGS).c(PREFACE, step).s(SETTINGS).c(bytes(17)).close()
    port.dial().s(b"220 mail ready\r\n").c(b"EHLO x\r\n").s(b"250 ok\r\n").close()
    port.dial().s(b"220 ready\r\n").c(get()).s(reply()).close()
    port.dial().c(get()).s(reply()).close()
    watch.expect({200: 1})
    assert not agent.real or blind(agent, port.port) == {"http/2": 3}
    port.close()


def test_an_upgrade_to_http2(agent):
    port = Port()
    watch = agent.watch(port.port)
    upgrade = get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                  "HTTP2-Settings: AAMAAABkAAQAAP__")
    switching = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    for answer in (switching, switching + SETTINGS):
        port.dial().c(upgrade).s(answer).s(SETTINGS).c(PREFACE).s(SETTINGS).close()
    port.dial().c(get("/ws", "Upgrade: websocket")).s(switching).c(b"\x81\x85abcdefgh").close()
    port.dial().c(get("/ws", "Upgrade: other")).s(switching).c(get()).s(reply()).close()
    watch.expect({101: 4})
    assert not agent.real or blind(agent, port.port) == {"http/2": 2}
    port.close()


NGINX = """
daemon off; user root; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{}}
http {{
    access_log {dir}/access.log;
    server {{
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
        location / {{ return 200 "hello"; }}
    }}
    server {{ listen 127.0.0.1:{http2} http2; location / {{ return 200 "hello"; }} }}
    server {{ listen 127.0.0.1:{plain}; location / {{ return 200 "hello"; }} }}
}}
"""


def test_nginx(agent, agent_only, tmp_path):
    """Its TLS, HTTP/2 and plain listeners, and what it answers to who takes one for another."""
    subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=test", "-keyout", tmp_path / "key.pem",
                    "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    ports = set()
    while len(ports) < 3:
        ports.add(free_port())
    tls, http2, plain = ports
    conf = tmp_path / "nginx.conf"
    conf.write_text(NGINX.format(dir=tmp_path, tls=tls, http2=http2, plain=plain))
    nginx = Process([tool("nginx"), "-p", tmp_path, "-c", conf])
    try:
        assert wait_until(lambda: listens(plain)), nginx.output()
        trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        trust.check_hostname = False
        for _ in range(7):
            with trust.wrap_socket(socket.create_connection(("127.0.0.1", tls), 10)) as s:
                for _ in range(3):
                    s.sendall(get())
                    assert s.recv(1000).startswith(b"HTTP/1.1 200")
        subprocess.run([tool("h2load"), "-n20", "-c4", f"http://127.0.0.1:{http2}/"], check=True,
                       capture_output=True)
        for port, data in ((tls, get()), (plain, client_hello()), (plain, PREFACE), (plain, get())):
            with socket.create_connection(("127.0.0.1", port), 10) as s:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                while s.recv(1000):
                    pass
        assert blind(agent, tls) == {"tls": 7} and blind(agent, http2) == {"http/2": 4}
        assert blind(agent, plain) == {} and not unmeasured(agent, plain)
        assert unmeasured(agent, http2) and not unmeasured(agent, tls)
        logged = [line.split('" ')[1].split()[0]
                  for line in (tmp_path / "access.log").read_text().splitlines()
                  if "HTTP/2.0\" 2" not in line]
        assert len(logged) == 7 * 3 + 4, logged  # those in TLS, and those in plain text
        assert agent.service(tls)["status"] == {"400": 1}
        assert agent.service(plain)["status"] == {"200": 1, "400": 2}
        assert sorted(logged) == ["200"] * 22 + ["400"] * 3
    finally:
        nginx.stop()


class Before:
    """Connections that are older than the agent."""

    def __init__(self):
        self.port = Port()
        self.wires = []

    def dial(self):
        self.wires.append(self.port.dial())
        return self.wires[-1]


APPLICATION_DATA = b"\x17\x03\x03\x00\x20" + bytes(range(32))
HEADERS = bytes.fromhex("00000a010500000003") + bytes(10)


@pytest.mark.parametrize("reads", [None, 5])
@pytest.mark.parametrize("bytes_read, reason", [(APPLICATION_DATA, "tls"), (HEADERS, "http/2")])
def test_older_connections_are_named(start_agent, agent_only, bytes_read, reason, reads):
    if reads and reason != "tls":
        pytest.skip("nobody reads a frame's header in two")
    before = [Before(), Before()]
    for _ in range(3):
        for one in before:
            one.dial().c(bytes_read).s(bytes_read)
    agent = start_agent()
    tls, mixed = before
    for wire in tls.wires:
        for _ in range(4):
            wire.c(bytes_read, None, reads).s(bytes_read)
    assert blind(agent, tls.port.port) == {reason: 3}
    assert len(unmeasured(agent, tls.port.port)) == 1
    # the clients' ends are in this process: they listen on no port
    clients = {wire.client.getsockname()[1] for one in before for wire in one.wires}
    assert not clients & {u["port"] for u in agent.status()["coverage"]["unmeasured"]}
    mixed.port.dial().c(get()).s(reply())
    for wire in mixed.wires:
        wire.c(bytes_read, None, reads).s(bytes_read)
    assert blind(agent, mixed.port.port) == {reason: 3}
    assert not unmeasured(agent, mixed.port.port)
    for one in before:
        one.port.close()


def test_older_connections_that_nobody_recognises(start_agent, agent_only):
    """They may be HTTP where requests are seen; elsewhere they are a database's."""
    http, other, joining = Before(), Before(), Before()
    for one in (http, other, joining):
        for _ in range(2):
            one.dial().c(get()).s(reply())
    agent = start_agent()
    http.port.dial().c(get()).s(reply())
    for wire in http.wires + other.wires:
        for _ in range(6):
            wire.c(b"\x81\x85" + bytes(20)).s(b"\x81\x05" + bytes(5))
    watch = agent.watch(joining.port.port)
    for wire in joining.wires:  # the rest of an upload
        wire.c(bytes(500)).s(reply()).c(get()).s(reply()).c(get()).s(reply())
    watch.expect({200: 4})
    assert blind(agent, http.port.port) == {"older": 2}
    assert blind(agent, other.port.port) == {} and not unmeasured(agent, other.port.port)
    assert blind(agent, joining.port.port) == {}
    for one in (http, other, joining):
        one.port.close()


@pytest.mark.parametrize("backlog", [128, 0])
def test_a_client_in_its_handshake_is_no_listener(start_agent, agent_only, backlog):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    hello = client_hello()
    client.sendall(hello)
    read_exactly(server, len(hello))
    agent = start_agent()
    server.sendall(SERVER_HELLO)
    read_exactly(client, len(SERVER_HELLO))
    for end, other in ((client, server), (server, client)) * 3:
        end.sendall(APPLICATION_DATA)
        read_exactly(other, len(APPLICATION_DATA))
    port = client.getsockname()[1]
    assert blind(agent, port) == {} and not unmeasured(agent, port)
    assert blind(agent, server.getsockname()[1]) == {"tls": 1}
    client.close()
    server.close()


@user_space
@pytest.mark.offline
@pytest.mark.parametrize("words, n", [("LOST_REASONS", 5), ("KERNEL_ERRORS", 21),
                                      ("BLIND_REASONS", 7)])
def test_each_word_has_a_line_in_the_documents(words, n):
    """What it means, and what to do."""
    terms = (ROOT / "include" / "terms.h").read_text()
    listed = terms.split(f"#define {words}(X)")[1].split("\n\n")[0]
    names = re.findall(r'X\(\w+, "([^"]+)"', listed)
    assert len(names) >= n
    page = (ROOT / "docs" / "blind-spots.md").read_text().splitlines()
    for name in names:
        lines = [line for line in page if line.startswith(f"| `{name}` | ")]
        assert len(lines) == 1, f"{name}: {len(lines)} lines"
        assert len([cell for cell in lines[0].split(" | ") if len(cell) > 10]) >= 2, lines

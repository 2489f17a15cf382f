# SPDX-License-Identifier: GPL-2.0-only
"""Connections whose requests cannot be seen are counted, once each, beside those that are measured."""
import ctypes
import os
import re
import socket
import ssl
import subprocess
import time

import pytest

from harness import BUILD, LIBC, LONG, ROOT, Process, free_port, listens, tool, user_space, wait_until
from wire import Port, get, read_exactly, reply

OFF = "agent: {interval: 1s}\ntls: off\n"  # what TLS is when it is not measured
CONFIG = OFF + """
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
        tls_session(port)
    watch.expect({400: 1})
    if not agent.real:
        return
    assert blind(agent, port.port) == {"tls": 15}
    assert not unmeasured(agent, port.port)
    name = agent.service(port.port)["name"]
    slo = [s for s in agent.status()["slos"] if s["service"] == name][0]
    coverage = slo["coverage"]
    assert coverage["blind_connections"] == 15 and coverage["measured_connections"] == 1
    assert coverage["blind_by_reason"] == {"tls": 15}
    assert coverage["counted_ratio"] == 1 / 16 and coverage["lost"] == 0
    service = agent.service(port.port)
    assert service["blind_connections"] == 15 and service["measured_connections"] == 1
    assert service["tls_connections"] == 0
    metrics = agent.get("/metrics")[2].decode()
    process = service["process"]
    assert (f'sliprobe_blind_connections_total{{service="{name}",port="{port.port}",'
            f'process="{process}",reason="tls"}} 15\n') in metrics
    assert f'sliprobe_measured_connections_total{{service="{name}"}} 1\n' in metrics
    code, said = slictl(agent, "gate", name)
    assert code == 2 and "cannot tell: 15 of 16 connections (93.7%) could not be read" in said
    assert slictl(agent, "gate", name, "--max-blind", "94%",
                  "--min-counted", "0s")[0] == 0
    said = slictl(agent, "status")[1]
    assert f"Counted in part: {name}: 15 of 16 connections blind (tls 15)" in said
    assert "not counted: 15 of 16 connections blind" in slictl(agent, "services")[1]
    assert "not counted    15 of 16 connections blind" in slictl(agent, "slo", name)[1]
    port.close()


SHOP = """
agent: {{interval: 1s}}
tls: off
services: [{{name: shop, match: {{port: {port}}}}}, {{name: other, match: {{port: 1}}}}]
slos:
- {{name: pay, service: shop, objective: 99, window: 1d, good: {{status: ["100-499"]}}}}
- {{name: rest, service: other, objective: 99, window: 1d, good: {{status: ["100-499"]}}}}
"""


def test_a_service_of_which_nothing_is_seen(start_agent, agent_only):
    """Its SLO says so, also when another agent has taken over."""
    port = Port()
    agent = start_agent(SHOP.format(port=port.port))
    for n in (3, 5):
        for _ in range(2 if n == 5 else 3):
            tls_session(port)
        listed = [b for b in agent.status()["coverage"]["blind"] if b["port"] == port.port]
        assert [(b["service"], b["reason"], b["connections"], b["measured"]) for b in listed] == [
            ("shop", "tls", n, False)]
        coverage = agent.slo("pay")["coverage"]
        assert coverage["blind_connections"] == n and coverage["counted_ratio"] == 0
        assert agent.slo("rest")["coverage"]["blind_connections"] == 0
        assert agent.slo("rest")["coverage"]["counted_ratio"] is None
        code, said = slictl(agent, "gate", "pay")
        assert code == 2 and f"{n} of {n} connections (100.0%) could not be read" in said
        agent.kill()
        agent.start()
    assert blind(agent, port.port) == {"tls": 5}
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
    """As those of gRPC do: connections of HTTP/2 that ask for nothing, beside others on the port."""
    port = Port()
    watch = agent.watch(port.port)
    for step in (None, 1, 7):
        port.dial().s(SETTINGS).c(PREFACE, step).s(SETTINGS).c(bytes(17)).close()
    port.dial().s(b"220 mail ready\r\n").c(b"EHLO x\r\n").s(b"250 ok\r\n").close()
    port.dial().s(b"220 ready\r\n").c(get()).s(reply()).close()
    port.dial().c(get()).s(reply()).close()
    watch.expect({200: 1})
    assert not agent.real or blind(agent, port.port) == {}
    port.close()


def test_an_upgrade_to_http2(agent):
    """The request that asked for it is stream 1, which gets no answer here."""
    port = Port()
    watch = agent.watch(port.port)
    upgrade = get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                  "HTTP2-Settings: AAMAAABkAAQAAP__")
    switching = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    for answer in (switching, switching + SETTINGS):
        port.dial().c(upgrade).s(answer).s(SETTINGS).c(PREFACE).s(SETTINGS).close()
    for other, sent in (("websocket", b"\x81\x85abcdefgh"), ("other", get() + get())):
        wire = port.dial().c(get("/ws", f"Upgrade: {other}")).s(switching.replace(b"h2c", other.encode()))
        wire.c(sent).close()
    watch.expect({101: 2}, server_abort=2)
    assert not agent.real or blind(agent, port.port) == {}
    port.close()


ADDRESSES = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2") + b"\xdc\x04\x01\xbb"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PROXY_HEADERS = {
    "v1": b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
    "v1-unknown": b"PROXY UNKNOWN\r\n",
    "v2": SIGNATURE + b"\x21\x11\0\x0c" + ADDRESSES,
    "v2-local": SIGNATURE + b"\x20\0\0\0",
    "v2-tlv": SIGNATURE + b"\x21\x11\x01\x0f" + ADDRESSES + b"\x04\x01\0" + b"GET / HTTP/1.1\r\n\r\n" * 15,
}
PROXY_HEADERS["v2-tlv"] = PROXY_HEADERS["v2-tlv"][:16 + 0x10f]


@pytest.mark.parametrize("kind", PROXY_HEADERS)
def test_a_proxy_header_before_the_first_request(agent, kind):
    header = PROXY_HEADERS[kind]
    port = Port()
    watch = agent.watch(port.port)
    port.dial().c(header + get()).s(reply()).c(get()).s(reply(503)).close()
    port.dial().c(header, 1).c(get()).s(reply()).close()
    port.dial().c(header + get(), 16).s(reply()).close()
    port.dial().c(header).c(get() + get()).s(reply() + reply()).close()
    port.dial().c(header, None, 12).c(client_hello()).s(SERVER_HELLO).close()
    # behind a request it is none: the server refuses it
    port.dial().c(get()).s(reply()).c(header).s(reply(400)).close()
    watch.expect({200: 6, 503: 1, 400: 1})
    assert not agent.real or blind(agent, port.port) == {"tls": 1}
    port.close()


def test_ends_of_mptcp_that_are_older_than_the_agent(start_agent, agent_only):
    """The one that dialled is no listener."""
    try:
        listener, client = (socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
                            for _ in range(2))
    except OSError as error:
        pytest.skip(f"this kernel has no MPTCP: {error}")
    with listener, client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        ends = {"server": server.getsockname()[1], "client": client.getsockname()[1]}
        agent = start_agent()
        if agent.status()["agent"]["hook"] == "fexit":
            pytest.skip("fexit hooks see no MPTCP socket: tcp_recvmsg() is not called for it")
        for data, source, to in ((reply(), server, client), (get(), client, server)) * 2:
            source.sendall(data)
            assert read_exactly(to, len(data)) == data
        # the server's first operation was a write: it may be one that speaks first
        assert blind(agent, ends["client"]) == {} and blind(agent, ends["server"]) == {}
        late = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        late.connect(listener.getsockname())
        other, _ = listener.accept()
        late.sendall(get())
        assert read_exactly(other, len(get())) == get()
        assert blind(agent, ends["server"]) == {"mptcp": 1}
        server.close()
        other.close()
        late.close()


def splice(source, to, n):
    """As a proxy does that leaves the bytes to the kernel."""
    read, write = os.pipe()
    left = n
    while left:
        moved = LIBC.splice(source.fileno(), None, write, None, ctypes.c_size_t(left), 0)
        assert moved > 0
        left -= moved
        while moved:
            sent = LIBC.splice(read, None, to.fileno(), None, ctypes.c_size_t(moved), 0)
            assert sent > 0
            moved -= sent
    os.close(read)
    os.close(write)


def test_a_proxy_that_splices(agent):
    """Each byte passes it in the kernel, as in docker-proxy: its own port is blind, the other is not."""
    front, back = Port(), Port()
    watch = agent.watch(back.port)
    errors = agent.real and agent.status()["coverage"]["kernel_errors"]
    for _ in range(3):
        outside, inside = front.dial(), back.dial()
        for _ in range(4):
            outside.client.sendall(get())
            splice(outside.server, inside.client, len(get()))
            assert read_exactly(inside.server, len(get())) == get()
            inside.server.sendall(reply())
            splice(inside.client, outside.server, len(reply()))
            assert read_exactly(outside.client, len(reply())) == reply()
    watch.expect({200: 12})
    if not agent.real:
        return
    assert blind(agent, front.port) == {"hidden": 3}
    assert len(unmeasured(agent, front.port)) == 1
    assert blind(agent, back.port) == {}
    assert agent.status()["coverage"]["kernel_errors"] == errors
    for port in (front, back):
        port.close()


def test_a_proxy_that_splices_since_before(start_agent, agent_only):
    front = Port()
    wires = [front.dial() for _ in range(2)]
    back = Port()
    insides = [back.dial() for _ in wires]

    def ask(outside, inside):
        outside.client.sendall(get())
        splice(outside.server, inside.client, len(get()))
        read_exactly(inside.server, len(get()))
        inside.server.sendall(reply())
        splice(inside.client, outside.server, len(reply()))
        read_exactly(outside.client, len(reply()))

    for outside, inside in zip(wires, insides):
        ask(outside, inside)
    agent = start_agent()
    for outside, inside in zip(wires, insides):
        for _ in range(4):
            ask(outside, inside)
    assert blind(agent, front.port) == {"hidden": 2}
    assert agent.service(back.port)["status"] == {"200": 8}
    ends = {w.client.getsockname()[1] for w in wires + insides}
    assert not ends & {b["port"] for b in agent.status()["coverage"]["blind"]}
    for port in (front, back):
        port.close()


def test_a_loss_has_its_service(start_agent, agent_only):
    """An answer that is none of HTTP: in the books of the service that was asked, and of no other."""
    agent = start_agent(CONFIG)
    port, other = Port(), Port()
    for _ in range(3):
        port.dial().c(get()).s(reply()).c(get()).s(b"\x00garbage").close()
    other.dial().c(get()).s(reply()).close()
    watched, beside = agent.service(port.port), agent.service(other.port)
    assert watched["lost"] == 3 and watched["lost_by_reason"] == {"response_unparsable": 3}
    assert watched["counted_ratio"] == 0.5 and beside["lost"] == 0 and beside["counted_ratio"] == 1
    status = agent.status()
    assert status["coverage"]["lost"] == 3
    slos = {s["name"]: s["coverage"] for s in status["slos"]}
    assert slos[watched["name"]]["lost"] == 3 and slos[beside["name"]]["lost"] == 0
    assert (f'sliprobe_service_lost_total{{service="{watched["name"]}",'
            'reason="response_unparsable"} 3\n') in agent.get("/metrics")[2].decode()
    code, said = slictl(agent, "gate", watched["name"])
    assert code == 2 and "3 requests of the service were lost: only 50.0%" in said
    assert "3 requests lost (response_unparsable 3)" in slictl(agent, "status")[1]
    for one in (port, other):
        one.close()


@pytest.mark.skipif(not LONG, reason="waits for more than a minute")
def test_listeners_that_are_gone_go(start_agent, agent_only):
    """Those without a listener, not those whose process served it last has ended."""
    agent = start_agent(CONFIG)
    ends, stays, shared = Port(), Port(), Port()
    for port in (ends, stays, shared):
        tls_session(port).close()
    shared.dial().c(get()).s(reply()).close()
    name = agent.service(shared.port)["name"]
    child = os.fork()
    if not child:
        try:
            tls_session(stays)  # counted under this process, which then ends
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert blind(agent, stays.port) == {"tls": 2}
    ends.close()
    shared.close()
    assert blind(agent, ends.port) == {"tls": 1}  # a restart is no end
    time.sleep(61)
    assert blind(agent, ends.port) == {} and not unmeasured(agent, ends.port)
    assert blind(agent, stays.port) == {"tls": 2} and unmeasured(agent, stays.port)
    assert blind(agent, shared.port) == {}
    assert agent.slo(name)["coverage"]["blind_connections"] == 1
    stays.close()


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


class Listeners:
    """nginx with a TLS, an HTTP/2 and a plain listener."""

    def __init__(self, directory):
        subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                        "2", "-subj", "/CN=test", "-keyout", directory / "key.pem",
                        "-out", directory / "cert.pem"], check=True, capture_output=True)
        ports = set()
        while len(ports) < 3:
            ports.add(free_port())
        self.tls, self.http2, self.plain = ports
        self.log = directory / "access.log"
        conf = directory / "nginx.conf"
        conf.write_text(NGINX.format(dir=directory, tls=self.tls, http2=self.http2,
                                     plain=self.plain))
        self.trust = ssl.create_default_context(cafile=directory / "cert.pem")
        self.trust.check_hostname = False
        self.process = Process([tool("nginx"), "-p", directory, "-c", conf])
        assert wait_until(lambda: listens(self.plain)), self.process.output()

    def dial_tls(self):
        return self.trust.wrap_socket(socket.create_connection(("127.0.0.1", self.tls), 10))


@pytest.fixture
def nginx(tmp_path):
    listeners = Listeners(tmp_path)
    yield listeners
    listeners.process.stop()


def ask(sock):
    sock.sendall(get())
    assert sock.recv(1000).startswith(b"HTTP/1.1 200")


def test_nginx(agent, agent_only, nginx):
    """What it answers to who takes one listener for another is counted as it logs it."""
    for _ in range(7):
        with nginx.dial_tls() as s:
            for _ in range(3):
                ask(s)
    subprocess.run([tool("h2load"), "-n20", "-c4", f"http://127.0.0.1:{nginx.http2}/"], check=True,
                   capture_output=True)
    for port, data in ((nginx.tls, get()), (nginx.plain, client_hello()), (nginx.plain, PREFACE),
                       (nginx.plain, get())):
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while s.recv(1000):
                pass
    assert blind(agent, nginx.tls) == {"tls": 7} and blind(agent, nginx.http2) == {}
    assert blind(agent, nginx.plain) == {} and not unmeasured(agent, nginx.plain)
    assert not unmeasured(agent, nginx.http2) and not unmeasured(agent, nginx.tls)
    logged = [line.split('" ')[1].split()[0] for line in nginx.log.read_text().splitlines()
              if "HTTP/2.0\" 2" not in line]
    assert sorted(logged) == ["200"] * (7 * 3 + 1) + ["400"] * 3  # in TLS, and in plain text
    assert agent.service(nginx.http2)["status"] == {"200": 20}
    assert agent.service(nginx.tls)["status"] == {"400": 1}
    assert agent.service(nginx.plain)["status"] == {"200": 1, "400": 2}


def test_sessions_of_tls_that_are_older_than_the_agent(start_agent, agent_only, nginx):
    """Used before, and not yet: those that nobody uses any more are in no count."""
    used, unused, idle = ([nginx.dial_tls() for _ in range(n)] for n in (3, 2, 1))
    for s in used:
        ask(s)
    agent = start_agent(OFF)
    for s in used + unused:
        ask(s)
        ask(s)
    assert blind(agent, nginx.tls) == {"tls": 5}
    ends = {s.getsockname()[1] for s in used + unused + idle}
    assert not ends & {b["port"] for b in agent.status()["coverage"]["blind"]}
    for s in used + unused + idle:
        s.close()


class Before:
    """Connections that are older than the agent."""

    def __init__(self):
        self.port = Port()
        self.wires = []

    def dial(self):
        self.wires.append(self.port.dial())
        return self.wires[-1]


APPLICATION_DATA = b"\x17\x03\x03\x00\x20" + bytes(range(32))


@pytest.mark.parametrize("reads", [None, 5])
def test_older_connections_are_named(start_agent, agent_only, reads):
    before = [Before(), Before()]
    for _ in range(3):
        for one in before:
            one.dial().c(APPLICATION_DATA).s(APPLICATION_DATA)
    agent = start_agent(OFF)
    tls, mixed = before
    for wire in tls.wires:
        for _ in range(4):
            wire.c(APPLICATION_DATA, None, reads).s(APPLICATION_DATA)
    assert blind(agent, tls.port.port) == {"tls": 3}
    assert len(unmeasured(agent, tls.port.port)) == 1
    # the clients' ends are in this process: they listen on no port
    clients = {wire.client.getsockname()[1] for one in before for wire in one.wires}
    assert not clients & {u["port"] for u in agent.status()["coverage"]["unmeasured"]}
    mixed.port.dial().c(get()).s(reply())
    for wire in mixed.wires:
        wire.c(APPLICATION_DATA, None, reads).s(APPLICATION_DATA)
    assert blind(agent, mixed.port.port) == {"tls": 3}
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
    agent = start_agent(OFF)
    server.sendall(SERVER_HELLO)
    read_exactly(client, len(SERVER_HELLO))
    client.sendall(SERVER_HELLO)  # stands for its key exchange, which is a record of a handshake, too
    read_exactly(server, len(SERVER_HELLO))
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

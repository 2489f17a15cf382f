# SPDX-License-Identifier: GPL-2.0-only
"""Connections whose requests cannot be seen are counted, once each, beside those that are measured."""
import json
import socket
import ssl
import subprocess

import pytest

from harness import BUILD, Process, free_port, listens, tool, user_space, wait_until
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

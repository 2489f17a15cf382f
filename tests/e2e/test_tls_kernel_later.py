# SPDX-License-Identifier: GPL-2.0-only
"""TLS in the kernel (kTLS) around the start of an agent: older connections, a take-over, a module that comes later."""
import pytest

from frames import Talk
from harness import wait_until
from http2_clients import Http2Client
from http2_servers import Http2Server
from ktls import OPTIONS, STAT, Handed, KtlsPort, modprobe
from test_tls_kernel import CONFIG, has_ktls, server  # noqa: F401
from tls import VERSIONS, answers, blind, certificate, counted_from, dial
from wire import get


def ask(sock, *statuses):
    for status in statuses:
        sock.sendall(get(f"/status/{status}"))
        assert answers(sock, 1) == [status]


def test_connections_that_are_older_than_the_agent(start_agent, server):  # noqa: F811
    """With TLS 1.2 the kernel has both directions: they are counted as plain ones are, from their next request on."""
    with Handed("1.2"):
        clients = [dial(server.port, "1.2") for _ in range(3)]
        for sock in clients:
            ask(sock, 200)
    agent = start_agent(CONFIG)
    if agent.real and agent.status()["tls"]["state"] != "on":
        pytest.skip("this agent does not look inside of TLS")
    watch = agent.watch(server.port)
    for sock in clients:
        ask(sock, 201, 404, 202)
        sock.close()
    watch.expect({201: 3, 404: 3, 202: 3})
    assert not blind(agent, server.port)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_take_over(start_agent, server, version):  # noqa: F811
    agent = start_agent(CONFIG)
    watch, before = counted_from(agent, server.port), blind(agent, server.port)
    with Handed(version), dial(server.port, version) as sock:
        ask(sock, 201)
        if agent.real:
            agent.kill()
        ask(sock, 202)
        sock.sendall(get("/status/203")[:20])
        agent.start()
        assert not agent.real or agent.status()["agent"]["taken_over"]
        sock.sendall(get("/status/203")[20:])
        assert answers(sock, 1) == [203]
        ask(sock, 404)
    with Handed(version), dial(server.port, version) as sock:
        ask(sock, 204)
    watch.expect({201: 1, 202: 1, 203: 1, 404: 1, 204: 1})
    assert blind(agent, server.port) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_streams_of_connections_that_are_older(start_agent, helpers, stopping, tmp_path, version):
    """From their next request on, where the kernel has both directions; else from where they are known again."""
    server = stopping(Http2Server("nginx", True, helpers, tmp_path / "server", more=OPTIONS, protocols=f"TLSv{version}"))
    with Handed(version):
        clients = [Http2Client(server.port, True) for _ in range(3)]
        for client in clients:
            client.wait(client.ask("/missing"))
    agent = start_agent(CONFIG)
    if agent.real and agent.status()["tls"]["state"] != "on":
        pytest.skip("this agent does not look inside of TLS")

    def counted():
        watch, client = agent.watch(server.port), Http2Client(server.port, True)
        client.wait(client.ask())
        client.close()
        return wait_until(lambda: watch.delta()["requests"] == 1, 0.3)

    if version == "1.3":
        assert not agent.real or wait_until(counted, 15, 0.05), agent.status()["coverage"]
        for client in clients:
            client.wait(client.ask("/missing"))
    watch, before = agent.watch(server.port), blind(agent, server.port)
    for _ in range(5):
        for client in clients:
            client.wait(*[client.ask("/missing") for _ in range(4)])
    for client in clients:
        client.close()
    watch.expect({404: 60})
    assert blind(agent, server.port) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_a_take_over_among_streams(start_agent, tmp_path, version):
    agent, shop = start_agent(CONFIG), KtlsPort(version, *certificate(tmp_path))

    def counted():
        watch, talk = agent.watch(shop.port), Talk(shop)
        talk.answer(talk.ask("/"))
        talk.close()
        return wait_until(lambda: watch.delta()["requests"] == 1, 0.3)

    try:
        if agent.real and agent.status()["tls"]["state"] != "on":
            pytest.skip("this agent does not look inside of TLS")
        assert not agent.real or wait_until(counted, 15, 0.05), agent.status()["coverage"]
        watch, before = agent.watch(shop.port), blind(agent, shop.port)
        with Handed(version):
            talk = Talk(shop)
            talk.answer(talk.ask("/"), 201)
            left = talk.ask("/")
            if agent.real:
                agent.kill()
            talk.answer(talk.ask("/"), 202)
            half = talk.asking("/")
            talk.c(half[1][:11])
            agent.start()
            assert not agent.real or agent.status()["agent"]["taken_over"]
            talk.c(half[1][11:]).answer(half[0], 203).answer(left, 404).answer(talk.ask("/"), 204)
            talk.close()
        watch.expect({201: 1, 202: 1, 203: 1, 404: 1, 204: 1})
        assert blind(agent, shop.port) == before
    finally:
        shop.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_module_that_comes_later(start_agent, server, version):  # noqa: F811
    """Programs on its functions can be loaded when it is there. Until then connections are named; the next agent counts."""
    modprobe("-r")
    if STAT.exists():
        pytest.skip("this kernel's TLS cannot be taken out of it")
    agent = start_agent(CONFIG)
    shown = not agent.real or agent.status()["agent"]["hook"] == "tracepoint"
    modprobe()
    assert STAT.exists()
    watch = counted_from(agent, server.port) if shown else agent.watch(server.port)
    for n in range(1, 4):
        with Handed(version), dial(server.port, version) as sock:
            for path in ("/", "/file/70000"):
                sock.sendall(get(path))
                assert answers(sock, 1) == [200]
        named = {} if shown else {"tls_in_kernel": n}
        assert wait_until(lambda named=named: shown or blind(agent, server.port) == named)
    watch.expect({200: 6} if shown else {})
    if agent.real:
        agent.kill()
        agent.start()
        assert shown or "loaded anew: TLS in the kernel is measured from now on" in agent.said()
    watch, before = counted_from(agent, server.port), blind(agent, server.port)
    with Handed(version), dial(server.port, version) as sock:
        ask(sock, 201, 404)
    watch.expect({201: 1, 404: 1})
    assert blind(agent, server.port) == before

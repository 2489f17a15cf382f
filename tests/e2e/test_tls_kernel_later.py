# SPDX-License-Identifier: GPL-2.0-only
"""TLS in the kernel (kTLS) around the start of an agent: connections that are older, a take-over, a module that comes later."""
import subprocess

import pytest

from harness import wait_until
from ktls import STAT, Handed
from test_tls_kernel import CONFIG, has_ktls, server  # noqa: F401
from tls import VERSIONS, answers, blind, counted_from, dial
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
def test_a_module_that_comes_later(start_agent, server, version):  # noqa: F811
    """Programs on its functions can be loaded when it is there. Until then connections are named; the next agent counts."""
    subprocess.run(["modprobe", "-r", "tls"], check=False, capture_output=True)
    if STAT.exists():
        pytest.skip("this kernel's TLS cannot be taken out of it")
    agent = start_agent(CONFIG)
    shown = not agent.real or agent.status()["agent"]["hook"] == "tracepoint"
    subprocess.run(["modprobe", "tls"], check=True)
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
